//! The top level of a case file.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::super::format;
use super::super::model::{CaseFile, Step};
use super::action::read_steps;
use super::bounds;
use super::reader::{Reader, member};
use super::table;
use super::usage;
use super::values;
use crate::contract::Contract;
use crate::diagnostic::yaml::{self, Data, Key, Node};
use crate::diagnostic::{Problem, SourceFile, Span};
use crate::exchange::Generation;

/// Reads one file. Returns a case for each row of its table.
///
/// # Errors
/// Returns all problems of the file.
pub(in crate::case) fn load(
    id: &str,
    source: SourceFile,
) -> Result<Vec<Arc<CaseFile>>, (SourceFile, Vec<Problem>)> {
    let root = match yaml::parse(&source.text) {
        Ok(node) => node,
        Err(problem) => return Err((source, vec![problem])),
    };
    let mut reader = Reader::default();
    let rows = table::read_rows(&mut reader, &root);
    if let Some(row) = rows.first() {
        reader.columns = row.columns().into_iter().map(str::to_owned).collect();
    }
    let mut cases = Vec::new();
    for row in &rows {
        let before = reader.problems.len();
        let node = row.fill(&mut reader, &root);
        if reader.problems.len() > before {
            continue;
        }
        let case = read(&mut reader, (id, &row.name), &node, &source);
        bounds::check(&mut reader, &node);
        values::check(&mut reader, &node, &case.generations);
        cases.push((node, case));
    }
    if reader.problems.is_empty() {
        for (node, case) in &cases {
            usage::check(&mut reader, node, case);
        }
        let cases: Vec<&CaseFile> = cases.iter().map(|(_, case)| case).collect();
        usage::check_clauses(&mut reader, &cases);
        if let Some(row) = rows.first() {
            table::check_use(&mut reader, &root, row);
        }
    }
    if !reader.problems.is_empty() {
        return Err((source, reader.problems));
    }
    let source = Arc::new(source);
    let cases = cases.into_iter().map(|(_, case)| {
        Arc::new(CaseFile {
            source: Arc::clone(&source),
            ..case
        })
    });
    Ok(cases.collect())
}

fn read(
    reader: &mut Reader,
    (id, row): (&str, &str),
    node: &Node,
    source: &SourceFile,
) -> CaseFile {
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
    let mut text = |name: &str| member(entries, name).map(|(_, node)| reader.fixed(node, name));
    let (title, about) = (text("title").unwrap_or_default(), text("about"));
    let unkillable = text("unkillable");
    let judges_history = judges_history(reader, entries);
    capabilities(reader, entries);
    let given = given(reader, entries, &zones);
    let mut case = CaseFile {
        id: id.to_owned(),
        row: row.to_owned(),
        source: Arc::new(SourceFile::new("", "")),
        title,
        about,
        proves: proves(reader, entries),
        generations: generations(reader, entries),
        needs,
        tags,
        unkillable,
        zones,
        given,
        judges_history,
        steps: steps(reader, entries, source),
    };
    implied_needs(&mut case);
    case
}

fn judges_history(reader: &mut Reader, entries: &[(Key, Node)]) -> bool {
    let Some((_, node)) = member(entries, "judge") else {
        return false;
    };
    let text = reader.fixed(node, "judge");
    if text != "history" {
        reader.unknown(node.span, "way to judge", &text, ["history"]);
    }
    true
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
    // A row without given mappings has an empty list.
    given.retain(|_, items| items.as_array().is_none_or(|items| !items.is_empty()));
    given
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

/// Adds the capabilities that the operations of a case imply: those of their generations.
fn implied_needs(case: &mut CaseFile) {
    use super::super::model::{Action, OperationName};
    let generation = |step: &Step| match &step.action {
        Action::Call(call) => match call.operation {
            OperationName::Exact(operation) => Some(operation.generation()),
            OperationName::General(_) | OperationName::Outside => None,
        },
        Action::Pages { .. } => Some(Generation::V2),
        Action::Parallel(_)
        | Action::Repeat { .. }
        | Action::Holds(..)
        | Action::Unchanged(_)
        | Action::Let(_)
        | Action::Settled(_)
        | Action::AtMost(..)
        | Action::OneOf(..) => None,
    };
    let steps = Step::all(&case.steps).into_iter();
    let found: Vec<Generation> = steps.filter_map(generation).collect();
    for generation in found {
        // If a case has `generations`, each trial adds the need for its own generation.
        let is_general = !case.generations.is_empty();
        if !is_general && !case.needs.iter().any(|need| need == generation.id()) {
            case.needs.push(generation.id().to_owned());
        }
    }
}
