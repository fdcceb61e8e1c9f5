//! Compares two schemas, member by member.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::difference::Breaks;
use super::super::error::DriftError;
use super::super::kind::Kind;
use super::super::shape::{LIMITS, Limit, Others, Shape, Side, Term, shape};
use super::super::shelf::Place;
use super::all::{Comparison, Seen};
use super::side::{Change, Direction};
use crate::exchange::Operation;

/// The depth to which the members of a new member are outlined.
const OUTLINE_DEPTH: usize = 6;

/// The operation and the value that are compared.
#[derive(Debug, Clone)]
pub(super) struct Position {
    pub(super) operation: Operation,
    /// The part of the operation that differences are reported for.
    pub(super) part: String,
    pub(super) direction: Direction,
    /// Members of the top level that are not compared.
    pub(super) skipped: &'static [&'static str],
}

impl Comparison<'_> {
    /// Compares two schemas.
    pub(super) fn schemas(
        &mut self,
        position: &Position,
        ours: &Term,
        theirs: &Term,
    ) -> Result<(), DriftError> {
        let ours = shape(&self.shelf, ours)?;
        let theirs = shape(&self.shelf, theirs)?;
        self.shapes(position, &ours, &theirs, "")
    }

    /// Compares two shapes at a path of the value.
    pub(super) fn shapes(
        &mut self,
        position: &Position,
        ours: &Shape,
        theirs: &Shape,
        path: &str,
    ) -> Result<(), DriftError> {
        let mut level = Level {
            comparison: self,
            position,
            ours,
            theirs,
            path,
        };
        if !level.types() {
            return Ok(());
        }
        level.values();
        level.limits();
        level.flags();
        level.members()?;
        level.items()
    }
}

/// One level of the value on both sides.
struct Level<'l, 'd> {
    comparison: &'l mut Comparison<'d>,
    position: &'l Position,
    ours: &'l Shape,
    theirs: &'l Shape,
    path: &'l str,
}

impl Level<'_, '_> {
    fn part(&self, below: &str) -> String {
        match format!("{}{below}", self.path) {
            path if path.is_empty() => self.position.part.clone(),
            path => format!("{} {path}", self.position.part),
        }
    }

    fn note(&mut self, below: &str, theirs: &Place, ours: String, breaks: Breaks, what: Kind) {
        let seen = Seen {
            operation: self.position.operation,
            part: &self.part(below),
            theirs: theirs.to_string(),
            ours,
        };
        self.comparison.note(seen, breaks, what);
    }

    fn here(&mut self, theirs: &Place, breaks: Breaks, what: Kind) {
        self.note("", theirs, self.ours.at.to_string(), breaks, what);
    }

    /// Compares the types. Returns `false` if nothing further can be compared.
    fn types(&mut self) -> bool {
        let Some(ours) = self.ours.known_types() else {
            return true;
        };
        let names = |types: &BTreeSet<String>| types.iter().cloned().collect();
        let at = self.theirs.at.clone();
        let Some(theirs) = self.theirs.known_types() else {
            let what = Kind::Type {
                ours: names(&ours),
                theirs: Vec::new(),
            };
            self.here(&at, self.position.direction.breaks(Change::Wider), what);
            return false;
        };
        let covers = |types: &BTreeSet<String>, name: &String| {
            types.contains(name) || (name == "integer" && types.contains("number"))
        };
        let adds = theirs.iter().any(|name| !covers(&ours, name));
        let removes = ours.iter().any(|name| !covers(&theirs, name));
        if let Some(change) = Change::of(adds, removes) {
            let mut theirs: Vec<String> = names(&theirs);
            if theirs.is_empty() {
                // The parts of the schema exclude each other.
                theirs.push("nothing".to_owned());
            }
            let what = Kind::Type {
                ours: names(&ours),
                theirs,
            };
            self.here(&at, self.position.direction.breaks(change), what);
        }
        let shared = theirs.iter().filter(|name| *name != "null");
        shared.into_iter().any(|name| covers(&ours, name)) || !adds
    }

    fn values(&mut self) {
        let site = self.ours.at.to_string();
        let listed = self
            .comparison
            .published
            .listed
            .iter()
            .position(|listed| listed.at == site);
        let open = listed.map(|index| self.comparison.published.listed[index].values.clone());
        let at = self.theirs.at.clone();
        let direction = self.position.direction;
        match (
            self.ours.values.clone().or(open),
            self.theirs.values.clone(),
        ) {
            (Some(ours), Some(theirs)) => {
                let less = |from: &[Value], than: &[Value]| -> Vec<Value> {
                    from.iter()
                        .filter(|value| !than.contains(value))
                        .cloned()
                        .collect()
                };
                let (added, gone) = (less(&theirs, &ours), less(&ours, &theirs));
                if let Some(change) = Change::of(!added.is_empty(), !gone.is_empty()) {
                    self.here(&at, direction.breaks(change), Kind::Values { added, gone });
                }
            }
            (Some(_), None) if self.ours.values.is_some() => {
                self.here(&at, direction.breaks(Change::Wider), Kind::Unrestricted);
            }
            (None, Some(values)) => {
                let breaks = direction.breaks(Change::Narrower);
                self.here(&at, breaks, Kind::Restricted { values });
            }
            (Some(_) | None, None) => {}
        }
    }

    fn limits(&mut self) {
        let site = self.ours.at.to_string();
        let types = self.theirs.known_types();
        let is_stated = !self.comparison.published.unstated.contains(&site);
        for limit in LIMITS {
            let ours = self
                .ours
                .limits
                .get(limit.keyword)
                .map(|(_, value)| value.clone());
            let theirs = self.theirs.limits.get(limit.keyword);
            let theirs = theirs.filter(|_| limit.concerns(types.as_ref()));
            let value = theirs.map(|(_, value)| value.clone());
            let is_implied = self.comparison.published.implied.iter().any(|implied| {
                implied.at == site
                    && implied.keyword == limit.keyword
                    && same(Some(&implied.value), value.as_ref())
            });
            let is_same = same(ours.as_ref(), value.as_ref());
            if is_same || is_implied || (value.is_none() && !is_stated) {
                continue;
            }
            let at = theirs.map_or_else(|| self.theirs.at.clone(), |(at, _)| at.clone());
            let breaks = limit_breaks(
                limit,
                self.position.direction,
                ours.as_ref(),
                value.as_ref(),
            );
            let what = Kind::Limit {
                keyword: limit.keyword.to_owned(),
                ours,
                theirs: value,
            };
            self.here(&at, breaks, what);
        }
    }

    fn flags(&mut self) {
        if self.theirs.is_deprecated && !self.ours.is_deprecated {
            let at = self.theirs.at.clone();
            self.here(&at, Breaks::Neither, Kind::Deprecated);
        }
        if let (Others::Closed(at), Others::Open | Others::Of(_)) =
            (&self.theirs.others, &self.ours.others)
        {
            // Clients do not send members that the contract does not name, but servers may.
            let breaks = match self.position.direction {
                Direction::Request => Breaks::Neither,
                Direction::Result => Breaks::Servers,
            };
            self.here(&at.clone(), breaks, Kind::Closed);
        }
    }

    fn is_skipped(&self, name: &str) -> bool {
        self.path.is_empty() && self.position.skipped.contains(&name)
    }

    fn members(&mut self) -> Result<(), DriftError> {
        for (name, term) in &self.ours.members {
            if self.is_skipped(name) {
                continue;
            }
            match self.theirs.members.get(name) {
                Some(theirs) => {
                    self.presence(name);
                    self.descend(name, term, theirs)?;
                }
                None => self.gone(name),
            }
        }
        for (name, term) in &self.theirs.members {
            if self.ours.members.contains_key(name) || self.is_skipped(name) {
                continue;
            }
            match &self.ours.others {
                Others::Of(ours) => self.descend(name, ours, term)?,
                Others::Open | Others::Closed(_) => self.came(name, term)?,
            }
        }
        match (&self.ours.others, &self.theirs.others) {
            (Others::Of(ours), Others::Of(theirs)) => self.descend("*", ours, theirs),
            // The vendor may name each member instead.
            (Others::Of(_), Others::Open) if self.theirs.members.is_empty() => {
                let ours = self.ours.at.child("additionalProperties").to_string();
                let breaks = self.position.direction.breaks(Change::Wider);
                let at = self.theirs.at.clone();
                self.note("/*", &at, ours, breaks, Kind::MemberGone);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn presence(&mut self, name: &str) {
        if self
            .comparison
            .published
            .either
            .iter()
            .any(|either| either == name)
            && self.path.is_empty()
        {
            return;
        }
        let (was, is) = (self.ours.required.get(name), self.theirs.required.get(name));
        let (what, change, at) = match (was, is) {
            (None, Some(at)) => (Kind::Required, Change::Narrower, at.clone()),
            (Some(_), None) => (
                Kind::Optional,
                Change::Wider,
                self.theirs.at.child("properties").child(name),
            ),
            (Some(_), Some(_)) | (None, None) => return,
        };
        let breaks = self.position.direction.breaks(change);
        self.note(&format!("/{name}"), &at, self.ours.site(name), breaks, what);
    }

    fn gone(&mut self, name: &str) {
        let is_promised = self.ours.required.contains_key(name);
        let breaks = match self.position.direction {
            Direction::Request => Breaks::Clients,
            Direction::Result if is_promised => Breaks::Clients,
            Direction::Result => Breaks::Neither,
        };
        let at = self.theirs.at.clone();
        let site = self.ours.site(name);
        self.note(&format!("/{name}"), &at, site, breaks, Kind::MemberGone);
    }

    fn came(&mut self, name: &str, term: &Term) -> Result<(), DriftError> {
        let required = self.theirs.required.contains_key(name);
        let breaks = match (self.position.direction, required) {
            (Direction::Request, true) => Breaks::Both,
            (Direction::Request, false) | (Direction::Result, true) => Breaks::Servers,
            (Direction::Result, false) => Breaks::Neither,
        };
        let shape = shape(&self.comparison.shelf, term)?;
        let schema = self.outline(&shape, 0)?;
        let what = Kind::MemberNew { required, schema };
        let ours = self.ours.at.to_string();
        self.note(&format!("/{name}"), &shape.at, ours, breaks, what);
        Ok(())
    }

    /// Returns a new member's schema with everything that it refers to, down to a maximum depth.
    fn outline(&self, shape: &Shape, depth: usize) -> Result<Value, DriftError> {
        let mut schema = shape.outline();
        if depth == OUTLINE_DEPTH {
            return Ok(Value::Object(schema));
        }
        let read = |term: &Term| -> Result<Value, DriftError> {
            let inner = super::super::shape::shape(&self.comparison.shelf, term)?;
            self.outline(&inner, depth + 1)
        };
        if !shape.required.is_empty() {
            let names: Vec<&String> = shape.required.keys().collect();
            schema.insert("required".to_owned(), serde_json::json!(names));
        }
        if !shape.members.is_empty() {
            let mut members = serde_json::Map::new();
            for (name, term) in &shape.members {
                members.insert(name.clone(), read(term)?);
            }
            schema.insert("properties".to_owned(), Value::Object(members));
        }
        if let Some(items) = &shape.items {
            schema.insert("items".to_owned(), read(items)?);
        }
        if let Others::Of(term) = &shape.others {
            schema.insert("additionalProperties".to_owned(), read(term)?);
        }
        Ok(Value::Object(schema))
    }

    fn items(&mut self) -> Result<(), DriftError> {
        let Some(ours) = &self.ours.items else {
            return Ok(());
        };
        match &self.theirs.items {
            Some(theirs) => self.descend("*", ours, theirs),
            None => {
                let ours = shape(&self.comparison.shelf, ours)?;
                let anything = Shape::any(self.theirs.at.clone());
                let path = format!("{}/*", self.path);
                self.comparison
                    .shapes(self.position, &ours, &anything, &path)
            }
        }
    }

    fn descend(&mut self, name: &str, ours: &Term, theirs: &Term) -> Result<(), DriftError> {
        let ours = shape(&self.comparison.shelf, ours)?;
        let theirs = shape(&self.comparison.shelf, theirs)?;
        let path = format!("{}/{name}", self.path);
        self.comparison.shapes(self.position, &ours, &theirs, &path)
    }
}

/// Returns whether two limits are equal, however the number is written.
fn same(ours: Option<&Value>, theirs: Option<&Value>) -> bool {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    match (number(ours), number(theirs)) {
        (Some(ours), Some(theirs)) => ours.total_cmp(&theirs).is_eq(),
        _ => ours == theirs,
    }
}

fn limit_breaks(
    limit: &Limit,
    direction: Direction,
    ours: Option<&Value>,
    theirs: Option<&Value>,
) -> Breaks {
    if limit.keyword == "default" {
        // A default that is no longer documented may still exist. A different default changes the answer.
        return match theirs {
            Some(_) if ours.is_some() => Breaks::Both,
            Some(_) | None => Breaks::Neither,
        };
    }
    let change = match (ours, theirs) {
        (None, _) => Change::Narrower,
        (_, None) => Change::Wider,
        (Some(ours), Some(theirs)) => {
            let is_lower = theirs.as_f64() < ours.as_f64();
            match (limit.side, is_lower) {
                (Side::Most, true) | (Side::Least, false) => Change::Narrower,
                (Side::Most, false) | (Side::Least, true) => Change::Wider,
                (Side::Neither, _) => Change::Other,
            }
        }
    };
    direction.breaks(change)
}
