//! The JSON Schemas, embedded and compiled once, and the faults that they find.

use std::collections::HashMap;
use std::fmt;

use include_dir::{Dir, include_dir};
use jsonschema::Validator;
use serde_json::Value;

use super::description::OperationDescription;
use super::time;

/// The maximum number of faults of one instance that are kept; the others are only counted.
const KEPT: usize = 100;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/schemas");

/// A place where an instance breaks its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaFault {
    /// The JSON Pointer into the instance.
    pub at: String,
    /// The keyword of the schema that is broken, such as `required` or `type`.
    pub keyword: String,
    /// The fault in words.
    pub message: String,
}

/// All compiled schemas, by their path below `schemas/` without the extension.
pub struct Schemas {
    compiled: HashMap<String, Validator>,
}

impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schemas({})", self.compiled.len())
    }
}

impl Schemas {
    /// Compiles the envelope and the schemas that the operations name.
    ///
    /// # Errors
    /// Returns the path and the fault of a schema that is missing or does not compile.
    pub(super) fn compile(operations: &[OperationDescription]) -> Result<Self, String> {
        let mut wanted = vec!["envelope".to_owned(), "result-info".to_owned()];
        for operation in operations {
            wanted.push(format!("result/{}", operation.result));
            wanted.extend(
                operation
                    .request
                    .iter()
                    .map(|stem| format!("request/{stem}")),
            );
        }
        let mut compiled = HashMap::new();
        for path in wanted {
            if compiled.contains_key(&path) {
                continue;
            }
            let file = FILES
                .get_file(format!("{path}.json"))
                .ok_or_else(|| format!("schemas/{path}.json is missing"))?;
            let schema: Value = serde_json::from_slice(file.contents())
                .map_err(|error| format!("schemas/{path}.json: {error}"))?;
            let validator = jsonschema::draft202012::options()
                .should_validate_formats(true)
                .with_format("date-time", |text: &str| time::instant(text).is_some())
                .build(&schema)
                .map_err(|error| format!("schemas/{path}.json: {error}"))?;
            compiled.insert(path, validator);
        }
        Ok(Self { compiled })
    }

    /// Returns the parsed text of the schema at `path`; `None` if there is no such schema.
    #[must_use]
    pub fn source(path: &str) -> Option<Value> {
        let file = FILES.get_file(format!("{path}.json"))?;
        serde_json::from_slice(file.contents()).ok()
    }

    /// Returns the first faults of an instance against the schema at `path`, and the number of further ones. There are
    /// none if the instance is valid or the schema is unknown.
    #[must_use]
    pub fn faults(&self, path: &str, instance: &Value) -> (Vec<SchemaFault>, usize) {
        let Some(validator) = self.compiled.get(path) else {
            return (Vec::new(), 0);
        };
        if validator.is_valid(instance) {
            return (Vec::new(), 0);
        }
        let (mut faults, mut count) = (Vec::new(), 0);
        for window in 0.. {
            let Some(part) = part_of(instance, window) else {
                break;
            };
            for error in validator.iter_errors(&part) {
                let at = error.instance_path().to_string();
                let Some(at) = place_in(instance, window, &at) else {
                    continue;
                };
                count += 1;
                if faults.len() == KEPT {
                    continue;
                }
                let schema = error.schema_path().to_string();
                faults.push(SchemaFault {
                    at,
                    keyword: schema.rsplit('/').next().unwrap_or_default().to_owned(),
                    message: error.to_string(),
                });
            }
        }
        let more = count - faults.len();
        (faults, more)
    }
}

/// The maximum number of list items that are validated at once. The validator collects all faults, and each takes
/// hundreds of bytes, so longer lists are validated in parts.
const WINDOW: usize = 2_000;

/// Returns the instance with one part of each long list; `None` past the end of all lists.
fn part_of(instance: &Value, window: usize) -> Option<Value> {
    if window > 0 && !has_items_from(instance, window * WINDOW) {
        return None;
    }
    Some(cut(instance, window))
}

fn has_items_from(value: &Value, start: usize) -> bool {
    match value {
        Value::Array(items) => {
            items.len() > start || items.iter().any(|item| has_items_from(item, start))
        }
        Value::Object(members) => members.values().any(|value| has_items_from(value, start)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn cut(value: &Value, window: usize) -> Value {
    match value {
        Value::Array(items) if items.len() > WINDOW => {
            let part = items.iter().skip(window * WINDOW).take(WINDOW);
            part.map(|item| cut(item, window)).collect()
        }
        Value::Array(items) => items.iter().map(|item| cut(item, window)).collect(),
        Value::Object(members) => {
            let members = members.iter();
            let cut = members.map(|(name, value)| (name.clone(), cut(value, window)));
            Value::Object(cut.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Converts a JSON Pointer into a part to one into the whole instance; `None` if an earlier part already contained the
/// place.
fn place_in(instance: &Value, window: usize, at: &str) -> Option<String> {
    let mut value = Some(instance);
    let mut is_in_part = window == 0;
    let mut place = String::with_capacity(at.len());
    for token in at.split('/').skip(1) {
        let mut token = token.replace("~1", "/").replace("~0", "~");
        value = match value {
            Some(Value::Array(items)) => {
                let index: usize = token.parse().ok()?;
                let is_long = items.len() > WINDOW;
                let index = if is_long {
                    index + window * WINDOW
                } else {
                    index
                };
                is_in_part |= is_long;
                token = index.to_string();
                items.get(index)
            }
            Some(Value::Object(members)) => members.get(&token),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => None,
        };
        place.push('/');
        place.push_str(&token.replace('~', "~0").replace('/', "~1"));
    }
    is_in_part.then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn faults_of_a_long_list_stand_at_their_own_places_and_are_all_counted() {
        let schemas = &crate::api::Contract::embedded().schemas;
        let notice = json!({"code": 1000, "message": "m"});
        let mut errors = vec![notice; 4_500];
        errors[4_444] = json!({"code": "x", "message": "m"});
        let body = json!({"success": false, "errors": errors, "messages": 7, "result": null});
        let (faults, more) = schemas.faults("envelope", &body);
        let places: Vec<&str> = faults.iter().map(|fault| fault.at.as_str()).collect();
        assert_eq!((places, more), (vec!["/messages", "/errors/4444/code"], 0));
        let body = json!({"success": true, "errors": vec![json!({}); 4_500], "messages": [], "result": null});
        let (faults, more) = schemas.faults("envelope", &body);
        assert_eq!((faults.len(), faults.len() + more), (KEPT, 9_000));
    }
}
