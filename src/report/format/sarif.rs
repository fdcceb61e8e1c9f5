//! SARIF 2.1.0: one rule per clause, one result per cause.

use std::collections::BTreeSet;
use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::cause::of_expected;
use crate::contract::{ClauseId, Contract, Level};
use crate::event::Cause;
use crate::report::document::Run;
use crate::report::wrap::counted;

/// The characters that must be percent-encoded in the path of a URI reference.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The maximum number of places that a result names.
const PLACES: usize = 10;

/// Writes the log.
pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let (failed, expected) = (run.causes(), of_expected(&run.trials));
    let clauses: BTreeSet<&ClauseId> = failed
        .iter()
        .chain(&expected)
        .map(|cause| &cause.clause)
        .collect();
    let rules: Vec<Value> = clauses.iter().map(|clause| rule(clause)).collect();
    let known = expected.iter().map(|cause| suppressed(run, cause));
    let results: Vec<Value> = failed
        .iter()
        .map(|cause| result(run, cause))
        .chain(known)
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "originproof",
                "version": run.header.version,
                "semanticVersion": run.header.version,
                "rules": rules,
            }},
            "invocations": [{
                "executionSuccessful": run.is_complete(),
                "startTimeUtc": run.header.started,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn rule(id: &ClauseId) -> Value {
    let clause = Contract::embedded().clause(id);
    let (says, source) = clause.map_or(("", ""), |clause| {
        (clause.says.as_str(), clause.source.as_str())
    });
    json!({
        "id": id,
        "shortDescription": {"text": says},
        "help": {"text": format!("Source: {source}. `originproof explain {id}` says more.")},
    })
}

fn result(run: &Run, cause: &Cause) -> Value {
    let level = match cause.level {
        Level::Must => "error",
        Level::Should => "warning",
        Level::May => "note",
    };
    let what = run
        .witness(cause)
        .map_or_else(String::new, |(trial, reported)| {
            format!(": {}, for example in {}", reported.finding, trial.id)
        });
    let number = counted(cause.trials.len(), "case");
    let mut result = json!({
        "ruleId": cause.clause,
        "level": level,
        "message": {"text": format!("{} in {number}{what}", cause.id)},
        "occurrenceCount": cause.findings,
        "partialFingerprints": {"originproof/cause": cause.id},
    });
    let locations = locations(run, cause);
    if !locations.is_empty() {
        result["locations"] = json!(locations);
    }
    result
}

fn suppressed(run: &Run, cause: &Cause) -> Value {
    let mut result = result(run, cause);
    let witness = run.witness(cause);
    let reason = witness
        .and_then(|(trial, _)| trial.reason.clone())
        .unwrap_or_default();
    result["suppressions"] = json!([{"kind": "external", "justification": reason}]);
    result
}

/// Returns the places where a cause appears, the witness first. It is empty if the reader does not have the files.
fn locations(run: &Run, cause: &Cause) -> Vec<Value> {
    if !run.header.has_own_places() {
        return Vec::new();
    }
    let witness = run.witness(cause).into_iter();
    let others = run
        .trials
        .iter()
        .filter(|trial| trial.id != cause.witness.trial && cause.trials.contains(&trial.id));
    let others = others.filter_map(|trial| {
        let mut findings = trial.findings.iter();
        let found = findings.find(|one| cause.clauses.contains_key(&one.finding.clause));
        Some((trial, found?))
    });
    let places = witness.chain(others).take(PLACES).map(|(trial, reported)| {
        let file = reported.place.file(&trial.file);
        json!({"physicalLocation": {
            "artifactLocation": {"uri": utf8_percent_encode(file, IN_PATH).to_string()},
            "region": {"startLine": reported.place.number()},
        }})
    });
    places.collect()
}
