//! Files from outside, read up to a limit, so that a wrong file name can't fill the memory or block forever.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// The maximum size of a configuration, list of expected failures, or case file, in bytes.
pub const LONGEST_TEXT: u64 = 4 * 1024 * 1024;
/// The maximum size of any other file that is read as a whole, such as a description of an API, in bytes.
pub const LONGEST_FILE: u64 = 64 * 1024 * 1024;

/// Reads a file that the user named, which may be a pipe.
///
/// # Errors
/// [`ErrorKind::FileTooLarge`] if the file is longer than `limit` bytes. Other errors come from the system.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_to_limit(File::open(path)?, limit)
}

/// Reads a stream to its end, up to `limit` bytes.
///
/// # Errors
/// The same errors as [`read`].
pub fn read_to_limit(stream: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        let message = format!("it is longer than {limit} bytes");
        return Err(io::Error::new(ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// Reads a text that the user named, which may be a pipe.
///
/// # Errors
/// The same errors as [`read`], and [`ErrorKind::InvalidData`] if the text is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    text(read(path, limit)?)
}

/// Reads a text that was found in a folder. Pipes and devices are refused, since reading them could block or never end.
///
/// # Errors
/// The same errors as [`read_text`], and [`ErrorKind::InvalidInput`] if the path is not a regular file.
pub fn read_found_text(path: &Path, limit: u64) -> io::Result<String> {
    if !std::fs::metadata(path)?.is_file() {
        let message = "it is not a regular file";
        return Err(io::Error::new(ErrorKind::InvalidInput, message));
    }
    read_text(path, limit)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not text in UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_without_end_is_refused_at_the_limit() {
        let endless = io::repeat(b'x');
        let error = read_to_limit(endless, 1_000).err();
        assert_eq!(
            error.map(|error| error.kind()),
            Some(ErrorKind::FileTooLarge)
        );
        let exact = read_to_limit(io::repeat(b'x').take(1_000), 1_000);
        assert_eq!(exact.map(|bytes| bytes.len()).ok(), Some(1_000));
    }

    #[cfg(unix)]
    #[test]
    fn a_device_in_a_folder_is_refused_before_it_is_opened() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let link = folder.path().join("case.yaml");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap_or_else(|error| panic!("{error}"));
        let error = read_found_text(&link, 1_000).err();
        assert_eq!(
            error.map(|error| error.kind()),
            Some(ErrorKind::InvalidInput)
        );
    }
}
