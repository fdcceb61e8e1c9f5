//! Compares the time to judge a HAR file with the time to parse its JSON, in one run. A fifth of the bodies is
//! compressed with brotli. The printed memory shows whether memory use grows with the file.
//!
//! `cargo bench --bench recorded`

#![expect(
    clippy::print_stdout,
    reason = "a bench is a program that prints what it measured"
)]

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use originproof::audit::{Auditor, read};
use originproof::exchange::Redactor;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// The numbers of exchanges in the small and the large file.
const SIZES: [u64; 2] = [10_000, 100_000];
/// The number of rounds; the benchmark prints their median.
const ROUNDS: usize = 3;
/// The number of zones in the traffic.
const ZONES: u64 = 16;

fn main() -> io::Result<()> {
    for size in SIZES {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{size}.har"));
        write(&path, size)?;
        let bytes = std::fs::metadata(&path)?.len();
        let (mut parsing, mut checking) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            parsing.push(timed(|| parse(&path))?);
            checking.push(timed(|| check(&path).map(|_| ()))?);
        }
        let (parsing, checking) = (median(parsing), median(checking));
        println!(
            "{size} exchanges, {} MiB: parsed in {:.2} s, judged in {:.2} s, ratio {:.2}; highest memory so far {}",
            bytes / 1_048_576,
            parsing.as_secs_f64(),
            checking.as_secs_f64(),
            checking.as_secs_f64() / parsing.as_secs_f64(),
            memory()
        );
        std::fs::remove_file(&path)?;
    }
    Ok(())
}

/// Parses the file and discards the result: the minimum cost of reading JSON.
fn parse(path: &Path) -> io::Result<()> {
    let reader = BufReader::new(File::open(path)?);
    serde_json::from_reader::<_, IgnoredAny>(reader)?;
    Ok(())
}

fn check(path: &Path) -> io::Result<usize> {
    let mut auditor = Auditor::new("bench.har", Redactor::default());
    read(path, |recorded| {
        auditor.take(recorded);
    })
    .map_err(io::Error::other)?;
    Ok(auditor.events().len())
}

fn timed(work: impl Fn() -> io::Result<()>) -> io::Result<Duration> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Returns the peak memory of this process, if the system reports it.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "not known".to_owned(), |text| text.trim().to_owned())
}

/// Writes a HAR file in which mappings of each zone are written, read, listed and deleted repeatedly.
fn write(path: &Path, size: u64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    write!(out, r#"{{"log":{{"version":"1.2","entries":["#)?;
    for number in 0..size {
        if number > 0 {
            out.write_all(b",\n")?;
        }
        serde_json::to_writer(&mut out, &entry(number))?;
    }
    out.write_all(b"]}}\n")?;
    out.flush()
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    // Writing to memory cannot fail.
    let _ = brotli::CompressorReader::new(body, 4_096, 5, 20).read_to_end(&mut packed);
    packed
}

fn entry(number: u64) -> Value {
    let (zone, turn) = (number % ZONES, number / ZONES);
    let ip = format!("192.0.2.{}", turn / 4 % 200);
    let mapping = json!({"origin_ip": ip, "vendor": "aws", "region": "us-east-1"});
    let base = format!("https://api.example.com/client/v4/zones/{zone:032x}/origin/cloud_regions");
    let (method, url, sent, status, result) = match turn % 4 {
        0 => (
            "PUT",
            format!("{base}/{ip}"),
            Some(mapping.clone()),
            200,
            mapping,
        ),
        1 => ("GET", format!("{base}/{ip}"), None, 200, mapping),
        2 => (
            "DELETE",
            format!("{base}/{ip}"),
            None,
            200,
            json!({"origin_ip": ip}),
        ),
        _ => ("GET", format!("{base}/{ip}"), None, 404, Value::Null),
    };
    let text = "Unable to retrieve origin_public_cloud_region setting value. The zone setting does not exist.";
    let errors = if status == 404 {
        json!([{"code": 1142, "message": text}])
    } else {
        json!([])
    };
    let answer =
        json!({"success": status == 200, "errors": errors, "messages": [], "result": result});
    let start = jiff::Timestamp::from_millisecond(i64::try_from(number * 10).unwrap_or(0));
    let field = |name: &str, value: &str| json!({"name": name, "value": value});
    let mut request = json!({
        "method": method, "url": url, "httpVersion": "HTTP/1.1", "cookies": [], "queryString": [],
        "headers": [field("accept", "application/json"), field("user-agent", "bench"), field("authorization", "Bearer ***")],
    });
    if let Some(sent) = sent {
        request["postData"] = json!({"mimeType": "application/json", "text": sent.to_string()});
    }
    // Some recorders keep bodies as they were sent over the wire.
    let is_packed = number.is_multiple_of(5);
    let content = if is_packed {
        let text = STANDARD.encode(packed(answer.to_string().as_bytes()));
        json!({"size": answer.to_string().len(), "mimeType": "application/json", "text": text, "encoding": "base64"})
    } else {
        json!({"size": answer.to_string().len(), "mimeType": "application/json", "text": answer.to_string()})
    };
    let coding = if is_packed { "br" } else { "identity" };
    json!({
        "startedDateTime": start.unwrap_or_default().to_string(), "time": 5.0, "request": request,
        "response": {
            "status": status, "httpVersion": "HTTP/1.1", "cookies": [],
            "headers": [field("content-type", "application/json"), field("server", "bench"), field("x-id", &number.to_string()), field("content-encoding", coding)],
            "content": content,
        },
        "cache": {}, "timings": {"send": 0, "wait": 5.0, "receive": 0},
    })
}
