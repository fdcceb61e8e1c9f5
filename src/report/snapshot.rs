//! Writes the exchanges of each case as readable text, for insta snapshots. Values that vary from run to run are
//! masked. Long lists are cut, with the number of items left out.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;
use similar::TextDiff;

use super::document::Run;
use crate::event::TrialReport;

/// The number of items of a list that are shown; longer lists are cut.
const ITEMS_SHOWN: usize = 4;
/// The number of trials of a case that are shown; the others are only counted.
const TRIALS_SHOWN: usize = 6;
/// The number of exchanges of a trial that are shown; the others are only counted.
const EXCHANGES_SHOWN: usize = 40;
/// The number of characters that are kept of a body that is not JSON.
const CUT_BODY: usize = 300;

static VOLATILE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rules = [
        (r"https?://[^ /]+(/[^ ]*?)?/zones/", "/zones/"),
        // The last digits of a fresh zone's id tell the zones of a case apart; other ids have no such digits.
        (r"/zones/[0-9a-f]{28}([0-9a-f]{4})\b", "/zones/[zone $1]"),
        (
            r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})",
            "[date]T[time]Z",
        ),
    ];
    rules
        .into_iter()
        .filter_map(|(pattern, with)| Some((Regex::new(pattern).ok()?, with)))
        .collect()
});

/// Returns the snapshots of a run that kept all its exchanges, by the name of the snapshot's file. Cases with
/// concurrent requests are left out, because their text varies.
#[must_use]
pub fn snapshots(run: &Run) -> BTreeMap<String, String> {
    let mut by_case: BTreeMap<&str, Vec<&TrialReport>> = BTreeMap::new();
    for trial in run
        .trials
        .iter()
        .filter(|trial| !trial.exchanges.is_empty())
    {
        let id = trial.case.as_str();
        if !id.starts_with("concurrency/") {
            by_case.entry(id).or_default().push(trial);
        }
    }
    by_case
        .into_iter()
        .map(|(id, mut trials)| {
            // Not in the order of the run, which depends on its limits.
            trials.sort_by(|a, b| a.id.cmp(&b.id));
            (id.replace('/', "__"), text(&trials))
        })
        .collect()
}

/// Returns the difference between two snapshots as a unified diff.
#[must_use]
pub fn snapshot_drift(name: &str, before: &str, now: &str) -> Option<String> {
    (before.trim_end() != now.trim_end()).then(|| {
        let diff = TextDiff::from_lines(before, now);
        diff.unified_diff()
            .context_radius(1)
            .header(name, name)
            .to_string()
    })
}

fn text(trials: &[&TrialReport]) -> String {
    let mut text = String::new();
    for trial in trials.iter().take(TRIALS_SHOWN) {
        let _ = writeln!(text, "== {} ({})", trial.id, trial.verdict);
        for exchange in trial.exchanges.iter().take(EXCHANGES_SHOWN) {
            let _ = writeln!(text, "> {}", exchange.request_line);
            if let Some(body) = &exchange.request_body {
                let _ = writeln!(text, "> {}", shortened(body));
            }
            let _ = writeln!(
                text,
                "< {} {}",
                exchange.status,
                shortened(&exchange.response_body)
            );
        }
        if trial.exchanges.len() > EXCHANGES_SHOWN {
            let more = trial.exchanges.len() - EXCHANGES_SHOWN;
            let _ = writeln!(text, "[{more} more exchanges]");
        }
    }
    if trials.len() > TRIALS_SHOWN {
        let _ = writeln!(text, "[{} more trials]", trials.len() - TRIALS_SHOWN);
    }
    masked(text)
}

/// Shortens the long lists of a body to their first items and a count.
fn shortened(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(mut value) => {
            cut(&mut value);
            value.to_string()
        }
        // The report has cut this body, or it is not JSON: its beginning is enough. The number of digits in a time
        // varies, so times are masked before the cut.
        Err(_) => masked(body.to_owned()).chars().take(CUT_BODY).collect(),
    }
}

fn cut(value: &mut Value) {
    match value {
        Value::Array(items) => {
            let count = items.len();
            if count > ITEMS_SHOWN {
                items.truncate(ITEMS_SHOWN);
                items.push(format!("[{} more]", count - ITEMS_SHOWN).into());
            }
            items.iter_mut().for_each(cut);
        }
        Value::Object(members) => members.values_mut().for_each(cut),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn masked(mut text: String) -> String {
    for (pattern, with) in VOLATILE.iter() {
        text = pattern.replace_all(&text, *with).into_owned();
    }
    text
}
