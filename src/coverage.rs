//! The coverage of the contract: clauses proved by cases and always-on rules, and documented codes of each operation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use crate::case::{Action, Check, Library, Step, Trial};
use crate::contract::{ClauseId, Contract, Level, rule};
use crate::exchange::Operation;
use crate::zone::clauses_of_sequences;

/// The way in which a case proves a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// A lawful request succeeds.
    HappyPath,
    /// An unlawful request is refused.
    Refusal,
    /// Both sides of a limit are tested.
    Border,
    /// The target's behaviour is only recorded.
    Observation,
}

impl How {
    fn text(self) -> &'static str {
        match self {
            Self::HappyPath => "happy path",
            Self::Refusal => "refusal",
            Self::Border => "border",
            Self::Observation => "observation",
        }
    }
}

/// The proofs of one clause.
#[derive(Debug, Clone, JsonSchema, Serialize)]
pub struct ClauseCoverage {
    /// The clause id.
    pub clause: String,
    /// The level of the clause.
    pub level: Level,
    /// The case files that test the clause, and the ways in which they prove it.
    pub cases: BTreeMap<String, BTreeSet<How>>,
    /// The rules that check the clause on every exchange.
    pub rules: Vec<&'static str>,
    /// The way in which `check` and `proxy` judge the clause. These commands do not send requests of their own.
    pub in_traffic: InTraffic,
}

/// The extent to which traffic can show that a clause is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InTraffic {
    /// A single exchange shows it.
    OneExchange,
    /// Several exchanges of a zone show it together.
    Sequence,
    /// Only requests that are made for the clause show it.
    No,
}

impl InTraffic {
    fn of(clause: &ClauseId) -> Self {
        if !rules_of(clause).is_empty() {
            Self::OneExchange
        } else if clauses_of_sequences().contains(clause) {
            Self::Sequence
        } else {
            Self::No
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::OneExchange => "each exchange",
            Self::Sequence => "sequences",
            Self::No => "no",
        }
    }
}

impl ClauseCoverage {
    /// Returns whether a case tests the clause, or cites it while a rule checks it.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        !self.cases.is_empty()
    }
}

/// A cell of the matrix of operations and codes.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "why")]
pub enum Cell {
    /// These case files expect the code of the operation.
    Tested(Vec<String>),
    /// The contract documents the code for the operation, and no case expects it.
    Untested,
    /// The contract does not document the code for the operation.
    NotApplicable(String),
}

/// The coverage of all clauses and codes.
#[derive(Debug, Clone, JsonSchema, Serialize)]
pub struct Coverage {
    /// The clauses, in the order of the contract.
    pub clauses: Vec<ClauseCoverage>,
    /// The state of each code, by operation and code.
    #[schemars(with = "BTreeMap<String, BTreeMap<i64, Cell>>")]
    pub codes: BTreeMap<Operation, BTreeMap<i64, Cell>>,
}

/// The clauses and codes that one trial's steps test.
#[derive(Default)]
struct Said {
    clauses: BTreeMap<ClauseId, BTreeSet<How>>,
    codes: BTreeSet<(Operation, i64)>,
}

impl Coverage {
    /// Computes the coverage of a library.
    #[must_use]
    pub fn of(library: &Library) -> Self {
        let contract = Contract::embedded();
        let mut by_clause: BTreeMap<ClauseId, BTreeMap<String, BTreeSet<How>>> = BTreeMap::new();
        let mut by_code: BTreeMap<(Operation, i64), BTreeSet<String>> = BTreeMap::new();
        for trial in library.trials() {
            let mut said = Said::default();
            said.steps(&trial);
            said.cited(&trial);
            for (clause, hows) in said.clauses {
                let cases = by_clause.entry(clause).or_default();
                cases.entry(trial.case.id.clone()).or_default().extend(hows);
            }
            for key in said.codes {
                by_code
                    .entry(key)
                    .or_default()
                    .insert(trial.case.id.clone());
            }
        }
        let clauses = contract.clauses.iter().map(|clause| ClauseCoverage {
            clause: clause.id.as_str().to_owned(),
            level: clause.level,
            cases: by_clause.remove(&clause.id).unwrap_or_default(),
            rules: rules_of(&clause.id),
            in_traffic: InTraffic::of(&clause.id),
        });
        Self {
            clauses: clauses.collect(),
            codes: matrix(contract, &by_code),
        }
    }

    /// Returns the clauses of a level that no case proves.
    pub fn unproved(&self, level: Level) -> impl Iterator<Item = &str> {
        self.clauses
            .iter()
            .filter(move |row| row.level == level && !row.is_proved())
            .map(|row| row.clause.as_str())
    }

    fn proved(&self, level: Level) -> (usize, usize) {
        let rows = || self.clauses.iter().filter(|row| row.level == level);
        (rows().filter(|row| row.is_proved()).count(), rows().count())
    }

    /// Formats the coverage as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for row in &self.clauses {
            let _ = writeln!(
                text,
                "{:<12} {:<6} {}; in traffic: {}",
                row.clause,
                row.level.id(),
                row.proofs(),
                row.in_traffic.text()
            );
        }
        text.push('\n');
        for (operation, codes) in &self.codes {
            let cells: Vec<String> = codes
                .iter()
                .filter_map(|(code, cell)| match cell {
                    Cell::Tested(_) => Some(format!("{code} tested")),
                    Cell::Untested => Some(format!("{code} UNTESTED")),
                    Cell::NotApplicable(_) => None,
                })
                .collect();
            let said = if cells.is_empty() {
                "no documented codes".to_owned()
            } else {
                cells.join(", ")
            };
            let _ = writeln!(text, "{:<22} {said}", operation.id());
        }
        text.push('\n');
        for level in [Level::Must, Level::Should, Level::May] {
            let (proved, all) = self.proved(level);
            let _ = writeln!(text, "{}: {proved} of {all} proved", level.id());
        }
        text
    }

    /// Formats the coverage as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text =
            String::from("| clause | level | proved by | in traffic |\n|---|---|---|---|\n");
        for row in &self.clauses {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} |",
                row.clause,
                row.level.id(),
                row.proofs(),
                row.in_traffic.text()
            );
        }
        let codes: BTreeSet<i64> = self
            .codes
            .values()
            .flat_map(BTreeMap::keys)
            .copied()
            .collect();
        let heads: Vec<String> = codes.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "\n| operation | {} |\n|---|{}",
            heads.join(" | "),
            "---|".repeat(heads.len())
        );
        for (operation, row) in &self.codes {
            let cells: Vec<&str> = row
                .values()
                .map(|cell| match cell {
                    Cell::Tested(_) => "tested",
                    Cell::Untested => "**untested**",
                    Cell::NotApplicable(_) => "-",
                })
                .collect();
            let _ = writeln!(text, "| {} | {} |", operation.id(), cells.join(" | "));
        }
        text
    }
}

impl ClauseCoverage {
    fn proofs(&self) -> String {
        let mut parts: Vec<String> = self
            .cases
            .iter()
            .map(|(case, hows)| {
                let hows: Vec<&str> = hows.iter().map(|how| how.text()).collect();
                format!("{case} ({})", hows.join(", "))
            })
            .collect();
        parts.extend(
            self.rules
                .iter()
                .map(|rule| format!("rule {rule} (always on)")),
        );
        if parts.is_empty() {
            "NOTHING".to_owned()
        } else {
            parts.join("; ")
        }
    }
}

fn rules_of(clause: &ClauseId) -> Vec<&'static str> {
    rule::ALL
        .iter()
        .filter(|rule| rule.clauses().contains(clause))
        .map(|rule| rule.name)
        .collect()
}

fn matrix(
    contract: &Contract,
    by_code: &BTreeMap<(Operation, i64), BTreeSet<String>>,
) -> BTreeMap<Operation, BTreeMap<i64, Cell>> {
    let codes: BTreeSet<i64> = contract.codes.iter().map(|row| row.code).collect();
    let cell = |operation: Operation, code: i64| {
        if contract.code(operation, code).is_none() {
            return Cell::NotApplicable(format!("no document names {code} for {operation}"));
        }
        match by_code.get(&(operation, code)) {
            Some(cases) => Cell::Tested(cases.iter().cloned().collect()),
            None => Cell::Untested,
        }
    };
    Operation::all()
        .map(|operation| {
            let row = codes
                .iter()
                .map(|code| (*code, cell(operation, *code)))
                .collect();
            (operation, row)
        })
        .collect()
}

impl Said {
    fn add(&mut self, trial: &Trial, clause: Option<ClauseId>, how: How) {
        let is_border = trial.case.tags.iter().any(|tag| tag == "border");
        if let Some(clause) = clause {
            let hows = self.clauses.entry(clause).or_default();
            hows.insert(how);
            if is_border {
                hows.insert(How::Border);
            }
        }
    }

    /// Adds the clauses that the case only cites, if a rule checks them. The rule proves them on the case's exchanges.
    fn cited(&mut self, trial: &Trial) {
        for clause in trial.proves() {
            if !self.clauses.contains_key(&clause) && !rules_of(&clause).is_empty() {
                self.add(trial, Some(clause), How::HappyPath);
            }
        }
    }

    fn steps(&mut self, trial: &Trial) {
        for step in Step::all(&trial.case.steps) {
            if let Some(clause) = step.action.clause() {
                self.add(trial, clause.clause(trial.generation), How::HappyPath);
            }
            let operation = match &step.action {
                Action::Call(call) => call.operation.operation(trial.generation),
                _ => None,
            };
            for expectation in &step.expect {
                let clause = expectation.clause.clause(trial.generation);
                self.add(trial, clause, how(&expectation.checks));
                for check in &expectation.checks {
                    if let (Check::Code(codes) | Check::CodeIfRefused(codes), Some(operation)) =
                        (check, operation)
                    {
                        self.codes
                            .extend(codes.iter().map(|code| (operation, *code)));
                    }
                }
            }
        }
    }
}

fn how(checks: &[Check]) -> How {
    let is_refusal = checks.iter().any(|check| match check {
        Check::Status(status) => !status.fits(200),
        Check::Code(_) => true,
        _ => false,
    });
    match (checks.is_empty(), is_refusal) {
        (true, _) => How::Observation,
        (false, true) => How::Refusal,
        (false, false) => How::HappyPath,
    }
}
