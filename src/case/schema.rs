//! The JSON Schema of the case format, for editors. It is made from the tables that the loader uses.

use serde_json::{Map, Value, json};

use super::format::{self, Word};
use super::matcher;
use crate::contract::{Contract, FaultRequest};
use crate::exchange::Operation;

/// A regular expression for a text that is one column and nothing else.
const COLUMN: &str = r"^\{\{[^{}]+\}\}$";

fn properties(words: &[Word]) -> Map<String, Value> {
    words
        .iter()
        .map(|word| (word.name.to_owned(), json!({"description": word.says})))
        .collect()
}

fn closed(words: &[Word]) -> Value {
    json!({"type": "object", "properties": properties(words), "additionalProperties": false})
}

fn with(mut object: Value, member: &str, schema: &Value) -> Value {
    if let (Some(place), Some(members)) = (
        object.pointer_mut(&format!("/properties/{member}")),
        schema.as_object(),
    ) && let Some(place) = place.as_object_mut()
    {
        place.extend(members.clone());
    }
    object
}

/// Returns a schema that also allows a column in place of the value.
fn or_column(schema: &Value) -> Value {
    json!({"anyOf": [schema, {"$ref": "#/$defs/column"}]})
}

/// Returns the schema.
#[must_use]
pub fn json_schema() -> Value {
    let contract = Contract::embedded();
    let items = json!({"type": "array", "items": {"$ref": "#/$defs/item"}});
    let rows = json!({"type": "array", "minItems": 1, "items":
        {"type": "object", "required": ["row"]}});
    let capabilities = contract.capabilities.iter().map(|c| c.name.as_str());
    let capabilities: Vec<&str> = capabilities.collect();
    let mut file = closed(format::FILE);
    for (member, schema) in [
        ("title", json!({"type": "string"})),
        ("about", json!({"type": "string"})),
        ("unkillable", json!({"type": "string"})),
        ("judge", json!({"enum": ["history"]})),
        (
            "proves",
            or_column(&json!({"type": "array", "items": {"$ref": "#/$defs/clause"}})),
        ),
        (
            "generations",
            or_column(
                &json!({"type": "array", "items": or_column(&json!({"enum": ["v1", "v2"]}))}),
            ),
        ),
        (
            "needs",
            or_column(
                &json!({"type": "array", "items": or_column(&json!({"enum": capabilities}))}),
            ),
        ),
        (
            "tags",
            or_column(&json!({"type": "array", "items": {"type": "string"}})),
        ),
        (
            "zones",
            or_column(&json!({"type": "array", "items": {"type": "string"}})),
        ),
        (
            "given",
            json!({"anyOf": [items, {"type": "object", "additionalProperties": items},
                {"$ref": "#/$defs/column"}]}),
        ),
        (
            "table",
            json!({"anyOf": [rows, {"type": "array", "minItems": 1, "items": rows}]}),
        ),
        (
            "steps",
            or_column(&json!({"type": "array", "minItems": 1,
                "items": or_column(&json!({"$ref": "#/$defs/step"}))})),
        ),
    ] {
        file = with(file, member, &schema);
    }
    let mut step = properties(format::STEP);
    step.extend(properties(format::ACTIONS));
    let general: Vec<format::Word> = format::general_words().collect();
    step.extend(properties(&general));
    for operation in Operation::all() {
        let description = operation.row();
        let says = format!("{} {}", description.method, description.path);
        step.insert(operation.id().to_owned(), json!({"description": says}));
    }
    let faults: Vec<&str> = FaultRequest::words().collect();
    step["fault"]["anyOf"] = json!([{"enum": faults}, {"$ref": "#/$defs/column"}]);
    step.insert(
        "expect".to_owned(),
        or_column(&json!({
            "type": "object",
            "propertyNames": {"$ref": "#/$defs/clause"},
            "additionalProperties": {"$ref": "#/$defs/expectation"},
        })),
    );
    let clause_ids: Vec<&str> = contract
        .clauses
        .iter()
        .map(|clause| clause.id.as_str())
        .collect();
    let mut expectation = properties(format::EXPECT);
    expectation.extend(properties(format::BODY_ROOTS));
    let matchers: Vec<Word> = matcher::ALL.iter().map(|matcher| matcher.word).collect();
    file["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    file["$id"] = json!("https://originproof.invalid/schemas/case.schema.json");
    file["title"] = json!("An originproof case");
    file["required"] = json!(["title", "proves", "steps"]);
    file["$defs"] = json!({
        "clause": {"type": "string", "anyOf": [
            {"enum": clause_ids},
            {"pattern": "^(Vn-)?[A-Z0-9-]+[a-f]?( \\((must|should)\\))?$"},
            {"pattern": "\\{\\{[^{}]+\\}\\}"},
        ]},
        "column": {"type": "string", "pattern": COLUMN},
        "item": closed(format::ITEM),
        "step": {"type": "object", "properties": step, "patternProperties": {COLUMN: {}},
            "additionalProperties": false},
        "expectation": {"type": ["object", "null", "string"], "pattern": COLUMN, "properties": expectation,
            "patternProperties": {"^(result|result_info|errors|messages|success|header)(\\.|$)":
                {"$ref": "#/$defs/matcher"}},
            "additionalProperties": false},
        "matcher": {"anyOf": [closed(&matchers), {}]},
    });
    file
}
