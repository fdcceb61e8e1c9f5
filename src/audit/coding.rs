//! Undoes the content codings gzip, deflate, br and zstd.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::exchange::Headers;

/// The largest size that a body is unpacked to, in bytes.
const UNPACKED: u64 = 32 * 1024 * 1024;
/// The size of a decoder's buffer, in bytes.
const BUFFER: usize = 4_096;

/// Returns the body without the codings that its fields name. Returns `None` if it can't be unpacked or is too large.
pub(super) fn undone(headers: &Headers, body: Vec<u8>) -> Option<Vec<u8>> {
    let codings = codings(headers);
    if body.is_empty() {
        return Some(body);
    }
    codings
        .iter()
        .rev()
        .try_fold(body, |body, coding| unpacked(coding, &body))
}

/// Returns the codings in the order in which they were applied, from all `Content-Encoding` fields, in lower case.
pub(super) fn codings(headers: &Headers) -> Vec<String> {
    headers
        .0
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-encoding"))
        .flat_map(|(_, value)| value.split(','))
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .collect()
}

/// Returns the coding whose signature the body begins with, if any.
pub(super) fn marked(body: &[u8]) -> Option<&'static str> {
    match body {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Some("deflate"),
        _ => None,
    }
}

/// Undoes one coding (RFC 9110, 8.4.1; RFC 7932; RFC 8878). Returns `None` if the body is not in this coding or the
/// result is too large.
pub(super) fn unpacked(coding: &str, body: &[u8]) -> Option<Vec<u8>> {
    match coding {
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(body)),
        // Servers send deflate with and without the zlib frame.
        "deflate" => read(ZlibDecoder::new(body)).or_else(|| read(DeflateDecoder::new(body))),
        "br" => read(brotli_decompressor::Decompressor::new(body, BUFFER)),
        "zstd" => read(ruzstd::decoding::StreamingDecoder::new(body).ok()?),
        _ => None,
    }
}

fn read(decoder: impl Read) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    decoder.take(UNPACKED + 1).read_to_end(&mut unpacked).ok()?;
    (unpacked.len() as u64 <= UNPACKED).then_some(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use test_case::test_case;

    fn said(codings: &[&str]) -> Headers {
        let mut headers = Headers::default();
        for coding in codings {
            headers.push("content-encoding", *coding);
        }
        headers
    }

    fn packed(coding: &str, body: &[u8]) -> Vec<u8> {
        let level = Compression::default();
        let packed = match coding {
            "gzip" => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(body).and_then(|()| encoder.finish())
            }
            "zlib" => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(body).and_then(|()| encoder.finish())
            }
            _ => {
                let mut encoder = DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(body).and_then(|()| encoder.finish())
            }
        };
        packed.unwrap_or_else(|error| panic!("{error}"))
    }

    #[test_case(&["gzip"], &["gzip"]; "gzip")]
    #[test_case(&["X-Gzip"], &["gzip"]; "its old name")]
    #[test_case(&["deflate"], &["zlib"]; "deflate with the frame of zlib")]
    #[test_case(&["deflate"], &["raw"]; "deflate without a frame")]
    #[test_case(&["deflate, gzip"], &["zlib", "gzip"]; "two codings")]
    #[test_case(&["deflate", "gzip"], &["zlib", "gzip"]; "two fields")]
    #[test_case(&["identity"], &[]; "none")]
    fn what_was_packed_is_unpacked(codings: &[&str], steps: &[&str]) {
        let body = b"a body that was packed".to_vec();
        let packed = steps
            .iter()
            .fold(body.clone(), |body, step| packed(step, &body));
        assert_eq!(undone(&said(codings), packed), Some(body));
    }

    #[test_case("br"; "brotli")]
    #[test_case("zstd"; "zstandard")]
    #[test_case("gzip, br"; "one of two")]
    #[test_case("gzip"; "gzip that is not gzip")]
    fn what_can_not_be_unpacked_is_not_known(coding: &str) {
        assert_eq!(undone(&said(&[coding]), b"something".to_vec()), None);
    }
}
