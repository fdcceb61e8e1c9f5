//! Other spellings of the same description, which must not be reported as drift.

use serde_json::{Value, json};
use test_case::test_case;

use super::{Edit, V2, compared, drift, excerpt, listed};

const SCHEMAS: &str = "/components/schemas";

#[test_case(|d| *d = in_3_1(d); "OpenAPI 3.1 with lists of types and const")]
#[test_case(|d| { d.set(&format!("{SCHEMAS}/ocr_v1_list/allOf/1/properties/modified_on"), json!({"oneOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date-time", "nullable": true}]})); }; "null by a choice")]
#[test_case(|d| { d.set(&format!("{SCHEMAS}/ocr_vendor"), json!({"oneOf": [{"type": "string", "enum": ["aws", "azure"]}, {"type": "string", "enum": ["gcp", "oci"]}]})); }; "values by a choice")]
#[test_case(|d| { d.set(&format!("{SCHEMAS}/ocr_vendor/enum"), json!(["oci", "gcp", "azure", "aws"])); }; "values in another order")]
#[test_case(|d| { let whole = d.remove(&format!("{SCHEMAS}/ocr_v2_entry")); d.set(&format!("{SCHEMAS}/ocr_v2_entry"), json!({"allOf": [whole]})); }; "a schema of one part")]
#[test_case(|d| { let entry = d.remove(&format!("{SCHEMAS}/ocr_v1_entry")); d.set(&format!("{SCHEMAS}/ocr_v1_list/allOf/1/properties/value/items"), entry.clone()); d.set(&format!("{SCHEMAS}/ocr_v1_single/allOf/1/properties/value"), entry); }; "schemas in place of references")]
#[test_case(|d| { let item = d.remove(V2); d.set("/paths/~1zones~1{zone_identifier}~1origin~1cloud_regions", item); d.set("/components/parameters/ocr_zone_id/name", json!("zone_identifier")); rename_zones(d); }; "path parameters of another name")]
#[test_case(|d| { let own = d.remove(&format!("{V2}/get/parameters")); d.set(&format!("{V2}/parameters"), own); }; "parameters of the path item")]
#[test_case(|d| { let item = d.remove(V2); d.set("/components/pathItems", json!({"list": item})); d.set(V2, json!({"$ref": "#/components/pathItems/list"})); }; "a path item by reference")]
#[test_case(|d| { let one = json!({"type": "array", "items": {"$ref": "#/components/schemas/ocr_supported_region"}}); d.set(&format!("{SCHEMAS}/ocr_regions/properties/vendors"), json!({"type": "object", "properties": {"aws": one, "gcp": one}})); }; "vendors by name")]
#[test_case(|d| { d.set(&format!("{SCHEMAS}/ocr_messages/items/properties/source/properties/pointer"), json!({"allOf": [{"$ref": "#/components/schemas/round"}, {"type": "string"}]})); d.set(&format!("{SCHEMAS}/round"), json!({"allOf": [{"$ref": "#/components/schemas/round"}]})); }; "a schema that is made of itself")]
#[test_case(|d| { d.remove(&format!("{V2}/get/security")); }; "security of the whole document")]
#[test_case(|d| { d.set("/components/parameters/ocr_page/schema", json!({"type": "integer", "minimum": 0, "exclusiveMinimum": true, "default": 1})); }; "a limit that is exclusive")]
#[test_case(|d| { d.set(&format!("{SCHEMAS}/ocr_failure/properties/errors/minItems"), json!(1)); }; "a failure that names an error")]
#[test_case(|d| { d.remove(&format!("{SCHEMAS}/ocr_v2_entry/type")); }; "an object without its type")]
#[test_case(|d| { d.set(&format!("{SCHEMAS}/ocr_result_info/properties/page/format"), json!("int32")); }; "the size of a number")]
#[test_case(|d| { d.set("/servers", json!([{"url": "https://api.cloudflare.com"}])); begin_with(d, "/client/v4"); }; "the base in the paths")]
#[test_case(|d| { d.set("/servers", json!([{"url": "https://api.cloudflare.com/client"}])); begin_with(d, "/v4"); }; "the base in both")]
#[test_case(|d| { d.remove("/servers"); }; "no server")]
#[test_case(|d| { d.set("/servers", json!([{"url": "http://127.0.0.1:8080/client/v4/"}])); }; "another host")]
fn other_words_are_no_difference(change: fn(&mut Value)) {
    let mut document = excerpt();
    change(&mut document);
    assert_eq!(listed(&drift(&document)), Vec::<String>::new());
}

#[test]
fn the_description_in_yaml_does_not_differ_and_is_told_by_the_same_places() {
    let mut document = excerpt();
    let drift_of = |document: &Value| {
        let mut yaml = String::new();
        block(document, 0, &mut yaml);
        compared(&yaml).unwrap_or_else(|error| panic!("{error}"))
    };
    assert_eq!(listed(&drift_of(&document)), Vec::<String>::new());
    document.set("/components/schemas/ocr_vendor/enum/3", json!("ibm"));
    assert_eq!(listed(&drift_of(&document)), listed(&drift(&document)));
}

/// Prefixes all paths with a base.
fn begin_with(document: &mut Value, base: &str) {
    let paths = document.remove("/paths");
    let members = paths.as_object().cloned().unwrap_or_default();
    let moved = members
        .into_iter()
        .map(|(path, item)| (format!("{base}{path}"), item));
    document.set("/paths", Value::Object(moved.collect()));
}

#[test]
fn yaml_may_begin_with_a_key_in_quotes_or_with_a_brace() {
    let text = excerpt().to_string();
    let mut quoted = String::new();
    block(&excerpt(), 0, &mut quoted);
    let quoted = quoted.replacen("openapi:", "\"openapi\":", 1);
    let commented = format!("{{ # what JSON does not have\n{}", &text[1..]);
    for text in [quoted, commented] {
        let drift = compared(&text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(listed(&drift), Vec::<String>::new());
    }
}

/// Converts a description from `OpenAPI` 3.0 to the notation of 3.1.
fn in_3_1(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(in_3_1).collect()),
        Value::Object(members) => {
            let mut members: serde_json::Map<String, Value> = members
                .iter()
                .map(|(name, value)| (name.clone(), in_3_1(value)))
                .collect();
            if members.get("nullable") == Some(&json!(true)) {
                members.remove("nullable");
                let types = members.get("type").cloned().unwrap_or_default();
                members.insert("type".into(), json!([types, "null"]));
            }
            if let Some([one]) = members
                .get("enum")
                .and_then(Value::as_array)
                .map(Vec::as_slice)
            {
                let one = one.clone();
                members.remove("enum");
                members.insert("const".into(), one);
            }
            if members.contains_key("openapi") {
                members.insert("openapi".into(), json!("3.1.0"));
            }
            Value::Object(members)
        }
        scalar => scalar.clone(),
    }
}

/// Renames the zone parameter in every path to `zone_identifier`.
fn rename_zones(document: &mut Value) {
    let Some(Value::Object(paths)) = document.get_mut("paths") else {
        panic!("no paths");
    };
    *paths = std::mem::take(paths)
        .into_iter()
        .map(|(path, item)| (path.replace("{zone_id}", "{zone_identifier}"), item))
        .collect();
}

/// Writes a value as YAML in block style, with strings in quotes.
fn block(value: &Value, depth: usize, yaml: &mut String) {
    let indent = "  ".repeat(depth);
    let mut entry = |head: String, value: &Value| {
        let is_block = match value {
            Value::Object(members) => !members.is_empty(),
            Value::Array(items) => !items.is_empty(),
            _ => false,
        };
        if is_block {
            yaml.extend([format!("{indent}{head}\n")]);
            block(value, depth + 1, yaml);
        } else {
            yaml.extend([format!("{indent}{head} {value}\n")]);
        }
    };
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = if name.contains(['{', '/', '$']) {
                    json!(name).to_string()
                } else {
                    name.clone()
                };
                entry(format!("{name}:"), value);
            }
        }
        Value::Array(items) => {
            for value in items {
                entry("-".to_owned(), value);
            }
        }
        scalar => yaml.extend([format!("{indent}{scalar}\n")]),
    }
}
