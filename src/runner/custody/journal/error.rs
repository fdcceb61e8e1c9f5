//! What goes wrong with a journal.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::stem;
use crate::exchange::shell_word;

/// What went wrong with a journal or its lock.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk.
    #[error("can't read or write the journal {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another run works on the zone.
    #[error(
        "another run is at work on zone {zone} (lock {path}): wait for it, or give another zone"
    )]
    Locked {
        /// Which zone.
        zone: String,
        /// The lock.
        path: PathBuf,
    },
    /// A run that did not end left the zone as it was at that moment.
    #[error(
        "an earlier run on zone {zone} did not end: its journal is {path}; `{command}` puts the zone back, with --print it \
         shows what the zone held, with --discard it lets go of the journal", command = restore_command(zone, path)
    )]
    Pending {
        /// Which zone.
        zone: String,
        /// The journal.
        path: PathBuf,
    },
    /// The file is not a journal that this version reads.
    #[error("{path} can't be read as a journal: {why}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A symbolic link, or anything else that is not a plain file, stands in the place of a journal or its folder.
    #[error(
        "{path} is {what}, which could lead anywhere: remove it, or give another folder with --state-dir"
    )]
    Foreign {
        /// Which file or folder.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
}

impl JournalError {
    /// Whether it is about the journal of a zone.
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

/// The command that finishes what a journal holds.
fn restore_command(zone: &str, path: &Path) -> String {
    let folder = path.parent().unwrap_or(Path::new("."));
    let words = ["--zone", zone, "--state-dir", &folder.display().to_string()].map(shell_word);
    format!("originproof restore {}", words.join(" "))
}

pub(in super::super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { path, source }
}
