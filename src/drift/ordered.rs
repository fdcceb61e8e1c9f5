//! JSON whose members keep their order, so that a changed file differs only where it was changed.

use serde_json::Value;

use crate::diagnostic::visible::escaped_json;
use crate::diagnostic::yaml::{Data, Node};

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ordered {
    /// A text, number, boolean or null.
    Scalar(Value),
    /// An array.
    List(Vec<Ordered>),
    /// An object.
    Object(Vec<(String, Ordered)>),
}

impl From<&Node> for Ordered {
    fn from(node: &Node) -> Self {
        match &node.data {
            Data::Scalar { .. } => Self::Scalar(node.to_json()),
            Data::Sequence(items) => Self::List(items.iter().map(Self::from).collect()),
            Data::Mapping(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| (key.text.clone(), value.into()));
                Self::Object(entries.collect())
            }
        }
    }
}

impl From<&Value> for Ordered {
    fn from(value: &Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                let mut members: Vec<(String, Self)> = members
                    .iter()
                    .map(|(name, value)| (name.clone(), value.into()))
                    .collect();
                // Schemas begin with their `type`.
                members.sort_by_key(|(name, _)| name != "type");
                Self::Object(members)
            }
            scalar => Self::Scalar(scalar.clone()),
        }
    }
}

impl Ordered {
    /// Returns the value at a JSON Pointer.
    pub(super) fn at(&mut self, pointer: &str) -> Option<&mut Self> {
        let mut value = self;
        for token in pointer.split('/').skip(1) {
            value = value.member(&super::pointer::unescape(token))?;
        }
        Some(value)
    }

    /// Returns a member of an object, or an item of a list by its index.
    pub(super) fn member(&mut self, wanted: &str) -> Option<&mut Self> {
        match self {
            Self::Object(members) => members
                .iter_mut()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value),
            Self::List(items) => items.get_mut(wanted.parse::<usize>().ok()?),
            Self::Scalar(_) => None,
        }
    }

    /// Sets a member of an object.
    pub(super) fn set(&mut self, name: &str, value: Self) {
        if let Some(known) = self.member(name) {
            *known = value;
        } else if let Self::Object(members) = self {
            members.push((name.to_owned(), value));
        }
    }

    /// Removes a member of an object.
    pub(super) fn remove(&mut self, wanted: &str) {
        if let Self::Object(members) = self {
            members.retain(|(name, _)| name != wanted);
        }
    }

    /// Returns the value as text, indented by two blanks per level, with a line break at the end.
    pub(super) fn pretty(&self) -> String {
        let mut text = String::new();
        self.write(0, &mut text);
        text.push('\n');
        text
    }

    fn write(&self, depth: usize, text: &mut String) {
        let (open, close, count) = match self {
            Self::Scalar(value) => return text.push_str(&escaped_json(value)),
            Self::List(items) => ('[', ']', items.len()),
            Self::Object(members) => ('{', '}', members.len()),
        };
        text.push(open);
        for index in 0..count {
            text.push_str(if index == 0 { "\n" } else { ",\n" });
            text.push_str(&"  ".repeat(depth + 1));
            match self {
                Self::List(items) => items[index].write(depth + 1, text),
                Self::Object(members) => {
                    text.push_str(&escaped_json(&Value::from(members[index].0.as_str())));
                    text.push_str(": ");
                    members[index].1.write(depth + 1, text);
                }
                Self::Scalar(_) => {}
            }
        }
        if count > 0 {
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
        }
        text.push(close);
    }
}
