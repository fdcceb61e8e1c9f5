//! JSON from outside, in bounded memory. A value takes ten times the bytes that spell it, so that a body of a few
//! megabytes could take all that there is.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Values of one text that are kept. The largest lawful answer, a list of 3,500 mappings, has less than a tenth of it.
const KEPT: usize = 300_000;
/// Texts that can't hold more values than are kept, in bytes.
const SHORT: usize = 2 * KEPT;

/// Parses a text. Of one with more than 300,000 values the first ones are kept, and lists and objects end there.
///
/// # Errors
/// Those of the parser, for the whole text.
pub fn parse_json(bytes: &[u8]) -> serde_json::Result<Value> {
    if bytes.len() <= SHORT {
        return serde_json::from_slice(bytes);
    }
    let left = Cell::new(KEPT);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Bounded(&left).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// A value, as long as some are left.
#[derive(Clone, Copy)]
struct Bounded<'l>(&'l Cell<usize>);

impl Bounded<'_> {
    /// Whether one more is kept.
    fn takes_one(self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
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
            match items.next_element_seed(self)? {
                Some(item) => kept.push(item),
                None => return Ok(Value::Array(kept)),
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(kept))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Value, M::Error> {
        let mut kept = Map::new();
        while self.takes_one() {
            match members.next_key::<String>()? {
                Some(name) => {
                    let value = members.next_value_seed(self)?;
                    kept.insert(name, value);
                }
                None => return Ok(Value::Object(kept)),
            }
        }
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
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
    fn of_more_values_the_first_are_kept() {
        let many = "[".to_owned() + &"{},".repeat(1_000_000) + "7]";
        let value = parse_json(many.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let length = value.as_array().map_or(0, Vec::len);
        assert!((KEPT / 4..=KEPT).contains(&length), "{length}");
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
