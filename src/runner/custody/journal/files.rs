//! Journals as files: their names, their folder, and checks that their paths are plain files.

use std::fmt::Write;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::error::{JournalError, failed};
use crate::private;

/// The file extension of journals.
pub(super) const ENDING: &str = "journal";

/// Returns a file name for a zone id. Letter case does not matter, and two different ids never get the same name.
pub(in super::super) fn stem(zone: &str) -> String {
    let mut stem = String::new();
    for byte in zone.to_ascii_lowercase().bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            stem.push(char::from(byte));
        } else {
            let _ = write!(stem, "_{byte:02x}");
        }
    }
    stem
}

/// Creates the folder of journals, accessible to its owner only.
///
/// # Errors
/// [`JournalError::Io`]; [`JournalError::Foreign`] if it is a symbolic link.
pub(in super::super) fn make_folder(folder: &Path) -> Result<(), JournalError> {
    if let Ok(about) = fs::symlink_metadata(folder)
        && about.is_symlink()
    {
        return Err(JournalError::Foreign {
            path: folder.to_owned(),
            what: "a symbolic link",
        });
    }
    private::create_folder(folder).map_err(failed(folder))
}

/// Refuses a path that exists and is not a plain file.
pub(in super::super) fn is_plain(path: &Path) -> Result<(), JournalError> {
    let what = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(path)(error)),
        Ok(about) if about.is_symlink() => "a symbolic link",
        Ok(about) if !about.is_file() => "not a plain file",
        Ok(_) => return Ok(()),
    };
    Err(JournalError::Foreign {
        path: path.to_owned(),
        what,
    })
}

/// Gives a journal another name, under which `restore` still finds it.
pub(in super::super) fn set_aside(path: &Path) -> Result<(), JournalError> {
    let mut number = 2;
    loop {
        let aside = path.with_extension(format!("{number}.{ENDING}"));
        match fs::hard_link(path, &aside) {
            Ok(()) => return fs::remove_file(path).map_err(failed(path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(failed(path)(error)),
        }
    }
}

/// Syncs the folder of a path, so that a created or removed file name is durable. Not every system supports this; the
/// contents of the file are safe anyway.
pub(super) fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
}

/// Returns the journals in a folder, sorted by name. Each stands for a zone that waits to be put back.
///
/// # Errors
/// [`JournalError::Io`] if the folder can't be read. A missing folder is not an error; it has no journals.
pub fn pending(folder: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(folder)(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed(folder))?.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
