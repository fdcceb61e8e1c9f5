//! Exploring tried on itself: on mocks whose fault needs a history, how many requests does it take to find it, and how
//! small is what is told?

use std::fmt::Write;

use super::trial::served;
use crate::contract::Level;
use crate::explore::{Explorer, Limits, Story};
use crate::mock::Change;
use crate::mock::mutant::history::HistoryMutant;
use crate::runner::{Runner, TargetError};

/// What exploring found on one mutant.
#[derive(Debug, Clone)]
pub struct Explored {
    /// The mutant.
    pub mutant: &'static HistoryMutant,
    /// The first fault of each seed, if there was one.
    pub stories: Vec<Option<Story>>,
}

impl Explored {
    /// Whether a fault is named by a clause that is right for this mutant.
    #[must_use]
    pub fn is_right(&self, story: &Story) -> bool {
        let clause = story.clause.as_str();
        clause == self.mutant.mutant.breaks || self.mutant.also.contains(&clause)
    }

    /// How many requests each seed took to find the fault by a right clause, in order of size; `None` for seeds that
    /// did not.
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

    /// The length in the middle of what was told, in requests.
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

/// Explores mocks with changes from each seed, until the first fault, or this number of requests.
///
/// # Errors
/// [`TargetError`] if a mock can't be reached, which would be a fault of this machine.
pub async fn explore_mutant(
    mutant: &'static HistoryMutant,
    seeds: impl Iterator<Item = u64>,
    requests: usize,
) -> Result<Explored, TargetError> {
    let mut stories = Vec::new();
    // What one generation does not see of the other is a should, and the must is told after it.
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

/// Explores a mock with changes; the faults that were found.
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
    Ok(served(changes, seed, work).await?.stories)
}

/// A table of them, in Markdown: requests until the fault was found and the requests of the case that tells it.
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
        // Writing into a string does not fail.
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
