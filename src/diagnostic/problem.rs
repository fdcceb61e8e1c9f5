//! A fault with its place, and its rendering in the style of rustc.

use std::fmt::Write as _;

use super::visible::one_line;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// A range of bytes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// Returns the span from the start of this one to the end of another one, which must not come before it.
    #[must_use]
    pub fn to(self, last: Self) -> Self {
        Self {
            start: self.start,
            end: last.end.max(self.end),
        }
    }

    /// Returns the first bytes of the span, at most 40. The span of a list or mapping is often longer than a message
    /// should show.
    #[must_use]
    pub fn beginning(self) -> Self {
        Self {
            start: self.start,
            end: self.end.min(self.start + 40),
        }
    }
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self {
            start: range.start,
            end: range.end,
        }
    }
}

/// A file that was read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Its path, as the user gave it.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The first byte of each line except the first line.
    line_starts: Vec<usize>,
}

impl SourceFile {
    /// Creates a file with this path and text.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let line_starts = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        Self {
            path: path.into(),
            text,
            line_starts,
        }
    }

    /// Returns the line and column of a byte. Both are 1-based, and the column counts characters.
    #[must_use]
    pub fn line_column(&self, byte: usize) -> (usize, usize) {
        let byte = boundary(&self.text, byte);
        let lines_before = self.line_starts.partition_point(|start| *start <= byte);
        let starts = |line: usize| self.line_starts.get(line).copied();
        let start = lines_before.checked_sub(1).and_then(starts).unwrap_or(0);
        let column = self.text.get(start..byte).unwrap_or("").chars().count() + 1;
        (lines_before + 1, column)
    }
}

/// One fault of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The fault, as a lower-case fragment.
    pub message: String,
    /// The text under the carets.
    pub label: String,
    /// The place of the fault.
    pub span: Span,
    /// The way to fix it.
    pub help: Option<String>,
}

impl Problem {
    /// Creates a fault without help.
    #[must_use]
    pub fn new(span: Span, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            label: label.into(),
            span,
            help: None,
        }
    }

    /// Adds a line of help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Returns the nearest position at or before a byte at which a character begins.
fn boundary(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// The maximum number of faults of one file that are shown.
const SHOWN: usize = 100;

/// Returns the first 100 faults of a file as text, in the order of the file, and the number of further ones.
#[must_use]
pub fn render(file: &SourceFile, problems: &[Problem], colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut sorted: Vec<&Problem> = problems.iter().collect();
    sorted.sort_by_key(|problem| problem.span.start);
    let mut text = String::new();
    for problem in sorted.iter().take(SHOWN) {
        // If a parser counts differently, a place may be within a character.
        let start = boundary(&file.text, problem.span.start);
        let stop = boundary(&file.text, problem.span.end).max(start);
        let kind = AnnotationKind::Primary.span(start..stop);
        let snippet = Snippet::source(&file.text)
            .path(one_line(&file.path))
            .annotation(kind.label(one_line(&problem.label)));
        let mut group: Group<'_> = Level::ERROR
            .primary_title(one_line(&problem.message))
            .element(snippet);
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(one_line(help)));
        }
        text.push_str(&renderer.render(&[group]));
        text.push_str("\n\n");
    }
    if sorted.len() > SHOWN {
        let more = sorted.len() - SHOWN;
        let _ = writeln!(
            text,
            "error: {more} more faults in {}",
            one_line(&file.path)
        );
    }
    text
}
