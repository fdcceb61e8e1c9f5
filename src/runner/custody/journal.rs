//! The journal of a zone on disk: a log of checked records. Each line is the checksum of a record and the record; a line
//! that is torn or foreign is passed over, so a broken tail costs its last record at most.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::desk::Durability;
use super::entry::{Entry, Holding};
use super::ledger::Ledger;
use super::record::{Opening, Record};
use crate::private;

/// The version of the format; a journal of another is not guessed at.
pub(super) const VERSION: u32 = 2;
/// The ending of journals.
const ENDING: &str = "journal";
/// The largest journal that is read, in bytes: far more than a full zone and a long run need.
const LARGEST: u64 = 64 * 1024 * 1024;

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
    let words = ["--zone", zone, "--state-dir", &folder.display().to_string()].map(shell);
    format!("originproof restore {}", words.join(" "))
}

/// A text as one word of a POSIX shell.
pub(super) fn shell(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

pub(super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { path, source }
}

/// A zone id as a file name: letter case does not matter, and two ids never meet.
pub(super) fn stem(zone: &str) -> String {
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

/// Makes the folder of journals, for its owner alone.
///
/// # Errors
/// [`JournalError::Io`]; [`JournalError::Foreign`] if it is a symbolic link.
pub(super) fn make_folder(folder: &Path) -> Result<(), JournalError> {
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

/// Refuses whatever is not a plain file.
pub(super) fn is_plain(path: &Path) -> Result<(), JournalError> {
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
pub(super) fn set_aside(path: &Path) -> Result<(), JournalError> {
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

/// An open journal.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// The path of a zone's journal.
    pub(super) fn path_of(folder: &Path, zone: &str) -> PathBuf {
        folder.join(format!("zone-{}.{ENDING}", stem(zone)))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a journal: its opening is on disk, under its name, before anything is changed.
    ///
    /// # Errors
    /// [`JournalError::Pending`] if there is one already; [`JournalError::Io`].
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

    /// Removes it.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub(super) fn close(self) -> Result<(), JournalError> {
        drop(self.file);
        fs::remove_file(&self.path).map_err(failed(&self.path))?;
        sync_folder(&self.path);
        Ok(())
    }

    /// Opens a journal that another run left, to go on from there.
    ///
    /// # Errors
    /// [`JournalError`] if it can't be read.
    pub(super) fn reopen(path: &Path) -> Result<(Recovered, Self), JournalError> {
        let recovered = Recovered::read(path)?;
        let mut file = private::append(path).map_err(failed(path))?;
        // A torn last line must not swallow the next record.
        file.write_all(b"\n").map_err(failed(path))?;
        let path = path.to_owned();
        Ok((recovered, Self { path, file }))
    }
}

/// One line of a journal.
fn line(record: &Record) -> io::Result<Vec<u8>> {
    let json = serde_json::to_vec(record)?;
    let mut line = format!("{:08x} ", crc32fast::hash(&json)).into_bytes();
    line.extend(json);
    line.push(b'\n');
    Ok(line)
}

/// What a journal says.
#[derive(Debug)]
pub(super) struct Recovered {
    /// Its first record.
    pub(super) opening: Opening,
    /// All its records, added up.
    pub(super) ledger: Ledger,
}

impl Recovered {
    /// Reads a journal.
    ///
    /// # Errors
    /// [`JournalError::Unreadable`] if its opening is not whole; [`JournalError::Foreign`]; [`JournalError::Io`].
    pub(super) fn read(path: &Path) -> Result<Self, JournalError> {
        is_plain(path)?;
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(failed(path))?;
        let read = file.take(LARGEST).read_to_end(&mut bytes);
        read.map_err(failed(path))?;
        let unreadable = |why: &str| JournalError::Unreadable {
            path: path.to_owned(),
            why: why.to_owned(),
        };
        if bytes.starts_with(b"{\"originproof_journal\":1,") {
            return Err(unreadable("an earlier version of originproof wrote it"));
        }
        let mut records = bytes.split(|byte| *byte == b'\n').filter_map(record);
        let opening = match records.next() {
            Some(Record::Opening(opening)) => opening,
            Some(first) => return Ok(Self::without_opening(path, first, records)),
            None => return Err(unreadable("no record in it is whole")),
        };
        if opening.originproof_journal != VERSION {
            return Err(unreadable("another version of originproof wrote it"));
        }
        let mut ledger = Ledger::default();
        ledger.apply(&Record::Opening(opening.clone()));
        for record in records {
            ledger.apply(&record);
        }
        Ok(Self { opening, ledger })
    }
}

impl Recovered {
    /// What can be told of a journal whose first record is damaged: the mappings that were taken away stand in the
    /// records before that, with their values. Which target it was is not known.
    fn without_opening(path: &Path, first: Record, rest: impl Iterator<Item = Record>) -> Self {
        let records: Vec<Record> = std::iter::once(first).chain(rest).collect();
        let mut holding = Holding::default();
        for record in &records {
            if let Record::Intent(intent) = record {
                let all = holding.by_generation.entry(intent.through).or_default();
                let taken = intent.write.iter();
                let taken = taken.filter(|row| intent.delete.contains(&row.ip));
                all.extend(taken.map(|row| (row.ip, Entry::plain(row.ip, row.place()))));
            }
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let zone = name.strip_prefix("zone-").unwrap_or_default();
        let zone = zone.split('.').next().unwrap_or_default();
        let opening = Opening {
            originproof_journal: VERSION,
            target: String::new(),
            zone: zone.to_owned(),
            started: "at an unknown time".to_owned(),
            seal: String::new(),
            holding,
            stuck: Vec::new(),
        };
        let mut ledger = Ledger::default();
        ledger.apply(&Record::Opening(opening.clone()));
        for record in records {
            ledger.apply(&record);
        }
        Self { opening, ledger }
    }
}

/// The record of a line, if the line is whole.
fn record(line: &[u8]) -> Option<Record> {
    let (checksum, json) = line.split_at_checked(9)?;
    let checksum = str::from_utf8(checksum).ok()?.strip_suffix(' ')?;
    let checksum = u32::from_str_radix(checksum, 16).ok()?;
    (crc32fast::hash(json) == checksum)
        .then(|| serde_json::from_slice(json).ok())
        .flatten()
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

#[cfg(test)]
mod tests {
    use super::super::entry::Row;
    use super::super::record::Intent;
    use super::super::seal::Seal;
    use super::*;
    use crate::exchange::Generation;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use test_case::test_case;

    fn folder(name: &str) -> PathBuf {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("originproof-{name}-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        make_folder(&folder).unwrap_or_else(|e| panic!("{e}"));
        folder
    }

    fn begun(folder: &Path) -> Journal {
        let opening = Opening {
            originproof_journal: VERSION,
            target: "http://t".into(),
            zone: "Z".into(),
            started: String::new(),
            seal: Seal::default().text(),
            holding: super::super::entry::Holding::default(),
            stuck: Vec::new(),
        };
        let path = Journal::path_of(folder, "Z");
        Journal::begin(path, opening).unwrap_or_else(|e| panic!("{e}"))
    }

    fn intent(last: u8) -> Record {
        let mut intent = Intent::through(Generation::V2);
        intent.delete = vec![[192, 0, 2, last].into()];
        Record::Intent(intent)
    }

    #[test_case(b"0badc0de {\"intent\":{\"thr"; "a record that was cut off")]
    #[test_case(b"\0\0\0\0\0\0\0\0\0\0\0\0"; "zeros")]
    #[test_case(b"\xff\xfe\xfd not text"; "bytes that are not text")]
    #[test_case(b"12345678 {\"kept\":[\"v2\",[]]}\n"; "a wrong checksum")]
    fn a_broken_tail_costs_its_last_record_at_most(tail: &[u8]) {
        let folder = folder("tail");
        let mut journal = begun(&folder);
        journal
            .note(&intent(1), Durability::Synced)
            .unwrap_or_else(|e| panic!("{e}"));
        journal
            .file
            .write_all(tail)
            .unwrap_or_else(|e| panic!("{e}"));
        let (_, mut again) = Journal::reopen(&journal.path).unwrap_or_else(|e| panic!("{e}"));
        again
            .note(&intent(2), Durability::Synced)
            .unwrap_or_else(|e| panic!("{e}"));
        let read = Recovered::read(&journal.path).unwrap_or_else(|e| panic!("{e}"));
        assert!(read.ledger.was_taken(Generation::V2, [192, 0, 2, 1].into()));
        assert!(read.ledger.was_taken(Generation::V2, [192, 0, 2, 2].into()));
        let _ = fs::remove_dir_all(folder);
    }

    #[test]
    fn a_journal_without_a_whole_opening_is_named() {
        let folder = folder("torn");
        let path = Journal::path_of(&folder, "z");
        fs::write(&path, b"1234").unwrap_or_else(|e| panic!("{e}"));
        assert!(matches!(
            Recovered::read(&path),
            Err(JournalError::Unreadable { .. })
        ));
        let _ = fs::remove_dir_all(folder);
    }

    #[test]
    fn a_journal_without_its_opening_still_holds_what_was_taken_away() {
        let folder = folder("headless");
        let path = Journal::path_of(&folder, "z");
        let mut intent = Intent::through(Generation::V2);
        let place = crate::contract::Place {
            vendor: "aws".into(),
            region: "us-east-1".into(),
        };
        let row = Row::new([10, 0, 0, 1].into(), &place);
        intent.write = vec![row.clone()];
        intent.delete = vec![row.ip];
        let mut bytes = vec![0; 200];
        bytes.push(b'\n');
        bytes.extend(line(&Record::Intent(intent)).unwrap_or_else(|e| panic!("{e}")));
        fs::write(&path, bytes).unwrap_or_else(|e| panic!("{e}"));
        let read = Recovered::read(&path).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(read.opening.zone, "z");
        assert_eq!(read.ledger.at_stake(Generation::V2), [row]);
        let _ = fs::remove_dir_all(folder);
    }

    #[test]
    fn a_zone_has_one_journal_whatever_the_letter_case_of_its_id() {
        let folder = folder("case");
        let journal = begun(&folder);
        assert_eq!(journal.path, Journal::path_of(&folder, "z"));
        assert_ne!(stem("a/b"), stem("a_b"));
        assert!(pending(&folder).is_ok_and(|all| all == [journal.path.clone()]));
        journal.close().unwrap_or_else(|e| panic!("{e}"));
        assert!(pending(&folder).is_ok_and(|all| all.is_empty()));
        let _ = fs::remove_dir_all(folder);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_refused_and_files_are_private() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = folder("links");
        let victim = folder.join("victim");
        fs::write(&victim, "precious").unwrap_or_else(|e| panic!("{e}"));
        let path = Journal::path_of(&folder, "z");
        symlink(&victim, &path).unwrap_or_else(|e| panic!("{e}"));
        assert!(matches!(
            Recovered::read(&path),
            Err(JournalError::Foreign { .. })
        ));
        fs::remove_file(&path).unwrap_or_else(|e| panic!("{e}"));
        let journal = begun(&folder);
        let mode = |path: &Path| fs::metadata(path).map(|about| about.permissions().mode() & 0o777);
        assert!(mode(&journal.path).is_ok_and(|mode| mode == 0o600));
        assert!(mode(&folder).is_ok_and(|mode| mode == 0o700));
        assert!(fs::read(&victim).is_ok_and(|text| text == b"precious"));
        let _ = fs::remove_dir_all(folder);
    }
}
