//! The shape of a run's answers, by operation and status. It shows differences between two runs whose answers are all
//! lawful.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::exchange::{Exchange, json_type, whole_number};

/// The maximum number of list entries that are examined. In real targets, the rest look the same.
const ENTRIES: usize = 4;
/// The maximum number of texts that are kept for one code. Some targets put the address into the text, so texts vary.
const TEXTS: usize = 4;
/// The maximum length of a kept text, media type or member path, in bytes.
const LENGTH: usize = 500;
/// The maximum length of a text that is redacted before it is cut to `LENGTH`, in bytes.
const REDACTED: usize = 64 * 1024;
/// The maximum number of codes whose texts are kept, for one operation and status.
const CODES: usize = 200;
/// The maximum number of media types that are kept, for one operation and status.
const MEDIA_TYPES: usize = 20;
/// The maximum number of members that are kept, for one operation and status.
const MEMBERS: usize = 200;

/// The answers of a run, by operation name and status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Profile(pub BTreeMap<String, BTreeMap<u16, AnswerShape>>);

/// The shape of the answers to one operation with one status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerShape {
    /// The number of answers.
    pub count: usize,
    /// The JSON types that were seen, by the member's path. In a path, `*` stands for each entry of a list.
    pub members: BTreeMap<String, BTreeSet<String>>,
    /// The texts, by their code.
    pub texts: BTreeMap<String, BTreeSet<String>>,
    /// The media types.
    pub media_types: BTreeSet<String>,
}

impl Profile {
    /// Adds an answer. `text` redacts a text.
    pub fn take(&mut self, exchange: &Exchange, text: impl Fn(&str) -> String) {
        let Some(operation) = exchange.operation else {
            return;
        };
        let response = &exchange.response;
        let shape = self
            .0
            .entry(operation.id().to_owned())
            .or_default()
            .entry(response.status)
            .or_default();
        shape.count += 1;
        let shown = |whole: &str| cut(&text(cut(whole, REDACTED)), LENGTH).to_owned();
        if let Some(field) = response.headers.get("content-type")
            && shape.media_types.len() < MEDIA_TYPES
        {
            shape.media_types.insert(shown(field));
        }
        let Some(body) = response.value() else { return };
        shape.members(body, &mut String::new(), &text);
        for error in body
            .get("errors")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let code = error.get("code").and_then(whole_number);
            let message = error.get("message").and_then(Value::as_str);
            if let (Some(code), Some(message)) = (code, message) {
                let code = code.to_string();
                if shape.texts.len() >= CODES && !shape.texts.contains_key(&code) {
                    continue;
                }
                let texts = shape.texts.entry(code).or_default();
                texts.insert(shown(message));
                // The same texts are kept, whatever the order of the answers.
                if texts.len() > TEXTS {
                    texts.pop_last();
                }
            }
        }
    }

    /// Redacts secrets that became known after their answers were added.
    pub fn mask(&mut self, text: impl Fn(&str) -> String) {
        let masked = |texts: &BTreeSet<String>| texts.iter().map(|known| text(known)).collect();
        for shape in self.0.values_mut().flat_map(BTreeMap::values_mut) {
            let members = std::mem::take(&mut shape.members);
            for (path, types) in members {
                shape.members.entry(text(&path)).or_default().extend(types);
            }
            for texts in shape.texts.values_mut() {
                *texts = masked(texts);
            }
            shape.media_types = masked(&shape.media_types);
        }
    }

    /// Adds the profile of another part of the run.
    pub fn merge(&mut self, other: Self) {
        for (operation, statuses) in other.0 {
            let own = self.0.entry(operation).or_default();
            for (status, shape) in statuses {
                own.entry(status).or_default().merge(shape);
            }
        }
    }
}

/// Returns the start of a text, at most `length` bytes long.
fn cut(text: &str, length: usize) -> &str {
    text.get(..text.floor_char_boundary(length)).unwrap_or(text)
}

impl AnswerShape {
    /// Records the types of a value and of everything below it. Member names come from the target too, so they are
    /// redacted.
    fn members(&mut self, value: &Value, path: &mut String, text: &impl Fn(&str) -> String) {
        let length = path.len();
        if !path.is_empty() {
            let is_full = self.members.len() >= MEMBERS;
            let types = match self.members.get_mut(path.as_str()) {
                Some(types) => types,
                None if is_full || path.len() > LENGTH => return,
                None => self.members.entry(text(path)).or_default(),
            };
            if !types.contains(json_type(value)) {
                types.insert(json_type(value).to_owned());
            }
        }
        match value {
            Value::Array(items) => {
                path.push_str("/*");
                items
                    .iter()
                    .take(ENTRIES)
                    .for_each(|item| self.members(item, path, text));
            }
            Value::Object(members) => {
                for (name, member) in members.iter().take(MEMBERS) {
                    path.truncate(length);
                    path.push('/');
                    path.push_str(name);
                    self.members(member, path, text);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        path.truncate(length);
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        for (path, types) in other.members {
            self.members.entry(path).or_default().extend(types);
        }
        for (code, texts) in other.texts {
            let own = self.texts.entry(code).or_default();
            own.extend(texts);
            while own.len() > TEXTS {
                own.pop_last();
            }
        }
        self.media_types.extend(other.media_types);
    }
}
