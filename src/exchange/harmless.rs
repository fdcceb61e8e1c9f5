//! Lists the fields and query members that are known to be harmless. All others are masked, because a list of secret
//! names is never complete.

use super::redaction::MASK;

/// The classification of a field by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// The value is shown.
    Harmless,
    /// The value is a URL, which is shown in part.
    Url,
    /// The name says that the value is a credential.
    Secret,
    /// Nothing is known of the field, so its value is masked.
    Unknown,
}

/// The fields whose values are shown.
const FIELDS: &[&str] = &[
    "accept",
    "accept-ch",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "accept-patch",
    "accept-ranges",
    "age",
    "allow",
    "alt-svc",
    "cache-control",
    "cf-cache-status",
    "cf-ray",
    "conformance-fault",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-range",
    "content-security-policy",
    "content-type",
    "date",
    "dnt",
    "etag",
    "expect",
    "expires",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "keep-alive",
    "last-modified",
    "originproof-case",
    "originproof-findings",
    "pragma",
    "priority",
    "range",
    "referrer-policy",
    "retry-after",
    "server",
    "server-timing",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "vary",
    "via",
    "x-content-type-options",
    "x-frame-options",
];

/// The prefixes of fields whose values are shown.
const FAMILIES: &[&str] = &[
    "access-control-",
    "ratelimit",
    "sec-ch-ua",
    "sec-fetch-",
    "x-ratelimit-",
    "x-stainless-",
];

/// The fields whose value is a URL.
const URLS: &[&str] = &["content-location", "location", "origin", "referer"];

/// Words in the names of fields and query members that hold credentials.
const SECRET_WORDS: &[&str] = &[
    "account",
    "api",
    "assertion",
    "auth",
    "bearer",
    "client",
    "code",
    "cookie",
    "credential",
    "csrf",
    "email",
    "jwt",
    "key",
    "login",
    "nonce",
    "pass",
    "private",
    "pwd",
    "saml",
    "secret",
    "sess",
    "sig",
    "sso",
    "ticket",
    "token",
    "user",
    "xsrf",
];

/// The query members of the contract.
const MEMBERS: &[&str] = &["page", "per_page"];

/// Returns the class of a field.
pub(super) fn class(name: &str) -> Class {
    let name = name.trim().to_ascii_lowercase();
    let is = |known: &&str| **known == name;
    if FIELDS.iter().any(is) || FAMILIES.iter().any(|start| name.starts_with(start)) {
        Class::Harmless
    } else if URLS.iter().any(is) {
        Class::Url
    } else if is_secret_name(&name) {
        Class::Secret
    } else {
        Class::Unknown
    }
}

/// Returns whether a name says that its value is a credential.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Returns whether the value of a query member is shown.
pub(super) fn is_harmless_member(name: &str) -> bool {
    MEMBERS.contains(&name)
}

/// The parts of a URL, as far as it has them. A path alone is also accepted.
#[derive(Debug)]
pub(super) struct UrlParts<'u> {
    /// The scheme with `://`, or the two slashes alone.
    scheme: &'u str,
    /// User information, without its `@`.
    pub(super) user: Option<&'u str>,
    /// Host and path.
    pub(super) place: &'u str,
    /// The query, without its question mark.
    pub(super) query: Option<&'u str>,
    /// The fragment, without its `#`.
    pub(super) fragment: Option<&'u str>,
}

impl<'u> UrlParts<'u> {
    /// Splits a URL at its delimiters. The text need not be a valid URL.
    pub(super) fn of(url: &'u str) -> Self {
        let (rest, fragment) = split(url, '#');
        let (rest, query) = split(rest, '?');
        let (scheme, rest) = rest.split_at(authority_start(rest));
        let end = rest.find(['/', '\\']).unwrap_or(rest.len());
        let (authority, _) = rest.split_at(end);
        let (user, place) = match authority.rfind('@') {
            Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
            None => (None, rest),
        };
        Self {
            scheme,
            user,
            place,
            query,
            fragment,
        }
    }

    /// Returns the members of the query: the name, and the value if there is one.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'u str, Option<&'u str>)> {
        let members = self.query.unwrap_or_default().split('&');
        members.map(|member| split(member, '='))
    }
}

/// Returns the start of the authority. URL parsers accept any number of slashes, of either kind, after the scheme.
fn authority_start(url: &str) -> usize {
    let is_slash = |c: char| c == '/' || c == '\\';
    let (scheme, behind) = match url.split_once(':') {
        Some((scheme, behind)) if scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
            (scheme, behind)
        }
        Some(_) | None => return if url.starts_with("//") { 2 } else { 0 },
    };
    let slashes = behind.len() - behind.trim_start_matches(is_slash).len();
    let is_http = ["http", "https"]
        .iter()
        .any(|http| scheme.eq_ignore_ascii_case(http));
    if slashes > 0 || is_http {
        scheme.len() + 1 + slashes
    } else {
        0
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

/// Returns a URL whose user information, fragment, and query values that are not known to be harmless are masked.
pub(super) fn masked_url(url: &str) -> String {
    let parts = UrlParts::of(url);
    let mut masked = parts.scheme.to_owned();
    if parts.user.is_some() {
        masked.push_str(MASK);
        masked.push('@');
    }
    masked.push_str(parts.place);
    if parts.query.is_some() {
        let members: Vec<String> = parts
            .members()
            .map(|(name, value)| match value {
                _ if is_harmless_member(name) => {
                    value.map_or_else(|| name.to_owned(), |value| format!("{name}={value}"))
                }
                Some(value) if !value.is_empty() => format!("{name}={MASK}"),
                // A name without a value may be the secret itself.
                Some(_) | None if name.is_empty() => String::new(),
                Some(_) | None => MASK.to_owned(),
            })
            .collect();
        masked.push('?');
        masked.push_str(&members.join("&"));
    }
    if parts.fragment.is_some_and(|fragment| !fragment.is_empty()) {
        masked.push('#');
        masked.push_str(MASK);
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("/zones/z/x?page=2&per_page=5", "/zones/z/x?page=2&per_page=5"; "the contract's members")]
    #[test_case("https://h/x?access_token=abc&page=1", "https://h/x?access_token=***&page=1"; "a token")]
    #[test_case("https://h/x?abc", "https://h/x?***"; "a member without a value")]
    #[test_case("https://h/x?a=b=c", "https://h/x?a=***"; "two equals signs")]
    #[test_case("https://u:p@h:1/x", "https://***@h:1/x"; "user information")]
    #[test_case("https://u:p@q@h/x", "https://***@h/x"; "two at signs")]
    #[test_case("//u@h/x", "//***@h/x"; "without a scheme")]
    #[test_case("http:\\\\u:p@h/x", "http:\\\\***@h/x"; "backslashes")]
    #[test_case("HTTP:u:p@h/x", "HTTP:***@h/x"; "no slashes")]
    #[test_case("u:p@h/x", "***@h/x"; "no scheme")]
    #[test_case("https://h/@x", "https://h/@x"; "an at sign in the path")]
    #[test_case("https://h/x#access_token=abc", "https://h/x#***"; "a fragment")]
    #[test_case("https://h/", "https://h/"; "nothing to mask")]
    fn a_url_is_shown_without_what_may_be_secret(url: &str, shown: &str) {
        assert_eq!(masked_url(url), shown);
    }

    #[test_case("CF-Access-Client-Secret", Class::Secret)]
    #[test_case("X-Auth-User-Service-Key", Class::Secret)]
    #[test_case("Proxy-Authorization", Class::Secret)]
    #[test_case("X-Whatever", Class::Unknown)]
    #[test_case("Content-Type", Class::Harmless)]
    #[test_case("RateLimit-Policy", Class::Harmless)]
    #[test_case("Accept-Encoding", Class::Harmless)]
    #[test_case("Location", Class::Url)]
    fn only_known_fields_are_shown(name: &str, known: Class) {
        assert_eq!(class(name), known);
    }
}
