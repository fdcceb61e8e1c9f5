//! SARIF 2.1.0: one rule a clause, one result a broken clause of a case.

use std::collections::BTreeSet;
use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::document::Run;
use crate::contract::{ClauseId, Contract, Level};
use crate::event::{ReportedFinding, TrialReport, Verdict};

/// What a path in a URI reference must not have as it is.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Writes the log.
pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let failed = || {
        run.trials.iter().filter(|trial| {
            matches!(
                trial.verdict,
                Verdict::Violates | Verdict::Deviates | Verdict::Expected
            )
        })
    };
    let clauses: BTreeSet<&ClauseId> = failed()
        .flat_map(|trial| &trial.findings)
        .map(|f| &f.finding.clause)
        .collect();
    let rules: Vec<Value> = clauses.iter().map(|clause| rule(clause)).collect();
    let results: Vec<Value> = failed()
        .flat_map(|trial| {
            trial
                .findings
                .iter()
                .map(move |reported| result(trial, reported))
        })
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

fn result(trial: &TrialReport, reported: &ReportedFinding) -> Value {
    let finding = &reported.finding;
    let level = match finding.level {
        Level::Must => "error",
        Level::Should => "warning",
        Level::May => "note",
    };
    let mut result = json!({
        "ruleId": finding.clause,
        "level": level,
        "message": {"text": format!("{}: {finding}", trial.id)},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": utf8_percent_encode(reported.place.file(&trial.file), IN_PATH).to_string()},
            "region": {"startLine": reported.place.number()},
        }}],
        "partialFingerprints": {"originproof/v1": format!("{}:{}:{}", trial.id, finding.clause, finding.at)},
    });
    if trial.verdict == Verdict::Expected {
        let reason = trial.reason.clone().unwrap_or_default();
        result["suppressions"] = json!([{"kind": "external", "justification": reason}]);
    }
    result
}
