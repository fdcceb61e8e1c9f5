//! The selection of the trials to run.

use std::collections::BTreeSet;
use std::hash::Hasher;

use regex::Regex;

use super::zone::only_reads;
use crate::case::{Library, Trial};
use crate::exchange::Generation;

/// The user's selection of trials. If all of it is empty, everything runs.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Regular expressions, one of which must match a part of the trial's id.
    pub filters: Vec<String>,
    /// Exact ids of cases or trials. The id of a case selects all its trials.
    pub cases: Vec<String>,
    /// Clauses, one of which the case must cite.
    pub clauses: Vec<String>,
    /// Tags, one of which the case must have.
    pub tags: Vec<String>,
    /// Families, which are the folders of cases.
    pub families: Vec<String>,
    /// The only generation whose operations may be used.
    pub only: Option<Generation>,
    /// Whether to leave out every case that writes.
    pub read_only: bool,
    /// The part of the suite that runs.
    pub shard: Option<Shard>,
}

/// The reason why nothing can be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A pattern is not a regular expression.
    #[error("`{0}` is not a regular expression: {1}")]
    Pattern(String, regex::Error),
    /// A pattern, id, clause or tag fits no case.
    #[error("{what} `{given}` fits no case{hint}; `originproof list cases` shows them")]
    FitsNothing {
        /// The kind of selection.
        what: &'static str,
        /// The text as it was given.
        given: String,
        /// A hint with the nearest valid name.
        hint: String,
    },
}

/// The selected trials.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The trials in order, with their number in the whole library, from which zones are derived.
    pub trials: Vec<(usize, Trial)>,
    /// Whether the plan contains all trials.
    pub is_whole: bool,
    /// A digest of the contract and all cases.
    pub suite: String,
}

impl Plan {
    /// Returns the plan with only the trials whose ids are wanted.
    #[must_use]
    pub fn only(mut self, is_wanted: impl Fn(&str) -> bool) -> Self {
        let all = self.trials.len();
        self.trials.retain(|(_, trial)| is_wanted(&trial.id()));
        self.is_whole &= self.trials.len() == all;
        self
    }
}

/// A part of the suite: part `number` of `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// The number of this part, from 1.
    pub number: u32,
    /// The number of parts.
    pub of: u32,
}

impl std::str::FromStr for Shard {
    type Err = String;

    /// Reads a part such as `2/4`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("invalid shard `{text}`: expected K/N, such as 2/4");
        let (number, of) = text.split_once('/').ok_or_else(wrong)?;
        let (number, of) = (number.parse(), of.parse());
        match (number, of) {
            (Ok(number), Ok(of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err(wrong()),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Shard {
    /// Returns whether a trial belongs to this part. Only the trial's name decides, so that adding or removing a case
    /// does not move others.
    #[must_use]
    pub fn has(self, id: &str) -> bool {
        let mut hasher = fnv::FnvHasher::default();
        hasher.write(id.as_bytes());
        hasher.finish() % u64::from(self.of) == u64::from(self.number - 1)
    }
}

impl Plan {
    /// Selects trials.
    ///
    /// # Errors
    /// Returns [`PlanError`] if any part of the selection is faulty or fits nothing.
    pub fn select(library: &Library, selection: &Selection) -> Result<Self, PlanError> {
        let all: Vec<(usize, Trial)> = library.trials().into_iter().enumerate().collect();
        let mut chosen: Option<BTreeSet<usize>> = None;
        let mut narrow = |numbers: BTreeSet<usize>| {
            chosen = Some(match chosen.take() {
                None => numbers,
                Some(before) => before.intersection(&numbers).copied().collect(),
            });
        };
        let filters = selection
            .filters
            .iter()
            .map(|text| Regex::new(text).map_err(|e| PlanError::Pattern(text.clone(), e)))
            .collect::<Result<Vec<_>, _>>()?;
        if !filters.is_empty() {
            let fits = |filter: &Regex, trial: &Trial| filter.is_match(&trial.id());
            for (filter, text) in filters.iter().zip(&selection.filters) {
                if !all.iter().any(|(_, trial)| fits(filter, trial)) {
                    return Err(nothing("the filter", text, []));
                }
            }
            narrow(numbers(&all, |trial| {
                filters.iter().any(|filter| fits(filter, trial))
            }));
        }
        let rows: [(&str, &[String], Fits, Known); 4] = [
            ("the case", &selection.cases, is_named, |trial| {
                vec![trial.case.id.clone()]
            }),
            ("the clause", &selection.clauses, proves, |trial| {
                trial.proves().map(|clause| clause.to_string()).collect()
            }),
            (
                "the tag",
                &selection.tags,
                |trial, tag| trial.case.tags.iter().any(|t| t == tag),
                |trial| trial.case.tags.clone(),
            ),
            (
                "the family",
                &selection.families,
                |trial, family| trial.case.family() == family,
                |trial| vec![trial.case.family().to_owned()],
            ),
        ];
        for (what, given, fits, known) in rows {
            if given.is_empty() {
                continue;
            }
            for name in given {
                if !all.iter().any(|(_, trial)| fits(trial, name)) {
                    let names = all.iter().flat_map(|(_, trial)| known(trial));
                    return Err(nothing(what, name, names));
                }
            }
            narrow(numbers(&all, |trial| {
                given.iter().any(|name| fits(trial, name))
            }));
        }
        if let Some(only) = selection.only {
            narrow(numbers(&all, |trial| {
                !trial.needs().iter().any(|need| need == only.other().id())
            }));
        }
        if selection.read_only {
            narrow(numbers(&all, only_reads));
        }
        if let Some(shard) = selection.shard {
            narrow(numbers(&all, |trial| shard.has(&trial.id())));
        }
        let is_whole = chosen.is_none();
        let trials = match chosen {
            None => all,
            Some(chosen) => all
                .into_iter()
                .filter(|(n, _)| chosen.contains(n))
                .collect(),
        };
        Ok(Self {
            trials,
            is_whole,
            suite: library.digest(),
        })
    }
}

/// A function that tells whether a name selects a trial.
type Fits = fn(&Trial, &str) -> bool;
/// A function that returns the names that select a trial, for hints about misspellings.
type Known = fn(&Trial) -> Vec<String>;

fn numbers(all: &[(usize, Trial)], fits: impl Fn(&Trial) -> bool) -> BTreeSet<usize> {
    all.iter()
        .filter(|(_, trial)| fits(trial))
        .map(|(n, _)| *n)
        .collect()
}

fn is_named(trial: &Trial, name: &str) -> bool {
    trial.case.id == name || trial.id() == name
}

fn proves(trial: &Trial, clause: &str) -> bool {
    trial
        .proves()
        .any(|id| id.as_str().eq_ignore_ascii_case(clause))
}

fn nothing(what: &'static str, given: &str, known: impl IntoIterator<Item = String>) -> PlanError {
    let known: Vec<String> = known.into_iter().collect();
    let hint = crate::diagnostic::did_you_mean(given, known.iter().map(String::as_str))
        .map(|hint| format!(" ({hint})"))
        .unwrap_or_default();
    PlanError::FitsNothing {
        what,
        given: given.to_owned(),
        hint,
    }
}
