//! The encodings that a secret goes through on the web, and the search for a secret in any of them.
//!
//! A [`View`] is a text with its escapes undone; each byte keeps its place in the text. The escapes in secrets are
//! undone in the same way, so that the two match no matter how often either was escaped. Base64 and hexadecimal are not
//! escapes. They are found by searching for the encoded form of the secret.

use std::ops::Range;

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The number of times that escapes are undone: JSON in a URL's query in JSON needs three.
const ROUNDS: usize = 4;
/// The least length of a secret, in bytes, whose base64 and hexadecimal forms are searched for. The forms of shorter
/// secrets are also short, and occur in other texts by chance.
const LEAST_CODED: usize = 6;

/// An encoded form of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Form {
    /// The bytes that are searched for in a view.
    pub(super) bytes: Vec<u8>,
    /// Whether the base64 character before this form holds some bits of the secret.
    pub(super) shares_start: bool,
    /// Whether the base64 character after this form holds some bits of the secret.
    pub(super) shares_end: bool,
}

/// Returns all forms of a secret.
pub(super) fn forms(secret: &str) -> Vec<Form> {
    let whole = |bytes: Vec<u8>| Form {
        bytes,
        shares_start: false,
        shares_end: false,
    };
    let mut forms = vec![whole(normal(secret.as_bytes()))];
    let latin: Option<Vec<u8>> = secret.chars().map(|c| u8::try_from(c).ok()).collect();
    if let Some(latin) = latin.filter(|_| !secret.is_ascii()) {
        forms.push(whole(normal(&latin)));
    }
    if secret.len() >= LEAST_CODED {
        let digits = secret.bytes().flat_map(|byte| [byte >> 4, byte & 0xf]);
        let hex: String = digits
            .filter_map(|digit| char::from_digit(u32::from(digit), 16))
            .collect();
        forms.push(whole(hex.to_uppercase().into_bytes()));
        forms.push(whole(hex.into_bytes()));
        for shift in 0..3 {
            forms.push(core(secret, shift, &STANDARD_NO_PAD));
            forms.push(core(secret, shift, &URL_SAFE_NO_PAD));
        }
    }
    forms.retain(|form| form.bytes.len() >= 4);
    forms.sort_by(|a, b| a.bytes.cmp(&b.bytes));
    forms.dedup();
    forms
}

/// Returns the base64 characters that depend only on the secret, if `shift` bytes precede it in its group of three.
fn core(secret: &str, shift: usize, engine: &impl base64::Engine) -> Form {
    let mut padded = vec![0; shift];
    padded.extend(secret.bytes());
    let (start, end) = (8 * shift, 8 * (shift + secret.len()));
    let coded = engine.encode(&padded);
    let only = coded.get(start.div_ceil(6)..end / 6).unwrap_or_default();
    Form {
        bytes: normal(only.as_bytes()),
        shares_start: start % 6 != 0,
        shares_end: end % 6 != 0,
    }
}

/// A byte of a view, and its place in the text.
type Mapped = (u8, Range<usize>);

/// A text with its escapes undone.
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    from: Vec<Range<usize>>,
}

impl View {
    /// Returns the place in the text that a part of the view comes from.
    pub(super) fn place(&self, part: Range<usize>) -> Range<usize> {
        let start = self.from.get(part.start).map_or(0, |from| from.start);
        let last = part.end.saturating_sub(1);
        let end = self.from.get(last).map_or(start, |from| from.end);
        start..end.max(start)
    }
}

/// Returns the text with its escapes undone once, twice and so on, until there is nothing left to undo.
pub(super) fn views(text: &[u8]) -> Vec<View> {
    let mut views: Vec<View> = Vec::new();
    let first = View {
        bytes: text.to_vec(),
        from: (0..text.len()).map(|at| at..at + 1).collect(),
    };
    let mut last = first;
    for _ in 0..ROUNDS {
        if !last.bytes.iter().any(|byte| is_special(*byte)) {
            break;
        }
        let next = undone(&last);
        let is_same = next.bytes == last.bytes;
        if is_same {
            break;
        }
        views.push(std::mem::replace(&mut last, next));
    }
    views.push(last);
    views
}

/// Returns whether a text has nothing that [`views`] would undo.
pub(super) fn is_plain(text: &[u8]) -> bool {
    !text.iter().any(|byte| is_special(*byte))
}

/// Returns a text with all its escapes undone.
fn normal(text: &[u8]) -> Vec<u8> {
    views(text).pop().map_or_else(Vec::new, |view| view.bytes)
}

fn is_special(byte: u8) -> bool {
    matches!(byte, 0 | b'\r' | b'\n' | b'\\' | b'%' | b'&' | b'+')
}

fn undone(view: &View) -> View {
    let text = view.bytes.as_slice();
    let mut bytes = Vec::with_capacity(text.len());
    let mut from = Vec::with_capacity(text.len());
    let mut push = |(byte, part): Mapped| {
        bytes.push(byte);
        from.push(view.place(part));
    };
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at = match byte {
            // UTF-16 and UTF-32 put zero bytes between characters; base64 is broken into lines.
            0 | b'\r' | b'\n' => at + 1,
            // In a query a plus sign stands for a blank. The same replacement is made in secrets that contain a plus
            // sign.
            b'+' => {
                push((b' ', at..at + 1));
                at + 1
            }
            b'\\' => backslashes(text, at, &mut push),
            b'%' => percent(text, at, &mut push),
            b'&' => entity(text, at, &mut push),
            byte => {
                push((byte, at..at + 1));
                at + 1
            }
        };
    }
    View { bytes, from }
}

/// Undoes an escape of JSON or a shell, no matter how often its backslash was escaped.
fn backslashes(text: &[u8], at: usize, push: &mut impl FnMut(Mapped)) -> usize {
    let behind = at + run(text, at, b"\\");
    match text.get(behind) {
        Some(b'n' | b'r') => behind + 1,
        Some(b'u') => match hex(text, behind + 1, 4).and_then(char::from_u32) {
            Some(c) => {
                push_char(c, &(at..behind + 5), push);
                behind + 5
            }
            None => behind,
        },
        Some(b'x') => match hex(text, behind + 1, 2).and_then(|code| u8::try_from(code).ok()) {
            Some(byte) => {
                push((byte, at..behind + 3));
                behind + 3
            }
            None => behind,
        },
        Some(byte) if !is_special(*byte) => {
            push((*byte, at..behind + 1));
            behind + 1
        }
        Some(_) | None => behind,
    }
}

/// Undoes percent-encoding, no matter how often the percent sign was encoded.
fn percent(text: &[u8], at: usize, push: &mut impl FnMut(Mapped)) -> usize {
    let digits = at + 1 + 2 * run(text, at + 1, b"25");
    match hex(text, digits, 2).and_then(|code| u8::try_from(code).ok()) {
        Some(byte) => {
            push((byte, at..digits + 2));
            digits + 2
        }
        None => {
            push((b'%', at..digits));
            digits
        }
    }
}

/// Undoes an entity of HTML or XML.
fn entity(text: &[u8], at: usize, push: &mut impl FnMut(Mapped)) -> usize {
    const LONGEST: usize = 12;
    const NAMED: [(&[u8], char); 5] = [
        (b"amp", '&'),
        (b"apos", '\''),
        (b"gt", '>'),
        (b"lt", '<'),
        (b"quot", '"'),
    ];
    let rest = text.get(at + 1..).unwrap_or_default();
    let length = rest.iter().take(LONGEST).position(|byte| *byte == b';');
    let name = length.and_then(|length| rest.get(..length));
    let decoded = name.and_then(|name| match name {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16),
        [b'#', digits @ ..] => number(digits, 10),
        name => NAMED
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, c)| *c),
    });
    match (decoded, length) {
        (Some(c), Some(length)) => {
            push_char(c, &(at..at + length + 2), push);
            at + length + 2
        }
        _ => {
            push((b'&', at..at + 1));
            at + 1
        }
    }
}

fn push_char(c: char, part: &Range<usize>, push: &mut impl FnMut(Mapped)) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        push((byte, part.clone()));
    }
}

/// Returns how often `unit` is repeated from `at` on.
fn run(text: &[u8], at: usize, unit: &[u8]) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.chunks(unit.len())
        .take_while(|chunk| *chunk == unit)
        .count()
}

fn hex(text: &[u8], at: usize, digits: usize) -> Option<u32> {
    let digits = str::from_utf8(text.get(at..at + digits)?).ok()?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok())?
}

fn number(digits: &[u8], radix: u32) -> Option<char> {
    let code = u32::from_str_radix(str::from_utf8(digits).ok()?, radix).ok()?;
    char::from_u32(code)
}
