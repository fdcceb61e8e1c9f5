//! One entry of a HAR. Recorders may leave members out, or write them in another form than HAR 1.2 says. The parts of
//! an entry that can't be read are reported, and the rest is judged.

use std::borrow::Cow;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::attached::Attached;
use super::lenient::{Fields, Object, Scalar};
use crate::audit::body::{self, Kept, Trouble};
use crate::audit::clock::Moment;
use crate::audit::recorded::Recorded;
use crate::exchange::{Headers, mended};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow, default)]
    started_date_time: Scalar<'a>,
    #[serde(borrow, default)]
    time: Scalar<'a>,
    #[serde(borrow, default)]
    request: Object<Request<'a>>,
    #[serde(borrow, default)]
    response: Object<Response<'a>>,
    /// The number of missing exchanges before this one; written by our own recorder.
    #[serde(rename = "_missedBefore", borrow, default)]
    missed_before: Scalar<'a>,
    /// Whether the answer came from the browser's cache; written by Chromium.
    #[serde(rename = "_fromCache", borrow, default)]
    from_cache: Scalar<'a>,
    /// The same, written by other tools.
    #[serde(rename = "__servedFromCache", borrow, default)]
    served_from_cache: Scalar<'a>,
    #[serde(borrow, default)]
    cache: Object<Cache<'a>>,
    #[serde(borrow, default)]
    timings: Object<Timings<'a>>,
}

/// The contents of the client's cache.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cache<'a> {
    #[serde(borrow, default)]
    before_request: Scalar<'a>,
}

/// The durations of an exchange's phases, in milliseconds; -1 for a phase that did not take place.
#[derive(Deserialize)]
struct Timings<'a> {
    #[serde(borrow, default)]
    send: Scalar<'a>,
    #[serde(borrow, default)]
    wait: Scalar<'a>,
    #[serde(borrow, default)]
    receive: Scalar<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow, default)]
    method: Scalar<'a>,
    #[serde(borrow, default)]
    url: Scalar<'a>,
    #[serde(borrow, default)]
    headers: Fields<'a>,
    #[serde(borrow, default)]
    query_string: Fields<'a>,
    #[serde(borrow, default)]
    post_data: Object<Content<'a>>,
    #[serde(borrow, default)]
    body_size: Scalar<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    #[serde(borrow, default)]
    status: Scalar<'a>,
    #[serde(borrow, default)]
    headers: Fields<'a>,
    #[serde(borrow, default)]
    content: Object<Content<'a>>,
    #[serde(borrow, default)]
    body_size: Scalar<'a>,
    /// Whether the answer came from the cache; written by Puppeteer and Chromium.
    #[serde(rename = "_fromCache", borrow, default)]
    from_cache: Scalar<'a>,
    #[serde(rename = "fromCache", borrow, default)]
    plain_from_cache: Scalar<'a>,
    /// The source of the answer: `Disk Cache`, `Memory Cache` or `Network`; written by Safari.
    #[serde(rename = "_fetchType", borrow, default)]
    fetch_type: Scalar<'a>,
    /// The source of the answer: `cache-storage`, `http-cache`, `network` and others; written by Chromium.
    #[serde(rename = "_serviceWorkerResponseSource", borrow, default)]
    service_worker: Scalar<'a>,
}

impl Response<'_> {
    fn is_cached(&self) -> bool {
        let named = [&self.fetch_type, &self.service_worker];
        let is_named = named.iter().any(|source| {
            let source = source.text().unwrap_or_default().to_ascii_lowercase();
            source.contains("cache")
        });
        is_named || self.from_cache.is_yes() || self.plain_from_cache.is_yes()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a> {
    #[serde(borrow, default)]
    text: Scalar<'a>,
    #[serde(borrow, default)]
    encoding: Scalar<'a>,
    /// The length of the unpacked body, in bytes; -1 if the recorder does not know. Many recorders write another
    /// length.
    #[serde(borrow, default)]
    size: Scalar<'a>,
    #[serde(borrow, default)]
    mime_type: Scalar<'a>,
    /// The file beside the HAR that holds the body; written by Playwright.
    #[serde(rename = "_file", borrow, default)]
    file: Scalar<'a>,
    /// The same in Playwright's traces.
    #[serde(rename = "_sha1", borrow, default)]
    digest: Scalar<'a>,
}

/// Reads an entry, as far as possible.
pub(super) fn read(bytes: &[u8], attached: &mut dyn Attached) -> Recorded {
    match serde_json::from_slice::<Object<Entry<'_>>>(bytes) {
        Ok(Object(Some(entry))) => recorded(entry, attached),
        Ok(Object(None)) => Recorded::unreadable("it is not an object".to_owned()),
        Err(_) => {
            let text = mended(bytes);
            // Like most JSON parsers, this takes the last of two members with the same name.
            let value = serde_json::from_slice::<serde_json::Value>(&text);
            let once = value.map(|value| value.to_string());
            let entry = once
                .as_deref()
                .map(serde_json::from_str::<Object<Entry<'_>>>);
            match entry {
                Ok(Ok(Object(Some(entry)))) => recorded(entry, attached),
                Ok(Ok(Object(None))) => Recorded::unreadable("it is not an object".to_owned()),
                Ok(Err(error)) => Recorded::unreadable(format!("it is not JSON: {error}")),
                Err(error) => Recorded::unreadable(format!("it is not JSON: {error}")),
            }
        }
    }
}

fn recorded(entry: Entry<'_>, attached: &mut dyn Attached) -> Recorded {
    let Object(Some(request)) = entry.request else {
        return Recorded::unreadable("`request` is missing".to_owned());
    };
    let Some(url) = request.url.into_text() else {
        return Recorded::unreadable("`request.url` is missing".to_owned());
    };
    let mut recorded = Recorded {
        url: sent_url(&url, &request.query_string),
        request_headers: headers(request.headers),
        moment: moment(&entry.started_date_time),
        elapsed_us: microseconds(length(&entry.time, entry.timings)),
        missed_before: count(&entry.missed_before),
        is_cached: entry.from_cache.is_yes()
            || entry.served_from_cache.is_yes()
            || matches!(&entry.cache, Object(Some(cache)) if cache.before_request.is_yes()),
        ..Recorded::default()
    };
    match request.method.into_text() {
        Some(method) => recorded.method = method.into_owned(),
        None => recorded
            .faults
            .push("`request.method` is missing".to_owned()),
    }
    let is_ours = recorded.operation().is_some();
    let Object(sent) = request.post_data;
    let sent = kept(
        sent,
        request.body_size.number(),
        attached,
        &mut recorded.faults,
    );
    recorded.request_body = if is_ours {
        body::of_request(&sent, &recorded.request_headers)
    } else {
        sent.text.map(|text| text.into_owned().into_bytes())
    };
    let Object(Some(response)) = entry.response else {
        return recorded;
    };
    recorded.is_cached |= response.is_cached();
    match status(&response.status) {
        Some(status) => recorded.status = status,
        None => recorded
            .faults
            .push("`response.status` is not a status".to_owned()),
    }
    recorded.response_headers = headers(response.headers);
    let Object(content) = response.content;
    let media_type = content
        .as_ref()
        .and_then(|content| content.mime_type.text())
        .map(str::to_owned);
    let content = kept(
        content,
        response.body_size.number(),
        attached,
        &mut recorded.faults,
    );
    if !is_ours {
        recorded.response_body = content.text.map(|text| text.into_owned().into_bytes());
        return recorded;
    }
    body::name_media_type(&mut recorded.response_headers, media_type.as_deref());
    match body::of_response(&content, recorded.status, &recorded.response_headers) {
        Ok(body) => recorded.response_body = Some(body),
        Err(Trouble::NotRecorded) => {}
        Err(Trouble::Unreadable(why)) => {
            recorded.faults.push(format!("`response.content`: {why}"));
        }
    }
    recorded
}

/// Returns the body as the recorder kept it, in the entry or beside the HAR.
fn kept<'a>(
    content: Option<Content<'a>>,
    on_the_wire: Option<f64>,
    attached: &mut dyn Attached,
    faults: &mut Vec<String>,
) -> Kept<'a> {
    let Some(content) = content else {
        return Kept {
            on_the_wire,
            ..Kept::default()
        };
    };
    let file = content
        .file
        .into_text()
        .or_else(|| content.digest.into_text());
    let bytes = file.and_then(|name| match attached.read(&name) {
        Ok(bytes) => Some(bytes),
        Err(why) => {
            faults.push(why);
            None
        }
    });
    Kept {
        text: content.text.into_text(),
        bytes,
        is_base64: content.encoding.text().is_some_and(is_base64),
        size: content.size.number(),
        on_the_wire,
    }
}

fn is_base64(encoding: &str) -> bool {
    encoding.trim().to_ascii_lowercase().starts_with("base64")
}

fn status(status: &Scalar<'_>) -> Option<u16> {
    if *status == Scalar::Absent {
        return Some(0);
    }
    let number = status.number()?;
    let is_status = number.fract() == 0.0 && (0.0..1_000.0).contains(&number);
    is_status.then(|| format!("{number:.0}").parse().ok())?
}

/// Returns the URL as it was sent: without a fragment, and with the query if the recorder keeps it apart.
fn sent_url(url: &str, query: &Fields<'_>) -> String {
    let url = url.trim();
    let mut sent = url.split('#').next().unwrap_or_default().to_owned();
    if sent.contains('?') {
        return sent;
    }
    for (index, (name, value)) in query.0.iter().enumerate() {
        let coded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        sent.push(if index == 0 { '?' } else { '&' });
        sent.push_str(&format_args!("{}={}", coded(name), coded(value)).to_string());
    }
    sent
}

/// Returns the duration of an exchange in milliseconds; 0 if the recorder does not tell it.
fn length(time: &Scalar<'_>, timings: Object<Timings<'_>>) -> f64 {
    let whole = time.number().filter(|time| *time > 0.0);
    let parts = timings.0.map_or(0.0, |timings| {
        let parts = [timings.send, timings.wait, timings.receive];
        let parts = parts.iter().filter_map(Scalar::number);
        parts.filter(|part| *part > 0.0).sum()
    });
    whole.unwrap_or(parts)
}

fn moment(started: &Scalar<'_>) -> Option<Moment> {
    match started {
        Scalar::Text(text) => Moment::parse(text),
        Scalar::Number(number) => Moment::from_number(*number),
        Scalar::Absent | Scalar::Truth(_) | Scalar::Other => None,
    }
}

fn headers(fields: Fields<'_>) -> Headers {
    let mut headers = Headers::default();
    // Recorders of HTTP/2 list the parts of the request line as fields.
    let fields = fields.0.into_iter();
    for (name, value) in fields.filter(|(name, _)| !name.starts_with(':')) {
        // Chromium joins fields of the same name with line breaks.
        for value in Cow::into_owned(value).split('\n') {
            headers.push(name.trim(), value.trim());
        }
    }
    headers
}

fn count(number: &Scalar<'_>) -> usize {
    let number = number.number().unwrap_or(0.0).max(0.0);
    format!("{number:.0}").parse().unwrap_or(0)
}

/// Converts a HAR's milliseconds to microseconds.
fn microseconds(milliseconds: f64) -> u64 {
    std::time::Duration::try_from_secs_f64(milliseconds.max(0.0) / 1_000.0)
        .ok()
        .and_then(|time| u64::try_from(time.as_micros()).ok())
        .unwrap_or(0)
}
