//! `schemas/contract.yaml` as Rust values: operations, codes, clauses and capabilities.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::clause::{ClauseId, Level};
use super::schema::Schemas;
use crate::diagnostic::{SourceFile, render, yaml};
use crate::exchange::Operation;

/// The embedded text of the contract.
pub const TEXT: &str = include_str!("../../schemas/contract.yaml");

/// The whole contract.
#[derive(Debug)]
pub struct Contract {
    /// The fifteen operations, in the order of the contract.
    pub operations: Vec<OperationDescription>,
    /// The documented codes; a code has several rows where its text or status differs.
    pub codes: Vec<CodeDescription>,
    /// All clauses, in the order of the contract.
    pub clauses: Vec<ClauseDescription>,
    /// What a target can be said to have.
    pub capabilities: Vec<Capability>,
    /// The compiled JSON Schemas.
    pub schemas: Schemas,
    by_clause: HashMap<ClauseId, usize>,
}

/// The file as it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    operations: Vec<OperationDescription>,
    codes: Vec<CodeDescription>,
    clauses: Vec<ClauseDescription>,
    capabilities: Vec<Capability>,
}

/// Method, path and schemas of an operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationDescription {
    /// Which operation.
    pub id: Operation,
    /// The HTTP method.
    pub method: String,
    /// The path below the base URL, with `{zone_id}` and `{origin_ip}` left open.
    pub path: String,
    /// The stem of the request's schema, where it has a body.
    pub request: Option<String>,
    /// The stem of the result's schema.
    pub result: String,
    /// The clause that promises the form of the result.
    pub form: ClauseId,
}

/// A documented error code with the operations that document it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeDescription {
    /// The number.
    pub code: i64,
    /// The status, or its class.
    pub status: StatusPattern,
    /// When the row applies, if not whenever the code is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// The documented text, where one is promised.
    pub text: Option<String>,
    /// Which operations document the code, and by which clause.
    pub operations: BTreeMap<Operation, ClauseId>,
    /// The document.
    pub source: String,
}

/// What a request must be for a row of the codes to apply: a code stands for several faults, and the documents describe one
/// of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// The body names another address than the path.
    BodyDiffers,
    /// `per_page` is a number outside its range, and `page` is none of the faults.
    PerPageOutOfRange,
}

/// A promise of the contract.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClauseDescription {
    /// Its id.
    pub id: ClauseId,
    /// Its level.
    pub level: Level,
    /// The document that states it.
    pub source: String,
    /// The promise in one sentence.
    pub says: String,
    /// Parts of the clause that have another level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Part>,
}

/// A part of a clause with a level of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The part's level.
    pub level: Level,
    /// What it says.
    pub says: String,
}

/// Something that a target can have or lack.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capability {
    /// Its name.
    pub name: String,
    /// What it means.
    pub says: String,
}

/// A status code or a class of them: `404`, `4xx`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StatusPattern(pub String);

impl StatusPattern {
    /// Whether a status fits.
    #[must_use]
    pub fn fits(&self, status: u16) -> bool {
        let status = status.to_string();
        status.len() == self.0.len()
            && status
                .chars()
                .zip(self.0.chars())
                .all(|(digit, wanted)| wanted == 'x' || digit == wanted)
    }
}

static EMBEDDED: LazyLock<Result<Contract, String>> = LazyLock::new(|| Contract::parse(TEXT));

impl Contract {
    /// The contract that is part of this crate, parsed and compiled once per process.
    ///
    /// # Panics
    /// If the embedded files are faulty, which the tests of this crate rule out.
    #[must_use]
    pub fn embedded() -> &'static Self {
        match &*EMBEDDED {
            Ok(contract) => contract,
            Err(fault) => panic!("the embedded contract is faulty:\n{fault}"),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let source = || SourceFile {
            path: "schemas/contract.yaml".into(),
            text: text.to_owned(),
        };
        let node = yaml::parse(text).map_err(|problem| render(&source(), &[problem], false))?;
        let file: File = serde_json::from_value(node.to_json()).map_err(|e| e.to_string())?;
        let schemas = Schemas::compile(&file.operations)?;
        let by_clause = file
            .clauses
            .iter()
            .enumerate()
            .map(|(index, clause)| (clause.id.clone(), index))
            .collect();
        Ok(Self {
            operations: file.operations,
            codes: file.codes,
            clauses: file.clauses,
            capabilities: file.capabilities,
            schemas,
            by_clause,
        })
    }

    /// A clause by its id.
    #[must_use]
    pub fn clause(&self, id: &ClauseId) -> Option<&ClauseDescription> {
        self.by_clause
            .get(id)
            .and_then(|&index| self.clauses.get(index))
    }

    /// The description of an operation.
    ///
    /// # Panics
    /// Never for the embedded contract: a table test checks that all fifteen are described.
    #[must_use]
    pub fn operation(&self, operation: Operation) -> &OperationDescription {
        let index = operation as usize;
        &self.operations[index]
    }

    /// The row that documents a code for an operation.
    #[must_use]
    pub fn code(&self, operation: Operation, code: i64) -> Option<&CodeDescription> {
        self.codes
            .iter()
            .find(|row| row.code == code && row.operations.contains_key(&operation))
    }
}
