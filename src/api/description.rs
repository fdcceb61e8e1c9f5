//! `schemas/contract.yaml` as Rust values: operations, codes, clauses and capabilities.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::clause::{ClauseId, Level};
use super::operation::{Generation, Kind, Operation, RequestBody};
use super::promises::Promises;
use super::schema::Schemas;
use crate::diagnostic::{SourceFile, render, yaml};

/// The embedded text of the contract.
pub const TEXT: &str = include_str!("../../schemas/contract.yaml");

/// The whole contract.
#[derive(Debug)]
pub struct Contract {
    /// The operations, in the order of the contract.
    pub operations: &'static [OperationDescription],
    /// How many of what there can be.
    pub limits: Limits,
    /// The vendors.
    pub vendors: Vec<String>,
    /// What the platform around the API answers.
    pub platform: Platform,
    /// The documented codes; a code has several rows where its text or status differs.
    pub codes: Vec<CodeDescription>,
    /// All clauses, in the order of the contract.
    pub clauses: Vec<ClauseDescription>,
    /// The clauses about requests, which are the client's to keep.
    pub client_clauses: Vec<ClauseDescription>,
    /// What a target can be said to have.
    pub capabilities: Vec<Capability>,
    /// The compiled JSON Schemas.
    pub schemas: Schemas,
    by_clause: HashMap<ClauseId, usize>,
}

/// The file as it stands, without its operations: those are read first, since rows of codes name them.
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

/// The same file's operations.
#[derive(Deserialize)]
struct Operations {
    operations: Vec<OperationDescription>,
}

/// How many of what there can be.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Mappings of a zone.
    pub zone: usize,
    /// Items of a batch.
    pub batch: usize,
    /// Mappings of a page.
    pub page: usize,
    /// Mappings of a page where the request does not say.
    pub default_page: usize,
}

/// Codes of the platform around the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// A path that leads nowhere, or a generation that is not served.
    pub unrouted: Vec<i64>,
    /// Credentials that are missing or not accepted.
    pub access: Vec<i64>,
}

/// The row of an operation.
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
    /// The path below the base URL, with `{zone_id}` and `{origin_ip}` left open.
    pub path: String,
    /// The stem of the request's schema, where it has a body.
    pub request: Option<String>,
    /// What that body holds.
    #[serde(default)]
    pub body: RequestBody,
    /// The stem of the result's schema.
    pub result: String,
    /// JSON Pointer of the mappings or batch items in a success, if it has any.
    pub entries: Option<String>,
    /// Whether it answers in pages.
    #[serde(default, rename = "paged")]
    pub is_paged: bool,
    /// Whether a success shows all mappings of the zone.
    #[serde(default, rename = "shows-all")]
    pub shows_all: bool,
    /// Whether the effect of sending it twice is that of sending it once (RFC 9110, section 9.2.2).
    #[serde(rename = "idempotent")]
    pub is_idempotent: bool,
    /// Whether the second answer is like the first: a mapping can be deleted again, but not found again.
    pub answers_alike: bool,
    /// How binding the canonical spelling of addresses in a success is (IP-1).
    #[serde(default = "must")]
    pub canonical: Level,
    /// By which clauses it promises what.
    pub promises: Promises,
}

fn must() -> Level {
    Level::Must
}

/// What a documented code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The address has no mapping.
    Unknown,
    /// The address has a mapping already.
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

/// A failure that a request can ask for (`fault-injection`), by its word at the code which it ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultRequest(pub &'static str);

impl FaultRequest {
    /// The header that asks for it.
    pub const HEADER: &'static str = "conformance-fault";

    /// All words, in the order of the contract.
    pub fn words() -> impl Iterator<Item = &'static str> {
        let rows = Contract::embedded().codes.iter();
        rows.filter_map(|row| Some(row.fault?.0))
    }

    /// The failure with this word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::words().find(|known| *known == word).map(Self)
    }

    /// What the code stands for which it ends with.
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
    /// The number.
    pub code: i64,
    /// What it stands for.
    pub means: Meaning,
    /// The status, or its class.
    pub status: StatusPattern,
    /// The failure that ends with this code, where a request can ask for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultRequest>,
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
    /// Whether it leaves the status open within its class.
    #[must_use]
    pub fn is_class(&self) -> bool {
        self.0.contains('x')
    }

    /// The status, or the first of its class.
    #[must_use]
    pub fn lowest(&self) -> u16 {
        self.0.replace('x', "0").parse().unwrap_or_default()
    }

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

/// The rows of all operations, in the order of the contract.
///
/// # Panics
/// If the embedded file is faulty, which the tests of this crate rule out.
pub(super) fn rows() -> &'static [OperationDescription] {
    match &*ROWS {
        Ok(rows) => rows,
        Err(fault) => panic!("the embedded contract is faulty:\n{fault}"),
    }
}

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

    /// A clause by its id.
    #[must_use]
    pub fn clause(&self, id: &ClauseId) -> Option<&ClauseDescription> {
        let index = *self.by_clause.get(id)?;
        let of_clients = index.checked_sub(self.clauses.len());
        match of_clients {
            None => self.clauses.get(index),
            Some(index) => self.client_clauses.get(index),
        }
    }

    /// The sentence of a clause; empty for an unknown one.
    #[must_use]
    pub fn says(&self, id: &ClauseId) -> &str {
        self.clause(id).map_or("", |clause| clause.says.as_str())
    }

    /// A clause with the level of its main part.
    ///
    /// # Panics
    /// Never for a clause of a row: a table test checks that each is described.
    #[must_use]
    pub fn leveled(&self, id: &ClauseId) -> (ClauseId, Level) {
        let level = self.clause(id).map_or(Level::Should, |clause| clause.level);
        (id.clone(), level)
    }

    /// Whether a documented code stands for this.
    #[must_use]
    pub fn means(&self, code: i64, meaning: Meaning) -> bool {
        let mut rows = self.codes.iter();
        rows.any(|row| row.code == code && row.means == meaning)
    }

    /// The codes that an operation documents for this; where the documents disagree, more than one.
    #[must_use]
    pub fn codes_for(&self, operation: Operation, meaning: Meaning) -> Vec<i64> {
        let rows = self
            .codes
            .iter()
            .filter(|row| row.means == meaning && row.operations.contains_key(&operation));
        rows.map(|row| row.code).collect()
    }

    /// The row that documents a code for an operation.
    #[must_use]
    pub fn code(&self, operation: Operation, code: i64) -> Option<&CodeDescription> {
        self.codes
            .iter()
            .find(|row| row.code == code && row.operations.contains_key(&operation))
    }
}
