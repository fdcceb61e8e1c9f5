//! Combines several shapes into one: the tightest if all of them hold, the loosest if any of them holds.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::shelf::Place;
use super::model::{LIMITS, Others, Shape, Side, Term};

/// Returns the types that two sets share; an `integer` is also a `number`.
pub(super) fn common(a: &BTreeSet<String>, b: &BTreeSet<String>) -> BTreeSet<String> {
    let covers = |set: &BTreeSet<String>, name: &str| {
        set.contains(name) || (name == "integer" && set.contains("number"))
    };
    let of_a = a.iter().filter(|name| covers(b, name));
    let of_b = b.iter().filter(|name| covers(a, name));
    of_a.chain(of_b).cloned().collect()
}

/// Returns the shape of values that match all of the shapes.
pub(super) fn all_of(shapes: Vec<Shape>) -> Shape {
    let mut shapes = shapes.into_iter();
    let Some(first) = shapes.next() else {
        return Shape::any(Place::theirs(""));
    };
    shapes.fold(first, both)
}

fn both(mut a: Shape, b: Shape) -> Shape {
    // Descriptions omit `type: object` if the members imply it.
    a.types = match (a.known_types(), b.known_types()) {
        (Some(a), Some(b)) => Some(common(&a, &b)),
        (a, b) => a.or(b),
    };
    // The place to change is in the part that describes the contents.
    if a.is_hollow() {
        a.at = b.at.clone();
    }
    a.values = match (a.values, b.values) {
        (Some(a), Some(b)) => Some(a.into_iter().filter(|value| b.contains(value)).collect()),
        (a, b) => a.or(b),
    };
    for limit in LIMITS {
        let Some(theirs) = b.limits.get(limit.keyword) else {
            continue;
        };
        let is_tighter = a
            .limits
            .get(limit.keyword)
            .is_none_or(|ours| tighter(limit.side, &theirs.1, &ours.1));
        if is_tighter {
            a.limits.insert(limit.keyword, theirs.clone());
        }
    }
    for (name, term) in b.members {
        let term = match a.members.remove(&name) {
            Some(Term::All(mut terms)) => {
                terms.push(term);
                Term::All(terms)
            }
            Some(other) => Term::All(vec![other, term]),
            None => term,
        };
        a.members.insert(name, term);
    }
    for (name, place) in b.required {
        a.required.entry(name).or_insert(place);
    }
    a.items = match (a.items, b.items) {
        (Some(a), Some(b)) => Some(Term::All(vec![a, b])),
        (a, b) => a.or(b),
    };
    a.others = match (a.others, b.others) {
        (Others::Closed(place), _) | (_, Others::Closed(place)) => Others::Closed(place),
        (Others::Of(a), Others::Of(b)) => Others::Of(Term::All(vec![a, b])),
        (Others::Of(term), Others::Open) | (Others::Open, Others::Of(term)) => Others::Of(term),
        (Others::Open, Others::Open) => Others::Open,
    };
    a.is_deprecated |= b.is_deprecated;
    a.example = a.example.or(b.example);
    a
}

/// Returns whether a limit is stricter than another.
fn tighter(side: Side, this: &Value, other: &Value) -> bool {
    let order = match (this.as_f64(), other.as_f64()) {
        (Some(this), Some(other)) => this.total_cmp(&other),
        _ => Ordering::Equal,
    };
    match side {
        Side::Most => order == Ordering::Less,
        Side::Least => order == Ordering::Greater,
        Side::Neither => false,
    }
}

/// Returns the shape of values that match any of the shapes.
pub(super) fn any_of(shapes: &[Shape]) -> Shape {
    let Some(first) = shapes.first() else {
        return Shape::any(Place::theirs(""));
    };
    let mut whole = Shape::any(first.at.clone());
    whole.types = shapes
        .iter()
        .map(Shape::known_types)
        .collect::<Option<Vec<_>>>()
        .map(|types| types.into_iter().flatten().collect());
    // A branch that only allows null says nothing about the other values.
    let is_null = |shape: &&Shape| {
        let types = shape.known_types().unwrap_or_default();
        types.len() == 1 && types.contains("null")
    };
    let branches: Vec<&Shape> = shapes.iter().filter(|shape| !is_null(shape)).collect();
    let listed: Option<Vec<&Vec<Value>>> =
        branches.iter().map(|shape| shape.values.as_ref()).collect();
    whole.values = listed.filter(|lists| !lists.is_empty()).map(|lists| {
        let mut values: Vec<Value> = Vec::new();
        for value in lists.into_iter().flatten() {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        values
    });
    whole.limits = loosest(&branches);
    let objects: Vec<&&Shape> = branches
        .iter()
        .filter(|shape| {
            shape
                .known_types()
                .is_none_or(|types| types.contains("object"))
        })
        .collect();
    let mut members: BTreeMap<&String, Vec<Term>> = BTreeMap::new();
    for (name, term) in objects.iter().flat_map(|shape| &shape.members) {
        members.entry(name).or_default().push(term.clone());
    }
    whole.members = members
        .into_iter()
        .map(|(name, terms)| (name.clone(), choice(terms)))
        .collect();
    if let Some((one, others)) = objects.split_first() {
        whole.required = one.required.clone();
        whole
            .required
            .retain(|name, _| others.iter().all(|shape| shape.required.contains_key(name)));
        let closed = |shape: &Shape| match &shape.others {
            Others::Closed(place) => Some(place.clone()),
            Others::Open | Others::Of(_) => None,
        };
        let of = |shape: &Shape| match &shape.others {
            Others::Of(term) => Some(term.clone()),
            Others::Open | Others::Closed(_) => None,
        };
        let all_closed: Option<Vec<Place>> = objects.iter().map(|shape| closed(shape)).collect();
        let all_of: Option<Vec<Term>> = objects.iter().map(|shape| of(shape)).collect();
        whole.others = match (
            all_closed.and_then(|places| places.into_iter().next()),
            all_of,
        ) {
            (Some(place), _) => Others::Closed(place),
            (None, Some(terms)) => Others::Of(choice(terms)),
            (None, None) => Others::Open,
        };
    }
    let items: Vec<Term> = branches
        .iter()
        .filter_map(|shape| shape.items.clone())
        .collect();
    whole.items = (!items.is_empty()).then(|| choice(items));
    whole.is_deprecated = !branches.is_empty() && branches.iter().all(|shape| shape.is_deprecated);
    whole
}

fn choice(mut terms: Vec<Term>) -> Term {
    match terms.pop() {
        Some(one) if terms.is_empty() => one,
        Some(last) => {
            terms.push(last);
            Term::Any(terms)
        }
        None => Term::Any(Vec::new()),
    }
}

/// Returns the limits that every branch has, each at its loosest.
fn loosest(branches: &[&Shape]) -> BTreeMap<&'static str, (Place, Value)> {
    let mut limits = BTreeMap::new();
    for limit in LIMITS {
        let found: Option<Vec<&(Place, Value)>> = branches
            .iter()
            .map(|shape| shape.limits.get(limit.keyword))
            .collect();
        let mut found = found.unwrap_or_default().into_iter();
        let Some(mut kept) = found.next() else {
            continue;
        };
        let mut is_one_rule = true;
        for other in found {
            is_one_rule &= other.1 == kept.1;
            if tighter(limit.side, &kept.1, &other.1) {
                kept = other;
            }
        }
        if is_one_rule || limit.side != Side::Neither {
            limits.insert(limit.keyword, kept.clone());
        }
    }
    limits
}
