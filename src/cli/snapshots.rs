//! `run --snapshots DIR`: the redacted exchanges of each case as insta snapshots, and what differs from those that are
//! there. New ones are written; changed ones are laid beside the old as `.snap.new`, for `cargo insta review`.

use std::path::Path;

use originproof::report::{Run, snapshot_drift, snapshots};

use super::console::Console;
use super::exit::Failure;

/// What insta writes above a snapshot's text.
const HEADER: &str = "---\nsource: originproof\n---\n";

/// Compares a run with the snapshots in a folder; returns how many differ.
///
/// # Errors
/// The folder or a file that can't be read or written.
pub(crate) fn compare(run: &Run, folder: &Path, console: &mut Console) -> Result<usize, Failure> {
    let wrong = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| {
            Failure::Usage(format!("can't keep the snapshots in {path}: {error}"))
        }
    };
    std::fs::create_dir_all(folder).map_err(wrong(folder))?;
    let (mut new, mut drifted) = (0, 0);
    for (name, text) in snapshots(run) {
        let path = folder.join(format!("{name}.snap"));
        let whole = format!("{HEADER}{text}");
        let before = match std::fs::read_to_string(&path) {
            Ok(before) => before,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                std::fs::write(&path, whole).map_err(wrong(&path))?;
                new += 1;
                continue;
            }
            Err(error) => return Err(wrong(&path)(error)),
        };
        // Whoever reviewed it last may have left another header.
        let body = before.splitn(3, "---\n").nth(2).unwrap_or(&before);
        if let Some(diff) = snapshot_drift(&name, body, &text) {
            drifted += 1;
            console.say(&format!("drift in {name}:\n{}", diff.trim_end()));
            let beside = path.with_extension("snap.new");
            std::fs::write(&beside, whole).map_err(wrong(&beside))?;
        }
    }
    console.say(&format!(
        "snapshots in {}: {new} new, {drifted} changed",
        folder.display()
    ));
    Ok(drifted)
}
