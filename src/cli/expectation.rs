//! Finds and reads the list of expected failures, and writes a new one.

use std::path::{Path, PathBuf};

use originproof::case::Library;
use originproof::diagnostic::visible::shown;
use originproof::expected::Expectations;
use originproof::input::{LONGEST_TEXT, read_text};
use originproof::report::Run;

use super::console::Console;
use super::exit::Failure;
use super::world::World;

/// The file that is used if none is named.
const FILE: &str = "originproof.expect.yaml";

/// Returns the path of the named list, or of the one that is used if none is named.
pub(super) fn path(named: Option<&str>, world: &World) -> PathBuf {
    named.map_or_else(|| world.folder.join(FILE), PathBuf::from)
}

/// Reads the named list, or the one in the working folder if it exists.
///
/// # Errors
/// Fails if the list cannot be read or is faulty.
pub(super) fn load(
    named: Option<&str>,
    world: &World,
    colour: bool,
) -> Result<Option<Expectations>, Failure> {
    let path = path(named, world);
    let text = match read_text(&path, LONGEST_TEXT) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => {
            let message = format!("can't read the expected failures {}: {error}", shown(&path));
            return Err(Failure::Usage(message));
        }
    };
    Expectations::parse(named.unwrap_or(FILE), &text, colour)
        .map(Some)
        .map_err(Failure::Cases)
}

/// Returns the entries of a list that fit no case of the suite, one sentence each.
pub(super) fn misfits(list: &Expectations, library: &Library) -> Vec<String> {
    let cases = library.trials().into_iter().map(|trial| {
        let proves = trial.proves().map(|clause| clause.as_str().to_owned());
        (trial.id(), proves.collect::<Vec<String>>())
    });
    let suite: Vec<(String, Vec<String>)> = cases.collect();
    let suite = suite
        .iter()
        .map(|(id, proves)| (id.as_str(), proves.as_slice()));
    list.misfits(&suite)
}

/// Writes an entry for each cause of the failures of a run.
///
/// # Errors
/// Fails if the file cannot be written.
pub(super) fn write(
    path: &Path,
    run: &Run,
    reason: &str,
    console: &mut Console,
) -> Result<(), Failure> {
    let causes = run.causes();
    std::fs::write(
        path,
        originproof::expected::entries_of(&causes, run.header.recorded, reason),
    )
    .map_err(|error| Failure::Usage(format!("can't write {}: {error}", shown(path))))?;
    let next = if causes.is_empty() || !reason.is_empty() {
        ""
    } else {
        ": give each a reason"
    };
    console.say(&format!(
        "{} cause(s) written to {}{next}",
        causes.len(),
        shown(path)
    ));
    Ok(())
}
