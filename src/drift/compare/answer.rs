//! Compares the answers: success with its result, and failures with their envelope.

use serde_json::Value;

use super::super::difference::Breaks;
use super::super::error::DriftError;
use super::super::kind::Kind;
use super::super::shape::{Shape, Term, shape};
use super::super::shelf::Place;
use super::all::{Comparison, Pair, Seen, site};
use super::schema::Position;
use super::side::Direction;

/// The schema file for the envelope of every answer.
const ENVELOPE: &str = "schemas/envelope.json";

/// A response in the vendor's description.
#[derive(Debug, Clone)]
pub(super) struct Response {
    /// The status as it is written: `200`, `4XX` or `default`.
    pub(super) status: String,
    /// The place of the response, with references followed.
    pub(super) at: Place,
    /// The value at that place.
    pub(super) value: Value,
}

impl Response {
    fn is_class(&self, class: char) -> bool {
        self.status.starts_with(class)
    }
}

impl Comparison<'_> {
    /// Returns the responses of an operation in the vendor's description.
    pub(super) fn responses(&self, pair: Pair<'_>) -> Result<Vec<Response>, DriftError> {
        let list = pair.theirs.at.child("responses");
        let value = self.shelf.get(&list)?.unwrap_or_default();
        let mut responses = Vec::new();
        for status in value
            .as_object()
            .into_iter()
            .flat_map(serde_json::Map::keys)
        {
            if status.starts_with("x-") {
                continue;
            }
            if let Some((at, value)) = self.object(&list.child(status))? {
                let status = status.clone();
                responses.push(Response { status, at, value });
            }
        }
        Ok(responses)
    }

    pub(super) fn answers(&mut self, pair: Pair<'_>) -> Result<(), DriftError> {
        let responses = self.responses(pair)?;
        let success = ["200", "2XX", "2xx", "default"]
            .into_iter()
            .find_map(|status| responses.iter().find(|response| response.status == status));
        let ours = format!("{}/result", site(pair.ours));
        match success {
            Some(response) => self.success(pair, response)?,
            None => {
                let seen = Seen {
                    operation: pair.ours.operation,
                    part: "responses",
                    theirs: pair.theirs.at.child("responses").to_string(),
                    ours: ours.clone(),
                };
                let status = "200".to_owned();
                self.note(seen, Breaks::Both, Kind::StatusGone { status });
            }
        }
        for response in &responses {
            if response.is_class('4') || response.is_class('5') {
                self.failure(pair, response)?;
            }
            let is_other_success = response.is_class('2')
                && !matches!(response.status.as_str(), "200" | "2XX" | "2xx");
            if is_other_success {
                let seen = Seen {
                    operation: pair.ours.operation,
                    part: "responses",
                    theirs: response.at.to_string(),
                    ours: ours.clone(),
                };
                let status = response.status.clone();
                self.note(seen, Breaks::Clients, Kind::StatusNew { status });
            }
        }
        Ok(())
    }

    fn success(&mut self, pair: Pair<'_>, response: &Response) -> Result<(), DriftError> {
        let file = format!("schemas/result/{}.json", pair.ours.result);
        let seen = Seen {
            operation: pair.ours.operation,
            part: "response 200",
            theirs: response.at.to_string(),
            ours: format!("{}/result", site(pair.ours)),
        };
        let Some(media) = self.json_of(&response.at, &seen, Breaks::Neither)? else {
            return Ok(());
        };
        let mut ours = shape(&self.shelf, &Term::At(Place::ours(ENVELOPE, "")))?;
        let mut promised = vec![("result", file.clone())];
        let is_paged = pair.ours.operation.is_paged();
        if is_paged {
            promised.push(("result_info", "schemas/result-info.json".to_owned()));
        }
        for (member, file) in promised {
            let place = Place::ours(&file, "");
            ours.required.insert(member.to_owned(), place.clone());
            ours.members.insert(member.to_owned(), Term::At(place));
        }
        let position = Position {
            operation: pair.ours.operation,
            part: "response 200".to_owned(),
            direction: Direction::Result,
            skipped: &[],
        };
        let theirs = shape(&self.shelf, &Term::At(media.child("schema")))?;
        self.shapes(&position, &ours, &theirs, "")?;
        for (at, example) in self.examples(&seen, &media)? {
            let schemas = &self.contract.schemas;
            let mut checked = vec![(ENVELOPE, "", schemas.faults("envelope", &example).0)];
            if let Some(result) = example.get("result") {
                let path = format!("result/{}", pair.ours.result);
                checked.push((file.as_str(), "/result", schemas.faults(&path, result).0));
            }
            if let (Some(info), true) = (example.get("result_info"), is_paged) {
                let (faults, _) = schemas.faults("result-info", info);
                checked.push(("schemas/result-info.json", "/result_info", faults));
            }
            for (file, below, faults) in checked {
                self.example_faults(&seen, &at, file, below, faults);
            }
        }
        Ok(())
    }

    /// Compares the envelope of a failure. Its `result` and `success` are compared separately. Descriptions may combine
    /// the form of a success with a second form, and no value can match both.
    fn failure(&mut self, pair: Pair<'_>, response: &Response) -> Result<(), DriftError> {
        let part = format!("response {}", response.status);
        let seen = Seen {
            operation: pair.ours.operation,
            part: &part,
            theirs: response.at.to_string(),
            ours: format!("{ENVELOPE}#"),
        };
        let Some(media) = self.json_of(&response.at, &seen, Breaks::Neither)? else {
            return Ok(());
        };
        let position = Position {
            operation: pair.ours.operation,
            part: part.clone(),
            direction: Direction::Result,
            skipped: &["success", "result", "result_info"],
        };
        let ours = shape(&self.shelf, &Term::At(Place::ours(ENVELOPE, "")))?;
        let theirs = shape(&self.shelf, &Term::At(media.child("schema")))?;
        self.shapes(&position, &ours, &theirs, "")?;
        self.failed(&seen, &theirs)?;
        for (at, example) in self.examples(&seen, &media)? {
            let (faults, _) = self.contract.schemas.faults("envelope", &example);
            self.example_faults(&seen, &at, ENVELOPE, "", faults);
        }
        Ok(())
    }

    /// Compares `success` and `result` of a failure (ENV-3, ENV-4).
    fn failed(&mut self, seen: &Seen<'_>, theirs: &Shape) -> Result<(), DriftError> {
        if theirs.members.is_empty() {
            return Ok(());
        }
        for name in ["success", "result"] {
            let part = format!("{} /{name}", seen.part);
            let at = |place: &Place| Seen {
                part: &part,
                theirs: place.to_string(),
                // Clauses state this; one schema for both success and failure can't.
                ours: "schemas/contract.yaml#/clauses".to_owned(),
                ..seen.clone()
            };
            let Some(term) = theirs.members.get(name) else {
                self.note(at(&theirs.at), Breaks::Clients, Kind::MemberGone);
                continue;
            };
            let member = shape(&self.shelf, term)?;
            if !theirs.required.contains_key(name) {
                self.note(at(&member.at), Breaks::Clients, Kind::Optional);
            }
            let wanted = if name == "success" {
                Value::Bool(false)
            } else {
                Value::Null
            };
            let values = member.values.clone().unwrap_or_default();
            let types = member.known_types();
            let of = |is: fn(&String) -> bool| types.iter().flatten().any(is);
            let excludes_null = types.is_some() && !of(|name| name == "null");
            // If the parts of a schema exclude each other, no type is left.
            let is_other = of(|name| name != "null") || types.is_none() && member.values.is_none();
            let is_listed_otherwise = !values.is_empty() && !values.contains(&wanted);
            let is_open = name == "success" && member.values.is_none();
            if is_listed_otherwise {
                let what = Kind::Values {
                    added: values,
                    gone: vec![wanted],
                };
                self.note(at(&member.at), Breaks::Both, what);
            } else if is_open {
                self.note(at(&member.at), Breaks::Clients, Kind::Unrestricted);
            } else if name == "result" && is_other {
                let breaks = if excludes_null {
                    Breaks::Both
                } else {
                    Breaks::Clients
                };
                let theirs: Vec<String> = types.iter().flatten().cloned().collect();
                let what = Kind::Type {
                    ours: vec!["null".to_owned()],
                    theirs,
                };
                self.note(at(&member.at), breaks, what);
            }
        }
        Ok(())
    }
}
