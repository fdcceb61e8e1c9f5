//! The JSON that `list`, `explain`, `config` and `run --plan` print, with its schemas.

use std::collections::BTreeMap;

use clap::ValueEnum;
use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::Value;

use originproof::event::EffortRecord;

use super::exit::Failure;

/// The format of what a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// Text for people.
    #[default]
    Text,
    /// JSON.
    Json,
    /// The JSON Schema of this JSON.
    Schema,
}

/// A row of `list`; its members depend on what is listed, and each row names its thing by `id`, `name` or `code`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct Row(pub(crate) BTreeMap<String, Value>);

/// What `explain` says.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Explanation {
    /// The id that was asked for.
    pub(crate) id: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// The explanation, as people read it.
    pub(crate) text: String,
}

/// The kinds of things that `explain` explains.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A clause of the contract.
    Clause,
    /// An error code.
    Code,
    /// A case.
    Case,
    /// A scenario for clients.
    Scenario,
    /// An operation.
    Operation,
    /// A source, a verdict or a capability.
    Word,
    /// A cause of failures.
    Cause,
}

/// A setting, as `config` shows it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Setting {
    /// Its key in the configuration file.
    pub(crate) key: &'static str,
    /// Its values, separated by commas; `***` for a secret, `(none)` if it is not set.
    pub(crate) value: String,
    /// Where it comes from: a flag, a variable, a file, or `default`.
    pub(crate) from: String,
}

/// What a run would do.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Forecast {
    /// The base URL of the target.
    pub(crate) target: String,
    /// What the target can do, with how that is known.
    pub(crate) capabilities: BTreeMap<String, String>,
    /// What probing found besides.
    pub(crate) notes: Vec<String>,
    /// The ids of the cases that will run.
    pub(crate) will_run: Vec<String>,
    /// The ids of the cases that will not run, by the reason.
    pub(crate) skipped: BTreeMap<String, Vec<String>>,
    /// What would be written, in a sentence.
    pub(crate) writes: String,
    /// What would happen to the mappings of each zone, a sentence each.
    pub(crate) zones: Vec<String>,
    /// The number of requests, counted on the embedded mock.
    pub(crate) requests: u64,
    /// What the limit of the run leaves; `null` without a limit.
    pub(crate) effort: Option<EffortRecord>,
    /// What a run with twice as many requests would prove; `null` without a limit of requests.
    pub(crate) twice_the_effort: Option<EffortRecord>,
    /// The highest request rates that are kept.
    pub(crate) pacing: Vec<String>,
    /// The least time that the requests take at these rates, in seconds.
    pub(crate) least_seconds: u64,
}

/// Returns a document as JSON.
///
/// # Errors
/// Fails if the document has no JSON form; none of ours lacks one.
pub(crate) fn text(document: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(document);
    text.map(|text| text + "\n")
        .map_err(|error| Failure::Internal(error.to_string()))
}

/// Returns the JSON Schema of a document.
///
/// # Errors
/// As [`text`].
pub(crate) fn schema<T: JsonSchema>() -> Result<String, Failure> {
    text(&schema_for!(T))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schemas_are_the_committed_ones() {
        let generated = [
            (
                "list",
                schema::<Vec<Row>>(),
                include_str!("../../schemas/output/list.schema.json"),
            ),
            (
                "list --coverage",
                schema::<originproof::coverage::Coverage>(),
                include_str!("../../schemas/output/coverage.schema.json"),
            ),
            (
                "explain",
                schema::<Explanation>(),
                include_str!("../../schemas/output/explain.schema.json"),
            ),
            (
                "config",
                schema::<Vec<Setting>>(),
                include_str!("../../schemas/output/config.schema.json"),
            ),
            (
                "run --plan",
                schema::<Forecast>(),
                include_str!("../../schemas/output/plan.schema.json"),
            ),
        ];
        for (command, schema, committed) in generated {
            let schema = schema.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(
                schema, committed,
                "print it with `originproof {command} --format schema`"
            );
        }
    }
}
