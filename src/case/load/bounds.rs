//! A check for requests that would leave the zones of their case. Columns are filled in before this check. Values of
//! variables are known only at run time, when the same bounds are checked again.

use super::action::operation_name;
use super::reader::{Reader, member};
use crate::diagnostic::yaml::{Data, Key, Node};
use crate::diagnostic::{Problem, Span};
use crate::exchange::{
    Operation, OutOfBounds, RequestBody, check_field, check_method, check_segment, check_url,
};

use super::super::model::OperationName;

/// A placeholder base URL for paths.
const BASE: &str = "http://target";
/// A placeholder for the zone's id and for values of variables.
const UNKNOWN: &str = "0123456789abcdef0123456789abcdef";

/// Checks every request of a file.
pub(super) fn check(reader: &mut Reader, root: &Node) {
    let Data::Mapping(entries) = &root.data else {
        return;
    };
    let mut bounds = Bounds { reader };
    if let Some((_, node)) = member(entries, "steps") {
        bounds.steps(node);
    }
}

struct Bounds<'r> {
    reader: &'r mut Reader,
}

impl Bounds<'_> {
    fn steps(&mut self, node: &Node) {
        if let Data::Sequence(steps) = &node.data {
            for step in steps {
                self.step(step);
            }
        }
    }

    fn step(&mut self, node: &Node) {
        let Data::Mapping(entries) = &node.data else {
            return self.steps(node);
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
                    Some(name) => self.operation(&name.operations(), argument),
                    None => {}
                },
            }
        }
    }

    fn request(&mut self, members: &[(Key, Node)]) {
        if let Some((_, path)) = member(members, "path") {
            self.judge(path, |text| {
                // A path that begins with a variable is known only at run time.
                if text.starts_with("{{") {
                    return Ok(());
                }
                let path = filled(text).replace("{zone}", UNKNOWN);
                check_url(&format!("{BASE}{path}"), BASE, [UNKNOWN])
            });
        }
        if let Some((_, method)) = member(members, "method") {
            self.judge(method, |text| check_method(&filled(text)));
        }
    }

    /// Checks the address in the path, if one of the possible operations has one.
    fn operation(&mut self, meant: &[Operation], argument: &Node) {
        let Some(operation) = meant.iter().find(|one| one.has_address_in_path()) else {
            return;
        };
        if operation.body() == RequestBody::Nothing {
            self.address(argument);
        } else if let Data::Mapping(members) = &argument.data
            && let Some((_, node)) = member(members, "path").or_else(|| member(members, "ip"))
        {
            self.address(node);
        }
    }

    /// Checks an address in a path: `raw` as it is sent, other texts before they are encoded.
    fn address(&mut self, node: &Node) {
        match &node.data {
            Data::Mapping(members) => {
                if let Some((_, raw)) = member(members, "raw") {
                    self.judge(raw, |text| {
                        let segment = filled(text);
                        check_segment(&segment)?;
                        let url = format!("{BASE}/zones/{UNKNOWN}/x/{segment}");
                        check_url(&url, BASE, [UNKNOWN])
                    });
                }
            }
            Data::Scalar { .. } => self.judge(node, |text| {
                // Encoding makes every character of a segment safe except dots.
                check_segment(&filled(text).replace(['/', '?', '#', '\\'], "%2F"))
            }),
            Data::Sequence(_) => {}
        }
    }

    /// Checks a text and reports its fault.
    fn judge(&mut self, node: &Node, judge: impl Fn(&str) -> Result<(), OutOfBounds>) {
        if let Some(text) = node.as_str() {
            self.report(node.span, judge(text));
        }
    }

    fn report(&mut self, span: Span, result: Result<(), OutOfBounds>) {
        let Err(fault) = result else {
            return;
        };
        let message = "this request could leave the zones of the case";
        self.reader
            .problem(Problem::new(span, message, fault.to_string()));
    }
}

/// Returns the text with a placeholder for each variable.
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
