//! A check for names that a case defines but never uses, or uses but never defines: variables, captures, zones and
//! clauses.

use std::collections::BTreeSet;

use super::super::model::{Action, CaseFile, ClauseKey, OperationName, Step};
use super::super::template;
use super::super::variable::is_builtin;
use super::reader::Reader;
use crate::contract::{ClauseId, Contract, rule};
use crate::diagnostic::yaml::{Data, Node};
use crate::diagnostic::{Problem, Span};
use crate::exchange::Generation;

pub(super) fn check(reader: &mut Reader, root: &Node, case: &CaseFile) {
    variables(reader, root, case);
    zones(reader, &case.steps, &case.zones);
    if case.generations.is_empty() {
        general(reader, case);
    }
}

/// Collects every text of the file with its place.
fn texts<'n>(node: &'n Node, found: &mut Vec<(&'n str, Span)>) {
    match &node.data {
        Data::Scalar { text, .. } => found.push((text, node.span)),
        Data::Sequence(items) => items.iter().for_each(|item| texts(item, found)),
        Data::Mapping(entries) => entries.iter().for_each(|(_, value)| texts(value, found)),
    }
}

fn variables(reader: &mut Reader, root: &Node, case: &CaseFile) {
    let mut found = Vec::new();
    texts(root, &mut found);
    let mut used = BTreeSet::new();
    let mut named = BTreeSet::new();
    let later = names_of_steps(&case.steps);
    named.extend(later.iter().map(|(name, _)| name.clone()));
    for (text, span) in found {
        for name in template::names(text) {
            if !is_builtin(&name) && !named.contains(&name) {
                let columns = reader.columns.clone();
                let own = named.iter().chain(&columns).map(String::as_str);
                let builtin = [
                    "v4.0",
                    "v6.0",
                    "fresh",
                    "pair.0.vendor",
                    "pair.0.region",
                    "zone",
                ];
                reader.unknown(span, "variable", &name, own.chain(builtin));
            }
            used.insert(name);
        }
    }
    for (name, span) in later {
        if !used.contains(&name) {
            let message = format!("`{name}` is kept and never read");
            reader.problem(Problem::new(span, message, "use it or leave it out"));
        }
    }
}

/// Returns the names that steps define, each with the place of the step.
fn names_of_steps(steps: &[Step]) -> Vec<(String, Span)> {
    let mut found = Vec::new();
    for step in Step::all(steps) {
        let captured = step.capture.iter().map(|(name, _)| name);
        found.extend(captured.map(|name| (name.clone(), step.span)));
        if let Action::Let(values) = &step.action {
            found.extend(values.iter().map(|(name, _)| (name.clone(), step.span)));
        }
    }
    found
}

/// Returns the clauses of a case's expectations and checks.
pub(super) fn touched(steps: &[Step]) -> Vec<ClauseKey> {
    let mut found = Vec::new();
    for step in Step::all(steps) {
        let expected = step.expect.iter().map(|expectation| &expectation.clause);
        found.extend(expected.chain(step.action.clause()).cloned());
    }
    found
}

/// Reports clauses that the rows of a file cite but never expect, or expect but never cite. A row ignores clauses of a
/// generation that it does not run for, so another row must run for that generation.
pub(super) fn check_clauses(reader: &mut Reader, cases: &[&CaseFile]) {
    let mut idle: Vec<ClauseKey> = Vec::new();
    let mut concerned = BTreeSet::new();
    for case in cases {
        let expected = touched(&case.steps);
        for key in case.proves.iter().chain(&expected) {
            if concerns(key, case) {
                concerned.insert(key.span.start);
            } else {
                idle.push(key.clone());
            }
        }
        clauses(reader, case, &expected);
    }
    for key in idle {
        if !concerned.contains(&key.span.start) {
            let message = format!(
                "`{}` is of a generation that the case does not run for",
                key.id
            );
            reader.problem(Problem::new(key.span, message, "it would be passed over"));
        }
    }
}

/// Returns whether a clause applies to a generation that a case runs for.
fn concerns(key: &ClauseKey, case: &CaseFile) -> bool {
    let of = |generation: &Generation| key.clause(Some(*generation)).is_some();
    case.generations.is_empty() || case.generations.iter().any(of)
}

fn clauses(reader: &mut Reader, case: &CaseFile, expected: &[ClauseKey]) {
    let ids = |key: &ClauseKey| concrete(key, &case.generations);
    let concerning = |key: &&ClauseKey| concerns(key, case);
    let cited_ids: Vec<String> = case.proves.iter().flat_map(ids).collect();
    let expected_ids: Vec<String> = expected.iter().flat_map(ids).collect();
    for key in case.proves.iter().filter(concerning) {
        let is_touched = |id: &String| {
            let always = rule::ALL
                .iter()
                .any(|rule| rule.clauses().iter().any(|clause| clause.as_str() == id));
            always || expected_ids.contains(id)
        };
        // A comparison with the zone's history may check any clause.
        if !case.judges_history && !ids(key).iter().any(is_touched) {
            let message = format!("no expectation touches `{}`", key.id);
            reader.problem(Problem::new(key.span, message, "cited here"));
        }
    }
    for key in expected.iter().filter(concerning) {
        if !ids(key).iter().all(|id| cited_ids.contains(id)) {
            let message = format!("`{}` is expected but not cited in `proves`", key.id);
            reader.problem(Problem::new(key.span, message, "expected here"));
        }
    }
}

/// Returns the existing clauses that a key means in the generations of its case.
fn concrete(key: &ClauseKey, generations: &[Generation]) -> Vec<String> {
    let Some(rest) = key.id.strip_prefix("Vn-") else {
        return vec![key.id.clone()];
    };
    generations
        .iter()
        .map(|generation| format!("{}-{rest}", generation.clause_prefix()))
        .filter(|id| {
            Contract::embedded()
                .clause(&ClauseId::from(id.as_str()))
                .is_some()
        })
        .collect()
}

fn zones(reader: &mut Reader, steps: &[Step], known: &[String]) {
    for step in Step::all(steps) {
        if let Some(zone) = &step.zone
            && !known.contains(zone)
        {
            reader.unknown(step.span, "zone", zone, known.iter().map(String::as_str));
        }
    }
}

/// Reports general names in a case without `generations`.
fn general(reader: &mut Reader, case: &CaseFile) {
    for step in Step::all(&case.steps) {
        if let Action::Call(call) = &step.action
            && matches!(call.operation, OperationName::General(_))
        {
            let message = "a general operation needs `generations`";
            let hint = "or name it fully: `v2.put`";
            reader.problem(Problem::new(step.span, message, hint));
        }
    }
    for clause in case
        .proves
        .iter()
        .filter(|clause| clause.id.starts_with("Vn-"))
    {
        let message = "`Vn-` needs `generations`";
        reader.problem(Problem::new(
            clause.span,
            message,
            "or name the clause fully",
        ));
    }
}
