//! A test of exploring itself, on mocks whose fault needs a history. It measures how many requests it takes to find the
//! fault, and how small the reported case is.

use std::fmt::Write;

use super::trial::served;
use crate::contract::Level;
use crate::explore::{Explorer, Limits, Story};
use crate::mock::Change;
use crate::mock::mutant::history::HistoryMutant;
use crate::runner::{Keep, Runner, TargetError};

/// The results of exploring one mutant.
#[derive(Debug, Clone)]
pub struct Explored {
    /// The mutant.
    pub mutant: &'static HistoryMutant,
    /// The first fault that each seed found, if any.
    pub stories: Vec<Option<Story>>,
}

impl Explored {
    /// Returns whether the clause of a reported fault is right for this mutant.
    #[must_use]
    pub fn is_right(&self, story: &Story) -> bool {
        let clause = story.clause.as_str();
        clause == self.mutant.mutant.breaks || self.mutant.also.contains(&clause)
    }

    /// Returns the number of requests that each seed took to find the fault under a right clause, in ascending order.
    /// Seeds that did not find it are `None`, at the end.
    #[must_use]
    pub fn found_after(&self) -> Vec<Option<usize>> {
        let right = |story: &Option<Story>| {
            let story = story.as_ref().filter(|story| self.is_right(story))?;
            Some(story.found_after)
        };
        let mut all: Vec<Option<usize>> = self.stories.iter().map(right).collect();
        all.sort_by_key(|one| one.unwrap_or(usize::MAX));
        all
    }

    /// Returns the median length of the reported cases, in requests.
    #[must_use]
    pub fn told(&self) -> Option<usize> {
        let mut all: Vec<usize> = self
            .stories
            .iter()
            .flatten()
            .map(|story| story.requests)
            .collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied()
    }
}

/// Explores a mutant from each seed, until the first fault or this number of requests.
///
/// # Errors
/// [`TargetError`] if a mock can't be reached, which would be a problem of this machine.
pub async fn explore_mutant(
    mutant: &'static HistoryMutant,
    seeds: impl Iterator<Item = u64>,
    requests: usize,
) -> Result<Explored, TargetError> {
    let mut stories = Vec::new();
    // X-1 is a should, so for its mutants the search stops at the first should.
    let stop_at = if mutant.mutant.breaks == "X-1" {
        Level::Should
    } else {
        Level::Must
    };
    for seed in seeds {
        let found = explore(&mutant.mutant.changes, seed, requests, Some(stop_at)).await?;
        stories.push(found.into_iter().find(|story| story.level >= stop_at));
    }
    Ok(Explored { mutant, stories })
}

/// Explores a mock with changes and returns the faults that were found.
///
/// # Errors
/// [`TargetError`] if the mock can't be reached.
pub async fn explore(
    changes: &[Change],
    seed: u64,
    requests: usize,
    stop_at: Option<Level>,
) -> Result<Vec<Story>, TargetError> {
    let limits = Limits {
        requests,
        time: None,
        clients: 4,
        only: None,
        stop_at,
        cases: None,
        zones_from: 0,
    };
    let work = async |runner: Runner| Explorer::new(&runner, seed, limits).run(|_| {}).await;
    Ok(served(changes, seed, (None, Keep::Findings), work)
        .await?
        .stories)
}

/// Returns a Markdown table of the results, with the number of requests until the fault was found and the number of
/// requests in the reported case.
#[must_use]
pub fn table(all: &[Explored]) -> String {
    let mut text = String::from(
        "| mutant | breaks | found | median | worst | told in | shortest | named otherwise |\n|---|---|---|---|---|---|---|---|\n",
    );
    let number = |number: Option<usize>| number.map_or_else(|| "-".to_owned(), |n| n.to_string());
    for one in all {
        let found = one.found_after();
        let count = found.iter().flatten().count();
        let mut others: Vec<&str> = one
            .stories
            .iter()
            .flatten()
            .filter(|story| !one.is_right(story))
            .map(|story| story.clause.as_str())
            .collect();
        others.sort_unstable();
        others.dedup();
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {} | {} | {count} of {} | {} | {} | {} | {} | {} |",
            one.mutant.mutant.name,
            one.mutant.mutant.breaks,
            found.len(),
            number(found.get(found.len() / 2).copied().flatten()),
            number(found.last().copied().flatten()),
            number(one.told()),
            one.mutant.shortest,
            others.join(" "),
        );
    }
    text
}
