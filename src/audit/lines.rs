//! Reads JSON Lines with one exchange per line, a form that is easy to write from a log. If no line tells
//! when its exchange began, the order of the lines is the order in time.

use std::io::{BufRead, Read};

use serde::Deserialize;

use super::clock::Moment;
use super::read::Extent;
use super::recorded::Recorded;
use crate::exchange::Headers;

/// The longest line, in bytes.
const LONGEST: u64 = 64 * 1024 * 1024;

/// One line of the file.
#[derive(Debug, Deserialize)]
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

/// Reads the lines and passes each exchange to `each`; a faulty line is passed on with what is wrong.
///
/// # Errors
/// Returns the first faulty line with its number, if no line could be read.
pub(super) fn read(
    mut reader: impl BufRead,
    mut each: impl FnMut(Recorded),
) -> Result<Extent, String> {
    let mut extent = Extent {
        exchanges: 0,
        is_whole: true,
        has_more: false,
    };
    let mut first_fault = None;
    let mut read = 0;
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
        extent.exchanges += 1;
        match serde_json::from_slice::<Line>(&line) {
            Ok(line) => {
                read += 1;
                each(recorded(line));
            }
            Err(error) => {
                // The last line of a recording that was cut off is incomplete.
                extent.is_whole &= line.ends_with(b"\n") || !error.is_eof();
                first_fault.get_or_insert_with(|| wrong(&error));
                each(Recorded::unreadable(wrong(&error)));
            }
        }
    }
    match first_fault {
        Some(fault) if read == 0 => Err(fault),
        _ => Ok(extent),
    }
}

fn recorded(line: Line) -> Recorded {
    Recorded {
        method: line.method,
        url: line.url,
        request_headers: headers(&line.request_headers),
        request_body: line.request_body.map(String::into_bytes),
        status: line.status,
        response_headers: headers(&line.response_headers),
        response_body: line.response_body.map(String::into_bytes),
        is_in_order: line.started_us.is_none(),
        moment: line.started_us.map(Moment::universal),
        elapsed_us: line.elapsed_us,
        ..Recorded::default()
    }
}

fn headers(fields: &[(String, String)]) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in fields {
        headers.push(name, value.as_str());
    }
    headers
}
