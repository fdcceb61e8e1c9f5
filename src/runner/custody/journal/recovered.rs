//! Journals that are read back from disk.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::super::entry::{Entry, Holding};
use super::super::ledger::Ledger;
use super::super::record::{Opening, Record};
use super::{JournalError, VERSION, failed, is_plain};

/// The most bytes that are read from a journal: far more than a full zone and a long run need.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The contents of a journal.
#[derive(Debug)]
pub(in super::super) struct Recovered {
    /// Its first record.
    pub(in super::super) opening: Opening,
    /// The sum of all its records.
    pub(in super::super) ledger: Ledger,
}

impl Recovered {
    /// Reads a journal.
    ///
    /// # Errors
    /// [`JournalError::Unreadable`] if no record is intact or another version wrote the journal;
    /// [`JournalError::Foreign`]; [`JournalError::Io`].
    pub(in super::super) fn read(path: &Path) -> Result<Self, JournalError> {
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
        Ok(Self::of(opening, records))
    }

    /// Recovers what is possible from a journal whose first record is damaged. Later records still hold the mappings
    /// that were taken away, with their values. The target is unknown.
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
            zone: zone.to_owned(),
            started: "at an unknown time".to_owned(),
            holding,
            ..Opening::default()
        };
        Self::of(opening, records)
    }

    fn of(opening: Opening, records: impl IntoIterator<Item = Record>) -> Self {
        let mut ledger = Ledger::default();
        ledger.apply(&Record::Opening(opening.clone()));
        for record in records {
            ledger.apply(&record);
        }
        Self { opening, ledger }
    }
}

/// Returns the record of a line, if the line is intact.
fn record(line: &[u8]) -> Option<Record> {
    let (checksum, json) = line.split_at_checked(9)?;
    let checksum = str::from_utf8(checksum).ok()?.strip_suffix(' ')?;
    let checksum = u32::from_str_radix(checksum, 16).ok()?;
    (crc32fast::hash(json) == checksum)
        .then(|| serde_json::from_slice(json).ok())
        .flatten()
}
