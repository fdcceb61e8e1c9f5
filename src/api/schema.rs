//! The JSON Schemas, embedded and compiled once, and their faults in the contract's words.

use std::collections::HashMap;
use std::fmt;

use include_dir::{Dir, include_dir};
use jsonschema::Validator;
use serde_json::Value;

use super::description::OperationDescription;
use super::time;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/schemas");

/// Where an instance breaks its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaFault {
    /// JSON Pointer into the instance.
    pub at: String,
    /// The schema's keyword, such as `required` or `type`.
    pub keyword: String,
    /// The fault in words.
    pub message: String,
}

/// All compiled schemas by their path below `schemas/`, without the ending.
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
    /// The path and fault of a schema that is missing or does not compile.
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

    /// The text of the schema at `path`, parsed; `None` if there is no such schema.
    #[must_use]
    pub fn source(path: &str) -> Option<Value> {
        let file = FILES.get_file(format!("{path}.json"))?;
        serde_json::from_slice(file.contents()).ok()
    }

    /// The faults of an instance against the schema at `path`; none if it is valid.
    #[must_use]
    pub fn faults(&self, path: &str, instance: &Value) -> Vec<SchemaFault> {
        let Some(validator) = self.compiled.get(path) else {
            return Vec::new();
        };
        if validator.is_valid(instance) {
            return Vec::new();
        }
        validator
            .iter_errors(instance)
            .map(|error| SchemaFault {
                at: error.instance_path().to_string(),
                keyword: error
                    .schema_path()
                    .to_string()
                    .rsplit('/')
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
                message: error.to_string(),
            })
            .collect()
    }
}
