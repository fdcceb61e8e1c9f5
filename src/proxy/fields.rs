//! Header fields that the proxy forwards. All pass in their order, except those that belong to one connection.

use http::header::{CONNECTION, CONTENT_LENGTH, COOKIE, HOST, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Version};

use crate::exchange::Headers;

/// The fields that belong to one connection (RFC 9110, 7.6.1), besides those that `connection` names.
const HOP_BY_HOP: [HeaderName; 6] = [
    CONNECTION,
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("keep-alive"),
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Returns the fields without those of their connection. The result is a new map, because removing a field from a map
/// changes the order of the others.
pub(super) fn end_to_end(fields: &HeaderMap) -> HeaderMap {
    let named: Vec<&str> = fields
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(str::trim))
        .collect();
    // The transfer encoding overrides the length. Whoever forwards such a message must remove the length (RFC 9112,
    // 6.3).
    let is_overridden =
        |name: &HeaderName| *name == CONTENT_LENGTH && fields.contains_key(TRANSFER_ENCODING);
    let is_kept = |name: &HeaderName| {
        !HOP_BY_HOP.contains(name)
            && !is_overridden(name)
            && !named
                .iter()
                .any(|named| named.eq_ignore_ascii_case(name.as_str()))
    };
    let mut kept = HeaderMap::with_capacity(fields.len());
    for (name, value) in fields.iter().filter(|(name, _)| is_kept(name)) {
        kept.append(name.clone(), value.clone());
    }
    kept
}

/// Returns a request's fields for the upstream.
pub(super) fn for_upstream(fields: &HeaderMap, version: Version, authority: &str) -> HeaderMap {
    let mut kept = end_to_end(fields);
    if kept.contains_key(HOST)
        && let Ok(host) = HeaderValue::from_str(authority)
    {
        // This keeps the field's position. If the field is missing, as in HTTP/2, the client adds it.
        kept.insert(HOST, host);
    }
    let crumbs: Vec<&[u8]> = kept
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    // HTTP/2 may split this field into parts, which must be joined outside HTTP/2 (RFC 9113, 8.2.3).
    if version == Version::HTTP_2
        && crumbs.len() > 1
        && let Ok(whole) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..]))
    {
        kept.insert(COOKIE, whole);
    }
    kept
}

/// Returns the fields in the form in which they are checked and recorded.
pub(super) fn recorded(fields: &HeaderMap) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in fields {
        headers.push(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let fields = fields.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(name, value);
        }
        map
    }

    #[test]
    fn fields_of_the_connection_stay_behind_and_the_order_of_the_others_stays() {
        let sent = map(&[
            ("connection", "x-hop, Close"),
            ("host", "proxy:1"),
            ("x-b", "1"),
            ("x-hop", "1"),
            ("te", "trailers"),
            ("x-a", "1"),
            ("x-a", "2"),
            ("x-c", "3"),
        ]);
        let passed = for_upstream(&sent, Version::HTTP_11, "target:2");
        let passed: Vec<(&str, &str)> = passed
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
            .collect();
        let rest = [("x-b", "1"), ("x-a", "1"), ("x-a", "2"), ("x-c", "3")];
        assert_eq!(passed[0], ("host", "target:2"));
        assert_eq!(passed[1..], rest);
    }

    #[test]
    fn the_parts_of_a_cookie_in_http2_become_one_field() {
        let sent = map(&[("cookie", "a=1"), ("cookie", "b=2")]);
        let passed = for_upstream(&sent, Version::HTTP_2, "target:2");
        let cookies: Vec<_> = passed.get_all(COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1; b=2"]);
    }
}
