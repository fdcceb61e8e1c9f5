//! Requests that would leave the zones of their case. What comes from variables is only known at run time, where
//! the same bounds are checked again; rows of the table are known here.

use super::super::template;
use super::action::operation_name;
use super::reader::{Reader, member};
use crate::diagnostic::yaml::{Data, Key, Node};
use crate::diagnostic::{Problem, Span};
use crate::exchange::{
    Kind, Operation, OutOfBounds, check_field, check_method, check_segment, check_url,
};

use super::super::model::OperationName;

/// A base URL for paths that have none yet.
const BASE: &str = "http://target";
/// Stands for the zone's id, and for what a variable will say.
const UNKNOWN: &str = "0123456789abcdef0123456789abcdef";

/// Checks every request of a file.
pub(super) fn check(reader: &mut Reader, root: &Node) {
    let Data::Mapping(entries) = &root.data else {
        return;
    };
    let rows = member(entries, "table").map(|(_, table)| table);
    let mut bounds = Bounds { reader, rows };
    if let Some((_, node)) = member(entries, "steps") {
        bounds.steps(node);
    }
}

struct Bounds<'r, 'n> {
    reader: &'r mut Reader,
    rows: Option<&'n Node>,
}

impl Bounds<'_, '_> {
    fn steps(&mut self, node: &Node) {
        if let Data::Sequence(steps) = &node.data {
            for step in steps {
                self.step(step);
            }
        }
    }

    fn step(&mut self, node: &Node) {
        let Data::Mapping(entries) = &node.data else {
            return;
        };
        for (key, argument) in entries {
            let members: &[(Key, Node)] = match &argument.data {
                Data::Mapping(members) => members,
                Data::Sequence(_) | Data::Scalar { .. } => &[],
            };
            match key.text.as_str() {
                "parallel" | "repeat" => {
                    self.steps(argument);
                    if let Some((_, steps)) = member(members, "steps") {
                        self.steps(steps);
                    }
                    if let Some((_, step)) = member(members, "step") {
                        self.step(step);
                    }
                }
                "headers" => {
                    for (name, _) in members {
                        self.report(name.span, check_field(&name.text));
                    }
                }
                name => match operation_name(name) {
                    Some(OperationName::Outside) => self.request(members),
                    Some(OperationName::Exact(operation)) => {
                        self.operation(operation.kind(), Some(operation), argument);
                    }
                    Some(OperationName::General(kind)) => self.operation(kind, None, argument),
                    None => {}
                },
            }
        }
    }

    fn request(&mut self, members: &[(Key, Node)]) {
        if let Some((_, path)) = member(members, "path") {
            self.each(path, |text| {
                // What begins with a variable is only known at run time.
                if text.starts_with("{{") {
                    return Ok(());
                }
                let path = filled(text).replace("{zone}", UNKNOWN);
                check_url(&format!("{BASE}{path}"), BASE, [UNKNOWN])
            });
        }
        if let Some((_, method)) = member(members, "method") {
            self.each(method, |text| check_method(&filled(text)));
        }
    }

    fn operation(&mut self, kind: Kind, operation: Option<Operation>, argument: &Node) {
        let has_path = Operation::has_address_in_path;
        match kind {
            Kind::Get | Kind::Delete => self.address(argument),
            Kind::Create | Kind::Upsert if operation.is_none_or(has_path) => {
                let Data::Mapping(members) = &argument.data else {
                    return;
                };
                let address = member(members, "path").or_else(|| member(members, "ip"));
                if let Some((_, node)) = address {
                    self.address(node);
                }
            }
            Kind::List
            | Kind::Create
            | Kind::Upsert
            | Kind::BatchUpsert
            | Kind::BatchDelete
            | Kind::SupportedRegions => {}
        }
    }

    /// An address of a path: `raw` as it is sent, other texts before they are encoded.
    fn address(&mut self, node: &Node) {
        match &node.data {
            Data::Mapping(members) => {
                if let Some((_, raw)) = member(members, "raw") {
                    self.each(raw, |text| {
                        let segment = filled(text);
                        check_segment(&segment)?;
                        let url = format!("{BASE}/zones/{UNKNOWN}/x/{segment}");
                        check_url(&url, BASE, [UNKNOWN])
                    });
                }
            }
            Data::Scalar { .. } => self.each(node, |text| {
                // Only dots survive the encoding of a segment.
                check_segment(&filled(text).replace(['/', '?', '#', '\\'], "%2F"))
            }),
            Data::Sequence(_) => {}
        }
    }

    /// Judges a text, for each row of the table where it uses a column.
    fn each(&mut self, node: &Node, judge: impl Fn(&str) -> Result<(), OutOfBounds>) {
        let Some(text) = node.as_str() else {
            return;
        };
        let names = template::names(text);
        if names.is_empty() {
            self.report(node.span, judge(text));
            return;
        }
        let rows = match self.rows.map(|rows| &rows.data) {
            Some(Data::Sequence(rows)) => rows.as_slice(),
            Some(Data::Mapping(_) | Data::Scalar { .. }) | None => &[],
        };
        let of_rows: Vec<(Span, String)> = rows
            .iter()
            .filter_map(|row| in_row(text, node.span, &names, row))
            .collect();
        if of_rows.is_empty() {
            self.report(node.span, judge(text));
        }
        for (span, text) in of_rows {
            self.report(span, judge(&text));
        }
    }

    fn report(&mut self, span: Span, result: Result<(), OutOfBounds>) {
        let Err(fault) = result else {
            return;
        };
        let message = "this request could leave the zones of the case";
        let problem = Problem::new(span, message, fault.to_string());
        if !self.reader.problems.contains(&problem) {
            self.reader.problem(problem);
        }
    }
}

/// The text with the columns of a row filled in, and its place: the cell's where the text is nothing else.
fn in_row(text: &str, place: Span, names: &[String], row: &Node) -> Option<(Span, String)> {
    let Data::Mapping(cells) = &row.data else {
        return None;
    };
    let mut filled = text.to_owned();
    let mut span = place;
    let mut is_used = false;
    for name in names {
        let Some((_, cell)) = member(cells, name) else {
            continue;
        };
        let Some(value) = cell.as_str() else {
            continue;
        };
        let template = [format!("{{{{{name}}}}}"), format!("{{{{ {name} }}}}")];
        if template.iter().any(|template| *template == text) {
            span = cell.span;
        }
        for template in &template {
            filled = filled.replace(template, value);
        }
        is_used = true;
    }
    is_used.then_some((span, filled))
}

/// The text with a placeholder for each variable.
fn filled(text: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((_, after)) = after.split_once("}}") else {
            break;
        };
        filled.push_str(before);
        filled.push_str(UNKNOWN);
        rest = after;
    }
    filled.push_str(rest);
    filled
}
