//! Steps and their arguments.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::format::{self, names};
use super::super::model::{
    Action, Auth, CallSpec, ClauseKey, Expectation, OperationName, Over, Step,
};
use super::expect::read_expect;
use super::reader::{Reader, json, member};
use crate::contract::FaultRequest;
use crate::diagnostic::yaml::{Data, Key, Node};
use crate::diagnostic::{Problem, SourceFile, Span};
use crate::exchange::{Operation, RequestBody};

const AUTHS: &[(&str, Auth)] = &[
    ("token", Auth::Token),
    ("key", Auth::Key),
    ("none", Auth::None),
    ("wrong-token", Auth::WrongToken),
    ("wrong-key", Auth::WrongKey),
    ("shortened-token", Auth::ShortenedToken),
    ("lengthened-token", Auth::LengthenedToken),
    ("other-case-token", Auth::OtherCaseToken),
    ("empty-token", Auth::EmptyToken),
    ("basic-scheme", Auth::BasicScheme),
    ("email-alone", Auth::EmailAlone),
    ("shortened-key", Auth::ShortenedKey),
    ("lengthened-key", Auth::LengthenedKey),
    ("other-case-key", Auth::OtherCaseKey),
];

pub(super) fn read_steps(reader: &mut Reader, node: &Node, source: &SourceFile) -> Vec<Step> {
    let items = reader.list(node, "`steps`");
    let mut steps = Vec::new();
    for item in items {
        if matches!(item.data, Data::Sequence(_)) {
            // The value of a column can be several steps.
            steps.extend(read_steps(reader, item, source));
        } else {
            steps.extend(read_step(reader, item, source));
        }
    }
    steps
}

pub(super) fn operation_name(name: &str) -> Option<OperationName> {
    Operation::from_id(name)
        .map(OperationName::Exact)
        .or_else(|| {
            let (_, kind) = format::GENERAL_OPERATIONS
                .iter()
                .find(|(general, _)| general.name == name)?;
            Some(OperationName::General(*kind))
        })
        .or_else(|| (name == "request").then_some(OperationName::Outside))
}

fn read_step(reader: &mut Reader, node: &Node, source: &SourceFile) -> Option<Step> {
    let entries = reader.mapping(node, "a step");
    let is_action = |name: &str| {
        operation_name(name).is_some() || names(format::ACTIONS).any(|action| action == name)
    };
    let mut actions = entries.iter().filter(|(key, _)| is_action(&key.text));
    let action = actions.next();
    if let Some((second, _)) = actions.next() {
        let message = "a step does one thing";
        reader.problem(Problem::new(
            second.span,
            message,
            "make this a step of its own",
        ));
    }
    for (key, _) in entries {
        let is_known = is_action(&key.text) || names(format::STEP).any(|name| name == key.text);
        if !is_known {
            let operations = Operation::all().map(Operation::id);
            let known = names(format::STEP)
                .chain(names(format::ACTIONS))
                .chain(format::general_words().map(|word| word.name))
                .chain(operations);
            reader.unknown(key.span, "step key", &key.text, known);
        }
    }
    let Some((key, argument)) = action else {
        // The rest of the step is still read, so that its faults are reported as well.
        read_expectations(reader, entries);
        if entries
            .iter()
            .all(|(key, _)| names(format::STEP).any(|name| name == key.text))
        {
            let span = Span {
                start: node.span.start,
                end: node.span.start + 1,
            };
            reader.problem(Problem::new(
                span,
                "the step does nothing",
                "name an operation",
            ));
        }
        return None;
    };
    let proves = member(entries, "proves").map(|(_, node)| {
        let text = reader.text(node, "a clause");
        reader.clause(&text, node.span)
    });
    let action = read_action(reader, (key, argument), entries, proves.as_ref(), source)?;
    let zone = member(entries, "zone").map(|(_, node)| reader.text(node, "`zone`"));
    Some(Step {
        span: key.span,
        // A key from a column has the place of its cell, but findings of a run belong to the line of the step.
        line: source.line_column(node.span.start).0,
        action,
        zone,
        expect: read_expectations(reader, entries),
        capture: read_capture(reader, entries),
    })
}

fn read_expectations(reader: &mut Reader, entries: &[(Key, Node)]) -> Vec<Expectation> {
    member(entries, "expect").map_or_else(Vec::new, |(_, node)| read_expect(reader, node))
}

fn read_capture(reader: &mut Reader, entries: &[(Key, Node)]) -> Vec<(String, String)> {
    let Some((_, node)) = member(entries, "capture") else {
        return Vec::new();
    };
    let entries = reader.mapping(node, "`capture`");
    entries
        .iter()
        .map(|(key, node)| (key.text.clone(), reader.text(node, "a path")))
        .collect()
}

fn read_action(
    reader: &mut Reader,
    (key, argument): (&Key, &Node),
    entries: &[(Key, Node)],
    proves: Option<&ClauseKey>,
    source: &SourceFile,
) -> Option<Action> {
    if let Some(operation) = operation_name(&key.text) {
        return Some(Action::Call(read_call(
            reader, operation, argument, entries,
        )));
    }
    let needed = |reader: &mut Reader| {
        let clause = proves.cloned();
        if clause.is_none() {
            let message = format!("`{}` needs `proves`: the clause that it checks", key.text);
            reader.problem(Problem::new(key.span, message, "add `proves`"));
        }
        clause
    };
    match key.text.as_str() {
        "holds" => {
            read_items(reader, argument);
            Some(Action::Holds(argument.to_json(), needed(reader)?))
        }
        "one-of" => {
            read_items(reader, argument);
            Some(Action::OneOf(argument.to_json(), needed(reader)?))
        }
        "pages" => Some(Action::Pages {
            per_page: argument.to_json(),
            clause: needed(reader)?,
        }),
        "at-most" => {
            let most = reader.number(argument, "`at-most`");
            Some(Action::AtMost(most, needed(reader)?))
        }
        "unchanged" | "settled" => {
            let text = reader.text(argument, "a clause");
            let clause = reader.clause(&text, argument.span);
            Some(if key.text == "settled" {
                Action::Settled(clause)
            } else {
                Action::Unchanged(clause)
            })
        }
        "parallel" => Some(Action::Parallel(read_parallel(reader, argument, source))),
        "repeat" => Some(read_repeat(reader, argument, source)),
        "let" => {
            let entries = reader.mapping(argument, "`let`");
            let values = entries
                .iter()
                .map(|(key, node)| (key.text.clone(), node.to_json()));
            Some(Action::Let(values.collect()))
        }
        _ => None,
    }
}

/// The maximum number of steps that are sent at the same time.
const AT_ONCE: usize = 1_000;

fn read_parallel(reader: &mut Reader, node: &Node, source: &SourceFile) -> Vec<Step> {
    if matches!(node.data, Data::Sequence(_)) {
        return read_steps(reader, node, source);
    }
    let entries = reader.mapping(node, "`parallel`");
    reader.known_keys(entries, "key of `parallel`", format::PARALLEL);
    let count = member(entries, "count").map_or(0, |(_, node)| reader.number(node, "`count`"));
    let step = member(entries, "step").and_then(|(_, node)| read_step(reader, node, source));
    match step {
        Some(step) if (1..=AT_ONCE).contains(&count) => vec![step; count],
        Some(_) if count > AT_ONCE => {
            let message = format!("`count` expects at most {AT_ONCE}, found {count}");
            reader.problem(Problem::new(node.span, message, "fewer steps at a time"));
            Vec::new()
        }
        _ => {
            let message = "`parallel` needs `count` and `step`";
            reader.problem(Problem::new(
                node.span,
                message,
                "or make it a list of steps",
            ));
            Vec::new()
        }
    }
}

fn read_repeat(reader: &mut Reader, node: &Node, source: &SourceFile) -> Action {
    let entries = reader.mapping(node, "`repeat`");
    reader.known_keys(entries, "key of `repeat`", format::REPEAT);
    let steps = member(entries, "steps")
        .map_or_else(Vec::new, |(_, node)| read_steps(reader, node, source));
    let times = member(entries, "times").map(|(_, node)| reader.number(node, "`times`"));
    let over = member(entries, "over").map(|(_, node)| (node.span, reader.text(node, "`over`")));
    let over = match (times, over) {
        (Some(times), None) => Over::Times(times),
        (None, Some((span, name))) => {
            let named = Over::NAMED.iter().find(|(known, _)| *known == name);
            if named.is_none() {
                let known = Over::NAMED.map(|(known, _)| known);
                reader.unknown(span, "thing to repeat over", &name, known);
            }
            named.map_or(Over::Times(0), |(_, over)| *over)
        }
        _ => {
            let message = "`repeat` needs either `times` or `over`";
            reader.problem(Problem::new(node.span, message, "here"));
            Over::Times(0)
        }
    };
    Action::Repeat { over, steps }
}

fn read_call(
    reader: &mut Reader,
    operation: OperationName,
    argument: &Node,
    entries: &[(Key, Node)],
) -> CallSpec {
    read_argument(reader, operation, argument);
    let mut choice = |name: &str, known: &[&str]| -> Option<String> {
        let (_, node) = member(entries, name)?;
        let text = reader.text(node, name);
        if !known.contains(&text.as_str()) {
            reader.unknown(node.span, name, &text, known.iter().copied());
        }
        Some(text)
    };
    let auths: Vec<&str> = AUTHS.iter().map(|(name, _)| *name).collect();
    let auth = choice("auth", &auths)
        .and_then(|text| AUTHS.iter().find(|(name, _)| *name == text))
        .map_or(Auth::Token, |(_, auth)| *auth);
    let faults: Vec<&str> = FaultRequest::words().collect();
    let fault = choice("fault", &faults).and_then(|word| FaultRequest::from_word(&word));
    let framing = choice("framing", &["recommended"]);
    let headers: BTreeMap<String, Value> = match member(entries, "headers") {
        Some((_, node)) => reader
            .mapping(node, "`headers`")
            .iter()
            .map(|(key, node)| (key.text.to_lowercase(), node.to_json()))
            .collect(),
        None => BTreeMap::new(),
    };
    CallSpec {
        operation,
        argument: argument.to_json(),
        auth,
        fault,
        headers,
        outside_contract: framing.is_some() || operation == OperationName::Outside,
    }
}

fn read_argument(reader: &mut Reader, operation: OperationName, node: &Node) {
    let meant = operation.operations();
    let Some(first) = meant.first() else {
        let entries = reader.mapping(node, "`request`");
        reader.known_keys(entries, "key of `request`", format::REQUEST);
        if !json(member(entries, "path")).is_string() {
            reader.problem(Problem::new(node.span, "`request` needs `path`", "here"));
        }
        return;
    };
    let is_empty = node
        .as_str()
        .is_some_and(|text| text.is_empty() || text == "~");
    let any = |is: fn(Operation) -> bool| meant.iter().copied().any(is);
    match first.body() {
        RequestBody::Nothing if any(Operation::has_address_in_path) => {
            if let Data::Mapping(entries) = &node.data {
                reader.known_keys(entries, "key of an address", format::PATH);
            } else {
                reader.text(node, "the address");
            }
        }
        RequestBody::Nothing => {
            if !is_empty {
                let entries = reader.mapping(node, "the query");
                let is_list = any(Operation::shows_all);
                let words = if is_list { format::LIST } else { &[] };
                reader.known_keys(entries, "query parameter", words);
            }
        }
        RequestBody::Item => {
            let entries = reader.mapping(node, "the body");
            reader.known_keys(entries, "key of a write", format::WRITE);
        }
        RequestBody::Items => match &node.data {
            Data::Mapping(entries) => reader.known_keys(entries, "key of a batch", format::BATCH),
            Data::Sequence(_) | Data::Scalar { .. } => read_items(reader, node),
        },
        RequestBody::Addresses => match &node.data {
            Data::Mapping(entries) => reader.known_keys(entries, "key of a batch", format::BATCH),
            Data::Sequence(items) => {
                for item in items {
                    if let Data::Mapping(entries) = &item.data {
                        reader.known_keys(entries, "key of an item", format::ITEM);
                    }
                }
            }
            Data::Scalar { .. } => {
                reader.list(node, "a batch");
            }
        },
    }
}

/// Checks a list of items.
pub(super) fn read_items(reader: &mut Reader, node: &Node) {
    for item in reader.list(node, "this") {
        let entries = reader.mapping(item, "an item");
        reader.known_keys(entries, "key of an item", format::ITEM);
        let says = |name: &str| member(entries, name).is_some();
        if !["ip", "fill", "raw", "chunk"].into_iter().any(says) && !entries.is_empty() {
            let message = "an item needs `ip`, `fill`, `chunk` or `raw`";
            reader.problem(Problem::new(item.span, message, "this one has none"));
        }
    }
}
