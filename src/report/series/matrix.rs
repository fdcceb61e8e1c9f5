//! Compares targets side by side: a column for the last run of each target, and a row for each clause that not all
//! targets keep.

use std::collections::BTreeMap;

use super::Table;
use crate::contract::Contract;
use crate::report::document::Run;
use crate::report::standing::{Standing, standings};

/// Returns a table of the last run of each target.
#[must_use]
pub fn matrix(runs: &[Run]) -> Table {
    let mut runs: Vec<Run> = runs.iter().map(Run::visible).collect();
    runs.sort_by(|a, b| a.header.started.cmp(&b.header.started));
    let mut last: BTreeMap<String, Run> = BTreeMap::new();
    for run in runs {
        last.insert(run.header.target.clone(), run);
    }
    let columns: Vec<_> = last.values().map(standings).collect();
    let mut table = Table {
        title: format!("{} targets side by side", last.len()),
        head: std::iter::once("clause".to_owned())
            .chain(last.keys().cloned())
            .collect(),
        ..Table::default()
    };
    let outcomes = last.values().map(Run::verdict);
    table.rows.push(
        std::iter::once("outcome".to_owned())
            .chain(outcomes)
            .collect(),
    );
    let mut kept = 0;
    for clause in &Contract::embedded().clauses {
        let words: Vec<&str> = columns
            .iter()
            .map(|column| column.get(&clause.id).map_or("unjudged", Standing::word))
            .collect();
        if words.iter().all(|word| *word == "conforms") {
            kept += 1;
            continue;
        }
        let name = format!("{} ({})", clause.id, clause.level);
        let words = words.into_iter().map(str::to_owned);
        table
            .rows
            .push(std::iter::once(name).chain(words).collect());
    }
    table.notes.push(format!(
        "{kept} clauses are kept by all of them, and not shown."
    ));
    table
}
