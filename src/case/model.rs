//! A case as it was read. Values still carry their templates: they are filled in when a trial runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::contract::{ClauseId, FaultRequest, Level};
use crate::diagnostic::{SourceFile, Span};
use crate::exchange::{Generation, Kind, Operation};

/// A case: one file of `cases/`, as one row of its table says it.
#[derive(Debug, Clone)]
pub struct CaseFile {
    /// Its path below `cases/` without the ending: `batch/merges`.
    pub id: String,
    /// The name of the row; empty if the file has no table.
    pub row: String,
    /// The file.
    pub source: Arc<SourceFile>,
    /// The behaviour in a sentence.
    pub title: String,
    /// Why it is there.
    pub about: Option<String>,
    /// The clauses that its expectations touch.
    pub proves: Vec<ClauseKey>,
    /// The generations that it runs for; empty if it names its operations fully.
    pub generations: Vec<Generation>,
    /// Capabilities that it needs, those of its operations included.
    pub needs: Vec<String>,
    /// Words to select by.
    pub tags: Vec<String>,
    /// Why no mutant can fail it.
    pub unkillable: Option<String>,
    /// Its zones; the first is the default.
    pub zones: Vec<String>,
    /// What the zones hold at the beginning, as lists of items.
    pub given: BTreeMap<String, Value>,
    /// Whether each answer is also held against what the earlier exchanges of the case show of the zone.
    pub judges_history: bool,
    /// Its steps.
    pub steps: Vec<Step>,
}

impl CaseFile {
    /// The folder that it is in: its theme.
    #[must_use]
    pub fn family(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }
}

/// A clause as cases name it: `Vn-BATCH-3`, `V2-LIST-3 (should)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClauseKey {
    /// The id; `Vn-` stands for the generation of the trial.
    pub id: String,
    /// The level of the part that is meant, where it is not the clause's own.
    pub level: Option<Level>,
    /// Its place.
    pub span: Span,
}

impl ClauseKey {
    /// The clause for a generation. `None` if the clause is one of the other generation: such an
    /// expectation does not concern this trial.
    #[must_use]
    pub fn clause(&self, generation: Option<Generation>) -> Option<ClauseId> {
        match (self.id.strip_prefix("Vn-"), generation) {
            (Some(rest), Some(generation)) => {
                let id = format!("{}-{rest}", generation.clause_prefix());
                Some(ClauseId::from(id.as_str()))
            }
            (Some(_), None) => None,
            (None, Some(generation)) if self.id.starts_with(generation.other().clause_prefix()) => {
                None
            }
            (None, _) => Some(ClauseId::from(self.id.as_str())),
        }
    }
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its place in the file.
    pub span: Span,
    /// Its line, 1-based.
    pub line: usize,
    /// What is done.
    pub action: Action,
    /// The zone, where it is not the default.
    pub zone: Option<String>,
    /// What is expected, by clause.
    pub expect: Vec<Expectation>,
    /// Values to keep: name and dotted path.
    pub capture: Vec<(String, String)>,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Sends one request.
    Call(CallSpec),
    /// Expects exactly these mappings (a list of items).
    Holds(Value, ClauseKey),
    /// Expects what was last known.
    Unchanged(ClauseKey),
    /// Walks the pages of `v2.list`.
    Pages {
        /// Items per page.
        per_page: Value,
        /// The clause.
        clause: ClauseKey,
    },
    /// Sends requests at the same time.
    Parallel(Vec<Step>),
    /// Repeats steps.
    Repeat {
        /// Over what.
        over: Over,
        /// The steps.
        steps: Vec<Step>,
    },
    /// Names a value.
    Let(Vec<(String, Value)>),
    /// Expects every accepted parallel write to be there.
    Settled(ClauseKey),
    /// Expects no more mappings than this.
    AtMost(usize, ClauseKey),
    /// Expects the address to hold one of these mappings, or none.
    OneOf(Value, ClauseKey),
}

impl Step {
    /// These steps and all within them, each before its own.
    #[must_use]
    pub fn all(steps: &[Self]) -> Vec<&Self> {
        let with_inner = |step| std::iter::once(step).chain(Self::all(Self::inner(step)));
        steps.iter().flat_map(with_inner).collect()
    }

    fn inner(&self) -> &[Self] {
        match &self.action {
            Action::Parallel(steps) | Action::Repeat { steps, .. } => steps,
            Action::Call(_)
            | Action::Holds(..)
            | Action::Unchanged(_)
            | Action::Pages { .. }
            | Action::Let(_)
            | Action::Settled(_)
            | Action::AtMost(..)
            | Action::OneOf(..) => &[],
        }
    }
}

impl Action {
    /// The clause of an action that checks by itself.
    #[must_use]
    pub fn clause(&self) -> Option<&ClauseKey> {
        match self {
            Self::Holds(_, clause)
            | Self::Unchanged(clause)
            | Self::Pages { clause, .. }
            | Self::Settled(clause)
            | Self::AtMost(_, clause)
            | Self::OneOf(_, clause) => Some(clause),
            Self::Call(_) | Self::Parallel(_) | Self::Repeat { .. } | Self::Let(_) => None,
        }
    }
}

/// What a repetition runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// A number of rounds.
    Times(usize),
    /// Each listed region.
    Pairs,
    /// Each hundred of the listed regions.
    Chunks,
    /// Each two vendors, as a region of the second under the name of the first.
    Foreign,
    /// Each hundred of all such pairs.
    ForeignChunks,
    /// Each vendor, with its first region.
    Vendors,
}

impl Over {
    /// Those that have a name, by it.
    pub const NAMED: [(&'static str, Self); 5] = [
        ("pairs", Self::Pairs),
        ("chunks", Self::Chunks),
        ("foreign", Self::Foreign),
        ("foreign-chunks", Self::ForeignChunks),
        ("vendors", Self::Vendors),
    ];
}

/// Places that a case names, beside `pair.N`.
pub(super) const PLACES: [&str; 5] = [
    "foreign",
    "sibling",
    "unknown-vendor",
    "unknown-region",
    "current",
];

/// Whether a case can name a place so.
#[must_use]
pub(super) fn is_place(name: &str) -> bool {
    let number = name.strip_prefix("pair.");
    PLACES.contains(&name) || number.is_some_and(|number| number.parse::<usize>().is_ok())
}

/// An operation as a case names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationName {
    /// One operation of the contract.
    Exact(Operation),
    /// The one of the trial's generation.
    General(Kind),
    /// A request outside of them.
    Outside,
}

impl OperationName {
    /// The operation for a generation.
    #[must_use]
    pub fn operation(self, generation: Option<Generation>) -> Option<Operation> {
        match self {
            Self::Exact(operation) => Some(operation),
            Self::General(kind) => Operation::of(generation?, kind),
            Self::Outside => None,
        }
    }

    /// All operations that it can mean.
    #[must_use]
    pub fn operations(self) -> Vec<Operation> {
        match self {
            Self::Exact(operation) => vec![operation],
            Self::General(kind) => kind.operations().collect(),
            Self::Outside => Vec::new(),
        }
    }
}

/// Credentials to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Auth {
    /// The run's own.
    #[default]
    Token,
    /// E-mail address and key.
    Key,
    /// None.
    None,
    /// A token that is not valid.
    WrongToken,
    /// A key that is not valid.
    WrongKey,
    /// The run's own token without its last character.
    ShortenedToken,
    /// The run's own token with a character more.
    LengthenedToken,
    /// The run's own token with its letters in the other case.
    OtherCaseToken,
    /// A bearer token that is empty.
    EmptyToken,
    /// The run's own token under another scheme than Bearer's.
    BasicScheme,
    /// The run's own e-mail address without a key.
    EmailAlone,
    /// The run's own key without its last character.
    ShortenedKey,
    /// The run's own key with a character more.
    LengthenedKey,
    /// The run's own key with its letters in the other case.
    OtherCaseKey,
}

/// A request to send.
#[derive(Debug, Clone)]
pub struct CallSpec {
    /// Its operation.
    pub operation: OperationName,
    /// Its argument.
    pub argument: Value,
    /// Its credentials.
    pub auth: Auth,
    /// A failure to ask for.
    pub fault: Option<FaultRequest>,
    /// Further fields.
    pub headers: BTreeMap<String, Value>,
    /// Whether the envelope is only recommended.
    pub outside_contract: bool,
}

/// What one clause promises of an answer.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The clause.
    pub clause: ClauseKey,
    /// The promises; none for a `may` clause, of which the answer is only recorded.
    pub checks: Vec<Check>,
}

/// One promise.
#[derive(Debug, Clone)]
pub enum Check {
    /// The status.
    Status(StatusSpec),
    /// A code among the errors: one of these.
    Code(Vec<i64>),
    /// The same, but only where the answer is no success.
    CodeIfRefused(Vec<i64>),
    /// The one mapping.
    Mapping(Value),
    /// The mappings of a list.
    Mappings(Set),
    /// A batch's succeeded items.
    Succeeded(Set),
    /// A batch's failed items.
    Failed(Set),
    /// How many of a parallel block were answered with 200.
    Successes(usize),
    /// The text of the one address.
    Address(Value),
    /// A place in the body.
    Body {
        /// JSON Pointer.
        pointer: String,
        /// What is there.
        matcher: Value,
    },
    /// A header field.
    Header {
        /// Its name.
        name: String,
        /// What it says.
        matcher: Value,
    },
}

/// Statuses that are lawful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusSpec(pub Vec<crate::contract::StatusPattern>);

impl StatusSpec {
    /// Whether a status is one of them.
    #[must_use]
    pub fn fits(&self, status: u16) -> bool {
        self.0.iter().any(|pattern| pattern.fits(status))
    }

    /// `200`, `403 or 4xx`.
    #[must_use]
    pub fn text(&self) -> String {
        let patterns: Vec<&str> = self.0.iter().map(|pattern| pattern.0.as_str()).collect();
        patterns.join(" or ")
    }
}

/// A set of mappings or items; each part is optional.
#[derive(Debug, Clone, Default)]
pub struct Set {
    /// These and no others.
    pub exactly: Option<Value>,
    /// At least these.
    pub has: Option<Value>,
    /// None of these addresses.
    pub lacks: Option<Value>,
    /// So many.
    pub count: Option<Value>,
}
