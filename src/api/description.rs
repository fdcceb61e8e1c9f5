//! `schemas/contract.yaml` as Rust values: operations, codes, clauses and capabilities.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::clause::{ClauseId, Level};
use super::operation::{Generation, Kind, Operation, RequestBody};
use super::promises::Promises;
use super::schema::Schemas;
use crate::diagnostic::{SourceFile, render, yaml};

/// The embedded text of `schemas/contract.yaml`.
pub const TEXT: &str = include_str!("../../schemas/contract.yaml");

/// The whole contract.
#[derive(Debug)]
pub struct Contract {
    /// The operations, in the order of the contract.
    pub operations: &'static [OperationDescription],
    /// The limits on zones, batches and pages.
    pub limits: Limits,
    /// The vendors.
    pub vendors: Vec<String>,
    /// The codes of the platform around the API.
    pub platform: Platform,
    /// The documented codes; a code has several rows if its text or status varies.
    pub codes: Vec<CodeDescription>,
    /// All clauses, in the order of the contract.
    pub clauses: Vec<ClauseDescription>,
    /// The clauses about requests, which clients must keep.
    pub client_clauses: Vec<ClauseDescription>,
    /// The capabilities that a target can have.
    pub capabilities: Vec<Capability>,
    /// The compiled JSON Schemas.
    pub schemas: Schemas,
    by_clause: HashMap<ClauseId, usize>,
}

/// The embedded file without its operations. Operations are read first, because the rows of codes refer to them.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'static"), rename_all = "kebab-case")]
struct File {
    limits: Limits,
    vendors: Vec<String>,
    platform: Platform,
    codes: Vec<CodeDescription>,
    clauses: Vec<ClauseDescription>,
    client_clauses: Vec<ClauseDescription>,
    capabilities: Vec<Capability>,
}

/// The operations of the embedded file.
#[derive(Deserialize)]
struct Operations {
    operations: Vec<OperationDescription>,
}

/// The limits on zones, batches and pages.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// The maximum number of mappings in a zone.
    pub zone: usize,
    /// The maximum number of items in a batch.
    pub batch: usize,
    /// The maximum number of mappings on a page.
    pub page: usize,
    /// The number of mappings on a page if the request does not set `per_page`.
    pub default_page: usize,
}

/// The codes of the platform around the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// The codes for a path that does not exist, or a generation that is not served.
    pub unrouted: Vec<i64>,
    /// The codes for credentials that are missing or not accepted.
    pub access: Vec<i64>,
}

/// The row of an operation in the contract.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, as the file states it"
)]
pub struct OperationDescription {
    /// The operation.
    #[serde(skip)]
    pub operation: Operation,
    /// Its name.
    pub id: String,
    /// Its generation.
    pub generation: Generation,
    /// What it does.
    #[serde(rename = "does")]
    pub kind: Kind,
    /// The HTTP method.
    pub method: String,
    /// The path below the base URL, with `{zone_id}` and `{origin_ip}` as placeholders.
    pub path: String,
    /// The file stem of the request's schema; `None` if the request has no body.
    pub request: Option<String>,
    /// The content of the request's body.
    #[serde(default)]
    pub body: RequestBody,
    /// The file stem of the result's schema.
    pub result: String,
    /// The JSON Pointer to the mappings or batch items in a success, if it has any.
    pub entries: Option<String>,
    /// Whether it answers in pages.
    #[serde(default, rename = "paged")]
    pub is_paged: bool,
    /// Whether a success shows all mappings of the zone.
    #[serde(default, rename = "shows-all")]
    pub shows_all: bool,
    /// Whether sending it twice has the same effect as sending it once (RFC 9110, section 9.2.2).
    #[serde(rename = "idempotent")]
    pub is_idempotent: bool,
    /// Whether sending it twice gives the same answer twice. A repeated delete, for example, may no longer find the
    /// mapping.
    pub answers_alike: bool,
    /// The level of the clause that addresses in a success are spelled canonically (IP-1).
    #[serde(default = "must")]
    pub canonical: Level,
    /// The clauses that state what it promises.
    pub promises: Promises,
}

fn must() -> Level {
    Level::Must
}

/// The meaning of a documented code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The address has no mapping.
    Unknown,
    /// The address already has a mapping.
    Exists,
    /// An address or a page is wrong.
    Invalid,
    /// The vendor or region is wrong.
    Place,
    /// The zone is full.
    Full,
    /// Another reason, from which the suite concludes nothing about a zone.
    #[serde(untagged)]
    Other(&'static str),
}

/// A failure that a request can ask for (capability `fault-injection`). It is named by its word in the row of the code
/// that the failure gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultRequest(pub &'static str);

impl FaultRequest {
    /// The name of the request header that asks for a failure.
    pub const HEADER: &'static str = "conformance-fault";

    /// Returns all words, in the order of the contract.
    pub fn words() -> impl Iterator<Item = &'static str> {
        let rows = Contract::embedded().codes.iter();
        rows.filter_map(|row| Some(row.fault?.0))
    }

    /// Returns the failure with this word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::words().find(|known| *known == word).map(Self)
    }

    /// Returns the meaning of the code that the failure gives.
    #[must_use]
    pub fn meaning(self) -> Option<Meaning> {
        let mut rows = Contract::embedded().codes.iter();
        Some(rows.find(|row| row.fault == Some(self))?.means)
    }
}

/// A documented error code with the operations that document it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub struct CodeDescription {
    /// The number of the code.
    pub code: i64,
    /// The meaning of the code.
    pub means: Meaning,
    /// The status, or its class, that goes with the code.
    pub status: StatusPattern,
    /// The failure that gives this code, if a request can ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultRequest>,
    /// The condition for the row to apply; `None` if it always applies to the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// The documented text, if one is promised.
    pub text: Option<String>,
    /// The operations that document the code, each with the clause that does.
    pub operations: BTreeMap<Operation, ClauseId>,
    /// The document that states it.
    pub source: String,
}

/// The kind of request to which a row of the codes applies. A code can stand for several faults, and the row describes
/// only one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// The address in the body differs from the one in the path.
    BodyDiffers,
    /// `per_page` is a number outside its range, and `page` is valid or absent.
    PerPageOutOfRange,
}

/// A clause of the contract.
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
    /// The parts of the clause that have another level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Part>,
}

/// A part of a clause with its own level.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The part's level.
    pub level: Level,
    /// The promise of the part.
    pub says: String,
}

/// A capability that a target can have or lack.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capability {
    /// Its name.
    pub name: String,
    /// Its meaning.
    pub says: String,
}

/// A status code or a class of status codes: `404`, `4xx`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StatusPattern(pub String);

impl StatusPattern {
    /// Returns whether it is a class of status codes.
    #[must_use]
    pub fn is_class(&self) -> bool {
        self.0.contains('x')
    }

    /// Returns the status, or the first one of the class.
    #[must_use]
    pub fn lowest(&self) -> u16 {
        self.0.replace('x', "0").parse().unwrap_or_default()
    }

    /// Returns whether a status matches.
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

/// The embedded file as JSON.
static PARSED: LazyLock<Result<serde_json::Value, String>> = LazyLock::new(|| {
    let source = || SourceFile::new("schemas/contract.yaml", TEXT);
    let node = yaml::parse(TEXT).map_err(|problem| render(&source(), &[problem], false))?;
    Ok(node.to_json())
});

static ROWS: LazyLock<Result<Vec<OperationDescription>, String>> = LazyLock::new(|| {
    let mut file = Operations::deserialize(PARSED.as_ref()?).map_err(|error| error.to_string())?;
    for (index, row) in file.operations.iter_mut().enumerate() {
        row.operation = Operation::at(index);
    }
    Ok(file.operations)
});

static EMBEDDED: LazyLock<Result<Contract, String>> = LazyLock::new(Contract::read);

/// Returns the rows of all operations, in the order of the contract.
///
/// # Panics
/// Panics if the embedded file is faulty, which the tests of this crate rule out.
pub(super) fn rows() -> &'static [OperationDescription] {
    match &*ROWS {
        Ok(rows) => rows,
        Err(fault) => panic!("the embedded contract is faulty:\n{fault}"),
    }
}

impl Contract {
    /// Returns the contract that is embedded in this crate, parsed and compiled once per process.
    ///
    /// # Panics
    /// Panics if the embedded files are faulty, which the tests of this crate rule out.
    #[must_use]
    pub fn embedded() -> &'static Self {
        match &*EMBEDDED {
            Ok(contract) => contract,
            Err(fault) => panic!("the embedded contract is faulty:\n{fault}"),
        }
    }

    fn read() -> Result<Self, String> {
        let file = File::deserialize(PARSED.as_ref()?).map_err(|error| error.to_string())?;
        let operations = ROWS.as_ref()?;
        let schemas = Schemas::compile(operations)?;
        let by_clause = file
            .clauses
            .iter()
            .chain(&file.client_clauses)
            .enumerate()
            .map(|(index, clause)| (clause.id.clone(), index))
            .collect();
        Ok(Self {
            operations,
            limits: file.limits,
            vendors: file.vendors,
            platform: file.platform,
            codes: file.codes,
            clauses: file.clauses,
            client_clauses: file.client_clauses,
            capabilities: file.capabilities,
            schemas,
            by_clause,
        })
    }

    /// Returns a clause by its id.
    #[must_use]
    pub fn clause(&self, id: &ClauseId) -> Option<&ClauseDescription> {
        let index = *self.by_clause.get(id)?;
        let of_clients = index.checked_sub(self.clauses.len());
        match of_clients {
            None => self.clauses.get(index),
            Some(index) => self.client_clauses.get(index),
        }
    }

    /// Returns the sentence of a clause; empty if the clause is unknown.
    #[must_use]
    pub fn says(&self, id: &ClauseId) -> &str {
        self.clause(id).map_or("", |clause| clause.says.as_str())
    }

    /// Returns the id of a clause with the level of its main part.
    ///
    /// # Panics
    /// Never panics. An unknown clause gets the level `should`; a table test checks that each clause of a row is
    /// described.
    #[must_use]
    pub fn leveled(&self, id: &ClauseId) -> (ClauseId, Level) {
        let level = self.clause(id).map_or(Level::Should, |clause| clause.level);
        (id.clone(), level)
    }

    /// Returns whether a code is documented with this meaning.
    #[must_use]
    pub fn means(&self, code: i64, meaning: Meaning) -> bool {
        let mut rows = self.codes.iter();
        rows.any(|row| row.code == code && row.means == meaning)
    }

    /// Returns the codes that an operation documents with this meaning; more than one if the documents disagree.
    #[must_use]
    pub fn codes_for(&self, operation: Operation, meaning: Meaning) -> Vec<i64> {
        let rows = self
            .codes
            .iter()
            .filter(|row| row.means == meaning && row.operations.contains_key(&operation));
        rows.map(|row| row.code).collect()
    }

    /// Returns the row that documents a code for an operation.
    #[must_use]
    pub fn code(&self, operation: Operation, code: i64) -> Option<&CodeDescription> {
        self.codes
            .iter()
            .find(|row| row.code == code && row.operations.contains_key(&operation))
    }
}
