//! The top of a file.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::super::format;
use super::super::model::{CaseFile, Row, Step};
use super::action::read_steps;
use super::bounds;
use super::reader::{Reader, member};
use super::usage;
use super::values;
use crate::contract::Contract;
use crate::diagnostic::yaml::{self, Data, Key, Node};
use crate::diagnostic::{Problem, SourceFile, Span};
use crate::exchange::Generation;

/// Reads one file.
///
/// # Errors
/// All its problems.
pub(in crate::case) fn load(
    id: &str,
    source: SourceFile,
) -> Result<CaseFile, (SourceFile, Vec<Problem>)> {
    let node = match yaml::parse(&source.text) {
        Ok(node) => node,
        Err(problem) => return Err((source, vec![problem])),
    };
    let mut reader = Reader::default();
    let mut case = read(&mut reader, id, &node, &source);
    bounds::check(&mut reader, &node);
    values::check(&mut reader, &node, &case.generations);
    if reader.problems.is_empty() {
        usage::check(&mut reader, &node, &mut case);
    }
    if reader.problems.is_empty() {
        case.source = Arc::new(source);
        Ok(case)
    } else {
        Err((source, reader.problems))
    }
}

fn read(reader: &mut Reader, id: &str, node: &Node, source: &SourceFile) -> CaseFile {
    let entries = reader.mapping(node, "a case");
    reader.known_keys(entries, "key", format::FILE);
    for required in ["title", "proves", "steps"] {
        if member(entries, required).is_none() {
            let place = Span { start: 0, end: 0 };
            reader.problem(Problem::new(
                place,
                format!("the case has no `{required}`"),
                "add it",
            ));
        }
    }
    let mut texts = |name: &str| match member(entries, name) {
        Some((_, node)) => reader.texts(node, name),
        None => Vec::new(),
    };
    let (needs, tags) = (texts("needs"), texts("tags"));
    let mut zones = texts("zones");
    if zones.is_empty() {
        zones.push("home".to_owned());
    }
    let mut text = |name: &str| member(entries, name).map(|(_, node)| reader.text(node, name));
    let (title, about) = (text("title").unwrap_or_default(), text("about"));
    let unkillable = text("unkillable");
    capabilities(reader, entries);
    let given = given(reader, entries, &zones);
    let mut case = CaseFile {
        id: id.to_owned(),
        source: Arc::new(SourceFile {
            path: String::new(),
            text: String::new(),
        }),
        title,
        about,
        proves: proves(reader, entries),
        generations: generations(reader, entries),
        needs,
        tags,
        unkillable,
        zones,
        given,
        table: table(reader, entries),
        steps: steps(reader, entries, source),
    };
    implied_needs(&mut case);
    case
}

fn capabilities(reader: &mut Reader, entries: &[(Key, Node)]) {
    let Some((_, node)) = member(entries, "needs") else {
        return;
    };
    let Data::Sequence(items) = &node.data else {
        return;
    };
    let known = || {
        Contract::embedded()
            .capabilities
            .iter()
            .map(|c| c.name.as_str())
    };
    for item in items {
        if let Some(name) = item.as_str()
            && !known().any(|known| known == name)
        {
            reader.unknown(item.span, "capability", name, known());
        }
    }
}

fn proves(reader: &mut Reader, entries: &[(Key, Node)]) -> Vec<super::super::model::ClauseKey> {
    let Some((_, node)) = member(entries, "proves") else {
        return Vec::new();
    };
    let items = reader.list(node, "`proves`");
    items
        .iter()
        .map(|item| {
            let text = reader.text(item, "a clause");
            reader.clause(&text, item.span)
        })
        .collect()
}

fn generations(reader: &mut Reader, entries: &[(Key, Node)]) -> Vec<Generation> {
    let Some((_, node)) = member(entries, "generations") else {
        return Vec::new();
    };
    let items = reader.list(node, "`generations`");
    let mut generations = Vec::new();
    for item in items {
        let text = reader.text(item, "a generation");
        match Generation::ALL
            .iter()
            .find(|generation| generation.id() == text)
        {
            Some(generation) => generations.push(*generation),
            None => reader.unknown(item.span, "generation", &text, ["v1", "v2"]),
        }
    }
    generations
}

fn given(
    reader: &mut Reader,
    entries: &[(Key, Node)],
    zones: &[String],
) -> BTreeMap<String, Value> {
    let mut given = BTreeMap::new();
    let Some((_, node)) = member(entries, "given") else {
        return given;
    };
    match &node.data {
        Data::Mapping(by_zone) => {
            for (zone, items) in by_zone {
                if !zones.contains(&zone.text) {
                    reader.unknown(
                        zone.span,
                        "zone",
                        &zone.text,
                        zones.iter().map(String::as_str),
                    );
                }
                super::action::read_items(reader, items);
                given.insert(zone.text.clone(), items.to_json());
            }
        }
        Data::Sequence(_) | Data::Scalar { .. } => {
            super::action::read_items(reader, node);
            given.insert(zones.first().cloned().unwrap_or_default(), node.to_json());
        }
    }
    given
}

fn table(reader: &mut Reader, entries: &[(Key, Node)]) -> Vec<Row> {
    let Some((key, node)) = member(entries, "table") else {
        return vec![Row::default()];
    };
    let mut rows: Vec<Row> = Vec::new();
    let mut columns: Option<Vec<String>> = None;
    for item in reader.list(node, "`table`") {
        let cells = reader.mapping(item, "a row");
        let mut row = Row::default();
        for (key, value) in cells {
            if key.text == "row" {
                row.name = reader.text(value, "a row's name");
            } else {
                row.values.insert(key.text.clone(), value.to_json());
            }
        }
        let is_name =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if row.name.is_empty() || !row.name.chars().all(is_name) {
            let message = "a row needs a `row`: its name in lower case, digits, `-` and `.`";
            reader.problem(Problem::new(item.span, message, "this row"));
        }
        if rows.iter().any(|other| other.name == row.name) {
            let message = format!("two rows are called `{}`", row.name);
            reader.problem(Problem::new(item.span, message, "the second one"));
        }
        let names: Vec<String> = row.values.keys().cloned().collect();
        match &columns {
            None => columns = Some(names),
            Some(columns) if *columns != names => {
                let label = format!(
                    "expected {}, found {}",
                    columns.join(", "),
                    names.join(", ")
                );
                reader.problem(Problem::new(
                    item.span,
                    "all rows have the same columns",
                    label,
                ));
            }
            Some(_) => {}
        }
        rows.push(row);
    }
    if rows.is_empty() {
        reader.problem(Problem::new(
            key.span,
            "the table has no rows",
            "add one or leave it out",
        ));
    }
    rows
}

fn steps(reader: &mut Reader, entries: &[(Key, Node)], source: &SourceFile) -> Vec<Step> {
    let Some((key, node)) = member(entries, "steps") else {
        return Vec::new();
    };
    let steps = read_steps(reader, node, source);
    if matches!(&node.data, Data::Sequence(items) if items.is_empty()) {
        reader.problem(Problem::new(
            key.span,
            "the case has no steps",
            "nothing would be checked",
        ));
    }
    steps
}

/// Operations bring the capability of their generation along.
fn implied_needs(case: &mut CaseFile) {
    fn visit(steps: &[Step], found: &mut Vec<Generation>) {
        use super::super::model::{Action, OperationName};
        for step in steps {
            match &step.action {
                Action::Call(call) => {
                    if let OperationName::Exact(operation) = call.operation {
                        found.push(operation.generation());
                    }
                }
                Action::Pages { .. } => found.push(Generation::V2),
                Action::Parallel(steps) | Action::Repeat { steps, .. } => visit(steps, found),
                Action::Holds(..)
                | Action::Unchanged(_)
                | Action::Let(_)
                | Action::Settled(_)
                | Action::AtMost(..)
                | Action::OneOf(..) => {}
            }
        }
    }
    let mut found = Vec::new();
    visit(&case.steps, &mut found);
    for generation in found {
        // A case that runs for several generations takes the general need from its trial.
        let is_general = !case.generations.is_empty();
        if !is_general && !case.needs.iter().any(|need| need == generation.id()) {
            case.needs.push(generation.id().to_owned());
        }
    }
}
