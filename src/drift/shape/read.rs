//! Reads a schema of JSON Schema 2020-12, `OpenAPI` 3.0 or 3.1 into its shape.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::error::DriftError;
use super::super::shelf::{Place, Shelf, dangling};
use super::combine::{all_of, any_of};
use super::model::{LIMITS, Others, Shape, Term};

/// Returns the shape of a term. Members and items stay terms.
pub(in super::super) fn shape(shelf: &Shelf<'_>, term: &Term) -> Result<Shape, DriftError> {
    read(shelf, term, &mut Vec::new())
}

fn read(shelf: &Shelf<'_>, term: &Term, above: &mut Vec<Place>) -> Result<Shape, DriftError> {
    match term {
        Term::At(place) => {
            // A schema that is combined with itself adds nothing.
            if above.contains(place) {
                return Ok(Shape::any(place.clone()));
            }
            above.push(place.clone());
            let shape = at(shelf, place, above);
            above.pop();
            shape
        }
        Term::All(terms) => Ok(all_of(shapes(shelf, terms, above)?)),
        Term::Any(terms) => Ok(any_of(&shapes(shelf, terms, above)?)),
    }
}

fn shapes(
    shelf: &Shelf<'_>,
    terms: &[Term],
    above: &mut Vec<Place>,
) -> Result<Vec<Shape>, DriftError> {
    terms.iter().map(|term| read(shelf, term, above)).collect()
}

fn at(shelf: &Shelf<'_>, place: &Place, above: &mut Vec<Place>) -> Result<Shape, DriftError> {
    let Some(value) = shelf.get(place)? else {
        return Ok(Shape::any(place.clone()));
    };
    let is_schema = value.is_object() || value.is_boolean();
    if !is_schema {
        return Err(DriftError::Form {
            at: place.pointer.clone(),
            expected: "a schema",
        });
    }
    let referred = match Shelf::target(place, &value)? {
        Some(target) if shelf.get(&target)?.is_none() => return Err(dangling(place, &value)),
        Some(target) => Some(read(shelf, &Term::At(target), above)?),
        None => None,
    };
    if let (Some(shape), false) = (&referred, shelf.has_neighbours(&place.book)) {
        return Ok(shape.clone());
    }
    let mut parts: Vec<Shape> = referred.into_iter().collect();
    parts.push(own(place, &value));
    for keyword in ["allOf", "oneOf", "anyOf"] {
        let Some(count) = value.get(keyword).and_then(Value::as_array).map(Vec::len) else {
            continue;
        };
        let list = place.child(keyword);
        let terms: Vec<Term> = (0..count)
            .map(|index| Term::At(list.child(&index.to_string())))
            .collect();
        let shapes = shapes(shelf, &terms, above)?;
        if keyword == "allOf" {
            parts.extend(shapes);
        } else if !shapes.is_empty() {
            parts.push(any_of(&shapes));
        }
    }
    let mut shape = all_of(parts);
    // Strictly, `nullable` without a type beside it means nothing (OpenAPI 3.0.3), but authors mean null by it.
    let is_nullable = value.get("nullable") == Some(&Value::Bool(true));
    if let (Some(types), true, None) = (&mut shape.types, is_nullable, value.get("type")) {
        types.insert("null".to_owned());
    }
    // With a `$ref`, the place to change is in one of the combined parts. Otherwise it is this schema itself.
    if value.get("$ref").is_none() {
        shape.at = place.clone();
    }
    Ok(shape)
}

/// Returns the meaning of one schema's own keywords.
fn own(place: &Place, value: &Value) -> Shape {
    let mut shape = Shape::any(place.clone());
    let is_nullable = value.get("nullable") == Some(&Value::Bool(true));
    let mut types = declared(value);
    if let (Some(types), true) = (&mut types, is_nullable) {
        types.insert("null".to_owned());
    }
    let single = value.get("const").map(std::slice::from_ref);
    let several = value
        .get("enum")
        .and_then(Value::as_array)
        .map(Vec::as_slice);
    if let Some(values) = single.or(several) {
        let mut told: BTreeSet<String> =
            values.iter().map(|value| kind(value).to_owned()).collect();
        if is_nullable {
            told.insert("null".to_owned());
        }
        let both = types
            .as_ref()
            .map(|types| super::combine::common(types, &told));
        types = Some(both.filter(|both| !both.is_empty()).unwrap_or(told));
        let values: Vec<Value> = values
            .iter()
            .filter(|value| !value.is_null())
            .cloned()
            .collect();
        shape.values = (!values.is_empty()).then_some(values);
    }
    shape.types = types;
    for limit in LIMITS {
        if let Some(found) = value
            .get(limit.keyword)
            .filter(|found| tells(limit.keyword, found))
        {
            let at = place.child(limit.keyword);
            shape.limits.insert(limit.keyword, (at, found.clone()));
        }
    }
    exclusive(place, value, &mut shape);
    let properties = place.child("properties");
    for name in value
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let term = Term::At(properties.child(name.0));
        shape.members.insert(name.0.clone(), term);
    }
    let required = value.get("required").and_then(Value::as_array);
    for (index, name) in required.into_iter().flatten().enumerate() {
        if let Some(name) = name.as_str() {
            let at = place.child("required").child(&index.to_string());
            shape.required.insert(name.to_owned(), at);
        }
    }
    if value
        .get("items")
        .is_some_and(|items| items.is_object() || items.is_boolean())
    {
        shape.items = Some(Term::At(place.child("items")));
    }
    let others = place.child("additionalProperties");
    shape.others = match value.get("additionalProperties") {
        Some(Value::Bool(false)) => Others::Closed(others),
        Some(Value::Object(schema)) if !schema.is_empty() => Others::Of(Term::At(others)),
        _ => Others::Open,
    };
    shape.is_deprecated = value.get("deprecated") == Some(&Value::Bool(true));
    shape.example = value
        .get("example")
        .map(|example| (place.child("example"), example.clone()));
    shape
}

/// Returns the value of `type`: a text, or in 3.1 also a list.
fn declared(value: &Value) -> Option<BTreeSet<String>> {
    match value.get("type")? {
        Value::String(name) => Some(BTreeSet::from([name.clone()])),
        Value::Array(names) => Some(
            names
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        ),
        _ => None,
    }
}

/// Returns the type of a value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Returns whether a keyword limits anything. The formats of numbers only name their size.
fn tells(keyword: &str, value: &Value) -> bool {
    let is_size = matches!(value.as_str(), Some("int32" | "int64" | "float" | "double"));
    !(keyword == "format" && is_size)
}

/// Sets exclusive limits of whole numbers as inclusive ones. 3.0 writes them as a flag, 3.1 as the number itself.
fn exclusive(place: &Place, value: &Value, shape: &mut Shape) {
    for (keyword, inclusive, step) in [
        ("exclusiveMinimum", "minimum", 1),
        ("exclusiveMaximum", "maximum", -1),
    ] {
        let number = match value.get(keyword) {
            Some(Value::Bool(true)) => value.get(inclusive).and_then(Value::as_i64),
            Some(Value::Number(number)) => number.as_i64(),
            _ => None,
        };
        if let Some(number) = number {
            let found = (
                place.child(keyword),
                Value::from(number.saturating_add(step)),
            );
            shape.limits.insert(inclusive, found);
        }
    }
}
