//! Compares error codes: those in examples, with status and text, and those that the prose names.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::super::difference::Breaks;
use super::super::error::DriftError;
use super::super::kind::Kind;
use super::super::shelf::Place;
use super::all::{Comparison, Pair, Seen};
use super::answer::Response;
use crate::contract::CodeDescription;
use crate::exchange::whole_number;

static SPOKEN: LazyLock<Result<Regex, regex::Error>> =
    LazyLock::new(|| Regex::new(r"(?i)\bcodes?\s*[:=]?\s*`?([0-9]{4,5})\b"));

/// A code in the vendor's description.
#[derive(Debug)]
struct Told {
    code: i64,
    text: Option<String>,
    /// The status of the response that shows the code; `None` if only prose names it.
    status: Option<String>,
    at: Place,
}

impl Comparison<'_> {
    pub(super) fn codes(&mut self, pair: Pair<'_>) -> Result<(), DriftError> {
        let mut told = prose(pair.value, &pair.theirs.at);
        for response in self.responses(pair)? {
            if response.status.starts_with('2') {
                continue;
            }
            told.extend(prose(&response.value, &response.at));
            told.extend(self.told_by(&response)?);
        }
        let operation = pair.ours.operation;
        let rows: Vec<(usize, &CodeDescription)> = self
            .contract
            .codes
            .iter()
            .enumerate()
            .filter(|(_, row)| row.operations.contains_key(&operation))
            .collect();
        for told in &told {
            let own: Vec<&(usize, &CodeDescription)> = rows
                .iter()
                .filter(|(_, row)| row.code == told.code)
                .collect();
            let ours = own.first().map_or_else(
                || "schemas/contract.yaml#/codes".to_owned(),
                |(index, _)| format!("schemas/contract.yaml#/codes/{index}"),
            );
            let seen = Seen {
                operation,
                part: "codes",
                theirs: told.at.to_string(),
                ours,
            };
            if own.is_empty() {
                let what = Kind::CodeNew {
                    code: told.code,
                    status: told.status.clone(),
                };
                self.note(seen, Breaks::Neither, what);
                continue;
            }
            if let Some(status) = &told.status
                && !own.iter().any(|(_, row)| agree(&row.status.0, status))
            {
                let what = Kind::CodeStatus {
                    code: told.code,
                    ours: own.iter().map(|(_, row)| row.status.0.clone()).collect(),
                    theirs: status.clone(),
                };
                self.note(seen.clone(), Breaks::Both, what);
            }
            let texts: Vec<&String> = own
                .iter()
                .filter_map(|(_, row)| row.text.as_ref())
                .collect();
            if let (Some(text), Some(ours)) = (&told.text, texts.first())
                && !texts.contains(&text)
            {
                let what = Kind::CodeText {
                    code: told.code,
                    ours: (*ours).clone(),
                    theirs: text.clone(),
                };
                self.note(seen, Breaks::Neither, what);
            }
        }
        let spoken: BTreeSet<i64> = told.iter().map(|told| told.code).collect();
        for (index, row) in rows {
            let is_unstated = self.published.unstated_codes.iter().any(|unstated| {
                unstated.code == row.code && unstated.operations.contains(&operation)
            });
            if spoken.contains(&row.code) || is_unstated {
                continue;
            }
            let facts = self.published.prose.get(&operation);
            let was_said = facts.is_some_and(|facts| facts.contains(&row.code.to_string()));
            if !was_said || pair.value.get("description").is_none() {
                // Only examples named the code, and a description need not have any.
                self.not_shown.entry(row.code).or_default().push(operation);
                continue;
            }
            let seen = Seen {
                operation,
                part: "codes",
                theirs: pair.theirs.at.child("responses").to_string(),
                ours: format!("schemas/contract.yaml#/codes/{index}"),
            };
            self.note(seen, Breaks::Clients, Kind::CodeGone { code: row.code });
        }
        Ok(())
    }

    /// Returns the codes in a response's examples.
    fn told_by(&self, response: &Response) -> Result<Vec<Told>, DriftError> {
        let mut told = Vec::new();
        let content = response.at.child("content");
        let media_types = response.value.get("content").and_then(Value::as_object);
        for media_type in media_types.into_iter().flat_map(serde_json::Map::keys) {
            for (at, example) in self.examples_of(&content.child(media_type))?.0 {
                let errors = example.get("errors").and_then(Value::as_array);
                for (index, error) in errors.into_iter().flatten().enumerate() {
                    let Some(code) = error.get("code").and_then(whole_number) else {
                        continue;
                    };
                    told.push(Told {
                        code,
                        text: error
                            .get("message")
                            .and_then(Value::as_str)
                            .map(str::to_owned),
                        status: Some(response.status.clone()),
                        at: at.child("errors").child(&index.to_string()).child("code"),
                    });
                }
            }
        }
        Ok(told)
    }
}

/// Returns the codes that the prose of a description names.
fn prose(value: &Value, at: &Place) -> Vec<Told> {
    let text = value
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let Ok(spoken) = &*SPOKEN else {
        return Vec::new();
    };
    let codes = spoken
        .captures_iter(text)
        .filter_map(|found| found.get(1)?.as_str().parse().ok());
    codes
        .map(|code| Told {
            code,
            text: None,
            status: None,
            at: at.child("description"),
        })
        .collect()
}

/// Returns whether the vendor's status (`404`, `4XX` or `default`) allows our status.
fn agree(ours: &str, theirs: &str) -> bool {
    let theirs = theirs.to_ascii_lowercase();
    if theirs == "default" || theirs == ours {
        return true;
    }
    // The vendor gives only the class of our status; its prose, which is compared by itself, can be more precise.
    theirs.ends_with("xx") && theirs.get(..1) == ours.get(..1)
}
