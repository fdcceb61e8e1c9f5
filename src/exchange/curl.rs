//! Writes a request as a curl command that runs without changes; credentials come from the environment.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::message::Request;
use super::redaction::Redactor;
use crate::api::Generation;
use crate::diagnostic::visible::one_line;

/// Fields that curl sets by itself or that mean nothing outside the run.
const LEFT_OUT: [&str; 6] = [
    "host",
    "content-length",
    "accept",
    "accept-encoding",
    "user-agent",
    "originproof-case",
];

/// Returns the curl command of a request. A body of more than `body_limit` bytes is compressed and passed through a
/// pipe.
#[must_use]
pub fn curl_line(request: &Request, redactor: &Redactor, body_limit: usize) -> String {
    let body = request
        .body
        .as_ref()
        .map(|body| redactor.text(&String::from_utf8_lossy(body)));
    let packed = body
        .as_ref()
        .filter(|body| body.len() > body_limit)
        .map(|body| packed(body));
    let mut line = packed.map_or_else(String::new, |packed| {
        format!("printf %s {packed} | base64 -d | gunzip | ")
    });
    let is_packed = !line.is_empty();
    let _ = write!(
        line,
        "curl -i -X {} {}",
        request.method,
        quoted(&redactor.url(&request.url))
    );
    for (name, value) in &request.headers.0 {
        let field = match name.as_str() {
            name if LEFT_OUT.contains(&name) => continue,
            "authorization" => "\"Authorization: Bearer $CLOUDFLARE_API_TOKEN\"".to_owned(),
            "x-auth-email" => "\"X-Auth-Email: $CLOUDFLARE_EMAIL\"".to_owned(),
            "x-auth-key" => "\"X-Auth-Key: $CLOUDFLARE_API_KEY\"".to_owned(),
            name => quoted(&format!("{name}: {}", redactor.field(name, value))),
        };
        line.push_str(" -H ");
        line.push_str(&field);
    }
    match body {
        Some(_) if is_packed => line.push_str(" --data-binary @-"),
        Some(body) => {
            line.push_str(" -d ");
            line.push_str(&quoted(&body));
        }
        None => {}
    }
    line
}

/// Returns a text as gzip in base64.
fn packed(text: &str) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail.
    let _ = encoder.write_all(text.as_bytes());
    STANDARD.encode(encoder.finish().unwrap_or_default())
}

/// Returns the curl command that writes one mapping back: address, vendor and region.
#[must_use]
pub fn write_back_curl(
    generation: Generation,
    base_url: &str,
    zone: &str,
    (ip, vendor, region): (&std::net::IpAddr, &str, &str),
) -> String {
    let (method, path) = match generation {
        Generation::V1 => ("PATCH", format!("/zones/{zone}/cache/origin_cloud_regions")),
        Generation::V2 => ("PUT", format!("/zones/{zone}/origin/cloud_regions/{ip}")),
    };
    let address = generation.request_address();
    let body = serde_json::json!({address: ip, "vendor": vendor, "region": region});
    format!(
        "curl -X {method} {} -H \"Authorization: Bearer $CLOUDFLARE_API_TOKEN\" -H 'content-type: application/json' -d {}",
        quoted(&format!("{base_url}{path}")),
        quoted(&body.to_string())
    )
}

/// Returns a text as one word of a POSIX shell, in quotes only if it needs them.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    quoted(text)
}

/// Returns the text in quotes for a POSIX shell: in single quotes, or with escapes if it contains control characters.
fn quoted(text: &str) -> String {
    if one_line(text) == text {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut word = "$'".to_owned();
    for c in text.chars() {
        match c {
            '\n' => word.push_str(r"\n"),
            '\r' => word.push_str(r"\r"),
            '\'' => word.push_str(r"\'"),
            '\\' => word.push_str(r"\\"),
            c if one_line(c.encode_utf8(&mut [0; 4])) != c.to_string() => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    // Writing into a string does not fail.
                    let _ = write!(word, r"\{byte:03o}");
                }
            }
            c => word.push(c),
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests {
    use super::super::message::Headers;
    use super::*;

    #[test]
    fn a_word_with_control_characters_stands_in_one_line() {
        assert_eq!(shell_word("a\u{1b}[m\n'\\é"), r"$'a\033[m\n\'\\é'");
        assert_eq!(shell_word("a b"), "'a b'");
    }

    #[test]
    fn credentials_come_from_the_environment_and_quotes_survive() {
        let mut headers = Headers::default();
        headers.push("Authorization", "Bearer s3cret");
        let request = Request {
            method: "PUT".into(),
            url: "http://h/it's".into(),
            headers,
            body: Some("{}".into()),
            json: None,
            is_body_known: true,
            address: None,
            query: vec![],
        };
        let redactor = Redactor::new(["s3cret".to_owned()]);
        assert_eq!(
            curl_line(&request, &redactor, 100),
            r#"curl -i -X PUT 'http://h/it'\''s' -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" -d '{}'"#
        );
    }
}
