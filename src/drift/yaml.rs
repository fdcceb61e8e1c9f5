//! Converts YAML to JSON text, event by event, so that the same reader serves both. Anchors and aliases are followed,
//! and core tags are obeyed. Merge keys and multiple documents are refused.

use std::collections::HashMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use super::error::DriftError;

/// The maximum number of nesting levels; the JSON reader goes no deeper either.
const MAX_DEPTH: usize = 100;
/// The maximum size of the JSON text, in bytes. Aliases can expand a short text without limit.
const MAX_TEXT: usize = 64 * 1024 * 1024;

/// Returns the JSON text of one YAML document.
///
/// # Errors
/// [`DriftError::Syntax`] with line and column.
pub(super) fn to_json(text: &str) -> Result<String, DriftError> {
    let mut transcription = Transcription {
        parser: Parser::new_from_str(text),
        json: String::with_capacity(text.len()),
        anchors: HashMap::new(),
    };
    transcription.document()?;
    Ok(transcription.json)
}

struct Transcription<'t> {
    parser: Parser<'t, StrInput<'t>>,
    json: String,
    /// The part of the JSON text that each anchor names.
    anchors: HashMap<usize, Range<usize>>,
}

fn fault(span: &Span, why: impl Into<String>) -> DriftError {
    DriftError::Syntax {
        line: span.start.line(),
        column: span.start.col() + 1,
        why: why.into(),
    }
}

impl<'t> Transcription<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), DriftError> {
        match self.parser.next_event() {
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => Err(DriftError::Syntax {
                line: error.marker().line(),
                column: error.marker().col() + 1,
                why: format!("this is not YAML: {}", error.info()),
            }),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn document(&mut self) -> Result<(), DriftError> {
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
                Event::StreamEnd | Event::DocumentEnd => return Err(DriftError::Empty),
                event => {
                    self.node(event, &span, 0)?;
                    break;
                }
            }
        }
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(()),
                Event::DocumentEnd | Event::Nothing => {}
                _ => return Err(fault(&span, "a second document begins here")),
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: &Span, depth: usize) -> Result<(), DriftError> {
        if depth > MAX_DEPTH {
            return Err(fault(
                span,
                format!("nested deeper than {MAX_DEPTH} levels"),
            ));
        }
        let start = self.json.len();
        let anchor = match event {
            Event::Alias(anchor) => {
                let Some(range) = self.anchors.get(&anchor).cloned() else {
                    return Err(fault(span, "an alias within what it names"));
                };
                if self.json.len() + range.len() > MAX_TEXT {
                    let why = format!("the aliases stand for more than {MAX_TEXT} bytes");
                    return Err(fault(span, why));
                }
                self.json.extend_from_within(range);
                return Ok(());
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_text =
                    tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
                if style == ScalarStyle::Plain && !is_text {
                    self.plain(&text);
                } else {
                    self.text(&text);
                }
                anchor
            }
            Event::SequenceStart(anchor, _) => {
                self.sequence(depth)?;
                anchor
            }
            Event::MappingStart(anchor, _) => {
                self.mapping(depth)?;
                anchor
            }
            _ => return Err(fault(span, "a value is missing")),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, start..self.json.len());
        }
        Ok(())
    }

    fn sequence(&mut self, depth: usize) -> Result<(), DriftError> {
        self.json.push('[');
        let mut is_first = true;
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                self.json.push(']');
                return Ok(());
            }
            if !std::mem::take(&mut is_first) {
                self.json.push(',');
            }
            self.node(event, &span, depth + 1)?;
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<(), DriftError> {
        self.json.push('{');
        let mut is_first = true;
        loop {
            let (event, span) = self.next()?;
            if !std::mem::take(&mut is_first) && event != Event::MappingEnd {
                self.json.push(',');
            }
            match event {
                Event::MappingEnd => {
                    self.json.push('}');
                    return Ok(());
                }
                Event::Scalar(text, style, _, _) => {
                    if text == "<<" && style == ScalarStyle::Plain {
                        return Err(fault(&span, "merge keys (`<<`) are not read"));
                    }
                    self.text(&text);
                }
                _ => return Err(fault(&span, "a key must be a scalar")),
            }
            self.json.push(':');
            let (event, span) = self.next()?;
            self.node(event, &span, depth + 1)?;
        }
    }

    fn text(&mut self, text: &str) {
        // A string can always be written as JSON text.
        self.json
            .push_str(&serde_json::Value::from(text).to_string());
    }

    /// Writes a scalar without quotes, by YAML's core schema.
    fn plain(&mut self, text: &str) {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => self.json.push_str("null"),
            "true" | "True" | "TRUE" => self.json.push_str("true"),
            "false" | "False" | "FALSE" => self.json.push_str("false"),
            _ => match number(text) {
                Some(number) => self.json.push_str(&number.to_string()),
                None => self.text(text),
            },
        }
    }
}

fn number(text: &str) -> Option<serde_json::Number> {
    let digits = text.trim_start_matches(['+', '-']);
    let is_numeric = text.len() - digits.len() <= 1
        && digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.ends_with(|last: char| last.is_ascii_digit() || last == '.');
    if !is_numeric {
        return None;
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    text.parse().ok().and_then(serde_json::Number::from_f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_numbers_and_keys_read_as_in_json() {
        let yaml = "a: &x {b: [1, 1.5, '1', -2]}\n200: *x\nc: 2026-11-24\nd: ~\ne: !!str 7\nf: |\n  \"q\"\n";
        let json = to_json(yaml).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&json).ok(),
            Some(serde_json::json!({
                "a": {"b": [1, 1.5, "1", -2]}, "200": {"b": [1, 1.5, "1", -2]},
                "c": "2026-11-24", "d": null, "e": "7", "f": "\"q\"\n",
            }))
        );
    }

    #[test]
    fn what_is_not_read_is_refused_with_its_place() {
        for (yaml, says) in [
            ("a: 1\n<<: {b: 1}\n", "line 2, column 1: merge keys"),
            ("a: [1\n", "not YAML"),
            ("a: 1\n---\nb: 1\n", "second document"),
            ("# nothing\n", "empty"),
            ("a: &x [*x]\n", "within what it names"),
            ("? [1]\n: 2\n", "must be a scalar"),
        ] {
            let error = to_json(yaml).err().map(|error| error.to_string());
            assert!(
                error.as_ref().is_some_and(|text| text.contains(says)),
                "{yaml:?}: {error:?}"
            );
        }
        assert!(to_json(&"[".repeat(10_000)).is_err());
    }

    #[test]
    fn a_few_aliases_do_not_fill_the_memory() {
        let mut yaml = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
        for level in 1..12 {
            let names = vec![format!("*a{}", level - 1); 10].join(", ");
            yaml = format!("{yaml}a{level}: &a{level} [{names}]\n");
        }
        let error = to_json(&yaml).err().map(|error| error.to_string());
        assert!(error.is_some_and(|text| text.contains("aliases stand for")));
    }
}
