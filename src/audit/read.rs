//! Opens a file of recorded traffic, whatever its form.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::recorded::Recorded;
use super::{har, lines};

/// How much of a file is looked at to tell its form, in bytes.
const LOOKED_AT: usize = 4_096;

/// Why recorded traffic can't be read.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The file can't be opened or read.
    #[error("can't read {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("{path}: {why}")]
    Form {
        /// Which file.
        path: PathBuf,
        /// What is wrong, with its place.
        why: String,
    },
}

/// Reads a file, HAR or JSON Lines, plain or gzipped, and hands each exchange on; returns how many there were.
///
/// # Errors
/// [`AuditError`]; what came before the fault has been handed on.
pub fn read(path: &Path, each: impl FnMut(Recorded)) -> Result<usize, AuditError> {
    let io = |source| AuditError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.is_dir() {
        return Err(io(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    let mut reader = BufReader::new(file);
    let start = reader.fill_buf().map_err(io)?;
    let form = |why| AuditError::Form {
        path: path.to_owned(),
        why,
    };
    if start.starts_with(&[0x1f, 0x8b]) {
        read_plain(BufReader::new(MultiGzDecoder::new(reader)), each).map_err(form)
    } else {
        read_plain(reader, each).map_err(form)
    }
}

/// Reads HAR or JSON Lines, not gzipped, from anywhere; returns how many exchanges there were.
///
/// # Errors
/// What is wrong, with its place; what came before the fault has been handed on.
pub fn read_plain(mut reader: impl BufRead, each: impl FnMut(Recorded)) -> Result<usize, String> {
    let start = reader.fill_buf().map_err(|error| error.to_string())?;
    if start.is_empty() {
        return Err("it is empty".to_owned());
    }
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        return Err("it is written in UTF-16; HAR and JSON Lines are UTF-8".to_owned());
    }
    let mark = if start.starts_with(&[0xef, 0xbb, 0xbf]) {
        3
    } else {
        0
    };
    let looked_at = String::from_utf8_lossy(
        start
            .get(mark..start.len().min(LOOKED_AT))
            .unwrap_or_default(),
    );
    // A line of our own begins with the method; the entries of a HAR are below `log`.
    let is_har = looked_at.contains("\"log\"") || !looked_at.contains("\"method\"");
    let looks_like_json = looked_at.trim_start().starts_with('{');
    if !looks_like_json {
        let first: String = looked_at.trim_start().chars().take(20).collect();
        return Err(format!(
            "line 1 column 1: neither HAR nor JSON Lines: it begins with {first:?}"
        ));
    }
    reader.consume(mark);
    if is_har {
        har::read(reader, each)
    } else {
        lines::read(reader, each)
    }
}
