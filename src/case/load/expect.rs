//! Expectations: the promises of each clause.

use serde_json::Value;

use super::super::format::{self, names};
use super::super::matcher;
use super::super::model::{Check, Expectation, Set, StatusSpec};
use super::reader::{Reader, member};
use crate::contract::StatusPattern;
use crate::diagnostic::Problem;
use crate::diagnostic::yaml::{Data, Key, Node};

pub(super) fn read_expect(reader: &mut Reader, node: &Node) -> Vec<Expectation> {
    let entries = reader.mapping(node, "`expect`");
    entries
        .iter()
        .map(|(key, node)| {
            let clause = reader.clause(&key.text, key.span);
            let is_empty = node.as_str().is_some_and(str::is_empty);
            let checks = if is_empty {
                Vec::new()
            } else {
                let entries = reader.mapping(node, "what a clause expects");
                entries
                    .iter()
                    .filter_map(|(key, node)| read_check(reader, key, node))
                    .collect()
            };
            Expectation { clause, checks }
        })
        .collect()
}

fn read_check(reader: &mut Reader, key: &Key, node: &Node) -> Option<Check> {
    Some(match key.text.as_str() {
        "status" => Check::Status(read_status(reader, node)),
        "code" => Check::Code(read_codes(reader, node)),
        "code-if-refused" => Check::CodeIfRefused(read_codes(reader, node)),
        "mapping" => {
            let entries = reader.mapping(node, "`mapping`");
            reader.known_keys(entries, "key of a mapping", format::ITEM);
            Check::Mapping(node.to_json())
        }
        "mappings" => Check::Mappings(read_set(reader, node)),
        "succeeded" => Check::Succeeded(read_set(reader, node)),
        "failed" => Check::Failed(read_set(reader, node)),
        "successes" => Check::Successes(reader.number(node, "`successes`")),
        "address" => Check::Address(node.to_json()),
        path => return read_path(reader, key, path, node),
    })
}

fn read_path(reader: &mut Reader, key: &Key, path: &str, node: &Node) -> Option<Check> {
    let root = path.split('.').next().unwrap_or_default();
    if !names(format::BODY_ROOTS).any(|name| name == root) {
        let known = names(format::EXPECT).chain(names(format::BODY_ROOTS));
        reader.unknown(key.span, "expectation", path, known);
        return None;
    }
    let value = node.to_json();
    if let Some(fault) = matcher::fault(&value) {
        reader.problem(Problem::new(node.span, fault, "this argument"));
    }
    Some(match path.strip_prefix("header.") {
        Some(name) => Check::Header {
            name: name.to_lowercase(),
            matcher: value,
        },
        None => Check::Body {
            pointer: format!("/{}", path.replace('.', "/")),
            matcher: value,
        },
    })
}

fn read_status(reader: &mut Reader, node: &Node) -> StatusSpec {
    let nodes: Vec<&Node> = match &node.data {
        Data::Sequence(items) => items.iter().collect(),
        Data::Scalar { .. } | Data::Mapping(_) => vec![node],
    };
    let mut patterns = Vec::new();
    for node in nodes {
        let text = reader.text(node, "a status");
        let is_status = text.len() == 3
            && text.starts_with(|c: char| ('1'..='5').contains(&c))
            && text.chars().skip(1).all(|c| c.is_ascii_digit() || c == 'x');
        if !is_status {
            let message = format!("`{text}` is not a status");
            reader.problem(Problem::new(
                node.span,
                message,
                "expected 200, 404, 4xx, ...",
            ));
        }
        patterns.push(StatusPattern(text));
    }
    StatusSpec(patterns)
}

fn read_codes(reader: &mut Reader, node: &Node) -> Vec<i64> {
    let values = match node.to_json() {
        Value::Array(values) => values,
        value => vec![value],
    };
    values
        .iter()
        .map(|value| {
            value.as_i64().unwrap_or_else(|| {
                let message = format!("`{value}` is not a code");
                reader.problem(Problem::new(
                    node.span,
                    message,
                    "expected a number such as 1142",
                ));
                0
            })
        })
        .collect()
}

fn read_set(reader: &mut Reader, node: &Node) -> Set {
    if !matches!(node.data, Data::Mapping(_)) {
        super::action::read_items(reader, node);
        return Set {
            exactly: Some(node.to_json()),
            ..Set::default()
        };
    }
    let entries = reader.mapping(node, "a set");
    reader.known_keys(entries, "key of a set", format::SET);
    let value = |name: &str| member(entries, name).map(|(_, node)| node.to_json());
    for name in ["exactly", "has"] {
        if let Some((_, node)) = member(entries, name) {
            super::action::read_items(reader, node);
        }
    }
    Set {
        exactly: value("exactly"),
        has: value("has"),
        lacks: value("lacks"),
        count: value("count"),
    }
}
