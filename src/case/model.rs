//! A case as it was read. Its values still contain templates, which are filled in when a trial runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::contract::{ClauseId, FaultRequest, Level};
use crate::diagnostic::{SourceFile, Span};
use crate::exchange::{Generation, Kind, Operation};

/// A case: one file of `cases/` with one row of its table filled in.
#[derive(Debug, Clone)]
pub struct CaseFile {
    /// The path below `cases/` without the extension, such as `batch/merges`.
    pub id: String,
    /// The name of the row; empty if the file has no table.
    pub row: String,
    /// The file.
    pub source: Arc<SourceFile>,
    /// The behaviour in a sentence.
    pub title: String,
    /// The reason why the case exists.
    pub about: Option<String>,
    /// The clauses that the case cites in `proves`.
    pub proves: Vec<ClauseKey>,
    /// The generations that it runs for; empty if it names its operations fully.
    pub generations: Vec<Generation>,
    /// The capabilities that it needs, including those of its operations.
    pub needs: Vec<String>,
    /// The words by which the case can be selected.
    pub tags: Vec<String>,
    /// The reason why no mutant can fail it.
    pub unkillable: Option<String>,
    /// Its zones; the first is the default.
    pub zones: Vec<String>,
    /// The items that each zone holds at the beginning.
    pub given: BTreeMap<String, Value>,
    /// Whether each answer is also compared with the zone's state as earlier exchanges of the case show it.
    pub judges_history: bool,
    /// Its steps.
    pub steps: Vec<Step>,
}

impl CaseFile {
    /// Returns the name of the case's top folder, which is its theme.
    #[must_use]
    pub fn family(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }
}

/// A clause as cases name it, such as `Vn-BATCH-3` or `V2-LIST-3 (should)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClauseKey {
    /// The id; `Vn-` stands for the generation of the trial.
    pub id: String,
    /// The level of the part that is meant, if it is not the clause's own level.
    pub level: Option<Level>,
    /// The place of the key in the file.
    pub span: Span,
}

impl ClauseKey {
    /// Returns the clause for a generation. `None` means that the clause belongs to the other generation, so the
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
    /// The step's place in the file.
    pub span: Span,
    /// The step's line, 1-based.
    pub line: usize,
    /// The action of the step.
    pub action: Action,
    /// The zone, if it is not the default.
    pub zone: Option<String>,
    /// The expectations, by clause.
    pub expect: Vec<Expectation>,
    /// The values to keep: name and dotted path.
    pub capture: Vec<(String, String)>,
}

/// The action of a step.
#[derive(Debug, Clone)]
pub enum Action {
    /// Sends one request.
    Call(CallSpec),
    /// Expects exactly these mappings (a list of items).
    Holds(Value, ClauseKey),
    /// Expects the mappings that the last `holds` or `given` named.
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
        /// The things to repeat over.
        over: Over,
        /// The steps.
        steps: Vec<Step>,
    },
    /// Names a value.
    Let(Vec<(String, Value)>),
    /// Expects the result of every accepted parallel write to be there.
    Settled(ClauseKey),
    /// Expects at most this number of mappings.
    AtMost(usize, ClauseKey),
    /// Expects the address to hold one of these mappings, or none.
    OneOf(Value, ClauseKey),
}

impl Step {
    /// Returns these steps and all nested ones, each step before its inner steps.
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
    /// Returns the clause of an action that checks by itself.
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

/// The things that a repetition runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// A number of rounds.
    Times(usize),
    /// Each listed region.
    Pairs,
    /// Each hundred of the listed regions.
    Chunks,
    /// Each pair of vendors: a region of the second under the name of the first.
    Foreign,
    /// Each hundred of all pairs of `Foreign`.
    ForeignChunks,
    /// Each vendor, with its first region.
    Vendors,
}

impl Over {
    /// Returns what a brief trial repeats these steps over: a third of the rounds if they send requests in parallel.
    #[must_use]
    pub fn brief(self, steps: &[Step]) -> Self {
        let is_parallel = steps
            .iter()
            .any(|step| matches!(step.action, Action::Parallel(_)));
        match self {
            Self::Times(times) if is_parallel => Self::Times(times.div_ceil(3)),
            other => other,
        }
    }

    /// Returns the number of rounds, if it does not depend on what the target lists.
    #[must_use]
    pub fn rounds(self) -> Option<usize> {
        match self {
            Self::Times(times) => Some(times),
            Self::Chunks => Some(2),
            Self::Vendors => Some(4),
            Self::Pairs | Self::Foreign | Self::ForeignChunks => None,
        }
    }

    /// The variants that have a name, with their names.
    pub const NAMED: [(&'static str, Self); 5] = [
        ("pairs", Self::Pairs),
        ("chunks", Self::Chunks),
        ("foreign", Self::Foreign),
        ("foreign-chunks", Self::ForeignChunks),
        ("vendors", Self::Vendors),
    ];
}

/// The places that a case can name, besides `pair.N`.
pub(super) const PLACES: [&str; 5] = [
    "foreign",
    "sibling",
    "unknown-vendor",
    "unknown-region",
    "current",
];

/// Returns whether this is a valid name of a place.
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
    /// The operation of this kind in the trial's generation.
    General(Kind),
    /// A request outside the operations of the contract.
    Outside,
}

impl OperationName {
    /// Returns the operation for a generation.
    #[must_use]
    pub fn operation(self, generation: Option<Generation>) -> Option<Operation> {
        match self {
            Self::Exact(operation) => Some(operation),
            Self::General(kind) => Operation::of(generation?, kind),
            Self::Outside => None,
        }
    }

    /// Returns all operations that the name can mean.
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
    /// The run's own token.
    #[default]
    Token,
    /// The e-mail address and key.
    Key,
    /// No credentials.
    None,
    /// A token that is not valid.
    WrongToken,
    /// A key that is not valid.
    WrongKey,
    /// The run's own token without its last character.
    ShortenedToken,
    /// The run's own token with one extra character.
    LengthenedToken,
    /// The run's own token with its letters in the other case.
    OtherCaseToken,
    /// A bearer token that is empty.
    EmptyToken,
    /// The run's own token under a scheme other than Bearer.
    BasicScheme,
    /// The run's own e-mail address without a key.
    EmailAlone,
    /// The run's own key without its last character.
    ShortenedKey,
    /// The run's own key with one extra character.
    LengthenedKey,
    /// The run's own key with its letters in the other case.
    OtherCaseKey,
}

/// A request to send.
#[derive(Debug, Clone)]
pub struct CallSpec {
    /// The operation.
    pub operation: OperationName,
    /// The argument of the operation.
    pub argument: Value,
    /// The credentials.
    pub auth: Auth,
    /// The failure to ask the target for.
    pub fault: Option<FaultRequest>,
    /// Further header fields.
    pub headers: BTreeMap<String, Value>,
    /// Whether the request is outside the contract, so that the envelope is only recommended.
    pub outside_contract: bool,
}

/// The promises of one clause about an answer.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The clause.
    pub clause: ClauseKey,
    /// The promises; empty for a `may` clause, for which the answer is only recorded.
    pub checks: Vec<Check>,
}

/// One promise about an answer.
#[derive(Debug, Clone)]
pub enum Check {
    /// The status.
    Status(StatusSpec),
    /// The errors include at least one of these codes.
    Code(Vec<i64>),
    /// The same as `Code`, but only if the answer is not a success.
    CodeIfRefused(Vec<i64>),
    /// The one mapping.
    Mapping(Value),
    /// The mappings of a list.
    Mappings(Set),
    /// A batch's succeeded items.
    Succeeded(Set),
    /// A batch's failed items.
    Failed(Set),
    /// The number of requests of a parallel block that were answered with 200.
    Successes(usize),
    /// The text of the answer's only address.
    Address(Value),
    /// A place in the body.
    Body {
        /// The JSON Pointer of the place.
        pointer: String,
        /// The matcher for the value.
        matcher: Value,
    },
    /// A header field.
    Header {
        /// The field's name.
        name: String,
        /// The matcher for the field's value.
        matcher: Value,
    },
}

/// The lawful statuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusSpec(pub Vec<crate::contract::StatusPattern>);

impl StatusSpec {
    /// Returns whether a status is lawful.
    #[must_use]
    pub fn fits(&self, status: u16) -> bool {
        self.0.iter().any(|pattern| pattern.fits(status))
    }

    /// Returns the statuses as text, such as `200` or `403 or 4xx`.
    #[must_use]
    pub fn text(&self) -> String {
        let patterns: Vec<&str> = self.0.iter().map(|pattern| pattern.0.as_str()).collect();
        patterns.join(" or ")
    }
}

/// A set of mappings or items; each part is optional.
#[derive(Debug, Clone, Default)]
pub struct Set {
    /// Exactly these.
    pub exactly: Option<Value>,
    /// At least these.
    pub has: Option<Value>,
    /// None of these addresses.
    pub lacks: Option<Value>,
    /// The number of mappings or items.
    pub count: Option<Value>,
}
