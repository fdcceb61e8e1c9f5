//! JSON Lines of exchanges, one a line: the form in which originproof records traffic itself.

use std::io::{BufRead, Read};

use serde::{Deserialize, Serialize};

use super::recorded::Recorded;
use crate::exchange::Headers;

/// The longest line, in bytes: two bodies of the size that are unpacked, escaped.
const LONGEST: u64 = 256 * 1024 * 1024;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    method: String,
    url: String,
    #[serde(default)]
    request_headers: Vec<(String, String)>,
    request_body: Option<String>,
    status: u16,
    #[serde(default)]
    response_headers: Vec<(String, String)>,
    response_body: Option<String>,
    started_us: Option<i64>,
    #[serde(default)]
    elapsed_us: u64,
}

/// Reads lines and hands each on; returns how many there were.
///
/// # Errors
/// The first faulty line, in words with its number.
pub(super) fn read(
    mut reader: impl BufRead,
    mut each: impl FnMut(Recorded),
) -> Result<usize, String> {
    let mut count = 0;
    let mut line = Vec::new();
    for number in 1_usize.. {
        let wrong = |error: &dyn std::fmt::Display| format!("line {number}: {error}");
        line.clear();
        let mut limited = reader.by_ref().take(LONGEST);
        let length = limited
            .read_until(b'\n', &mut line)
            .map_err(|error| wrong(&error))?;
        if length == 0 {
            break;
        }
        if limited.limit() == 0 {
            return Err(wrong(&format!("it is longer than {LONGEST} bytes")));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_slice(&line).map_err(|error| wrong(&error))?;
        count += 1;
        each(Recorded {
            method: line.method,
            url: line.url,
            request_headers: headers(&line.request_headers),
            request_body: line.request_body.map(String::into_bytes),
            status: line.status,
            response_headers: headers(&line.response_headers),
            response_body: line.response_body.map(String::into_bytes),
            started_us: line.started_us,
            elapsed_us: line.elapsed_us,
            ..Recorded::default()
        });
    }
    Ok(count)
}

fn headers(fields: &[(String, String)]) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in fields {
        headers.push(name, value.as_str());
    }
    headers
}
