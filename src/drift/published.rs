//! `schemas/published.yaml` as Rust values: what the vendor's description states beside the contract.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::schema_files;
use crate::diagnostic::yaml;
use crate::exchange::{Generation, Operation};

/// Where the file lies.
pub(super) const PATH: &str = "schemas/published.yaml";

/// The whole file.
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
    /// For those that are not of a path.
    #[serde(default)]
    pub(super) operations: Vec<Operation>,
    /// Read as a schema through the shelf.
    #[serde(rename = "schema")]
    _schema: Value,
}

/// Values of a member that our schema leaves open.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    pub(super) at: String,
    pub(super) values: Vec<Value>,
}

/// A limit that clauses put, not our schemas.
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
    /// The embedded file, as values and as JSON.
    ///
    /// # Panics
    /// If the embedded file is faulty, which the tests of this crate rule out.
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

    /// The prefix of a generation.
    pub(super) fn prefix(&self, generation: Generation) -> &str {
        self.prefixes.get(&generation).map_or("", String::as_str)
    }
}
