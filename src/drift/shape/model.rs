//! The shape of a value and its parts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::shelf::{Book, Place};

/// The rule that tells which of two limits is stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Side {
    /// The lower limit is stricter, as for `maxItems`.
    Most,
    /// The higher limit is stricter, as for `minItems`.
    Least,
    /// Neither limit is stricter: a different value is a different rule.
    Neither,
}

/// A keyword that limits values.
#[derive(Debug)]
pub(in super::super) struct Limit {
    pub(in super::super) keyword: &'static str,
    pub(in super::super) side: Side,
    /// The types that the keyword applies to; empty for all types.
    pub(in super::super) types: &'static [&'static str],
}

impl Limit {
    /// Returns whether the keyword applies to a value of these types. Some descriptions put `minLength` on arrays.
    pub(in super::super) fn concerns(&self, types: Option<&BTreeSet<String>>) -> bool {
        let is_of = |types: &BTreeSet<String>| self.types.iter().any(|name| types.contains(*name));
        self.types.is_empty() || types.is_none_or(is_of)
    }
}

const NUMBERS: &[&str] = &["integer", "number"];

const fn limit(keyword: &'static str, side: Side, types: &'static [&'static str]) -> Limit {
    Limit {
        keyword,
        side,
        types,
    }
}

/// All limits that are compared.
pub(in super::super) const LIMITS: &[Limit] = &[
    limit("maxItems", Side::Most, &["array"]),
    limit("maxLength", Side::Most, &["string"]),
    limit("maxProperties", Side::Most, &["object"]),
    limit("maximum", Side::Most, NUMBERS),
    limit("minItems", Side::Least, &["array"]),
    limit("minLength", Side::Least, &["string"]),
    limit("minProperties", Side::Least, &["object"]),
    limit("minimum", Side::Least, NUMBERS),
    limit("format", Side::Neither, &[]),
    limit("pattern", Side::Neither, &["string"]),
    limit("multipleOf", Side::Neither, NUMBERS),
    limit("default", Side::Neither, &[]),
];

/// Schemas that are read when they are needed.
#[derive(Debug, Clone)]
pub(in super::super) enum Term {
    /// The schema at a place.
    At(Place),
    /// All of these must hold.
    All(Vec<Term>),
    /// At least one of these must hold.
    Any(Vec<Term>),
}

/// The members that the schema does not name.
#[derive(Debug, Clone)]
pub(in super::super) enum Others {
    /// Any members are allowed.
    Open,
    /// No such members are allowed. The place is the one that forbids them.
    Closed(Place),
    /// Each such member matches this term.
    Of(Term),
}

/// The meaning of a schema, one level deep.
#[derive(Debug, Clone)]
pub(in super::super) struct Shape {
    /// The place of the schema, with references followed.
    pub(in super::super) at: Place,
    /// The types; `None` if any type is allowed.
    pub(in super::super) types: Option<BTreeSet<String>>,
    /// The allowed values without null, if they are listed.
    pub(in super::super) values: Option<Vec<Value>>,
    /// The limits by keyword, each with its place.
    pub(in super::super) limits: BTreeMap<&'static str, (Place, Value)>,
    /// The named members.
    pub(in super::super) members: BTreeMap<String, Term>,
    /// The members that must be present, each with the place that requires it.
    pub(in super::super) required: BTreeMap<String, Place>,
    /// The items of an array.
    pub(in super::super) items: Option<Term>,
    /// The members that the schema does not name.
    pub(in super::super) others: Others,
    /// Whether the value is deprecated.
    pub(in super::super) is_deprecated: bool,
    /// An example of the value.
    pub(in super::super) example: Option<(Place, Value)>,
}

impl Shape {
    /// Returns the shape of a value that may be anything.
    pub(in super::super) fn any(at: Place) -> Self {
        Self {
            at,
            types: None,
            values: None,
            limits: BTreeMap::new(),
            members: BTreeMap::new(),
            required: BTreeMap::new(),
            items: None,
            others: Others::Open,
            is_deprecated: false,
            example: None,
        }
    }

    /// Returns whether the shape says nothing about the contents of a value.
    pub(in super::super) fn is_hollow(&self) -> bool {
        self.members.is_empty()
            && self.items.is_none()
            && self.values.is_none()
            && self.limits.is_empty()
            && matches!(self.others, Others::Open)
    }

    /// Returns the types, also if only other keywords imply them.
    pub(in super::super) fn known_types(&self) -> Option<BTreeSet<String>> {
        if let Some(types) = &self.types {
            return Some(types.clone());
        }
        let mut known = BTreeSet::new();
        let is_object = !self.members.is_empty() || !self.required.is_empty();
        if is_object || matches!(self.others, Others::Of(_)) {
            known.insert("object".to_owned());
        }
        if self.items.is_some() {
            known.insert("array".to_owned());
        }
        (!known.is_empty()).then_some(known)
    }

    /// Returns the place of a member on our side: its own schema file if it has one, otherwise the place that names it.
    pub(in super::super) fn site(&self, member: &str) -> String {
        match self.members.get(member) {
            Some(Term::At(place)) if place.pointer.is_empty() && place.book != Book::Theirs => {
                place.to_string()
            }
            _ => self.at.child("properties").child(member).to_string(),
        }
    }

    /// Returns the shape as a schema of its own, without the schemas that it refers to.
    pub(in super::super) fn outline(&self) -> Map<String, Value> {
        let mut schema = Map::new();
        if let Some(types) = self.known_types() {
            schema.insert("type".to_owned(), types_value(&types));
        }
        if let Some(values) = &self.values {
            schema.insert("enum".to_owned(), Value::Array(values.clone()));
        }
        for (keyword, (_, value)) in &self.limits {
            schema.insert((*keyword).to_owned(), value.clone());
        }
        schema
    }
}

/// Returns one type as a text, or several as a list.
pub(in super::super) fn types_value(types: &BTreeSet<String>) -> Value {
    let mut names: Vec<Value> = types.iter().map(|name| name.as_str().into()).collect();
    // This is the usual order: `["string", "null"]`.
    names.sort_by_key(|name| name == "null");
    match names.as_slice() {
        [one] => one.clone(),
        _ => Value::Array(names),
    }
}
