//! Findings in groups, with the data needed to decide whether one group follows from another.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use percent_encoding::percent_decode_str;

use crate::contract::{ClauseId, Contract, Level, Meaning, What, address};
use crate::event::{ReportedFinding, StepRecord, TrialReport};
use crate::exchange::Operation;

/// The number of groups beyond which new groups differ by clause alone, so that a hostile target can't slow down the
/// end of a run.
const GROUPS: usize = 400;

/// The nature of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nature {
    /// The answer does not have the documented form.
    Form,
    /// The request is not answered as it must be.
    Answer,
    /// The content of the zone is wrong, or an answer that depends on it.
    State,
}

/// The properties that the findings of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) clause: ClauseId,
    pub(super) kind: &'static str,
    /// The member that the findings are about, whatever the index in a list.
    pub(super) at: String,
    /// The operation that answered; `None` for findings about the form, which operations share.
    pub(super) operation: Option<Operation>,
}

/// The relevant data of a finding.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    /// The index of the trial.
    pub(super) trial: usize,
    /// The index among the findings of the trial.
    pub(super) number: usize,
    /// The index of the request in the trial, or the number of all requests if the finding does not belong to one.
    pub(super) step: usize,
    /// The operation that answered.
    pub(super) operation: Option<Operation>,
    /// The last write before the finding that succeeded.
    pub(super) written_by: Option<Operation>,
    /// True if the request's path spells its address in a non-canonical way.
    pub(super) is_respelled: bool,
    pub(super) level: Level,
    /// The place in the response, as it was reported.
    pub(super) at: String,
    /// The size of the recorded request bodies up to the finding, in bytes.
    pub(super) bytes: usize,
    /// The operation and status class of the answer.
    pub(super) answers: Option<Answers>,
    /// The status of the answer, if the finding is about the status or code.
    pub(super) status: Option<u16>,
}

/// Findings that are alike, with their common properties.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) key: Key,
    pub(super) nature: Nature,
    pub(super) sightings: Vec<Sighting>,
}

impl Group {
    /// Returns the trials in which the group was seen.
    pub(super) fn trials(&self) -> BTreeSet<usize> {
        self.sightings
            .iter()
            .map(|sighting| sighting.trial)
            .collect()
    }

    /// Returns the writes before the findings with the number of findings for each, the most frequent write first.
    pub(super) fn written_by(&self) -> Vec<(Operation, usize)> {
        let mut counts: BTreeMap<usize, (Operation, usize)> = BTreeMap::new();
        for write in self.sightings.iter().filter_map(|one| one.written_by) {
            counts.entry(write.index()).or_insert((write, 0)).1 += 1;
        }
        let mut counts: Vec<(Operation, usize)> = counts.into_values().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }
}

/// The relevant data of a trial.
#[derive(Debug, Clone)]
pub(super) struct Ran {
    pub(super) id: String,
    /// The operations of the trial, as bits by their index.
    pub(super) operations: u32,
    /// The kinds of answers in the trial.
    pub(super) answers: BTreeSet<Answers>,
    /// The clauses that the trial proves.
    pub(super) proves: Vec<ClauseId>,
    /// True if the trial failed.
    pub(super) fails: bool,
}

impl Ran {
    /// Returns whether the trial sent any of these operations.
    pub(super) fn has(&self, operations: u32) -> bool {
        self.operations & operations != 0
    }
}

/// A kind of answer: the index of the operation, and the class of the status (such as 4 for 4xx).
pub(super) type Answers = (usize, u16);

/// All findings of a run.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) groups: Vec<Group>,
    by_key: HashMap<(ClauseId, &'static str, String, Option<usize>), usize>,
    pub(super) trials: Vec<Ran>,
    /// The number of requests by operation and status class.
    pub(super) requests: BTreeMap<Answers, usize>,
}

impl Sheet {
    /// Returns the same sheet in a fixed order. Trials end in any order, and the causes must not depend on it.
    pub(super) fn ordered(&self) -> Self {
        let mut order: Vec<usize> = (0..self.trials.len()).collect();
        order.sort_by(|a, b| self.trials[*a].id.cmp(&self.trials[*b].id));
        let mut place = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old] = new;
        }
        let mut groups = self.groups.clone();
        for group in &mut groups {
            for sighting in &mut group.sightings {
                sighting.trial = place[sighting.trial];
            }
            group
                .sightings
                .sort_by_key(|sighting| (sighting.trial, sighting.number));
        }
        groups.sort_by(|a, b| a.key.cmp(&b.key));
        Self {
            groups,
            by_key: HashMap::new(),
            trials: order
                .into_iter()
                .map(|old| self.trials[old].clone())
                .collect(),
            requests: self.requests.clone(),
        }
    }

    /// Adds a trial, and its findings if it fails.
    pub(super) fn take(&mut self, trial: &TrialReport, fails: bool) {
        let operations: Vec<Option<Operation>> = trial
            .steps
            .iter()
            .map(|step| Operation::from_id(&step.operation))
            .collect();
        let mut bits = 0;
        let mut all_answers = BTreeSet::new();
        for (operation, step) in operations.iter().zip(&trial.steps) {
            if let Some(operation) = operation {
                bits |= bit(*operation);
                let answers = (operation.index(), step.status / 100);
                *self.requests.entry(answers).or_default() += 1;
                all_answers.insert(answers);
            }
        }
        let number = self.trials.len();
        self.trials.push(Ran {
            id: trial.id.clone(),
            operations: bits,
            answers: all_answers,
            proves: trial
                .proves
                .iter()
                .map(|id| ClauseId::from(id.as_str()))
                .collect(),
            fails,
        });
        if !fails {
            return;
        }
        let written = writes_before(&trial.steps, &operations);
        for (index, reported) in trial.findings.iter().enumerate() {
            let step = reported.step.unwrap_or(trial.steps.len());
            let written = written.get(step).copied().flatten();
            let bodies = trial
                .exchanges
                .iter()
                .filter(|exchange| exchange.step <= step);
            let bytes =
                bodies.filter_map(|exchange| exchange.request_body.as_ref().map(String::len));
            self.add(
                (number, index, bytes.sum()),
                reported,
                trial.steps.get(step),
                operations.get(step).copied().flatten(),
                (step, written),
            );
        }
    }

    fn add(
        &mut self,
        (trial, number, bytes): (usize, usize, usize),
        reported: &ReportedFinding,
        record: Option<&StepRecord>,
        operation: Option<Operation>,
        (step, written_by): (usize, Option<Operation>),
    ) {
        let finding = &reported.finding;
        let nature = nature(&finding.what, &finding.at, operation);
        let (mut kind, mut at) = (finding.what.kind(), member(&finding.at));
        let mut shared = operation.filter(|_| nature != Nature::Form);
        if self.groups.len() >= GROUPS {
            (kind, at, shared) = ("", String::new(), None);
        }
        let index = shared.map(Operation::index);
        let key = (finding.clause.clone(), kind, at.clone(), index);
        let place = *self.by_key.entry(key).or_insert_with(|| {
            self.groups.push(Group {
                key: Key {
                    clause: finding.clause.clone(),
                    kind,
                    at,
                    operation: shared,
                },
                nature,
                sightings: Vec::new(),
            });
            self.groups.len() - 1
        });
        let Some(group) = self.groups.get_mut(place) else {
            return;
        };
        group.sightings.push(Sighting {
            trial,
            number,
            step,
            operation,
            written_by,
            is_respelled: record.is_some_and(|record| is_respelled(&record.path)),
            level: finding.level,
            at: finding.at.clone(),
            bytes,
            answers: operation
                .zip(record)
                .map(|(operation, record)| (operation.index(), record.status / 100)),
            status: match &finding.what {
                What::Answer { answered, .. } => Some(answered.status),
                _ => None,
            },
        });
    }
}

/// Returns the bit of an operation in a set of operations.
pub(super) fn bit(operation: Operation) -> u32 {
    1_u32
        .checked_shl(u32::try_from(operation.index()).unwrap_or(u32::MAX))
        .unwrap_or(0)
}

/// Returns the last successful write before each request of a trial, and before its end.
fn writes_before(steps: &[StepRecord], operations: &[Option<Operation>]) -> Vec<Option<Operation>> {
    let mut last = None;
    let mut before = vec![last];
    for (step, operation) in steps.iter().zip(operations) {
        let write = operation.filter(|operation| operation.kind().writes() && step.status == 200);
        last = write.or(last);
        before.push(last);
    }
    before
}

fn nature(what: &What, at: &str, operation: Option<Operation>) -> Nature {
    match what {
        What::Mapping { .. }
        | What::Items { .. }
        | What::Count { .. }
        | What::Repeated { .. }
        | What::Order { .. } => Nature::State,
        What::Answer { answered, .. } => {
            if reads(operation) && at == "status" && matches!(answered.status, 200 | 404) {
                return Nature::State;
            }
            let depends = [Meaning::Exists, Meaning::Unknown, Meaning::Full];
            let says = |code: &i64| {
                depends
                    .iter()
                    .any(|meaning| Contract::embedded().means(*code, *meaning))
            };
            if answered.codes.iter().any(says) {
                Nature::State
            } else {
                Nature::Answer
            }
        }
        What::Accepted { .. } => Nature::Answer,
        // The value describes a mapping, or a mapping must not be in a list.
        What::Value { .. } if at == "/result" => Nature::State,
        What::Unexpected { .. } if reads(operation) => Nature::State,
        What::Missing { .. } | What::Unexpected { .. } | What::Value { .. } | What::Form { .. } => {
            Nature::Form
        }
    }
}

fn reads(operation: Option<Operation>) -> bool {
    operation.is_some_and(|operation| !operation.kind().writes())
}

/// Returns the last part of a place that is a name, in a spelling that is the same for both generations.
fn member(at: &str) -> String {
    let is_index = |part: &&str| part.chars().all(|c| c.is_ascii_digit());
    let last = at.split('/').rev().find(|part| !is_index(part));
    last.unwrap_or_default().replace('_', "-")
}

/// Returns whether a path ends with an address in a non-canonical spelling.
fn is_respelled(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let decoded = percent_decode_str(last).decode_utf8_lossy();
    address::parse(&decoded).is_some_and(|ip| ip.to_string() != last)
}
