//! The table of mutants and the clauses and cases that caught them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Serialize;

/// The outcome for a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Caught {
    /// Caught by the clause that it breaks.
    ByItsClause,
    /// Caught by other clauses only.
    ByOthers,
    /// Not caught.
    Survived,
}

/// The suite's result for one mutant.
#[derive(Debug, Clone, Serialize)]
pub struct MutantResult {
    /// The name of the mutant.
    pub name: String,
    /// The clause that the mutant breaks.
    pub breaks: String,
    /// The outcome.
    pub caught: Caught,
    /// The clauses that were found broken: every `must`, and the mutant's own clause.
    pub clauses: BTreeSet<String>,
    /// The trials that found the mutant's own clause broken.
    #[serde(skip)]
    pub trials: BTreeSet<String>,
    /// The case files that found one of these clauses broken.
    pub cases: BTreeSet<String>,
    /// The number of requests that were sent to the mutant.
    pub requests: usize,
    /// The clauses of the causes that explain the failures, in order; `None` unless every case was tried.
    pub causes: Option<Vec<String>>,
}

impl MutantResult {
    /// Returns whether the first cause names the clause that the mutant breaks.
    fn is_explained(&self) -> bool {
        let first = self.causes.as_ref().and_then(|causes| causes.first());
        first == Some(&self.breaks)
    }

    /// Returns a short text about the causes, which is empty if none were determined.
    fn explained(&self) -> String {
        self.causes.as_ref().map_or_else(String::new, |causes| {
            format!("; {} cause(s): {}", causes.len(), causes.join(" "))
        })
    }
}

/// The results of all mutants.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KillMatrix {
    /// The results by mutant, in the order of the tables.
    pub results: Vec<MutantResult>,
}

impl KillMatrix {
    /// Returns the number of mutants with this outcome.
    #[must_use]
    pub fn count(&self, caught: Caught) -> usize {
        self.results
            .iter()
            .filter(|result| result.caught == caught)
            .count()
    }

    /// Returns the case files that caught at least one mutant.
    #[must_use]
    pub fn killers(&self) -> BTreeSet<&str> {
        self.results
            .iter()
            .flat_map(|result| result.cases.iter().map(String::as_str))
            .collect()
    }

    /// Counts the mutants by family of clauses: all, caught by their own clause, caught by others only, survived.
    #[must_use]
    pub fn families(&self) -> BTreeMap<String, [usize; 4]> {
        let mut families: BTreeMap<String, [usize; 4]> = BTreeMap::new();
        for result in &self.results {
            let family = result
                .breaks
                .rsplit_once('-')
                .map_or(&*result.breaks, |(f, _)| f);
            let row = families.entry(family.to_owned()).or_default();
            row[0] += 1;
            row[match result.caught {
                Caught::ByItsClause => 1,
                Caught::ByOthers => 2,
                Caught::Survived => 3,
            }] += 1;
        }
        families
    }

    /// Formats the matrix as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for result in &self.results {
            let how = match result.caught {
                Caught::ByItsClause => "caught".to_owned(),
                Caught::ByOthers => {
                    let others: Vec<&str> = result.clauses.iter().map(String::as_str).collect();
                    format!("caught only by {}", others.join(" "))
                }
                Caught::Survived => "SURVIVED".to_owned(),
            };
            let _ = writeln!(
                text,
                "{:<12} {:<48} {how} ({} case files){}",
                result.breaks,
                result.name,
                result.cases.len(),
                result.explained()
            );
        }
        text.push('\n');
        let explained: Vec<&MutantResult> = self
            .results
            .iter()
            .filter(|result| result.causes.is_some())
            .collect();
        if !explained.is_empty() {
            let is_one = |result: &&&MutantResult| {
                result
                    .causes
                    .as_ref()
                    .is_some_and(|causes| causes.len() == 1)
            };
            let _ = writeln!(
                text,
                "of {} mutants, {} have one cause, and the first cause of {} names their clause",
                explained.len(),
                explained.iter().filter(is_one).count(),
                explained
                    .iter()
                    .filter(|result| result.is_explained())
                    .count()
            );
        }
        for (family, [all, own, others, survived]) in self.families() {
            let _ = writeln!(
                text,
                "{family:<12} {own} of {all} caught by their own clause, {others} by others only, {survived} survived"
            );
        }
        let _ = writeln!(
            text,
            "\n{} of {} mutants caught by their own clause, {} by others only, {} survived",
            self.count(Caught::ByItsClause),
            self.results.len(),
            self.count(Caught::ByOthers),
            self.count(Caught::Survived)
        );
        text
    }

    /// Formats the matrix as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "| clauses | mutants | by their own clause | by others only | survived |\n|---|---:|---:|---:|---:|\n",
        );
        for (family, [all, own, others, survived]) in self.families() {
            let _ = writeln!(text, "| {family} | {all} | {own} | {others} | {survived} |");
        }
        text.push_str("\n| mutant | breaks | found broken | case files |\n|---|---|---|---:|\n");
        for result in &self.results {
            let clauses: Vec<&str> = result.clauses.iter().map(String::as_str).collect();
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} |",
                result.name,
                result.breaks,
                clauses.join(" "),
                result.cases.len()
            );
        }
        text
    }
}
