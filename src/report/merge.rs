//! Merges the parts of one run on several machines into one result, and detects missing parts.

use std::collections::BTreeSet;

use super::document::Run;
use crate::cause::of_failures;
use crate::event::Summary;

/// The reason why runs cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// No runs were given.
    #[error("there is nothing to merge")]
    Nothing,
    /// The runs are of different suites.
    #[error("the runs are of different suites ({0} and {1}): only parts of one run can be merged")]
    Suites(String, String),
    /// More than one of the runs has the same case.
    #[error("more than one of the runs has the case {0}: only parts of one run can be merged")]
    Twice(String),
}

/// The result of a merge.
#[derive(Debug)]
pub struct Merged {
    /// The merged run.
    pub run: Run,
    /// The missing parts, such as `2/4`.
    pub missing: Vec<String>,
}

/// Merges runs.
///
/// # Errors
/// Returns a [`MergeError`] if the runs are not parts of one run.
pub fn merge(runs: Vec<Run>) -> Result<Merged, MergeError> {
    let mut runs = runs.into_iter();
    let mut merged = runs.next().ok_or(MergeError::Nothing)?;
    let mut shards: BTreeSet<String> = merged.header.shard.iter().cloned().collect();
    let mut summary = merged.summary.take();
    let mut seen: BTreeSet<String> = merged.trials.iter().map(|trial| trial.id.clone()).collect();
    for run in runs {
        if run.header.suite != merged.header.suite {
            return Err(MergeError::Suites(merged.header.suite, run.header.suite));
        }
        shards.extend(run.header.shard.clone());
        for trial in &run.trials {
            if !seen.insert(trial.id.clone()) {
                return Err(MergeError::Twice(trial.id.clone()));
            }
        }
        let further = run.summary.clone();
        summary = summary
            .zip(further)
            .map(|(summary, further)| added(summary, further));
        merged.header.planned.extend(run.header.planned);
        merged.header.selected += run.header.selected;
        if run.header.target != merged.header.target {
            merged
                .header
                .notes
                .push(format!("a part ran against {}", run.header.target));
        }
        merged.header.notes.extend(run.header.notes);
        merged.trials.extend(run.trials);
        merged.put_back.extend(run.put_back);
        merged.left.extend(run.left);
    }
    merged.header.planned.sort();
    merged.sort();
    merged.header.notes.sort();
    merged.header.notes.dedup();
    let missing = missing(&shards);
    for shard in &missing {
        merged
            .header
            .notes
            .push(format!("the part {shard} is missing"));
    }
    // A run with missing parts is not complete, so it has no summary.
    merged.summary = summary.filter(|_| missing.is_empty());
    if let Some(summary) = &mut merged.summary {
        summary.causes = of_failures(&merged.trials);
    }
    merged.header.shard = None;
    Ok(Merged {
        run: merged,
        missing,
    })
}

/// Returns the missing parts.
fn missing(shards: &BTreeSet<String>) -> Vec<String> {
    let of = shards
        .iter()
        .filter_map(|shard| shard.split_once('/')?.1.parse::<u32>().ok())
        .max();
    let all = (1..=of.unwrap_or(0)).map(|number| format!("{number}/{}", of.unwrap_or(0)));
    all.filter(|shard| !shards.contains(shard)).collect()
}

fn added(mut summary: Summary, further: Summary) -> Summary {
    for (verdict, count) in further.verdicts {
        *summary.verdicts.entry(verdict).or_default() += count;
    }
    for (clause, (level, count)) in further.broken_clauses {
        let row = summary.broken_clauses.entry(clause).or_insert((level, 0));
        row.0 = row.0.max(level);
        row.1 += count;
    }
    summary.profile.merge(further.profile);
    summary.requests += further.requests;
    // The parts run at the same time.
    summary.elapsed_ms = summary.elapsed_ms.max(further.elapsed_ms);
    summary.interrupted |= further.interrupted;
    summary.halted = summary.halted.or(further.halted);
    summary.zones_left += further.zones_left;
    for fault in further.expectation_faults {
        // Each part reports every entry that matches no case at all.
        if !summary.expectation_faults.contains(&fault) {
            summary.expectation_faults.push(fault);
        }
    }
    summary
}
