//! Reads what is expected, by clause.

use serde_json::Value;

use super::format;
use super::load::one_of;
use super::model::{Check, Expectation};
use crate::case::ClauseKey;
use crate::case::load::reader::{Reader, json, member};
use crate::diagnostic::Problem;
use crate::diagnostic::yaml::{Key, Node};

/// Reads the expectations of a scenario. Each clause must be one that the scenario says it proves.
pub(super) fn read_expectations(
    reader: &mut Reader,
    entries: &[(Key, Node)],
    proves: &[ClauseKey],
) -> Vec<Expectation> {
    let Some((key, node)) = member(entries, "expect") else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for (clause, checks) in reader.mapping(node, "`expect`") {
        let found = reader.clause(&clause.text, clause.span);
        if proves.iter().all(|key| key.id != found.id) {
            let message = format!("`proves` does not name {}", found.id);
            reader.problem(Problem::new(clause.span, message, "add it to `proves`"));
        }
        let entries = reader.mapping(checks, "an expectation");
        reader.known_keys(entries, "expectation", format::EXPECT);
        let checks = entries
            .iter()
            .filter_map(|(word, value)| check(reader, word, value));
        let expectation = Expectation {
            clause: found,
            checks: checks.collect(),
        };
        if expectation.checks.is_empty() && reader.problems.is_empty() {
            reader.problem(Problem::new(
                clause.span,
                "nothing is expected here",
                "under this clause",
            ));
        }
        all.push(expectation);
    }
    if all.is_empty() && reader.problems.is_empty() {
        reader.problem(Problem::new(
            key.span,
            "nothing is expected",
            "nothing would be checked",
        ));
    }
    all
}

fn check(reader: &mut Reader, word: &Key, value: &Node) -> Option<Check> {
    Some(match word.text.as_str() {
        "ok" if value.as_str() == Some("any") => Check::AnySuccess,
        "ok" => Check::Success(value.to_json()),
        "error" => error(reader, value),
        "no-error" => Check::Not(Box::new(error(reader, value))),
        "one-of" => {
            let items = reader.list(value, "`one-of`");
            let mut reports = Vec::new();
            for item in items {
                for (word, value) in reader.mapping(item, "a report") {
                    if !["ok", "error"].contains(&word.text.as_str()) {
                        reader.unknown(word.span, "report", &word.text, ["ok", "error"]);
                    }
                    reports.extend(check(reader, word, value));
                }
            }
            Check::OneOf(reports)
        }
        "requests" => {
            let bounds = reader.mapping(value, "`requests`");
            let words = [
                crate::case::format::word("least", ""),
                crate::case::format::word("most", ""),
            ];
            reader.known_keys(bounds, "bound", &words);
            let mut bound = |name: &str, otherwise: usize| match member(bounds, name) {
                Some((_, node)) => reader.number(node, name),
                None => otherwise,
            };
            Check::Requests {
                least: bound("least", 0),
                most: bound("most", usize::MAX),
            }
        }
        "waits" => Check::Waits,
        "abandons" => Check::Abandons,
        "pages" => {
            one_of(reader, value, &["once"]);
            Check::PagesOnce
        }
        "other-host" => {
            one_of(reader, value, &["no-credentials"]);
            Check::NoCredentialsElsewhere
        }
        _ => return None,
    })
}

/// Reads what an error must be.
fn error(reader: &mut Reader, value: &Node) -> Check {
    let any = Check::Error {
        status: Vec::new(),
        code: Vec::new(),
        kind: Vec::new(),
    };
    if value.as_str() == Some("any") {
        return any;
    }
    let entries = reader.mapping(value, "an error");
    let words = ["status", "code", "kind"].map(|name| crate::case::format::word(name, ""));
    reader.known_keys(entries, "member", &words);
    let list = |name: &str| match json(member(entries, name)) {
        Value::Null => Vec::new(),
        Value::Array(all) => all,
        one => vec![one],
    };
    let number = |value: &Value| value.as_i64();
    Check::Error {
        status: list("status")
            .iter()
            .filter_map(|value| u16::try_from(number(value)?).ok())
            .collect(),
        code: list("code").iter().filter_map(number).collect(),
        kind: list("kind")
            .iter()
            .filter_map(|value| Some(value.as_str()?.to_owned()))
            .collect(),
    }
}
