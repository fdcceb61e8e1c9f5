//! The journal of a zone on disk: a log of records with checksums. Each line holds the checksum of a record and the
//! record. A truncated or invalid line is skipped, so a damaged end of the file costs at most the last record.

mod error;
mod files;
mod recovered;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::desk::Durability;
use super::record::{Opening, Record};
use crate::private;

pub use error::JournalError;
pub(super) use error::failed;
pub use files::pending;
pub(super) use files::{is_plain, make_folder, set_aside, stem};
pub(super) use recovered::Recovered;

use files::{ENDING, sync_folder};

/// The version of the journal format. A journal of another version is refused.
pub(super) const VERSION: u32 = 2;

/// An open journal.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Returns the path of a zone's journal.
    pub(super) fn path_of(folder: &Path, zone: &str) -> PathBuf {
        folder.join(format!("zone-{}.{ENDING}", stem(zone)))
    }

    /// Returns the path of the journal.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a journal. Its opening is on disk, under its final name, before anything in the zone is changed.
    ///
    /// # Errors
    /// [`JournalError::Pending`] if the zone already has a journal; [`JournalError::Io`].
    pub(super) fn begin(path: PathBuf, opening: Opening) -> Result<Self, JournalError> {
        let zone = opening.zone.clone();
        let file = match private::create_new(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(JournalError::Pending { zone, path });
            }
            Err(error) => return Err(failed(&path)(error)),
        };
        let mut journal = Self { path, file };
        journal.note(&Record::Opening(opening), Durability::Synced)?;
        sync_folder(&journal.path);
        Ok(journal)
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub(super) fn note(
        &mut self,
        record: &Record,
        durability: Durability,
    ) -> Result<(), JournalError> {
        let line = line(record).map_err(failed(&self.path))?;
        self.file.write_all(&line).map_err(failed(&self.path))?;
        if durability == Durability::Synced {
            self.file.sync_data().map_err(failed(&self.path))?;
        }
        Ok(())
    }

    /// Removes the journal.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub(super) fn close(self) -> Result<(), JournalError> {
        drop(self.file);
        fs::remove_file(&self.path).map_err(failed(&self.path))?;
        sync_folder(&self.path);
        Ok(())
    }

    /// Opens a journal that another run left, to continue it.
    ///
    /// # Errors
    /// [`JournalError`] if it can't be read.
    pub(super) fn reopen(path: &Path) -> Result<(Recovered, Self), JournalError> {
        let recovered = Recovered::read(path)?;
        let mut file = private::append(path).map_err(failed(path))?;
        // Without this newline, a truncated last line would swallow the next record.
        file.write_all(b"\n").map_err(failed(path))?;
        let path = path.to_owned();
        Ok((recovered, Self { path, file }))
    }
}

/// Returns the journal line of a record.
fn line(record: &Record) -> io::Result<Vec<u8>> {
    let json = serde_json::to_vec(record)?;
    let mut line = format!("{:08x} ", crc32fast::hash(&json)).into_bytes();
    line.extend(json);
    line.push(b'\n');
    Ok(line)
}
