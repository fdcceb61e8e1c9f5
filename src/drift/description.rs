//! The vendor's document. It is cut into its parts in one pass, and each part is parsed when it is needed. Thousands of
//! foreign operations are skipped and never become values.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::rc::Rc;

use encoding_rs::Encoding;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::DriftError;
use super::pointer;
use super::yaml;

/// An `OpenAPI` document.
#[derive(Debug)]
pub struct Description {
    /// The parts by their pointers: `/openapi`, `/paths/~1zones…`, `/components/schemas/item`.
    parts: BTreeMap<String, Box<RawValue>>,
    parsed: RefCell<HashMap<String, Rc<Value>>>,
    is_3_1: bool,
}

impl Description {
    /// Reads a document in JSON or YAML.
    ///
    /// # Errors
    /// [`DriftError::Encoding`], [`DriftError::Empty`], [`DriftError::Syntax`] with line and column,
    /// [`DriftError::Structure`] with a pointer, and [`DriftError::Version`] if it is not `OpenAPI` 3.0 or 3.1. Parts
    /// that no operation of ours needs are not checked.
    pub fn read(bytes: &[u8]) -> Result<Self, DriftError> {
        let decoded = match Encoding::for_bom(bytes) {
            Some((encoding, length)) if encoding != encoding_rs::UTF_8 => {
                let text = bytes.get(length..).unwrap_or_default();
                Some(encoding.decode_without_bom_handling(text).0.into_owned())
            }
            Some(_) | None => None,
        };
        let bytes = decoded.as_ref().map_or(bytes, |text| text.as_bytes());
        let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| DriftError::Encoding {
            byte: error.valid_up_to(),
        })?;
        let start = text.trim_start();
        if start.is_empty() {
            return Err(DriftError::Empty);
        }
        // YAML may begin with a brace as well, followed by keys or comments that JSON does not have.
        if start.starts_with(['{', '[']) {
            let json = Self::from_json(text);
            let is_key_in_quotes = start
                .get(1..)
                .is_some_and(|rest| rest.trim_start().starts_with('"'));
            let (Err(DriftError::Syntax { .. }), false) = (&json, is_key_in_quotes) else {
                return json;
            };
            return yaml::to_json(text).map_or(json, |yaml| Self::from_json(&yaml));
        }
        Self::from_json(&yaml::to_json(text)?).map_err(|error| match error {
            // The line and column would be those of the JSON text, which nobody sees.
            DriftError::Syntax { why, .. } => DriftError::Structure { why },
            other => other,
        })
    }

    fn from_json(text: &str) -> Result<Self, DriftError> {
        let Parts(parts) = serde_json::from_str(text).map_err(|error| DriftError::Syntax {
            line: error.line(),
            column: error.column(),
            why: why(&error),
        })?;
        let mut description = Self {
            parts,
            parsed: RefCell::default(),
            is_3_1: false,
        };
        let version = description.get("/openapi")?;
        let text = version.as_ref().and_then(Value::as_str).unwrap_or_default();
        description.is_3_1 = text.starts_with("3.1.") || text == "3.1";
        if !(description.is_3_1 || text.starts_with("3.0.") || text == "3.0") {
            let found = version.map_or_else(|| "none".to_owned(), |value| value.to_string());
            return Err(DriftError::Version { found });
        }
        Ok(description)
    }

    /// Returns whether the document is written in 3.1, where a reference may have sibling members.
    pub(super) fn is_3_1(&self) -> bool {
        self.is_3_1
    }

    /// Returns all paths in alphabetical order.
    pub(super) fn paths(&self) -> impl Iterator<Item = String> {
        let parts = self.parts.range("/paths/".to_owned().."/paths0".to_owned());
        parts.filter_map(|(at, _)| Some(pointer::unescape(at.strip_prefix("/paths/")?)))
    }

    /// Returns the value at a pointer, if there is one.
    pub(super) fn get(&self, at: &str) -> Result<Option<Value>, DriftError> {
        let tokens = match pointer::split(at, 1).0 {
            "/paths" => 2,
            "/components" => 3,
            _ => 1,
        };
        let (part, rest) = pointer::split(at, tokens);
        if let Some(value) = self.parsed.borrow().get(part) {
            return Ok(value.pointer(rest).cloned());
        }
        let Some(raw) = self.parts.get(part) else {
            return Ok(None);
        };
        let value: Value = serde_json::from_str(raw.get()).map_err(|error| DriftError::Form {
            at: part.to_owned(),
            // The whole text was read before. Only these two errors were not checked then.
            expected: if error.to_string().starts_with("number out of range") {
                "numbers that a double can hold"
            } else {
                "a value that is nested less deeply"
            },
        })?;
        let found = value.pointer(rest).cloned();
        self.parsed
            .borrow_mut()
            .insert(part.to_owned(), Rc::new(value));
        Ok(found)
    }
}

/// Returns the message of the JSON reader without the position, which is reported separately.
fn why(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let cut = text.rfind(" at line ").unwrap_or(text.len());
    text.get(..cut).unwrap_or(&text).to_owned()
}

struct Parts(BTreeMap<String, Box<RawValue>>);

impl<'de> Deserialize<'de> for Parts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut parts = BTreeMap::new();
        let level = Level {
            at: String::new(),
            parts: &mut parts,
        };
        level.deserialize(deserializer)?;
        Ok(Self(parts))
    }
}

/// An object whose members become parts, or are objects of this kind themselves.
struct Level<'p> {
    at: String,
    parts: &'p mut BTreeMap<String, Box<RawValue>>,
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object at #{}", self.at)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut sections: Vec<String> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let at = pointer::join(&self.at, &name);
            let is_section = at == "/paths"
                || at == "/components"
                || (self.at == "/components" && !name.starts_with("x-"));
            let is_again = if is_section {
                let is_again = sections.contains(&at);
                sections.push(at.clone());
                let parts = &mut *self.parts;
                map.next_value_seed(Level {
                    at: at.clone(),
                    parts,
                })?;
                is_again
            } else {
                let raw = map.next_value::<Box<RawValue>>()?;
                self.parts.insert(at.clone(), raw).is_some()
            };
            if is_again {
                return Err(A::Error::custom(format!("#{at} is given twice")));
            }
        }
        Ok(())
    }
}
