//! Errors of a journal.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::stem;
use crate::exchange::shell_word;

/// An error of a journal or its lock.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file could not be read or written.
    #[error("can't read or write the journal {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Another run is at work on the zone.
    #[error(
        "another run is at work on zone {zone} (lock {path}): wait for it, or give another zone"
    )]
    Locked {
        /// The zone.
        zone: String,
        /// The lock file.
        path: PathBuf,
    },
    /// An earlier run on the zone did not end, and its journal is still there.
    #[error(
        "an earlier run on zone {zone} did not end: its journal is {path}; `{command}` puts the zone back, with --print it \
         shows what the zone held, with --discard it lets go of the journal", command = restore_command(zone, path)
    )]
    Pending {
        /// The zone.
        zone: String,
        /// The journal.
        path: PathBuf,
    },
    /// The file is not a journal that this version can read.
    #[error("{path} can't be read as a journal: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: String,
    },
    /// A symbolic link, or something else that is not a plain file, is in the place of a journal or its folder.
    #[error(
        "{path} is {what}, which could lead anywhere: remove it, or give another folder with --state-dir"
    )]
    Foreign {
        /// The file or folder.
        path: PathBuf,
        /// What was found at the path.
        what: &'static str,
    },
}

impl JournalError {
    /// Returns whether the error is about the journal or the lock of a zone.
    #[must_use]
    pub fn is_of(&self, zone: &str) -> bool {
        let name = format!("zone-{}.", stem(zone));
        let name_of = |path: &Path| path.file_name().unwrap_or_default().to_owned();
        name_of(self.path()).to_string_lossy().starts_with(&name)
    }

    /// Removes the journal that can't be read.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn discard(&self) -> Result<(), Self> {
        fs::remove_file(self.path()).map_err(failed(self.path()))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Io { path, .. }
            | Self::Locked { path, .. }
            | Self::Pending { path, .. }
            | Self::Unreadable { path, .. }
            | Self::Foreign { path, .. } => path,
        }
    }
}

/// Returns the command that puts the zone of a journal back.
fn restore_command(zone: &str, path: &Path) -> String {
    let folder = path.parent().unwrap_or(Path::new("."));
    let words = ["--zone", zone, "--state-dir", &folder.display().to_string()].map(shell_word);
    format!("originproof restore {}", words.join(" "))
}

pub(in super::super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { path, source }
}
