//! One HTML page: our template, style and script, and the run as JSON, which the script draws. Anything that comes from
//! a target is shown as text and never as markup.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use minijinja::{AutoEscape, Environment, Value as Html, context};
use serde_json::{Value, json};

use crate::contract::{ClauseDescription, Contract, Level};
use crate::event::{Cause, ReportedFinding, TrialReport, Verdict};
use crate::exchange::{Operation, shell_word};
use crate::expected::entry_of;
use crate::report::document::Run;
use crate::report::plain::again;
use crate::report::standing::{Standing, standings};
use crate::report::terminal::{by_hand, has_fresh_zones};

/// The space for the requests of trials that are not the witness of a cause, in bytes.
const ROOM: usize = 80_000;
/// The estimated size of an exchange without its bodies, in bytes.
const EXCHANGE: usize = 800;
/// The estimated size of a step, in bytes.
const STEP: usize = 250;
/// The number of findings that are shown of a case whose requests are left out.
const IN_BRIEF: usize = 3;
/// The number of steps that are shown of a case without findings; they are its last ones.
const STEPS: usize = 20;

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// Writes the page.
pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let page = environment.render_str(
        PAGE,
        context! {
            title => format!("originproof: {} ({})", run.verdict(), run.header.target),
            style => Html::from_safe_string(STYLE.to_owned()),
            script => Html::from_safe_string(SCRIPT.to_owned()),
            data => Html::from_safe_string(inert(&data(run).to_string())),
        },
    );
    out.write_all(page.map_err(io::Error::other)?.as_bytes())
}

/// Escapes JSON so that it cannot end the HTML element around it.
fn inert(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' => text.push_str("\\u2028"),
            '\u{2029}' => text.push_str("\\u2029"),
            c => text.push(c),
        }
    }
    text
}

fn data(run: &Run) -> Value {
    let summary = run.counts();
    let standings = standings(run);
    let counts: BTreeMap<Verdict, usize> = Verdict::ALL
        .iter()
        .map(|verdict| (*verdict, summary.count(*verdict)))
        .collect();
    let coverage = |level: Level| {
        let of = scope(run).iter().filter(|clause| clause.level == level);
        let judged = of
            .clone()
            .filter(|clause| standings.get(&clause.id).is_some_and(Standing::is_judged));
        json!({"judged": judged.count(), "of": of.count()})
    };
    let causes = run.causes();
    let in_full = in_full(run, &causes);
    let codes: BTreeSet<i64> = Contract::embedded()
        .codes
        .iter()
        .map(|row| row.code)
        .collect();
    let mut texts = Texts::default();
    let cases = run.trials.iter().map(|trial| {
        let mut case = case(trial, run, &in_full);
        texts.share(&mut case);
        case
    });
    let cases: Vec<Value> = cases.collect();
    json!({
        "format": 1,
        "suite": format!("originproof {}", run.header.version),
        "suite_hash": run.header.suite,
        "target": run.header.target,
        "again": Some(again(run)).filter(|_| !run.header.recorded),
        "against": null,
        "started": run.header.started,
        "elapsed_ms": summary.elapsed_ms,
        "requests": summary.requests,
        "seed": run.header.seed.to_string(),
        "capabilities": run.header.capabilities,
        "notes": notes(run),
        "interrupted": summary.interrupted,
        "complete": run.is_complete(),
        "counts": counts,
        "coverage": {"must": coverage(Level::Must), "should": coverage(Level::Should)},
        "clauses": clauses(run, &standings),
        "operations": Operation::all().map(Operation::id).collect::<Vec<_>>(),
        "codes": codes,
        "matrix": matrix(run, &codes),
        "causes": causes.iter().map(|cause| cause_view(run, cause)).collect::<Vec<_>>(),
        "cases": cases,
        "texts": texts.all,
    })
}

/// Returns the trials whose requests the page holds: the witness of each cause, then others that still fit.
fn in_full<'r>(run: &'r Run, causes: &'r [Cause]) -> BTreeSet<&'r str> {
    let mut ids: BTreeSet<&str> = causes
        .iter()
        .map(|cause| cause.witness.trial.as_str())
        .collect();
    let mut room = ROOM;
    for trial in run.trials.iter().filter(|trial| !trial.findings.is_empty()) {
        let bodies = trial.exchanges.iter().map(|exchange| {
            let request = exchange.request_body.as_ref().map_or(0, String::len);
            request + exchange.response_body.len() + exchange.curl.len() + EXCHANGE
        });
        let size = bodies.sum::<usize>() + trial.steps.len() * STEP;
        if let Some(left) = room.checked_sub(size) {
            room = left;
            ids.insert(&trial.id);
        }
    }
    ids
}

fn cause_view(run: &Run, cause: &Cause) -> Value {
    let clause = Contract::embedded().clause(&cause.clause);
    let witness = run.witness(cause);
    let by_hand = witness
        .map(|(trial, reported)| by_hand(trial, reported, has_fresh_zones(&run.header)).join("\n"));
    json!({
        "id": cause.id, "clause": cause.clause, "level": cause.level,
        "says": clause.map(|clause| &clause.says), "source": clause.map(|clause| &clause.source),
        "operations": cause.operations, "findings": cause.findings, "cases": cause.trials,
        "alone": cause.alone, "clauses": cause.clauses, "witness": cause.witness.trial,
        "finding": witness.map(|(trial, reported)| finding(trial, reported)),
        "exchange": witness.and_then(|(trial, reported)| {
            trial.exchanges.iter().find(|exchange| Some(exchange.step) == reported.step)
        }),
        "by_hand": by_hand,
    })
}

fn notes(run: &Run) -> Vec<String> {
    let mut notes = run.header.notes.clone();
    notes.extend(run.header.effort.iter().map(ToString::to_string));
    let summary = run.counts();
    notes.extend(summary.halted);
    notes.extend(summary.expectation_faults);
    notes.extend(run.left.iter().map(ToString::to_string));
    for done in &run.put_back {
        let how = if done.as_it_was {
            "is as it was"
        } else {
            "was put back"
        };
        notes.push(format!(
            "zone {} {how}: {} mapping(s)",
            done.zone, done.mappings
        ));
        notes.extend(done.details());
    }
    notes
}

/// Returns the clauses that the run is about.
fn scope(run: &Run) -> &'static [ClauseDescription] {
    let contract = Contract::embedded();
    if run.header.clients {
        &contract.client_clauses
    } else {
        &contract.clauses
    }
}

fn clauses(run: &Run, standings: &BTreeMap<crate::contract::ClauseId, Standing>) -> Vec<Value> {
    let rows = scope(run).iter().map(|clause| {
        let standing = standings.get(&clause.id);
        json!({
            "id": clause.id,
            "family": clause.id.family(),
            "level": clause.level,
            "says": clause.says,
            "source": clause.source,
            "verdict": standing.map_or("unjudged", Standing::word),
        })
    });
    rows.collect()
}

/// Returns a cell for each operation and error code. Its state tells whether an answer had the code, whether a case
/// tested it, and whether the contract documents it.
fn matrix(run: &Run, codes: &BTreeSet<i64>) -> Vec<Value> {
    let profile = run.summary.as_ref().map(|summary| &summary.profile);
    let was_seen = |operation: Operation, code: i64| {
        profile
            .and_then(|profile| profile.0.get(operation.id()))
            .is_some_and(|statuses| {
                statuses
                    .values()
                    .any(|shape| shape.texts.contains_key(&code.to_string()))
            })
    };
    let mut cells = Vec::new();
    for operation in Operation::all() {
        for code in codes {
            let row = Contract::embedded().code(operation, *code);
            let clause = row.and_then(|row| row.operations.get(&operation));
            let is_tested = clause.is_some_and(|clause| {
                run.trials
                    .iter()
                    .any(|trial| trial.proves.iter().any(|id| id == clause.as_str()))
            });
            let (state, why) = if was_seen(operation, *code) {
                ("seen", "it was among the errors of an answer".to_owned())
            } else if let Some(clause) = clause {
                if is_tested {
                    (
                        "tested",
                        format!("cases of {clause} asked for it; no answer had it"),
                    )
                } else {
                    ("untested", format!("no case of {clause} ran"))
                }
            } else {
                (
                    "na",
                    "the contract does not document it for this operation".to_owned(),
                )
            };
            cells.push(
                json!({"operation": operation.id(), "code": code, "state": state, "why": why}),
            );
        }
    }
    cells
}

fn finding(trial: &TrialReport, reported: &ReportedFinding) -> Value {
    let finding = &reported.finding;
    json!({
        "clause": finding.clause, "level": finding.level, "at": finding.at,
        "expected": finding.what.expected(), "found": finding.what.found(),
        "place": reported.place.text(&trial.file), "step": reported.step, "times": reported.times,
    })
}

fn case(trial: &TrialReport, run: &Run, in_full: &BTreeSet<&str>) -> Value {
    let operations: BTreeSet<&str> = trial
        .steps
        .iter()
        .map(|step| step.operation.as_str())
        .collect();
    // Each operation is its index in the page's list of operations, which is shorter than its name.
    let operations: Vec<Value> = operations
        .into_iter()
        .map(|name| match Operation::from_id(name) {
            Some(operation) => json!(operation.index()),
            None => json!(name),
        })
        .collect();
    let in_brief = if in_full.contains(trial.id.as_str()) {
        usize::MAX
    } else {
        IN_BRIEF
    };
    let findings = trial.findings.iter().take(in_brief);
    let findings: Vec<Value> = findings.map(|reported| finding(trial, reported)).collect();
    let has_none = trial.findings.is_empty() && trial.reason.is_none();
    let is_in_full = trial.findings.is_empty() || in_full.contains(trial.id.as_str());
    let mut case = json!({
        "id": trial.id, "title": trial.title, "file": Some(&trial.file).filter(|file| **file != usual_file(&trial.id)), "verdict": Some(trial.verdict).filter(|verdict| *verdict != Verdict::Conforms),
        "reason": trial.reason, "clauses": trial.proves, "operations": operations,
        "elapsed_us": trial.elapsed_us, "given": trial.given, "restored": trial.restored,
        "blame": Some(trial.blame()).filter(|blame| *blame != "none"), "findings": findings, "observations": trial.observations,
        "not_reached": trial.not_reached,
    });
    if !has_none && is_in_full {
        let first = trial.steps.len().saturating_sub(STEPS);
        let last = trial.steps.get(first..).unwrap_or_default();
        // Findings refer to steps by index, so a case with findings keeps all its steps.
        case["steps"] = json!(if trial.findings.is_empty() {
            last
        } else {
            &trial.steps
        });
        case["exchanges"] = json!(trial.exchanges);
    }
    if !has_none {
        case["left_out"] = json!(!is_in_full);
        if run.header.recorded {
            case["rerun"] = json!(format!("originproof check {}", shell_word(&trial.file)));
        }
    }
    if !has_none && is_in_full {
        case["expect"] = json!(entry_of(trial));
    }
    without_what_is_empty(case)
}

/// Texts that cases share, such as the title of all rows of a file. A case refers to a text by its index.
#[derive(Debug, Default)]
struct Texts {
    all: Vec<String>,
    numbers: BTreeMap<String, usize>,
}

impl Texts {
    fn share(&mut self, case: &mut Value) {
        for name in ["title", "given"] {
            if let Some(text) = case.get_mut(name) {
                self.number(text);
            }
        }
        let clauses = case.get_mut("clauses").and_then(Value::as_array_mut);
        clauses.into_iter().flatten().for_each(|id| self.number(id));
    }

    fn number(&mut self, text: &mut Value) {
        let Some(known) = text.as_str() else { return };
        let next = self.all.len();
        let number = *self.numbers.entry(known.to_owned()).or_insert(next);
        if number == next {
            self.all.push(known.to_owned());
        }
        *text = json!(number);
    }
}

/// Returns the file of a built-in case, which the page derives by itself from the first two parts of the id: family and
/// behaviour.
fn usual_file(id: &str) -> String {
    let parts: Vec<&str> = id.split('/').take(2).collect();
    format!("cases/{}.yaml", parts.join("/"))
}

/// Removes the members that are empty: the page takes a missing member as empty, and most cases have few members.
fn without_what_is_empty(mut case: Value) -> Value {
    if let Some(members) = case.as_object_mut() {
        members.retain(|_, value| match value {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(list) => !list.is_empty(),
            Value::Number(number) => number.as_u64() != Some(0),
            Value::Bool(true) | Value::Object(_) => true,
        });
    }
    case
}
