//! The journal of a zone: what it held before the run, and every address that the run was about to touch.
//! Each line is on disk before the request that it speaks of goes out, so it survives a kill or a power cut.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::holding::Holding;

/// The version of the format; a journal of another is not guessed at.
const VERSION: u32 = 1;
/// The ending of journals.
const ENDING: &str = "journal";

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::runner) struct Opening {
    pub(super) originproof_journal: u32,
    /// The base URL.
    pub(in crate::runner) target: String,
    /// The zone.
    pub(in crate::runner) zone: String,
    /// When the run began.
    pub(super) started: String,
    /// What the zone held.
    pub(in crate::runner) holding: Holding,
}

impl Opening {
    pub(super) fn new(target: &str, zone: &str, holding: Holding) -> Self {
        Self {
            originproof_journal: VERSION,
            target: target.to_owned(),
            zone: zone.to_owned(),
            started: jiff::Timestamp::now().to_string(),
            holding,
        }
    }
}

/// Every further line: addresses that are about to be written or deleted.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Touched {
    touched: Vec<IpAddr>,
}

/// What went wrong with a journal or its lock.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk.
    #[error("can't keep the journal {path}: {source}")]
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
        "an earlier run on zone {zone} did not end: its journal is {path}; `originproof restore` puts the zone back as it was, then run again"
    )]
    Pending {
        /// Which zone.
        zone: String,
        /// The journal.
        path: PathBuf,
    },
    /// The file is no journal that this version reads.
    #[error("{path} is no journal that this version can read: {why}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { path, source }
}

/// The name of a zone's files: target and zone, without what file systems dislike.
fn stem(target: &str, zone: &str) -> String {
    let plain = |text: &str| -> String {
        text.chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') {
                    c
                } else {
                    '_'
                }
            })
            .take(100)
            .collect()
    };
    format!("{}_{}", plain(target), plain(zone))
}

/// The exclusive right to work on a zone. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct ZoneLock {
    _file: File,
}

impl ZoneLock {
    pub(super) fn take(
        folder: &Path,
        target: &str,
        zone: &str,
        wait: bool,
    ) -> Result<Self, JournalError> {
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let path = folder.join(format!("{}.lock", stem(target, zone)));
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed(&path))?;
        if wait {
            file.lock().map_err(failed(&path))?;
            return Ok(Self { _file: file });
        }
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Locked {
                zone: zone.to_owned(),
                path,
            }),
            Err(TryLockError::Error(source)) => Err(JournalError::Io { path, source }),
        }
    }
}

/// An open journal.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    touched: BTreeSet<IpAddr>,
}

impl Journal {
    /// The path of a zone's journal; an error if one is there already.
    pub(super) fn free_path(
        folder: &Path,
        target: &str,
        zone: &str,
    ) -> Result<PathBuf, JournalError> {
        let path = folder.join(format!("{}.{ENDING}", stem(target, zone)));
        if path.exists() {
            return Err(JournalError::Pending {
                zone: zone.to_owned(),
                path,
            });
        }
        Ok(path)
    }

    /// Writes the opening and makes sure that it is on disk under its name before anything is changed.
    pub(super) fn begin(path: PathBuf, opening: &Opening) -> Result<Self, JournalError> {
        let aside = path.with_extension("journal-begun");
        let mut file = File::create(&aside).map_err(failed(&aside))?;
        let mut line = serde_json::to_vec(opening).map_err(|error| failed(&aside)(error.into()))?;
        line.push(b'\n');
        file.write_all(&line).map_err(failed(&aside))?;
        file.sync_all().map_err(failed(&aside))?;
        fs::rename(&aside, &path).map_err(failed(&path))?;
        sync_folder(&path);
        Ok(Self {
            path,
            file,
            touched: BTreeSet::new(),
        })
    }

    /// The addresses that the run touched.
    pub(super) fn touched(&self) -> &BTreeSet<IpAddr> {
        &self.touched
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Notes addresses before they are touched.
    pub(super) fn touch(
        &mut self,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<(), JournalError> {
        let new: Vec<IpAddr> = addresses
            .into_iter()
            .filter(|ip| self.touched.insert(*ip))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut line = serde_json::to_vec(&Touched { touched: new })
            .map_err(|error| failed(&self.path)(error.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(failed(&self.path))?;
        self.file.sync_data().map_err(failed(&self.path))
    }

    /// Removes it: the zone is as it was.
    pub(super) fn close(self) -> Result<(), JournalError> {
        drop(self.file);
        fs::remove_file(&self.path).map_err(failed(&self.path))?;
        sync_folder(&self.path);
        Ok(())
    }

    /// Reads a journal that another run left.
    pub(super) fn reopen(path: &Path) -> Result<(Opening, Self), JournalError> {
        let text = fs::read_to_string(path).map_err(failed(path))?;
        let unreadable = |why: String| JournalError::Unreadable {
            path: path.to_owned(),
            why,
        };
        let mut lines = text.lines();
        let first = lines
            .next()
            .ok_or_else(|| unreadable("it is empty".into()))?;
        let opening: Opening =
            serde_json::from_str(first).map_err(|error| unreadable(error.to_string()))?;
        if opening.originproof_journal != VERSION {
            return Err(unreadable(format!(
                "its version is {}",
                opening.originproof_journal
            )));
        }
        let mut touched = BTreeSet::new();
        for line in lines {
            // A line that was cut off speaks of a request that never went out.
            if let Ok(line) = serde_json::from_str::<Touched>(line) {
                touched.extend(line.touched);
            }
        }
        let file = OpenOptions::new()
            .append(true)
            .open(path)
            .map_err(failed(path))?;
        Ok((
            opening,
            Self {
                path: path.to_owned(),
                file,
                touched,
            },
        ))
    }
}

/// Makes a new or removed name last. Not every system can; the contents are safe anyway.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
}

/// The journals in a folder, in the order of their names: zones that wait to be put back.
///
/// # Errors
/// [`JournalError::Io`] if the folder can't be read; one that is not there has none.
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

/// The base URL and the zone of a journal.
///
/// # Errors
/// [`JournalError`] if it can't be read.
pub fn journal_target(path: &Path) -> Result<(String, String), JournalError> {
    let (opening, _) = Journal::reopen(path)?;
    Ok((opening.target, opening.zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("originproof-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{error}"));
        folder
    }

    fn begun(folder: &Path) -> Journal {
        let opening = Opening::new("http://t", "z", Holding::default());
        let path = Journal::free_path(folder, "http://t", "z").unwrap_or_else(|e| panic!("{e}"));
        Journal::begin(path, &opening).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn a_journal_that_was_cut_off_keeps_its_whole_lines() {
        let folder = folder("cut");
        let mut journal = begun(&folder);
        let ip: IpAddr = [192, 0, 2, 1].into();
        journal.touch([ip]).unwrap_or_else(|e| panic!("{e}"));
        journal
            .file
            .write_all(b"{\"touched\":[\"192.0")
            .unwrap_or_else(|e| panic!("{e}"));
        let (opening, read) = Journal::reopen(&journal.path).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(opening.zone, "z");
        assert_eq!(read.touched, BTreeSet::from([ip]));
        let _ = fs::remove_dir_all(folder);
    }

    #[test]
    fn a_pending_journal_blocks_the_next_run_and_a_closed_one_does_not() {
        let folder = folder("pending");
        let journal = begun(&folder);
        assert!(matches!(
            Journal::free_path(&folder, "http://t", "z"),
            Err(JournalError::Pending { .. })
        ));
        assert_eq!(
            pending(&folder).map_err(|e| e.to_string()),
            Ok(vec![journal.path.clone()])
        );
        journal.close().unwrap_or_else(|e| panic!("{e}"));
        assert!(Journal::free_path(&folder, "http://t", "z").is_ok());
        let _ = fs::remove_dir_all(folder);
    }

    #[test]
    fn two_runs_never_hold_one_zone() {
        let folder = folder("lock");
        let first = ZoneLock::take(&folder, "http://t", "z", false);
        assert!(first.is_ok());
        assert!(matches!(
            ZoneLock::take(&folder, "http://t", "z", false),
            Err(JournalError::Locked { .. })
        ));
        assert!(ZoneLock::take(&folder, "http://t", "other", false).is_ok());
        drop(first);
        assert!(ZoneLock::take(&folder, "http://t", "z", false).is_ok());
        let _ = fs::remove_dir_all(folder);
    }
}
