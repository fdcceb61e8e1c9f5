//! Compares the parameters in path, query, header and cookie.

use serde_json::Value;

use super::super::difference::Breaks;
use super::super::error::DriftError;
use super::super::kind::Kind;
use super::super::published;
use super::super::shape::Term;
use super::super::shelf::Place;
use super::all::{Comparison, Pair, Seen};
use super::schema::Position;
use super::side::Direction;

/// A parameter in the vendor's description.
#[derive(Debug)]
struct Theirs {
    name: String,
    location: String,
    at: Place,
    value: Value,
    is_matched: bool,
}

impl Comparison<'_> {
    pub(super) fn parameters(&mut self, pair: Pair<'_>) -> Result<(), DriftError> {
        let mut theirs = self.their_parameters(pair)?;
        let mut in_path = names_in(&pair.theirs.path).into_iter();
        for index in 0..self.published.parameters.len() {
            let ours = &self.published.parameters[index];
            let (name, location, required) =
                (ours.name.clone(), ours.location.clone(), ours.required);
            let is_of_path = location == "path";
            let applies = if is_of_path {
                pair.ours.path.contains(&format!("{{{name}}}"))
            } else {
                ours.operations.contains(&pair.ours.operation)
            };
            if !applies {
                continue;
            }
            let wanted = if is_of_path {
                in_path.next()
            } else {
                Some(name.clone())
            };
            let site = Place::ours(published::PATH, format!("/parameters/{index}"));
            let part = format!("{location} parameter {name}");
            let found = theirs
                .iter_mut()
                .find(|other| Some(&other.name) == wanted.as_ref() && other.location == location);
            let Some(found) = found else {
                // A path that has moved may not need this parameter.
                let seen = Seen {
                    operation: pair.ours.operation,
                    part: &part,
                    theirs: pair.theirs.at.to_string(),
                    ours: site.to_string(),
                };
                self.note(seen, Breaks::Clients, Kind::ParameterGone);
                continue;
            };
            found.is_matched = true;
            let seen = Seen {
                operation: pair.ours.operation,
                part: &part,
                theirs: found.at.to_string(),
                ours: site.to_string(),
            };
            let is_required = found.value.get("required") == Some(&Value::Bool(true));
            if is_required && !required {
                self.note(seen.clone(), Breaks::Clients, Kind::Required);
            } else if required && !is_required && !is_of_path {
                self.note(seen.clone(), Breaks::Servers, Kind::Optional);
            }
            if found.value.get("deprecated") == Some(&Value::Bool(true)) {
                self.note(seen, Breaks::Neither, Kind::Deprecated);
            }
            let schema = found.at.child("schema");
            let position = Position {
                operation: pair.ours.operation,
                part,
                direction: Direction::Request,
                skipped: &[],
            };
            let ours = Term::At(site.child("schema"));
            self.schemas(&position, &ours, &Term::At(schema))?;
        }
        for new in theirs.iter().filter(|other| !other.is_matched) {
            let required = new.value.get("required") == Some(&Value::Bool(true));
            let seen = Seen {
                operation: pair.ours.operation,
                part: &format!("{} parameter {}", new.location, new.name),
                theirs: new.at.to_string(),
                ours: format!("{}#/parameters", published::PATH),
            };
            self.note(
                seen,
                Breaks::of_new(required),
                Kind::ParameterNew { required },
            );
        }
        Ok(())
    }

    /// Returns the parameters of the operation, and those of its path that the operation does not override.
    fn their_parameters(&self, pair: Pair<'_>) -> Result<Vec<Theirs>, DriftError> {
        let mut parameters: Vec<Theirs> = Vec::new();
        for owner in [&pair.theirs.at, &pair.theirs.item] {
            let list = owner.child("parameters");
            let Some(value) = self.shelf.get(&list)? else {
                continue;
            };
            let count = value.as_array().map_or(0, Vec::len);
            for index in 0..count {
                let place = list.child(&index.to_string());
                let Some((at, value)) = self.object(&place)? else {
                    continue;
                };
                let text = |member: &str| {
                    let text = value.get(member).and_then(Value::as_str);
                    text.unwrap_or_default().to_owned()
                };
                let (name, location) = (text("name"), text("in"));
                let is_known = parameters
                    .iter()
                    .any(|known| known.name == name && known.location == location);
                if !is_known {
                    parameters.push(Theirs {
                        name,
                        location,
                        at,
                        value,
                        is_matched: false,
                    });
                }
            }
        }
        Ok(parameters)
    }
}

/// Returns the names of a path template's parameters, in order.
fn names_in(path: &str) -> Vec<String> {
    let segments = path.split('/');
    let names = segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    names.map(str::to_owned).collect()
}
