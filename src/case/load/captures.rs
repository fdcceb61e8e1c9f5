//! A check of captures: each path must exist in the documented form of the step's answer.

use serde_json::Value;

use super::super::model::OperationName;
use super::action::operation_name;
use super::reader::Reader;
use crate::contract::Schemas;
use crate::diagnostic::yaml::{Data, Key, Node};
use crate::diagnostic::{Problem, Span};
use crate::exchange::{Generation, Operation};

/// The members of an answer with which a path can begin.
const ROOTS: [&str; 5] = ["success", "errors", "messages", "result", "result_info"];

/// Checks the paths that a step captures.
pub(super) fn check(
    reader: &mut Reader,
    step: &[(Key, Node)],
    captured: &Node,
    generations: &[Generation],
) {
    let Data::Mapping(names) = &captured.data else {
        return;
    };
    for (_, path) in names {
        let Some(text) = path.as_str() else { continue };
        let root = text.split('.').next().unwrap_or_default();
        if ROOTS.contains(&root) {
            documented(reader, step, (text, path.span), generations);
        } else {
            reader.unknown(path.span, "member of an answer", root, ROOTS);
        }
    }
}

/// Checks that a path exists in the documented form of a step's answer.
pub(super) fn documented(
    reader: &mut Reader,
    step: &[(Key, Node)],
    (text, span): (&str, Span),
    generations: &[Generation],
) {
    let mut parts = text.split('.');
    let root = parts.next().unwrap_or_default();
    let below: Vec<&str> = parts.collect();
    for operation in operations_of(step, generations) {
        let schema = match root {
            "result" => format!("result/{}", operation.row().result),
            "result_info" if operation.is_paged() => "result-info".to_owned(),
            // If the generations differ, a clause of one is ignored in the other.
            _ => continue,
        };
        if let Some(schema) = Schemas::source(&schema)
            && let Some(missing) = first_missing(&schema, &schema, &below)
        {
            let message = format!("{operation} answers without `{missing}` in `{text}`");
            problem(reader, span, message);
        }
    }
}

fn problem(reader: &mut Reader, span: Span, message: String) {
    let hint = "the documented form has no such member";
    reader.problem(Problem::new(span, message, hint));
}

/// Returns the operations that a step may send.
fn operations_of(step: &[(Key, Node)], generations: &[Generation]) -> Vec<Operation> {
    let names = step.iter().filter_map(|(key, _)| operation_name(&key.text));
    names
        .flat_map(|name| match name {
            OperationName::Exact(operation) => vec![operation],
            OperationName::General(kind) => generations
                .iter()
                .filter_map(|generation| Operation::of(*generation, kind))
                .collect(),
            OperationName::Outside => Vec::new(),
        })
        .collect()
}

/// Returns the first part of a path that a schema does not allow. Parts that the schema leaves open are allowed.
fn first_missing<'p>(root: &Value, schema: &Value, path: &[&'p str]) -> Option<&'p str> {
    let (first, rest) = path.split_first()?;
    let reference = schema.get("$ref").and_then(Value::as_str);
    if let Some(pointer) = reference.and_then(|reference| reference.strip_prefix('#')) {
        return first_missing(root, root.pointer(pointer)?, path);
    }
    if let Some(items) = schema.get("items") {
        let is_index = first.chars().all(|c| c.is_ascii_digit());
        return if is_index {
            first_missing(root, items, rest)
        } else {
            Some(first)
        };
    }
    let others = schema
        .get("additionalProperties")
        .filter(|others| others.is_object());
    let properties = schema.get("properties");
    match properties
        .and_then(|properties| properties.get(first))
        .or(others)
    {
        Some(below) => first_missing(root, below, rest),
        None if properties.is_some() => Some(first),
        None => None,
    }
}
