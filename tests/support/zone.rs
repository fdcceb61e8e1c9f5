//! A zone as any other client sees it: read through both generations, directly from the server.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use super::command::{TOKEN, ZONE};

/// Mappings by address; the value is the vendor and the region in one text.
pub(crate) type Mappings = BTreeMap<String, String>;

/// Sends a request, repeats it while it is throttled, and returns the JSON of the answer.
pub(crate) fn request(server: SocketAddr, method: &str, path: &str, body: Option<&Value>) -> Value {
    let body = body.map(Value::to_string).unwrap_or_default();
    let text = format!(
        "{method} /client/v4/zones/{ZONE}{path} HTTP/1.1\r\nhost: {server}\r\nauthorization: Bearer {TOKEN}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut answer = String::new();
    while answer.is_empty() || answer.starts_with("HTTP/1.1 429") {
        answer = exchange(server, &text).unwrap_or_else(|e| panic!("{e}"));
    }
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {answer}"))
}

fn exchange(server: SocketAddr, text: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(server)?;
    stream.write_all(text.as_bytes())?;
    io::read_to_string(stream)
}

/// Returns all mappings as v1 and v2 show them.
pub(crate) fn read(server: SocketAddr) -> [Mappings; 2] {
    let v1 = request(server, "GET", "/cache/origin_cloud_regions", None);
    let mut v2 = Vec::new();
    for page in 1.. {
        let path = format!("/origin/cloud_regions?per_page=100&page={page}");
        let answer = request(server, "GET", &path, None);
        v2.extend(entries(&answer["result"], "origin_ip"));
        if page >= answer["result_info"]["total_pages"].as_u64().unwrap_or(0) {
            break;
        }
    }
    let v1 = entries(&v1["result"]["value"], "origin-ip");
    [v1.into_iter().collect(), v2.into_iter().collect()]
}

fn entries(list: &Value, address: &str) -> Vec<(String, String)> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let entries = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    entries
        .iter()
        .map(|entry| {
            let place = format!("{} {}", text(entry, "vendor"), text(entry, "region"));
            (text(entry, address), place)
        })
        .collect()
}
