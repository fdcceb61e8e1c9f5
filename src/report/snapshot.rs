//! The exchanges of each case as readable text, for insta snapshots: what varies from run to run is masked, long lists
//! are cut with their count.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;
use similar::TextDiff;

use super::document::Run;
use crate::event::TrialReport;

/// Lists with more items than this are cut.
const ITEMS_SHOWN: usize = 4;
/// Rows of a table and exchanges of a trial beyond these are counted, not shown.
const TRIALS_SHOWN: usize = 6;
const EXCHANGES_SHOWN: usize = 40;
/// Characters of a body that is cut.
const CUT_BODY: usize = 300;

static VOLATILE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rules = [
        (r"https?://[^ /]+(/[^ ]*?)?/zones/", "/zones/"),
        // A fresh zone's last digits tell the zones of a case apart; others have no such digits.
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

/// The snapshots of a run whose exchanges were all kept, by the name of their file. Cases in which requests run side by
/// side have no one text and are left out.
#[must_use]
pub fn snapshots(run: &Run) -> BTreeMap<String, String> {
    let mut by_case: BTreeMap<&str, Vec<&TrialReport>> = BTreeMap::new();
    for trial in run
        .trials
        .iter()
        .filter(|trial| !trial.exchanges.is_empty())
    {
        let id = trial
            .file
            .trim_start_matches("cases/")
            .trim_end_matches(".yaml");
        if !id.starts_with("concurrency/") {
            by_case.entry(id).or_default().push(trial);
        }
    }
    let order: BTreeMap<&str, usize> = run
        .header
        .planned
        .iter()
        .enumerate()
        .map(|(n, id)| (id.as_str(), n))
        .collect();
    by_case
        .into_iter()
        .map(|(id, mut trials)| {
            trials.sort_by_key(|trial| order.get(trial.id.as_str()));
            (id.replace('/', "__"), text(&trials))
        })
        .collect()
}

/// What is different between two snapshots, as a unified diff.
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

/// A body with long lists cut to their first items and a count.
fn shortened(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(mut value) => {
            cut(&mut value);
            value.to_string()
        }
        // A body beyond what a report keeps: its beginning says enough. Times have digits that come and
        // go, so they are masked before the cut.
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
