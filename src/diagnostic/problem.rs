//! A fault with its place, and its rendering in the way of rustc.

use std::fmt::Write as _;

use super::visible::one_line;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// A range of bytes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// From here to the end of another span, which is not before this one.
    #[must_use]
    pub fn to(self, last: Self) -> Self {
        Self {
            start: self.start,
            end: last.end.max(self.end),
        }
    }

    /// Where a list or mapping begins: its own span runs to its end, which is more than a message should show.
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
    /// Its path as the user knows it.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The first byte of each line but the first.
    line_starts: Vec<usize>,
}

impl SourceFile {
    /// A file of this path and text.
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

    /// Line and column (both 1-based; the column counts characters) of a byte.
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
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// What stands under the carets.
    pub label: String,
    /// Where.
    pub span: Span,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// A fault without help.
    #[must_use]
    pub fn new(span: Span, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            label: label.into(),
            span,
            help: None,
        }
    }

    /// The same fault with a line of help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The nearest place at or before a byte where a character begins.
fn boundary(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// Faults of one file that are shown.
const SHOWN: usize = 100;

/// The first 100 faults of a file as text, in the order of the file, and how many more there are.
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
        // Where a parser counts otherwise, a place may be within a character.
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
