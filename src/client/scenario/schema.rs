//! The JSON Schema of scenarios, for editors. It is made from the tables that the loader uses.

use serde_json::{Map, Value, json};

use super::format;
use crate::case::format::Word;
use crate::contract::Contract;
use crate::exchange::Operation;

fn closed(words: &[Word]) -> Value {
    let properties: Map<String, Value> = words
        .iter()
        .map(|word| (word.name.to_owned(), json!({"description": word.says})))
        .collect();
    json!({"properties": properties, "additionalProperties": false})
}

/// Returns the schema.
#[must_use]
pub fn json_schema() -> Value {
    let contract = Contract::embedded();
    let clauses = contract
        .clauses
        .iter()
        .filter(|clause| clause.id.is_for_clients());
    let clauses: Vec<&str> = clauses.map(|clause| clause.id.as_str()).collect();
    let operations: Vec<&str> = Operation::all().map(Operation::id).collect();
    let column = json!({"type": "string", "pattern": r"^\{\{[^{}]+\}\}$"});
    let or_column = |schema: Value| json!({"anyOf": [schema, column]});
    let mut file = closed(format::FILE);
    let mut ask = closed(format::ASK);
    ask["properties"]["operation"] = json!({"anyOf": [{"enum": operations}, column]});
    file["properties"]["before"] =
        or_column(json!({"type": "array", "items": or_column(ask.clone())}));
    file["properties"]["ask"] = or_column(ask);
    file["properties"]["answers"] =
        or_column(json!({"type": "array", "items": or_column(closed(format::ANSWER))}));
    file["properties"]["expect"] = or_column(json!({
        "type": "object",
        "additionalProperties": or_column(closed(format::EXPECT)),
    }));
    file["properties"]["proves"] =
        or_column(json!({"type": "array", "items": {"anyOf": [{"enum": clauses}, column]}}));
    file["type"] = json!("object");
    file["required"] = json!(["title", "proves", "ask", "expect"]);
    file["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    file["$id"] = json!("https://originproof.invalid/schemas/scenario.schema.json");
    file["title"] = json!("An originproof scenario for clients");
    file
}
