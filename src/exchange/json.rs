//! Parses untrusted JSON in bounded memory. A parsed value can take ten times as many bytes as its text, so a body of a
//! few megabytes could take all memory.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::mend::holdable;

/// The maximum number of values of one text that are kept. The largest valid answer, a list of 3,500 mappings, has a
/// fifth of that.
const KEPT: usize = 100_000;
/// The greatest length, in bytes, of a text that can't contain more values than are kept.
const SHORT: usize = 2 * KEPT;
/// The members of the envelope (ENV-2). An answer may have other members, which are not judged.
const ENVELOPE: [&str; 5] = ["success", "errors", "messages", "result", "result_info"];

/// The reason why a text is not held as a JSON value.
#[derive(Debug, thiserror::Error)]
pub enum JsonFault {
    /// The text is not JSON, or exceeds a limit of the parser.
    #[error(transparent)]
    Parse(#[from] serde_json::Error),
    /// The text has more values than are kept. In the value, lists and objects end after the first 100,000 values.
    #[error("the body holds more than 100,000 JSON values, which is more than originproof reads")]
    TooMany(Value),
}

/// Parses a text of at most 100,000 values.
///
/// # Errors
/// The parser's errors for the whole text, or `JsonFault::TooMany` with the first values if there are more.
pub fn parse_json(bytes: &[u8]) -> Result<Value, JsonFault> {
    parse(bytes, None)
}

fn parse(bytes: &[u8], members: Option<&[&str]>) -> Result<Value, JsonFault> {
    let fault = match parse_once(bytes, members) {
        Err(JsonFault::Parse(fault)) => fault,
        other => return other,
    };
    // JSON allows numbers and characters that no value can hold.
    match holdable(bytes) {
        Some(bytes) => parse_once(&bytes, members),
        None => Err(JsonFault::Parse(fault)),
    }
}

fn parse_once(bytes: &[u8], members: Option<&[&str]>) -> Result<Value, JsonFault> {
    if bytes.len() <= SHORT {
        return Ok(serde_json::from_slice(bytes)?);
    }
    parse_long(bytes, members)
}

/// Parses an answer. If it has too many values, members outside the envelope are first replaced by null.
///
/// # Errors
/// The same as for [`parse_json`].
pub(super) fn parse_answer(bytes: &[u8]) -> Result<Value, JsonFault> {
    match parse_json(bytes) {
        Err(JsonFault::TooMany(_)) => parse(bytes, Some(&ENVELOPE)),
        other => other,
    }
}

fn parse_long(bytes: &[u8], members: Option<&[&str]>) -> Result<Value, JsonFault> {
    let budget = Budget {
        left: Cell::new(KEPT),
        is_exceeded: Cell::new(false),
    };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let root = Bounded {
        budget: &budget,
        members,
    };
    let value = root.deserialize(&mut deserializer)?;
    deserializer.end()?;
    if budget.is_exceeded.get() {
        return Err(JsonFault::TooMany(value));
    }
    Ok(value)
}

/// The number of values that one text may still take.
struct Budget {
    left: Cell<usize>,
    is_exceeded: Cell<bool>,
}

/// A value that is kept while the budget lasts.
#[derive(Clone, Copy)]
struct Bounded<'l> {
    budget: &'l Budget,
    /// The members of this object that are kept; `None` keeps all.
    members: Option<&'l [&'l str]>,
}

impl Bounded<'_> {
    /// Takes one value from the budget. Returns `false` if none is left.
    fn takes_one(self) -> bool {
        let left = self.budget.left.get();
        self.budget.left.set(left.saturating_sub(1));
        left > 0
    }

    fn inner(self) -> Self {
        Self {
            members: None,
            ..self
        }
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Value, S::Error> {
        let mut kept = Vec::new();
        while self.takes_one() {
            match items.next_element_seed(self.inner())? {
                Some(item) => kept.push(item),
                None => return Ok(Value::Array(kept)),
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {
            self.budget.is_exceeded.set(true);
        }
        Ok(Value::Array(kept))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Value, M::Error> {
        let mut kept = Map::new();
        while self.takes_one() {
            match members.next_key::<String>()? {
                Some(name) => {
                    let is_kept = self
                        .members
                        .is_none_or(|kept| kept.contains(&name.as_str()));
                    let value = if is_kept {
                        members.next_value_seed(self.inner())?
                    } else {
                        members.next_value::<IgnoredAny>()?;
                        Value::Null
                    };
                    kept.insert(name, value);
                }
                None => return Ok(Value::Object(kept)),
            }
        }
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            self.budget.is_exceeded.set(true);
        }
        Ok(Value::Object(kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_ordinary_size_is_parsed_whole() {
        let text = r#"{"a": [1, -2, 3.5, "x", null, true], "b": {"c": []}}"#.to_owned();
        let long = text.clone() + &" ".repeat(SHORT);
        let plain: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
        let bounded = parse_json(long.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(bounded, plain);
    }

    #[test]
    fn of_more_values_the_first_are_kept_and_the_cut_is_an_error() {
        let many = "[".to_owned() + &"{},".repeat(1_000_000) + "7]";
        let Err(JsonFault::TooMany(value)) = parse_json(many.as_bytes()) else {
            panic!("the cut is not told");
        };
        let length = value.as_array().map_or(0, Vec::len);
        assert!((KEPT / 4..=KEPT).contains(&length), "{length}");
    }

    #[test]
    fn members_outside_the_envelope_do_not_count() {
        let many = "[".to_owned() + &"7,".repeat(1_000_000) + "7]";
        let text = format!(r#"{{"extra": {many}, "success": true, "result": [1]}}"#);
        let value = parse_answer(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(value.pointer("/result/0"), Some(&Value::from(1)));
        let text = format!(r#"{{"success": true, "result": {many}}}"#);
        let cut = parse_answer(text.as_bytes());
        assert!(matches!(cut, Err(JsonFault::TooMany(_))));
    }

    #[test]
    fn a_fault_behind_those_that_are_kept_is_told() {
        let broken = "[".to_owned() + &"1,".repeat(1_000_000) + "]";
        assert!(parse_json(broken.as_bytes()).is_err());
        let behind = "[".to_owned() + &"1,".repeat(1_000_000) + "1] x";
        assert!(parse_json(behind.as_bytes()).is_err());
    }

    #[test]
    fn deep_nesting_is_refused_as_by_the_parser() {
        let deep = "[".repeat(SHORT + 1);
        assert!(parse_json(deep.as_bytes()).is_err_and(|e| e.to_string().contains("recursion")));
    }
}
