//! YAML as a tree of nodes that know their place. Anchors, aliases, tags, multiple documents and repeated keys are
//! refused: our files do not need them, and each can hide a mistake.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

use super::problem::{Problem, Span};

/// The maximum number of nested levels; deeper nesting is refused.
const MAX_DEPTH: usize = 64;

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Node {
    /// The value.
    pub data: Data,
    /// Its place.
    pub span: Span,
}

/// The kinds of values.
#[derive(Debug, Clone)]
pub enum Data {
    /// A scalar.
    Scalar {
        /// Its text.
        text: String,
        /// Whether it was written without quotes, so that it can be a number, a boolean or null.
        plain: bool,
    },
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping, in order.
    Mapping(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Its place.
    pub span: Span,
}

impl Node {
    /// Returns the value as JSON. Plain scalars follow YAML's core schema (`true`, `null`, numbers); `yes`, `no`, `on`
    /// and `off` stay text.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.data {
            Data::Scalar { text, plain } => scalar(text, *plain),
            Data::Sequence(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Data::Mapping(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.text.clone(), value.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    /// Returns the text of a scalar; `None` for a sequence or mapping.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar { text, .. } => Some(text),
            Data::Sequence(_) | Data::Mapping(_) => None,
        }
    }

    /// Returns `a scalar`, `a list` or `a mapping`, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.data {
            Data::Scalar { .. } => "a scalar",
            Data::Sequence(_) => "a list",
            Data::Mapping(_) => "a mapping",
        }
    }
}

fn scalar(text: &str, plain: bool) -> Value {
    if !plain {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => text.parse::<i64>().map_or_else(
            |_| {
                let float = text
                    .contains('.')
                    .then(|| text.parse::<f64>().ok())
                    .flatten();
                float
                    .and_then(Number::from_f64)
                    .map_or_else(|| Value::String(text.to_owned()), Value::Number)
            },
            |number| Value::Number(number.into()),
        ),
    }
}

/// Reads one document.
///
/// # Errors
/// Returns the first syntax fault. Faults of meaning are found by the code that reads the nodes.
pub fn parse(text: &str) -> Result<Node, Problem> {
    parse_if_any(text)?.ok_or_else(|| {
        let end = Span {
            start: text.len(),
            end: text.len(),
        };
        Problem::new(end, "the file is empty", "expected a mapping")
    })
}

/// Reads one document, or returns `None` for a text without one, such as a file that has only comments.
///
/// # Errors
/// As [`parse`].
pub fn parse_if_any(text: &str) -> Result<Option<Node>, Problem> {
    let mut reader = Reader {
        offsets: text.char_indices().map(|(byte, _)| byte).collect(),
        length: text.len(),
        parser: Parser::new_from_str(text),
    };
    reader.document()
}

struct Reader<'input> {
    /// The byte position of each character: the parser counts characters.
    offsets: Vec<usize>,
    length: usize,
    parser: Parser<'input, saphyr_parser::StrInput<'input>>,
}

impl<'input> Reader<'input> {
    fn byte(&self, character: usize) -> usize {
        self.offsets.get(character).copied().unwrap_or(self.length)
    }

    fn next(&mut self) -> Result<(Event<'input>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                let span = Span {
                    start: self.byte(span.start.index()),
                    end: self.byte(span.end.index()),
                };
                Ok((event, span))
            }
            Some(Err(error)) => {
                let start = self.byte(error.marker().index());
                Err(Problem::new(
                    Span { start, end: start },
                    "this is not YAML",
                    error.info(),
                ))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn document(&mut self) -> Result<Option<Node>, Problem> {
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
                Event::StreamEnd | Event::DocumentEnd => return Ok(None),
                event => {
                    let node = self.node(event, span, 0)?;
                    return self.end().map(|()| Some(node));
                }
            }
        }
    }

    /// Checks that nothing follows the document.
    fn end(&mut self) -> Result<(), Problem> {
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(()),
                Event::DocumentEnd | Event::Nothing => {}
                _ => {
                    return Err(Problem::new(
                        span,
                        "a file holds one document",
                        "a second one begins here",
                    ));
                }
            }
        }
    }

    fn node(&mut self, event: Event<'input>, span: Span, depth: usize) -> Result<Node, Problem> {
        if depth > MAX_DEPTH {
            return Err(Problem::new(
                span,
                format!("nested deeper than {MAX_DEPTH} levels"),
                "too deep",
            ));
        }
        let plainly = |anchor: usize, tagged: bool| {
            if anchor == 0 && !tagged {
                Ok(())
            } else {
                Err(Problem::new(
                    span,
                    "anchors and tags are not used here",
                    "write the value itself",
                ))
            }
        };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                plainly(anchor, tag.is_some())?;
                Ok(Node {
                    data: Data::Scalar {
                        text: text.into_owned(),
                        plain: style == ScalarStyle::Plain,
                    },
                    span,
                })
            }
            Event::SequenceStart(anchor, tag) => {
                plainly(anchor, tag.is_some())?;
                self.sequence(span, depth)
            }
            Event::MappingStart(anchor, tag) => {
                plainly(anchor, tag.is_some())?;
                self.mapping(span, depth)
            }
            _ => Err(Problem::new(
                span,
                "aliases are not used here",
                "write the value itself",
            )),
        }
    }

    fn sequence(&mut self, start: Span, depth: usize) -> Result<Node, Problem> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                let data = Data::Sequence(items);
                let span = start.to(span);
                return Ok(Node { data, span });
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn mapping(&mut self, start: Span, depth: usize) -> Result<Node, Problem> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                let data = Data::Mapping(entries);
                let span = start.to(span);
                return Ok(Node { data, span });
            }
            let key = self.node(event, span, depth + 1)?;
            let Data::Scalar { text, .. } = key.data else {
                return Err(Problem::new(
                    key.span,
                    "a key must be a scalar",
                    "not a key",
                ));
            };
            if entries.iter().any(|(known, _)| known.text == text) {
                return Err(Problem::new(
                    key.span,
                    format!("`{text}` is given twice"),
                    "the second one",
                ));
            }
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            entries.push((
                Key {
                    text,
                    span: key.span,
                },
                value,
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn plain_scalars_mean_themselves_and_quoted_ones_are_text() {
        let node =
            parse("a: 1\nb: '1'\nc: no\nd: [true, ~, 1.5, 2001:db8::1]\n").map(|n| n.to_json());
        assert_eq!(
            node.ok(),
            Some(json!({"a": 1, "b": "1", "c": "no", "d": [true, null, 1.5, "2001:db8::1"]}))
        );
    }

    #[test]
    fn what_can_hide_a_mistake_is_refused_with_its_place() {
        for (text, says) in [
            ("a: 1\na: 2\n", "given twice"),
            ("a: &x 1\n", "anchors and tags"),
            ("a: !t 1\n", "anchors and tags"),
            ("a: *x\n", "not YAML"),
            ("a: 1\n---\nb: 2\n", "one document"),
            ("[1", "not YAML"),
        ] {
            let problem = parse(text).err();
            let message = problem
                .as_ref()
                .map_or("", |problem| problem.message.as_str());
            assert!(message.contains(says), "{text:?}: {message:?}");
            assert!(problem.is_some_and(|problem| problem.span.start <= text.len()));
        }
    }

    #[test]
    fn a_tower_of_brackets_is_refused_and_not_followed() {
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
