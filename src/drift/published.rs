//! `schemas/published.yaml` as Rust values: what the vendor's description states in addition to the contract.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::schema_files;
use crate::diagnostic::yaml;
use crate::exchange::{Generation, Operation};

/// The path of the file.
pub(super) const PATH: &str = "schemas/published.yaml";

/// The contents of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Published {
    pub(super) prefixes: BTreeMap<Generation, String>,
    pub(super) deprecated: Vec<Generation>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) security: Vec<Vec<String>>,
    pub(super) listed: Vec<Listed>,
    pub(super) unstated: Vec<String>,
    pub(super) implied: Vec<Implied>,
    pub(super) either: Vec<String>,
    pub(super) unstated_codes: Vec<UnstatedCode>,
    pub(super) prose: BTreeMap<Operation, Vec<String>>,
    pub(super) end_of_life: BTreeMap<Generation, String>,
    pub(super) plans: Value,
    pub(super) base: String,
}

/// A parameter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameter {
    pub(super) name: String,
    #[serde(rename = "in")]
    pub(super) location: String,
    pub(super) required: bool,
    /// The operations with this parameter; only for parameters that are not in the path.
    #[serde(default)]
    pub(super) operations: Vec<Operation>,
    /// The schema, which is read through the shelf.
    #[serde(rename = "schema")]
    _schema: Value,
}

/// The values of a member for which our schema allows any value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    pub(super) at: String,
    pub(super) values: Vec<Value>,
}

/// A limit that is set by clauses and not by our schemas.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Implied {
    pub(super) at: String,
    pub(super) keyword: String,
    pub(super) value: Value,
}

/// A code that the description need not name for some operations.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnstatedCode {
    pub(super) code: i64,
    pub(super) operations: Vec<Operation>,
}

impl Published {
    /// Returns the embedded file, as values and as JSON.
    ///
    /// # Panics
    /// Panics if the embedded file is faulty, which the tests of this crate rule out.
    pub(super) fn embedded() -> (Self, Value) {
        let text = schema_files::text(PATH).unwrap_or_default();
        let json = match yaml::parse(text) {
            Ok(node) => node.to_json(),
            Err(problem) => panic!("{PATH} is faulty: {}", problem.message),
        };
        match serde_json::from_value(json.clone()) {
            Ok(published) => (published, json),
            Err(error) => panic!("{PATH} is faulty: {error}"),
        }
    }

    /// Returns the prefix of a generation.
    pub(super) fn prefix(&self, generation: Generation) -> &str {
        self.prefixes.get(&generation).map_or("", String::as_str)
    }
}
