//! Cuts the list `log.entries` of a HAR into its elements, byte by byte. The elements after a broken one are still
//! read. An element that is too large is skipped. A file that ends early gives the elements before its end.

use std::io::BufRead;

/// The longest entry that is read, in bytes.
const LONGEST: usize = 64 * 1024 * 1024;
/// The longest member name that is compared, in bytes; the names that the scanner looks for are shorter.
const LONGEST_NAME: usize = 16;

/// An element of the list, as it is written in the file.
#[derive(Debug)]
pub(super) enum Element<'b> {
    /// An element with all of its bytes.
    Whole(&'b [u8]),
    /// An element that is longer than [`LONGEST`].
    TooLong,
    /// An element that the end of the file cuts off.
    Cut,
}

/// The way in which the file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// At the end of the document.
    Whole,
    /// Before the end of the document.
    Early,
    /// With other text after the document.
    More,
}

/// The scanner's position in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before the document's object.
    Start,
    /// In the document's object.
    Document,
    /// In the object `log`.
    Log,
    /// In the list `log.entries`.
    Entries,
    /// After the document, with nothing behind it so far.
    Over,
    /// After the document, in other text.
    More,
}

/// The scanner's position relative to a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    Outside,
    Inside,
    /// Directly after a backslash.
    Escaped,
}

/// A scanner. It knows strings, escapes and brackets, and nothing else of JSON.
struct Scanner<F> {
    at: At,
    /// The number of open brackets below the object or list that the scanner is in.
    depth: usize,
    text: Text,
    /// The last string that was read where a member name can occur.
    name: Vec<u8>,
    /// Whether a value follows, so that the next string is not a name.
    is_value_next: bool,
    element: Vec<u8>,
    is_too_long: bool,
    has_entries: bool,
    line: usize,
    column: usize,
    each: F,
}

/// Reads the elements of `log.entries` and passes each to `each`.
///
/// # Errors
/// Returns where the file is not a HAR, in words with line and column, or why it can't be read.
pub(super) fn split(
    mut reader: impl BufRead,
    each: impl FnMut(Element<'_>),
) -> Result<End, String> {
    let mut scanner = Scanner {
        at: At::Start,
        depth: 0,
        text: Text::Outside,
        name: Vec::new(),
        is_value_next: false,
        element: Vec::new(),
        is_too_long: false,
        has_entries: false,
        line: 1,
        column: 0,
        each,
    };
    loop {
        let part = match reader.fill_buf() {
            Ok(part) => part,
            // A compressed file that ends early gives what could be unpacked.
            Err(_) if scanner.has_entries => &[],
            Err(error) => return Err(error.to_string()),
        };
        if part.is_empty() {
            return scanner.end();
        }
        let length = part.len();
        scanner.take(part)?;
        reader.consume(length);
    }
}

impl<F: FnMut(Element<'_>)> Scanner<F> {
    fn take(&mut self, part: &[u8]) -> Result<(), String> {
        let mut rest = part;
        while let Some((&byte, after)) = rest.split_first() {
            // Most of a file is strings: their plain bytes are taken together.
            if self.text == Text::Inside {
                let plain = rest
                    .iter()
                    .position(|byte| matches!(byte, b'"' | b'\\' | b'\n'))
                    .unwrap_or(rest.len());
                if plain > 0 {
                    let (taken, after) = rest.split_at(plain);
                    self.column += plain;
                    self.keep(taken);
                    rest = after;
                    continue;
                }
            }
            if byte == b'\n' {
                self.line += 1;
                self.column = 0;
            } else {
                self.column += 1;
            }
            if self.text == Text::Outside {
                self.outside(byte)?;
            } else {
                self.in_string(byte);
            }
            rest = after;
        }
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.at == At::Entries {
            if self.element.len() + bytes.len() > LONGEST {
                self.is_too_long = true;
                self.element = Vec::new();
            } else if !self.is_too_long {
                self.element.extend_from_slice(bytes);
            }
        } else if self.depth == 0 && self.name.len() < LONGEST_NAME {
            let left = LONGEST_NAME - self.name.len();
            self.name
                .extend_from_slice(bytes.get(..left.min(bytes.len())).unwrap_or_default());
        }
    }

    fn in_string(&mut self, byte: u8) {
        if self.text == Text::Escaped {
            self.text = Text::Inside;
        } else if byte == b'\\' {
            self.text = Text::Escaped;
        } else if byte == b'"' {
            self.text = Text::Outside;
            if self.at != At::Entries {
                return;
            }
        }
        self.keep(&[byte]);
    }

    fn outside(&mut self, byte: u8) -> Result<(), String> {
        if byte.is_ascii_whitespace() {
            return Ok(());
        }
        match self.at {
            At::Over => {
                // A byte order mark and zeros can be skipped without losing anything.
                if !matches!(byte, 0 | 0xef | 0xbb | 0xbf) {
                    self.at = At::More;
                }
                return Ok(());
            }
            At::More => return Ok(()),
            At::Start if byte == b'{' => {
                self.at = At::Document;
                return Ok(());
            }
            At::Start => return Err(self.wrong("a HAR begins with `{`")),
            At::Entries => {
                self.in_entries(byte);
                return Ok(());
            }
            At::Document | At::Log => {}
        }
        match byte {
            b'"' => {
                self.text = Text::Inside;
                if self.depth == 0 && !self.is_value_next {
                    self.name.clear();
                }
            }
            b':' if self.depth == 0 => self.is_value_next = true,
            b',' if self.depth == 0 => {
                self.is_value_next = false;
                self.name.clear();
            }
            b'{' | b'[' if self.depth == 0 && self.is_value_next => self.open(byte)?,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth > 0 => self.depth -= 1,
            b'}' if self.at == At::Log => {
                self.at = At::Document;
                self.is_value_next = true;
            }
            b'}' => self.at = At::Over,
            b']' => return Err(self.wrong("unexpected `]`")),
            _ => {
                let name = self.looked_for();
                if self.depth == 0 && self.is_value_next && name.is_some() {
                    let name = name.unwrap_or_default();
                    return Err(self.wrong(&format!("`{name}` is not what it is in a HAR")));
                }
            }
        }
        Ok(())
    }

    /// Returns the member that leads from here to the entries, if it was the last member named.
    fn looked_for(&self) -> Option<&'static str> {
        let name = match self.at {
            At::Document => "log",
            At::Log => "entries",
            At::Start | At::Entries | At::Over | At::More => return None,
        };
        (self.name == name.as_bytes()).then_some(name)
    }

    fn open(&mut self, byte: u8) -> Result<(), String> {
        match (self.looked_for(), byte) {
            (Some("log"), b'{') => {
                self.at = At::Log;
                self.is_value_next = false;
                self.name.clear();
            }
            (Some("entries"), b'[') => {
                self.at = At::Entries;
                self.has_entries = true;
            }
            (Some(name), _) => {
                let what = if name == "log" { "an object" } else { "a list" };
                return Err(self.wrong(&format!("`{name}` is not {what}")));
            }
            (None, _) => self.depth += 1,
        }
        Ok(())
    }

    fn in_entries(&mut self, byte: u8) {
        match byte {
            b'"' => self.text = Text::Inside,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth > 0 => self.depth -= 1,
            b',' if self.depth == 0 => {
                self.hand_on();
                return;
            }
            b']' => {
                if !self.element.is_empty() || self.is_too_long {
                    self.hand_on();
                }
                self.at = At::Log;
                self.is_value_next = true;
                return;
            }
            _ => {}
        }
        self.keep(&[byte]);
    }

    fn hand_on(&mut self) {
        if self.is_too_long {
            (self.each)(Element::TooLong);
        } else {
            (self.each)(Element::Whole(&self.element));
        }
        self.is_too_long = false;
        self.element.clear();
    }

    fn wrong(&self, why: &str) -> String {
        format!("line {} column {}: {why}", self.line, self.column)
    }

    fn end(mut self) -> Result<End, String> {
        if !self.has_entries {
            let why = if matches!(self.at, At::Over | At::More) {
                "it has no `log.entries`"
            } else {
                "the file ends before `log.entries`"
            };
            return Err(self.wrong(why));
        }
        if matches!(self.at, At::Over | At::More) {
            let has_more = self.at == At::More;
            return Ok(if has_more { End::More } else { End::Whole });
        }
        let is_within = self.at == At::Entries
            && (self.depth > 0
                || self.text != Text::Outside
                || !self.element.is_empty()
                || self.is_too_long);
        if is_within && self.depth == 0 && self.text == Text::Outside && !self.is_too_long {
            // The element itself is complete; what is missing comes after it.
            self.hand_on();
        } else if is_within {
            (self.each)(Element::Cut);
        }
        Ok(End::Early)
    }
}
