//! The lines between originproof and the adapter of a client under test: one JSON object each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the adapter is asked to do: a line on its stdin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ask {
    /// The number of the line. The answer repeats it.
    pub id: u64,
    /// The operation, such as `v2.put`; `originproof list operations` shows all.
    pub operation: String,
    /// The zone id.
    pub zone: String,
    /// The arguments of the operation, in words that are the same for both generations.
    pub arguments: Arguments,
    /// The base URL to use in place of `https://api.cloudflare.com/client/v4`.
    pub base_url: String,
    /// The credentials to use.
    pub credentials: Credentials,
    /// The time limit for the answer to a request, in ms; absent without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// The arguments of an operation. Those that the operation does not have are absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// The IP address of a single operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The vendor to write, such as `aws`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// The region to write, such as `us-east-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The mappings of a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Item>>,
    /// The addresses of a batch delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<String>>,
    /// The page of `v2.list`. Without it, the whole list is asked for: all pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u64>,
    /// The number of mappings on a page of `v2.list`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_page: Option<u64>,
}

/// A mapping of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The IP address.
    pub address: String,
    /// The vendor.
    pub vendor: String,
    /// The region.
    pub region: String,
}

/// The credentials that the client must use.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "scheme", rename_all = "lowercase")]
pub enum Credentials {
    /// A bearer token.
    Token {
        /// The token.
        token: String,
    },
    /// An e-mail address and its key.
    Key {
        /// The e-mail address.
        email: String,
        /// The key.
        key: String,
    },
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Token { .. } => "Token",
            Self::Key { .. } => "Key",
        })
    }
}

/// What the client made of it: a line on the adapter's stdout. It has one of `ok`, `error` and `unsupported`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The number of the line that this answers.
    pub id: u64,
    /// The result as the client gives it to its caller. A mapping is `{"address", "vendor", "region"}`, a list is an array
    /// of mappings, a batch is `{"succeeded": [...], "failed": [{"address", "error"}]}`, regions are
    /// `{"obtained_codes", "vendors"}`. The API's own forms and names are read as well.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub ok: Option<Value>,
    /// The error that the client gives to its caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ClientError>,
    /// Whether the client does not have this operation, or can't be asked in this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsupported: Option<bool>,
}

/// Reads a member that is there, also if it is null.
fn present<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(reader).map(Some)
}

/// An error as the client gives it to its caller.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClientError {
    /// The status of the answer; absent if there was none.
    #[serde(default)]
    pub status: Option<u16>,
    /// The code of the answer's first error; absent if there was none.
    #[serde(default)]
    pub code: Option<i64>,
    /// The failed items of a batch, if the client gives them to its caller with an error: `{"address", "error"}` each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Value>,
    /// The message for people.
    #[serde(default)]
    pub message: String,
    /// The kind of error: `api` for an answer that says failure, `network`, `timeout`, `decode` for an answer that can't be
    /// read, `refused` for a request that the client did not send; others are let pass.
    #[serde(default)]
    pub kind: String,
}

/// Returns the JSON Schema of both lines.
#[must_use]
pub fn json_schema() -> Value {
    let mut generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
    let ask = generator.subschema_for::<Ask>();
    let answer = generator.subschema_for::<Answer>();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line between originproof and the adapter of a client under test",
        "anyOf": [ask, answer],
        "$defs": generator.take_definitions(true),
    })
}
