//! Reports of the fixed run in every format.

use std::collections::BTreeSet;

use originproof::contract::What;
use originproof::event::{Summary, Verdict};
use originproof::report::{FORMATS, Run};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::fixed::{header, interrupted, whole, written};

/// Returns the data that is embedded in a page.
fn page_data(page: &str) -> Value {
    let data = page
        .split_once("id=\"run-data\">")
        .and_then(|(_, rest)| rest.split_once("</script>"))
        .map_or("", |(data, _)| data);
    serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"))
}

/// Returns a page's data as text, without the parts that depend only on the size of the contract.
fn page_text(page: &str) -> String {
    let mut data = page_data(page);
    let keep = |list: &mut Value, is_kept: fn(&Value) -> bool| {
        if let Some(list) = list.as_array_mut() {
            list.retain(is_kept);
        }
    };
    keep(&mut data["clauses"], |clause| {
        clause["verdict"] != "unjudged"
    });
    keep(&mut data["matrix"], |cell| {
        cell["state"] != "na" && cell["state"] != "untested"
    });
    keep(&mut data["codes"], |code| *code == 1142);
    keep(&mut data["operations"], |operation| *operation == "v2.get");
    for level in ["must", "should"] {
        data["coverage"][level]["of"] = "[all]".into();
    }
    serde_json::to_string_pretty(&data).unwrap_or_default()
}

#[test]
fn every_format_shows_the_fixed_run_as_reviewed() {
    insta::with_settings!({
        snapshot_path => "../../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
        // The number of clauses in the contract does not matter for the form of a report.
        filters => vec![(r"\b(must|should): (\d+) kept(, \d+ broken)?, \d+ not judged", "$1: $2 kept$3, [others] not judged")],
    }, {
        for (prefix, run) in [("report", whole()), ("report-interrupted", interrupted())] {
            for format in FORMATS {
                let text = written(&run, format.name);
                let text = if format.name == "html" { page_text(&text) } else { text };
                insta::assert_snapshot!(format!("{prefix}__{}", format.name), text);
            }
        }
    });
}

#[test]
fn a_page_has_two_scripts_whatever_a_target_answers() {
    let page = written(&whole(), "html");
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    assert!(!page.contains("<img"));
}

#[test]
fn junit_read_back_has_the_counts_of_the_run() {
    let report = quick_junit::Report::deserialize_from_str(&written(&whole(), "junit"))
        .unwrap_or_else(|error| panic!("{error}"));
    let count = |of: fn(&quick_junit::TestSuite) -> usize| -> usize {
        report.test_suites.iter().map(of).sum()
    };
    assert_eq!(count(|suite| suite.tests), 7);
    assert_eq!(count(|suite| suite.failures), 1);
    assert_eq!(count(|suite| suite.errors), 2);
    assert_eq!(count(|suite| suite.skipped), 2);
    let text = written(&interrupted(), "junit");
    assert!(text.contains("the run broke off"), "{text}");
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Badge {
    schema_version: u32,
    label: String,
    message: String,
    color: String,
}

#[test]
fn a_badge_says_the_worst() {
    let badge = |run: &Run| -> Badge {
        serde_json::from_str(&written(run, "badge")).unwrap_or_else(|error| panic!("{error}"))
    };
    let of = |keep: &[Verdict]| {
        let mut run = whole();
        run.trials.retain(|trial| keep.contains(&trial.verdict));
        run.header = header(&run.trials);
        let mut summary = Summary::default();
        for trial in &run.trials {
            summary.add(trial);
        }
        run.summary = Some(summary);
        badge(&run)
    };
    for (badge, message, color) in [
        (badge(&whole()), "1 violation", "red"),
        (badge(&interrupted()), "could not be judged", "lightgrey"),
        (of(&[Verdict::Skipped]), "nothing ran", "lightgrey"),
        (
            of(&[Verdict::Conforms, Verdict::Broken]),
            "could not be judged",
            "lightgrey",
        ),
        (of(&[Verdict::Deviates]), "conforms, 1 deviation", "yellow"),
        (of(&[Verdict::Conforms]), "conforms", "brightgreen"),
    ] {
        assert_eq!((&*badge.message, &*badge.color), (message, color));
        assert_eq!(
            (badge.schema_version, &*badge.label),
            (1, "origin cloud regions")
        );
    }
}

#[test]
fn sarif_has_a_rule_for_each_result_and_no_place_outside_the_cases() {
    let log: Value =
        serde_json::from_str(&written(&whole(), "sarif")).unwrap_or_else(|error| panic!("{error}"));
    let run = &log["runs"][0];
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let rules: BTreeSet<String> = list(&run["tool"]["driver"]["rules"])
        .iter()
        .map(|rule| rule["id"].to_string())
        .collect();
    let results = list(&run["results"]);
    assert_eq!(results.len(), 4);
    for result in &results {
        assert!(rules.contains(&result["ruleId"].to_string()), "{result}");
    }
    let suppressed = |result: &&Value| result.get("suppressions").is_some();
    assert_eq!(results.iter().filter(suppressed).count(), 1);
    // The built-in case files are not in the user's repository, so results must not point to them.
    assert!(!log.to_string().contains("artifactLocation"), "{log}");
    let mut run = whole();
    run.header.cases = Some("my cases".to_owned());
    run.trials[1].file = "my cases/50 %.yaml".to_owned();
    let text = written(&run, "sarif");
    assert!(text.contains("\"my%20cases/50%20%25.yaml\""), "{text}");
}

#[test]
fn every_line_for_github_is_one_command_that_a_target_cannot_end() {
    let text = written(&whole(), "github");
    let command =
        Regex::new(r"^::(error|warning) (file=[^,:]+(,line=\d+)?,)?title=[^,:]+::[^\r\n]+$")
            .unwrap_or_else(|error| panic!("{error}"));
    assert!(text.lines().count() > 2);
    for line in text.lines() {
        assert!(command.is_match(line), "{line}");
    }
}

#[test]
fn nothing_that_a_target_wrote_steers_a_terminal_or_begins_a_line() {
    let mut run = whole();
    let hostile = "\u{1b}[2J\r\n::error::x\u{202e}";
    run.header.capabilities.push(hostile.to_owned());
    for trial in &mut run.trials {
        trial.given = hostile.to_owned();
        for reported in &mut trial.findings {
            reported.finding.what = What::value(hostile, hostile);
        }
        for exchange in &mut trial.exchanges {
            exchange.response_body = hostile.to_owned();
        }
    }
    let text = written(&run, "terminal");
    let is_strange = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
    assert!(!text.contains(is_strange), "{text:?}");
    assert!(text.lines().all(|line| !line.starts_with("::")), "{text}");
    assert!(text.contains(r"\u001b[2J\r\n::error::x\u202e"), "{text}");
}
