//! The only place where credentials become `***`. Fields and query members are masked by name, unless they are known to
//! be harmless. Secrets are masked by value wherever they occur, also if a server that echoes them has encoded them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};

use super::encoding::{Form, View, forms, is_plain, views};
use super::harmless::{Class, class, masked_url};
use super::message::Headers;

/// The text that replaces a secret.
pub(super) const MASK: &str = "***";
/// The character that replaces the rest of a text that was cut.
const CUT: char = '…';
/// The least part of a secret, in bytes, that is masked if a text was cut in the middle of the secret.
const LEAST_PART: usize = 6;
/// The same for a part in base64 or hexadecimal.
const LEAST_CODED_PART: usize = 10;
/// The least length of a secret, in bytes. Shorter texts occur everywhere by chance, and masking them would garble
/// times and numbers.
const LEAST: usize = 4;
/// The maximum number of separate searches before they are merged into one.
const SEARCHES: usize = 8;

/// The maximum length of all forms of a search, in bytes, for which the fastest automaton is built. It takes hundreds of
/// bytes, and as much time, for each byte: far too much for the cookies and fields of every answer.
const FAST: usize = 1_024;

/// Knows the secrets of a run and removes them from text.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
    searches: Vec<Arc<Search>>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets.len())
    }
}

/// A search that finds several secrets in all their forms at once.
struct Search {
    forms: Vec<Form>,
    automaton: AhoCorasick,
}

impl Search {
    /// Creates a search for these secrets. Returns `None` if there are too many to search for (gigabytes).
    fn new(secrets: &[String]) -> Option<Self> {
        let all: BTreeSet<Vec<u8>> = BTreeSet::new();
        let (mut seen, mut kept) = (all, Vec::new());
        for form in secrets.iter().flat_map(|secret| forms(secret)) {
            if seen.insert(form.bytes.clone()) {
                kept.push(form);
            }
        }
        let length: usize = kept.iter().map(|form| form.bytes.len()).sum();
        let kind = (length > FAST).then_some(AhoCorasickKind::ContiguousNFA);
        let automaton = AhoCorasickBuilder::new()
            .kind(kind)
            .build(kept.iter().map(|form| form.bytes.as_slice()))
            .ok()?;
        Some(Self {
            forms: kept,
            automaton,
        })
    }

    /// Adds the places where the text holds a secret, each with the length of the match in the view, in bytes.
    fn find(&self, text: &[u8], view: &View, found: &mut Vec<(Range<usize>, usize)>) {
        for hit in self.automaton.find_overlapping_iter(&view.bytes) {
            let Some(form) = self.forms.get(hit.pattern().as_usize()) else {
                continue;
            };
            let is_coded = |at: usize| {
                let place = view.place(at..at + 1);
                at < view.bytes.len() && text.get(place.start).is_some_and(|byte| is_base64(*byte))
            };
            let mut part = hit.range();
            if form.shares_start && part.start > 0 && is_coded(part.start - 1) {
                part.start -= 1;
            }
            if form.shares_end {
                part.end += usize::from(is_coded(part.end));
                while view.bytes.get(part.end) == Some(&b'=') {
                    part.end += 1;
                }
            }
            let length = part.len();
            found.push((view.place(part), length));
        }
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

impl Redactor {
    /// Creates a redactor for these secrets. Secrets of less than four bytes are ignored.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        Self::default().with(secrets)
    }

    /// Returns the same redactor with these secrets added.
    #[must_use]
    pub fn with(&self, secrets: impl IntoIterator<Item = String>) -> Self {
        let new: BTreeSet<String> = secrets
            .into_iter()
            .filter(|secret| secret.len() >= LEAST && !self.secrets.contains(secret))
            .collect();
        if new.is_empty() {
            return self.clone();
        }
        let mut all = self.clone();
        let new: Vec<String> = new.into_iter().collect();
        all.secrets.extend(new.iter().cloned());
        let searched = if all.searches.len() < SEARCHES {
            new
        } else {
            all.searches.clear();
            all.secrets.clone()
        };
        all.searches.extend(Search::new(&searched).map(Arc::new));
        all
    }

    /// Returns the text with all secrets masked.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut clean = match self.masked(text.as_bytes()) {
            Some(clean) => String::from_utf8_lossy(&clean).into_owned(),
            None => text.to_owned(),
        };
        if clean.contains(CUT) || self.ends_in_part(&clean) {
            clean = self.without_parts(&clean);
        }
        clean
    }

    fn ends_in_part(&self, text: &str) -> bool {
        cut_part(text.as_bytes(), self.parts()) > 0
    }

    /// Returns the texts whose beginning a cut may leave, each with the least length that is taken for such a
    /// beginning.
    fn parts(&self) -> impl Iterator<Item = (&[u8], usize)> {
        let plain = self
            .secrets
            .iter()
            .map(|secret| (secret.as_bytes(), LEAST_PART));
        let forms = self.searches.iter().flat_map(|search| &search.forms);
        plain.chain(forms.map(|form| (form.bytes.as_slice(), LEAST_CODED_PART)))
    }

    /// Returns the text without the beginnings of secrets at places where it was cut.
    fn without_parts(&self, text: &str) -> String {
        let mut clean = String::with_capacity(text.len());
        for piece in text.split_inclusive(CUT) {
            let (whole, cut) = piece
                .strip_suffix(CUT)
                .map_or((piece, ""), |whole| (whole, "…"));
            let length = cut_part(whole.as_bytes(), self.parts());
            let kept = whole.len() - length;
            clean.push_str(&String::from_utf8_lossy(
                whole.as_bytes().get(..kept).unwrap_or_default(),
            ));
            if length > 0 {
                clean.push_str(MASK);
            }
            clean.push_str(cut);
        }
        clean
    }

    /// Returns bytes in any character set with all secrets masked.
    #[must_use]
    pub fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.masked(&bytes).unwrap_or(bytes)
    }

    /// Returns the text with the secrets masked; `None` if it holds none.
    fn masked(&self, text: &[u8]) -> Option<Vec<u8>> {
        let can_hold_one =
            |search: &Arc<Search>| !is_plain(text) || search.automaton.is_match(text);
        if !self.searches.iter().any(can_hold_one) {
            return None;
        }
        let mut found = Vec::new();
        for view in views(text) {
            for search in &self.searches {
                search.find(text, &view, &mut found);
            }
        }
        if found.is_empty() {
            return None;
        }
        found.sort_by_key(|(place, _)| (place.start, place.end));
        let mut clean = Vec::with_capacity(text.len());
        let mut done = 0;
        let mut found = found.into_iter().peekable();
        while let Some((mut place, mut length)) = found.next() {
            while let Some((next, _)) = found.next_if(|(next, _)| next.start < place.end) {
                if next.end > place.end {
                    length += next.end - place.end;
                    place.end = next.end;
                }
            }
            clean.extend_from_slice(text.get(done..place.start).unwrap_or_default());
            clean.extend(mask(text.get(place.clone()).unwrap_or_default(), length));
            done = place.end;
        }
        clean.extend_from_slice(text.get(done..).unwrap_or_default());
        Some(clean)
    }

    /// Returns the value of one header field, masked unless the field is known to be harmless.
    #[must_use]
    pub fn field(&self, name: &str, value: &str) -> String {
        match class(name) {
            Class::Harmless => self.text(value),
            Class::Url => self.url(value),
            Class::Secret | Class::Unknown => match value.split_once(' ') {
                Some((scheme, _)) if scheme.eq_ignore_ascii_case("bearer") => {
                    format!("Bearer {MASK}")
                }
                _ => MASK.to_owned(),
            },
        }
    }

    /// Returns all fields, masked.
    #[must_use]
    pub fn headers(&self, headers: &Headers) -> Headers {
        Headers(
            headers
                .0
                .iter()
                .map(|(name, value)| (self.text(name), self.field(name, value)))
                .collect(),
        )
    }

    /// Returns a URL, or a path with a query, with its secrets masked. User information, the fragment, and query values
    /// that are not known to be harmless are masked.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        self.text(&masked_url(url))
    }
}

/// Returns the mask for a part with a match of this length. In UTF-16 and UTF-32 its characters are as wide as those of
/// the text.
fn mask(part: &[u8], length: usize) -> Vec<u8> {
    let width = if part.contains(&0) {
        part.len().div_ceil(length.max(1))
    } else {
        1
    };
    let mut mask = Vec::new();
    for (at, byte) in MASK.bytes().enumerate() {
        if at > 0 {
            mask.extend(std::iter::repeat_n(0, width - 1));
        }
        mask.push(byte);
    }
    mask
}

/// Returns how many bytes at the end of a text are the beginning of one of these parts.
fn cut_part<'p>(text: &[u8], parts: impl Iterator<Item = (&'p [u8], usize)>) -> usize {
    let Some(last) = text.last() else {
        return 0;
    };
    let lengths = parts.filter_map(|(part, least)| {
        let longest = part.len().saturating_sub(1).min(text.len());
        let is_cut = |length: &usize| {
            part.get(length - 1) == Some(last)
                && part.get(..*length).is_some_and(|part| text.ends_with(part))
        };
        (least..=longest).rev().find(is_cut)
    });
    lengths.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case(r#"a/"x+y z"#; "plain")]
    #[test_case(r#"a/\"x+y z"#; "in JSON")]
    #[test_case(r#"a\/\"x+y z"#; "in JSON that escapes slashes")]
    #[test_case(r#"a/\\\"x+y z"#; "in JSON in JSON")]
    #[test_case(r"a\u002f\u0022x\u002By\u0020z"; "in JSON by numbers")]
    #[test_case("a%2F%22x%2By%20z"; "percent encoded")]
    #[test_case("a%2f%22x%2by+z"; "in a query")]
    #[test_case("a%252F%2522x%252By%2520z"; "percent encoded twice")]
    #[test_case("a/&quot;x+y z"; "in HTML")]
    #[test_case("a&#47;&#x22;x+y&#32;z"; "in HTML by numbers")]
    fn a_secret_is_masked_in_every_encoding(encoded: &str) {
        let redactor = Redactor::new([r#"a/"x+y z"#.to_owned()]);
        assert_eq!(redactor.text(&format!("<{encoded}>")), "<***>");
    }

    #[test_case("body: s3cret-lo", "body: ***"; "at the end")]
    #[test_case("body: s3cret-lo… (200 characters)", "body: ***… (200 characters)"; "before an ellipsis")]
    #[test_case("body: czNjcmV0LWxvbm… (200 characters)", "body: ***… (200 characters)"; "in base64 before an ellipsis")]
    #[test_case("body: 7333637265742d6c6f", "body: ***"; "in hexadecimal at the end")]
    #[test_case("body: s3cr… (200 characters)", "body: s3cr… (200 characters)"; "too short to tell")]
    fn what_a_cut_left_of_a_secret_is_masked(text: &str, clean: &str) {
        let redactor = Redactor::new(["s3cret-longer".to_owned()]);
        assert_eq!(redactor.text(text), clean);
    }

    #[test]
    fn the_memory_of_a_search_is_a_small_multiple_of_its_secrets() {
        let secrets: Vec<String> = (0..40).map(|n| format!("{n}-").repeat(400)).collect();
        let length: usize = secrets.iter().map(String::len).sum();
        let redactor = Redactor::new(secrets);
        let searches = redactor.searches.iter();
        let memory: usize = searches.map(|search| search.automaton.memory_usage()).sum();
        // A secret has nine forms, the longest twice as long as itself.
        assert!(memory < 400 * length, "{memory} bytes for {length}");
    }

    #[test]
    fn a_secret_is_masked_wherever_it_stands() {
        let redactor = Redactor::new(["s3cret".to_owned(), "s3cret-longer".to_owned()]);
        assert_eq!(redactor.text("a s3cret-longer b s3cret"), "a *** b ***");
        assert_eq!(redactor.field("Authorization", "Bearer x"), "Bearer ***");
        assert_eq!(redactor.field("x-echo", "s3cret"), "***");
    }

    #[test_case("czNjcmV0LXRva2Vu", "***"; "base64")]
    #[test_case("dXNlcjpzM2NyZXQtdG9rZW4=", "dXNlcj***"; "base64 of user and token")]
    #[test_case("YTpzM2NyZXQtdG9rZW4gYg==", "YT***gYg=="; "base64 of more, shifted by two")]
    #[test_case("eHh4OnMzY3JldC10b2tlbg==", "eHh4O***"; "base64 of more, shifted by one")]
    #[test_case("czNjcmV0LX\\r\\nRva2Vu", "***"; "base64 in lines, in JSON")]
    #[test_case("7333637265742d746f6b656e", "***"; "hexadecimal")]
    #[test_case("7333637265742D746F6B656E", "***"; "hexadecimal in capitals")]
    #[test_case("%5Cu0073%5Cu0033cret-token", "***"; "JSON in a query")]
    fn a_secret_is_masked_in_what_hides_it(coded: &str, clean: &str) {
        let redactor = Redactor::new(["s3cret-token".to_owned()]);
        assert_eq!(redactor.text(&format!("<{coded}>")), format!("<{clean}>"));
    }

    #[test]
    fn base64url_and_base64_differ_in_two_characters_and_both_are_masked() {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
        let secret = "?>?>~~~\u{ff}?>?>";
        let redactor = Redactor::new([secret.to_owned()]);
        for before in ["", "a", "ab", "abc"] {
            let text = format!("{before}{secret}{before}");
            for coded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                for shown in [
                    coded.clone(),
                    coded.replace('/', "\\/"),
                    coded.replace('+', "%2B"),
                ] {
                    let clean = redactor.text(&shown);
                    assert!(clean.contains(MASK) && clean.len() < 16, "{shown}: {clean}");
                }
            }
        }
    }

    #[test]
    fn a_secret_is_masked_in_every_character_set() {
        let secret = "s\u{e4}cret-token";
        let redactor = Redactor::new([secret.to_owned()]);
        let text = format!("<{secret}>");
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let wide = |text: &str| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
            assert_eq!(redactor.bytes(wide(&text)), wide("<***>"));
        }
        let latin: Vec<u8> = text.chars().filter_map(|c| u8::try_from(c).ok()).collect();
        assert_eq!(redactor.bytes(latin), b"<***>");
        let mut odd = vec![0xff, 0xfe, 0x80];
        odd.extend(text.as_bytes());
        assert_eq!(redactor.bytes(odd), b"\xff\xfe\x80<***>");
    }

    #[test]
    fn forms_of_a_short_secret_are_not_taken_for_it() {
        let redactor = Redactor::new(["a1b2".to_owned()]);
        let text = "61316232 YTFiMg== 192.0.2.1 2026-01-01";
        assert_eq!(redactor.text(text), text);
        assert_eq!(redactor.text("<a1b2>"), "<***>");
    }

    #[test]
    fn secrets_that_overlap_leave_nothing_behind() {
        let redactor = Redactor::new(["xabc-d".to_owned(), "abc-def".to_owned()]);
        assert_eq!(redactor.text("<xabc-def>"), "<***>");
    }

    #[test]
    fn many_secrets_that_come_one_by_one_are_all_masked() {
        let mut redactor = Redactor::default();
        for number in 0..40 {
            redactor = redactor.with([format!("secret-number-{number:02}")]);
        }
        for number in 0..40 {
            assert_eq!(redactor.text(&format!("secret-number-{number:02}")), "***");
        }
    }

    #[test]
    fn an_empty_secret_masks_nothing() {
        assert_eq!(Redactor::new([String::new()]).text("plain"), "plain");
    }
}
