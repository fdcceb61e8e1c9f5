//! `run --snapshots DIR`: compares the redacted exchanges of each case with the insta snapshots in a folder. New
//! snapshots are written. A changed one is written next to the old one as `.snap.new`, for `cargo insta review`.

use std::collections::BTreeSet;
use std::path::Path;

use originproof::diagnostic::visible::shown;
use originproof::report::{Run, snapshot_drift, snapshots};

use super::console::Console;
use super::exit::Failure;

/// The header that insta writes above the text of a snapshot.
const HEADER: &str = "---\nsource: originproof\n---\n";

/// Compares a run with the snapshots in a folder, and returns how many differ. After a run of the whole suite, it also
/// names the snapshots that belong to no case.
///
/// # Errors
/// Fails if the folder or a file cannot be read or written.
pub(crate) fn compare(
    run: &Run,
    folder: &Path,
    is_whole: bool,
    console: &mut Console,
) -> Result<usize, Failure> {
    let wrong = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| {
            Failure::Usage(format!("can't keep the snapshots in {path}: {error}"))
        }
    };
    std::fs::create_dir_all(folder).map_err(wrong(folder))?;
    let (mut new, mut drifted) = (0, 0);
    let mut known = BTreeSet::new();
    for (name, text) in snapshots(run) {
        known.insert(format!("{name}.snap"));
        let path = folder.join(format!("{name}.snap"));
        let whole = format!("{HEADER}{text}");
        let before = match std::fs::read_to_string(&path) {
            // A checkout on Windows may have changed the line endings.
            Ok(before) => before.replace("\r\n", "\n"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                std::fs::write(&path, whole).map_err(wrong(&path))?;
                new += 1;
                continue;
            }
            Err(error) => return Err(wrong(&path)(error)),
        };
        // The header may have changed when the snapshot was reviewed.
        let body = before.splitn(3, "---\n").nth(2).unwrap_or(&before);
        if let Some(diff) = snapshot_drift(&name, body, &text) {
            drifted += 1;
            console.say(&format!("drift in {name}:\n{}", diff.trim_end()));
            let beside = path.with_extension("snap.new");
            std::fs::write(&beside, whole).map_err(wrong(&beside))?;
        }
    }
    if run.is_complete() && is_whole {
        let entries = std::fs::read_dir(folder).map_err(wrong(folder))?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let orphans = names.filter(|name| {
            let is_snapshot = Path::new(name).extension().is_some_and(|end| end == "snap");
            is_snapshot && !known.contains(name)
        });
        let mut orphans: Vec<String> = orphans.collect();
        orphans.sort();
        for orphan in orphans {
            console.say(&format!(
                "no case has the snapshot {orphan} any more: delete it"
            ));
        }
    }
    console.say(&format!(
        "snapshots in {}: {new} new, {drifted} changed",
        shown(folder)
    ));
    Ok(drifted)
}
