//! Proposes a patch that makes our schema files follow the description. People decide whether the contract follows it.
//! They also change the YAML files (operations, codes, parameters), which the patch leaves alone.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use similar::TextDiff;

use super::difference::{Difference, Drift};
use super::kind::Kind;
use super::ordered::Ordered;
use super::pointer;
use super::schema_files;
use crate::diagnostic::yaml;

/// A patch, and the number of differences that it leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// A unified patch for the root of the repository; empty if nothing can be proposed.
    pub patch: String,
    /// The number of differences that the patch follows.
    pub followed: usize,
    /// The number of differences that the patch can't follow.
    pub left: usize,
}

/// Returns the patch that makes our schema files follow the differences, as far as they can.
#[must_use]
pub fn proposal(drift: &Drift) -> Proposal {
    let mut files: BTreeMap<String, Ordered> = BTreeMap::new();
    let mut followed = 0;
    for difference in &drift.differences {
        if follow(&mut files, difference).is_some() {
            followed += 1;
        }
    }
    let mut patch = String::new();
    for (path, changed) in &files {
        let before = schema_files::text(path).unwrap_or_default();
        let after = changed.pretty();
        let diff = TextDiff::from_lines(before, &after);
        let mut unified = diff.unified_diff();
        let shown = unified
            .header(&format!("a/{path}"), &format!("b/{path}"))
            .to_string();
        patch.push_str(&shown);
    }
    Proposal {
        patch,
        followed,
        left: drift.differences.len() - followed,
    }
}

fn follow(files: &mut BTreeMap<String, Ordered>, difference: &Difference) -> Option<()> {
    let (path, at) = difference.ours.split_once('#')?;
    let is_ours = std::path::Path::new(path)
        .extension()
        .is_some_and(|end| end == "json");
    if !is_ours || matches!(difference.what, Kind::Example { .. }) {
        return None;
    }
    let mut whole = match files.get(path) {
        Some(changed) => changed.clone(),
        None => Ordered::from(&yaml::parse(schema_files::text(path)?).ok()?),
    };
    edit(&mut whole, at, difference)?;
    files.insert(path.to_owned(), whole);
    Some(())
}

fn edit(whole: &mut Ordered, at: &str, difference: &Difference) -> Option<()> {
    match &difference.what {
        Kind::MemberNew { required, schema } => {
            let name = difference.part.rsplit('/').next()?;
            let object = whole.at(at)?;
            if object.member("properties").is_none() {
                object.set("properties", Ordered::Object(Vec::new()));
            }
            object.member("properties")?.set(name, schema.into());
            if *required {
                require(object, name);
            }
        }
        Kind::MemberGone => {
            let (object, name) = owner(whole, at)?;
            object.member("properties")?.remove(&name);
            unrequire(object, &name);
        }
        Kind::Required => {
            let (object, name) = owner(whole, at)?;
            require(object, &name);
        }
        Kind::Optional => {
            let (object, name) = owner(whole, at)?;
            unrequire(object, &name);
        }
        Kind::Type { theirs, .. } => {
            let schema = whole.at(at)?;
            match theirs.as_slice() {
                [] => schema.remove("type"),
                [one] => schema.set("type", (&json!(one)).into()),
                several => schema.set("type", (&json!(several)).into()),
            }
        }
        Kind::Values { added, gone } => {
            let schema = whole.at(at)?;
            let mut values = listed(schema)?;
            values.retain(|value| !gone.contains(value));
            values.extend(added.iter().cloned());
            restrict(schema, &values);
        }
        Kind::Restricted { values } => restrict(whole.at(at)?, values),
        Kind::Unrestricted => {
            let schema = whole.at(at)?;
            schema.remove("const");
            schema.remove("enum");
        }
        Kind::Limit {
            keyword, theirs, ..
        } => match theirs {
            Some(value) => whole.at(at)?.set(keyword, value.into()),
            None => whole.at(at)?.remove(keyword),
        },
        Kind::Closed => whole
            .at(at)?
            .set("additionalProperties", (&json!(false)).into()),
        Kind::Deprecated => whole.at(at)?.set("deprecated", (&json!(true)).into()),
        Kind::OperationGone
        | Kind::OperationNew { .. }
        | Kind::Moved { .. }
        | Kind::Undeprecated
        | Kind::ParameterGone
        | Kind::ParameterNew { .. }
        | Kind::BodyGone
        | Kind::BodyNew { .. }
        | Kind::JsonGone
        | Kind::MediaTypeNew { .. }
        | Kind::StatusGone { .. }
        | Kind::StatusNew { .. }
        | Kind::Example { .. }
        | Kind::CodeGone { .. }
        | Kind::CodeNew { .. }
        | Kind::CodeStatus { .. }
        | Kind::CodeText { .. }
        | Kind::SecurityGone { .. }
        | Kind::SecurityNew { .. }
        | Kind::SecurityChanged { .. }
        | Kind::CodesNotShown { .. }
        | Kind::Prose { .. }
        | Kind::Extension { .. }
        | Kind::Base { .. }
        | Kind::ExampleUnread { .. } => return None,
    }
    Some(())
}

/// Returns the object that a member's pointer (`…/properties/name`) belongs to, and the member's name.
fn owner<'o>(whole: &'o mut Ordered, at: &str) -> Option<(&'o mut Ordered, String)> {
    let (properties, name) = pointer::parent(at)?;
    let (object, _) = pointer::parent(properties).filter(|(_, token)| token == "properties")?;
    Some((whole.at(object)?, name))
}

fn require(object: &mut Ordered, name: &str) {
    let name = Ordered::Scalar(name.into());
    match object.member("required") {
        Some(Ordered::List(names)) if !names.contains(&name) => names.push(name),
        Some(_) => {}
        None => object.set("required", Ordered::List(vec![name])),
    }
}

fn unrequire(object: &mut Ordered, name: &str) {
    let Some(Ordered::List(names)) = object.member("required") else {
        return;
    };
    names.retain(|known| *known != Ordered::Scalar(name.into()));
    if names.is_empty() {
        object.remove("required");
    }
}

/// Returns the values that a schema lists.
fn listed(schema: &mut Ordered) -> Option<Vec<Value>> {
    let scalar = |value: &Ordered| match value {
        Ordered::Scalar(value) => Some(value.clone()),
        Ordered::List(_) | Ordered::Object(_) => None,
    };
    if let Some(value) = schema.member("const") {
        return Some(vec![scalar(value)?]);
    }
    match schema.member("enum")? {
        Ordered::List(values) => values.iter().map(scalar).collect(),
        Ordered::Scalar(_) | Ordered::Object(_) => None,
    }
}

fn restrict(schema: &mut Ordered, values: &[Value]) {
    schema.remove("const");
    schema.remove("enum");
    match values {
        [one] => schema.set("const", one.into()),
        several => schema.set("enum", (&json!(several)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unchanged_schema_file_is_written_as_it_was() {
        for path in [
            "schemas/result/v1-batch.json",
            "schemas/request/v2-item.json",
            "schemas/envelope.json",
        ] {
            let text = schema_files::text(path).unwrap_or_default();
            let node = yaml::parse(text).unwrap_or_else(|problem| panic!("{problem:?}"));
            assert_eq!(Ordered::from(&node).pretty(), text, "{path}");
        }
    }
}
