//! The exchanges of each case against the reference, as insta snapshots: one file a case. Review
//! changes with `cargo insta review`, or write them with `INSTA_UPDATE=always cargo test --test snapshots`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use originproof::case::Library;
use originproof::event::{Event, TrialReport};
use originproof::mock::{Mock, MockConfig};
use originproof::runner::{
    Credentials, Keep, Plan, RunConfig, Runner, Selection, Target, TargetConfig,
};
use regex::Regex;

/// Lists with more items than this are cut.
const ITEMS_SHOWN: usize = 4;
/// Rows of a table and exchanges of a trial beyond these are counted, not shown.
const TRIALS_SHOWN: usize = 6;
const EXCHANGES_SHOWN: usize = 40;

static VOLATILE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rules = [
        // Each placeholder is as wide as what it stands for, but for the digits of a second.
        (r"http://127\.0\.0\.1:\d+/client/v4", ""),
        (r"/zones/[0-9a-f]{28}([0-9a-f]{4})", "/zones/[zone $1]"),
        (
            r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z",
            "[date]T[time]Z",
        ),
    ];
    rules
        .into_iter()
        .filter_map(|(pattern, with)| Some((Regex::new(pattern).ok()?, with)))
        .collect()
});

async fn reports(plan: &Plan) -> Vec<TrialReport> {
    let config = MockConfig::default();
    let access = config.access.clone();
    let running = Mock::new(config)
        .serve(([127, 0, 0, 1], 0).into())
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let config = TargetConfig {
        base_url: running.base_url(),
        credentials: Credentials {
            token: Some(access.token),
            email: Some(access.email),
            key: Some(access.key),
        },
        ..TargetConfig::default()
    };
    let target = Target::probe(config, 1)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let config = RunConfig {
        jobs: 4,
        seed: 1,
        keep: Keep::All,
    };
    let runner = Runner::new(target, config)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let mut reports = Vec::new();
    runner
        .run(plan, |event| {
            if let Event::TrialFinished(report) = event {
                reports.push(*report);
            }
        })
        .await;
    reports
}

/// A body with long lists cut to their first items and a count.
fn shortened(body: &str) -> String {
    fn cut(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Array(items) => {
                let count = items.len();
                if count > ITEMS_SHOWN {
                    items.truncate(ITEMS_SHOWN);
                    items.push(format!("[{} more]", count - ITEMS_SHOWN).into());
                }
                items.iter_mut().for_each(cut);
            }
            serde_json::Value::Object(members) => members.values_mut().for_each(cut),
            _ => {}
        }
    }
    match serde_json::from_str::<serde_json::Value>(body) {
        Ok(mut value) => {
            cut(&mut value);
            value.to_string()
        }
        // A body beyond what a report keeps: its beginning says enough. Times have digits that come
        // and go, so they are masked before the cut.
        Err(_) => masked(body.to_owned()).chars().take(300).collect(),
    }
}

fn text(reports: &[&TrialReport]) -> String {
    let mut text = String::new();
    for report in reports.iter().take(TRIALS_SHOWN) {
        let _ = writeln!(text, "== {} ({})", report.id, report.verdict);
        for exchange in report.exchanges.iter().take(EXCHANGES_SHOWN) {
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
        if report.exchanges.len() > EXCHANGES_SHOWN {
            let _ = writeln!(
                text,
                "[{} more exchanges]",
                report.exchanges.len() - EXCHANGES_SHOWN
            );
        }
    }
    if reports.len() > TRIALS_SHOWN {
        let _ = writeln!(text, "[{} more trials]", reports.len() - TRIALS_SHOWN);
    }
    masked(text)
}

fn masked(mut text: String) -> String {
    for (pattern, with) in VOLATILE.iter() {
        text = pattern.replace_all(&text, *with).into_owned();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exchanges_of_each_case_are_as_reviewed() {
    let library = Library::embedded().unwrap_or_else(|error| panic!("{error}"));
    let mut plan = Plan::select(&library, &Selection::default()).unwrap_or_else(|e| panic!("{e}"));
    // Requests that run side by side are answered in any order, so these cases have no one text.
    plan.trials
        .retain(|(_, trial)| !trial.case.id.starts_with("concurrency/"));
    let mut reports = reports(&plan).await;
    reports.sort_by_key(|report| plan.trials.iter().position(|(_, t)| t.id() == report.id));
    let mut by_case: BTreeMap<String, Vec<&TrialReport>> = BTreeMap::new();
    for report in &reports {
        let id = report
            .file
            .trim_start_matches("cases/")
            .trim_end_matches(".yaml");
        by_case.entry(id.to_owned()).or_default().push(report);
    }
    insta::with_settings!({
        snapshot_path => "../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        for (case, reports) in &by_case {
            insta::assert_snapshot!(case.replace('/', "__"), text(reports));
        }
    });
}
