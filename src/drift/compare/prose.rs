//! Compares the numbers in the prose of an operation, and a few words that carry a promise. Prose can't be compared,
//! but the facts in it can. If one has changed, the prose is worth reading.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::super::difference::Breaks;
use super::super::kind::Kind;
use super::super::published;
use super::all::{Comparison, Pair, Seen};

/// Dates, numbers of at least two digits, and words that promise something.
static FACTS: LazyLock<Result<Regex, regex::Error>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) \b\d{4}-\d{2}-\d{2}\b | \b\d{1,3}(?:,\d{3})+\b | \b\d{2,}\b
        | \b(?: append | canonical | idempotent | independent | merg | normali[sz] | overwrit | preserv | reject | remov | replac | requir )",
    )
});

impl Comparison<'_> {
    /// Notes the facts that were added to the prose of an operation, and those that were removed.
    pub(super) fn prose(&mut self, pair: Pair<'_>) {
        let Some(text) = pair.value.get("description").and_then(Value::as_str) else {
            return;
        };
        let said = facts(text);
        let known: BTreeSet<String> = self
            .published
            .prose
            .get(&pair.ours.operation)
            .map(|facts| facts.iter().cloned().collect())
            .unwrap_or_default();
        // Facts that the contract already knows of the operation are not news.
        let ours = self
            .contract
            .codes
            .iter()
            .filter(|row| row.operations.contains_key(&pair.ours.operation));
        let ours: BTreeSet<String> = ours
            .flat_map(|row| [row.code.to_string(), row.status.0.clone()])
            .collect();
        let new: Vec<String> = said
            .iter()
            .filter(|fact| {
                !known.contains(*fact) && !ours.contains(*fact) && !is_told_as_code(text, fact)
            })
            .cloned()
            .collect();
        // A mostly different text has another author, who need not state the same facts.
        let kept = known.intersection(&said).count();
        let is_the_same_text = 2 * kept > known.len();
        let gone: Vec<String> = known
            .difference(&said)
            .filter(|_| is_the_same_text)
            .cloned()
            .collect();
        if new.is_empty() && gone.is_empty() {
            return;
        }
        let seen = Seen {
            operation: pair.ours.operation,
            part: "prose",
            theirs: pair.theirs.at.child("description").to_string(),
            ours: format!("{}#/prose/{}", published::PATH, pair.ours.operation),
        };
        self.note(seen, Breaks::Neither, Kind::Prose { new, gone });
    }

    /// Notes the vendor's own extensions whose values have changed.
    pub(super) fn extensions(&mut self, pair: Pair<'_>) {
        let generation = pair.ours.operation.generation();
        let eol = self.published.end_of_life.get(&generation).cloned();
        let rows = [
            (
                "x-cfDeprecation",
                "/x-cfDeprecation/eol",
                eol.map(Value::from),
            ),
            (
                "x-cfPlanAvailability",
                "/x-cfPlanAvailability",
                Some(self.published.plans.clone()),
            ),
        ];
        for (name, at, ours) in rows {
            // A description that is not the vendor's has no such extensions.
            if pair.value.get(name).is_none() {
                continue;
            }
            let theirs = pair.value.pointer(at).cloned();
            if theirs == ours {
                continue;
            }
            let seen = Seen {
                operation: pair.ours.operation,
                part: name,
                theirs: format!("{}{at}", pair.theirs.at),
                ours: published::PATH.to_owned() + "#",
            };
            let what = Kind::Extension {
                name: name.to_owned(),
                ours,
                theirs,
            };
            self.note(seen, Breaks::Neither, what);
        }
    }
}

/// Returns whether a number is a code, which the comparison of codes reports.
fn is_told_as_code(text: &str, fact: &str) -> bool {
    let Ok(code) = Regex::new(&format!(r"(?i)\bcodes?\s*[:=]?\s*`?{fact}\b")) else {
        return false;
    };
    code.is_match(text)
}

/// Returns the facts in a text, each once.
fn facts(text: &str) -> BTreeSet<String> {
    let Ok(pattern) = &*FACTS else {
        return BTreeSet::new();
    };
    let found = pattern.find_iter(text);
    found
        .map(|fact| {
            fact.as_str()
                .to_lowercase()
                .replace(',', "")
                .replace("normalis", "normaliz")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_dates_and_words_that_promise_are_facts() {
        let text = "Merges up to 3,500 of them (403, code 1164) until 2026-10-01; v2 is NORMALISED, 1 by 1.";
        let wanted = ["1164", "2026-10-01", "3500", "403", "merg", "normaliz"];
        assert_eq!(facts(text), wanted.map(str::to_owned).into());
    }
}
