//! Opens a file of recorded traffic in any of the supported formats.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::bufread::MultiGzDecoder;

use super::har::{Archive, Attached, Folder, Nothing};
use super::recorded::Recorded;
use super::{har, lines};

/// The number of bytes that are examined to recognize a file's format.
const LOOKED_AT: usize = 4_096;
/// The largest size that a compressed file may unpack to, in bytes.
const UNPACKED: u64 = 16 * 1024 * 1024 * 1024;
/// The byte order mark that a file in UTF-8 may begin with.
const MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// The reason why recorded traffic can't be read.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The file can't be opened or read.
    #[error("can't read {path}: {source}")]
    Io {
        /// The path of the file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file does not have the expected format.
    #[error("{path}: {why}")]
    Form {
        /// The path of the file.
        path: PathBuf,
        /// A description of what is wrong, with its place.
        why: String,
    },
}

/// The extent of a file's contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The number of exchanges.
    pub exchanges: usize,
    /// Whether the file is complete. A file that was cut off holds the exchanges before the cut.
    pub is_whole: bool,
    /// Whether other text follows the recording; it is ignored.
    pub has_more: bool,
}

/// Reads a file and passes each exchange to `each`. The file is a HAR (plain, gzipped, or in an archive with its
/// bodies) or JSON Lines (plain or gzipped). An exchange that can't be read is passed on with its [`Recorded::faults`].
///
/// # Errors
/// Returns [`AuditError`] if the file as a whole is not a recording. The exchanges before the fault have been passed
/// on.
pub fn read(path: &Path, each: impl FnMut(Recorded)) -> Result<Extent, AuditError> {
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
    if start.starts_with(b"PK\x03\x04") {
        return read_archive(path, each).map_err(form);
    }
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut attached = Folder(folder);
    if start.starts_with(&[0x1f, 0x8b]) {
        let unpacked = MultiGzDecoder::new(reader).take(UNPACKED);
        read_from(BufReader::new(unpacked), &mut attached, each).map_err(form)
    } else {
        read_from(reader, &mut attached, each).map_err(form)
    }
}

/// Reads uncompressed HAR or JSON Lines from any reader and passes each exchange to `each`.
///
/// # Errors
/// Returns what is wrong, with its place, if the whole is not a recording. The exchanges before the fault have been
/// passed on.
pub fn read_plain(reader: impl BufRead, each: impl FnMut(Recorded)) -> Result<Extent, String> {
    read_from(reader, &mut Nothing, each)
}

/// Reads the HARs of an archive, and the bodies beside them.
fn read_archive(path: &Path, mut each: impl FnMut(Recorded)) -> Result<Extent, String> {
    let mut archive = Archive::open(path)?;
    let names = archive.recordings();
    if names.is_empty() {
        return Err("there is no HAR in the archive".to_owned());
    }
    let mut extent = Extent {
        exchanges: 0,
        is_whole: true,
        has_more: false,
    };
    for name in names {
        archive.turn_to(&name);
        let mut is_first = true;
        let mut source = Archive::open(path)?;
        let member = source
            .0
            .by_name(&name)
            .map_err(|error| format!("{name}: {error}"))?;
        let reader = BufReader::new(member.take(UNPACKED));
        let read = read_from(reader, &mut archive, |mut recorded: Recorded| {
            recorded.begins_another = std::mem::take(&mut is_first);
            each(recorded);
        });
        let read = read.map_err(|why| format!("{name}: {why}"))?;
        extent.exchanges += read.exchanges;
        extent.is_whole &= read.is_whole;
        extent.has_more |= read.has_more;
    }
    Ok(extent)
}

fn read_from(
    mut reader: impl BufRead,
    attached: &mut dyn Attached,
    each: impl FnMut(Recorded),
) -> Result<Extent, String> {
    let start = reader.fill_buf().map_err(|error| error.to_string())?;
    if start.is_empty() {
        return Err("it is empty".to_owned());
    }
    if let Some(encoding) = sixteen_bits(start) {
        let decoded = DecodeReaderBytesBuilder::new()
            .encoding(Some(encoding))
            .build(reader);
        return read_text(BufReader::new(decoded), attached, each);
    }
    read_text(reader, attached, each)
}

/// Returns the encoding, if the first bytes are UTF-16 with or without a byte order mark.
fn sixteen_bits(start: &[u8]) -> Option<&'static Encoding> {
    match start {
        [0xff, 0xfe, ..] | [b'{', 0, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] | [0, b'{', ..] => Some(UTF_16BE),
        _ => None,
    }
}

fn read_text(
    mut reader: impl BufRead,
    attached: &mut dyn Attached,
    each: impl FnMut(Recorded),
) -> Result<Extent, String> {
    let start = reader.fill_buf().map_err(|error| error.to_string())?;
    let mark = if start.starts_with(MARK) {
        MARK.len()
    } else {
        0
    };
    let looked_at = start.get(mark..start.len().min(LOOKED_AT));
    let looked_at = String::from_utf8_lossy(looked_at.unwrap_or_default()).into_owned();
    if !looked_at.trim_start().starts_with('{') {
        let first: String = looked_at.trim_start().chars().take(20).collect();
        return Err(format!(
            "line 1 column 1: neither HAR nor JSON Lines: it begins with {first:?}"
        ));
    }
    reader.consume(mark);
    // A line of originproof's own form begins with the method; the entries of a HAR are below `log`.
    let is_har = looked_at.contains("\"log\"") || !looked_at.contains("\"method\"");
    if is_har {
        har::read(reader, attached, each)
    } else {
        lines::read(reader, each)
    }
}
