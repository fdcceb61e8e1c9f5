//! Content codings: gzip and deflate are undone; of the others it is only known that they were there.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::exchange::Headers;

/// The largest body that is unpacked, in bytes.
const UNPACKED: u64 = 32 * 1024 * 1024;

/// The body without its codings; `None` if it can't be unpacked, or is too large then.
pub(super) fn undone(headers: &Headers, mut body: Vec<u8>) -> Option<Vec<u8>> {
    for coding in codings(headers).iter().rev() {
        body = match coding.as_str() {
            "gzip" | "x-gzip" => read(MultiGzDecoder::new(body.as_slice()))?,
            // Servers send it with and without the frame of zlib.
            "deflate" => read(ZlibDecoder::new(body.as_slice()))
                .or_else(|| read(DeflateDecoder::new(body.as_slice())))?,
            _ if body.is_empty() => body,
            _ => return None,
        };
    }
    Some(body)
}

/// Whether the fields say so and the body looks like it.
pub(super) fn is_gzip(headers: &Headers, body: &[u8]) -> bool {
    let is_said = codings(headers)
        .iter()
        .any(|coding| coding.contains("gzip"));
    is_said && body.starts_with(&[0x1f, 0x8b])
}

/// The codings in the order in which they were applied, from all fields of the name.
fn codings(headers: &Headers) -> Vec<String> {
    headers
        .0
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-encoding"))
        .flat_map(|(_, value)| value.split(','))
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .collect()
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
