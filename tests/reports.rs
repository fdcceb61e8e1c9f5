//! A fixed run through every report format, the run document read back, runs compared and merged.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use originproof::case::Library;
use originproof::contract::{Finding, Level, What};
use originproof::event::{
    AnswerShape, Event, ExchangeRecord, Location, Observation, Profile, PutBack, ReportedFinding,
    RunHeader, StepRecord, Summary, TrialReport, Verdict, ZoneLeft,
};
use originproof::mock::{Change as MockChange, Mock, MockConfig, mutant, variation};
use originproof::report::{
    Change, DocumentError, FORMATS, MergeError, Merged, Run, VERSION, compare, format, merge,
    schema,
};
use originproof::runner::{
    Credentials, Keep, Label, Plan, RunConfig, Runner, Selection, Shard, Target, TargetConfig,
};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

const ZONE: &str = "0123456789abcdef0123456789abcdef";

// ---- The fixed run

fn step(line: usize, operation: &str, method: &str, status: u16) -> StepRecord {
    StepRecord {
        place: Location::Case { line },
        operation: operation.to_owned(),
        method: method.to_owned(),
        path: format!("/client/v4/zones/{ZONE}/origin/cloud_regions"),
        status,
        elapsed_us: 1_234,
        digest: "5bf1fd92".to_owned(),
    }
}

fn exchange(step: usize, method: &str, body: Option<&str>, answer: &str) -> ExchangeRecord {
    let url = format!("http://192.0.2.1/client/v4/zones/{ZONE}/origin/cloud_regions");
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    };
    ExchangeRecord {
        step,
        request_line: format!("{method} {url}"),
        request_headers: pairs(&[("authorization", "Bearer ***")]),
        request_body: body.map(str::to_owned),
        status: 200,
        response_headers: pairs(&[("content-type", "application/json")]),
        response_body: answer.to_owned(),
        curl: format!(
            "curl -i -X {method} '{url}' -H \"Authorization: Bearer $CLOUDFLARE_API_TOKEN\""
        ),
    }
}

fn finding(clause: &str, level: Level, at: &str, (expected, found): (&str, &str)) -> Finding {
    Finding {
        clause: clause.into(),
        level,
        at: at.to_owned(),
        what: What::value(expected, found),
    }
}

fn reported(finding: Finding, step: usize, times: usize) -> ReportedFinding {
    ReportedFinding {
        finding,
        place: Location::Case { line: 9 + step },
        step: Some(step),
        times,
    }
}

fn trial(id: &str, verdict: Verdict, clause: &str) -> TrialReport {
    let file = id.split('/').take(2).collect::<Vec<_>>().join("/");
    TrialReport {
        id: id.to_owned(),
        title: format!("A case that {verdict}, with <b>markup</b> & `signs` | 100 %"),
        file: format!("cases/{file}.yaml"),
        proves: vec![clause.to_owned()],
        verdict,
        elapsed_us: 6_500,
        ..TrialReport::default()
    }
}

/// One trial a verdict, with all that a report can hold.
fn trials() -> Vec<TrialReport> {
    let reason = |text: &str| Some(text.to_owned());
    let hostile = r#"{"result":["</script><img src=x onerror=alert(1)>","é\u2028"],"n":1}"#;
    let text = ("\"Unable\"", "\"</script>\n::error::x ```\"");
    vec![
        TrialReport {
            steps: vec![step(9, "v2.list", "GET", 200)],
            observations: vec![Observation {
                clause: "V2-BATCH-11".to_owned(),
                seen: "200 with an empty result".to_owned(),
            }],
            ..trial("list/exact/v2/put", Verdict::Conforms, "V2-LIST-1")
        },
        TrialReport {
            steps: vec![
                step(9, "v2.batch_put", "PUT", 200),
                step(10, "v2.list", "GET", 200),
            ],
            findings: vec![
                reported(
                    finding(
                        "V2-BATCH-3",
                        Level::Must,
                        "/result/0",
                        ("192.0.2.10 aws us-east-1", "no mapping of 192.0.2.10"),
                    ),
                    1,
                    3,
                ),
                reported(finding("ENV-7", Level::Should, "/n", ("0", "1")), 1, 1),
            ],
            exchanges: vec![
                exchange(0, "PUT", Some("[]"), "{}"),
                exchange(1, "GET", None, hostile),
            ],
            not_reached: 2,
            given: "192.0.2.10 aws us-east-1".to_owned(),
            restored: Some("emptied after the case".to_owned()),
            ..trial("batch/merges/v2", Verdict::Violates, "V2-BATCH-3")
        },
        TrialReport {
            steps: vec![step(9, "v2.get", "GET", 404)],
            findings: vec![reported(
                finding("ENV-7", Level::Should, "/errors/0/message", text),
                0,
                1,
            )],
            exchanges: vec![exchange(0, "GET", None, hostile)],
            ..trial("envelope/texts", Verdict::Deviates, "ENV-7")
        },
        TrialReport {
            reason: reason("known since the move"),
            findings: vec![reported(
                finding("IP-1", Level::Must, "/result/origin_ip", ("a", "A")),
                0,
                1,
            )],
            steps: vec![step(9, "v2.put", "PUT", 200)],
            ..trial(
                "ip/canonical/v2/single.canonical",
                Verdict::Expected,
                "IP-1",
            )
        },
        TrialReport {
            reason: reason("the target lacks fault-injection"),
            ..trial("fault/batch/store", Verdict::Skipped, "FAULT-1")
        },
        TrialReport {
            reason: reason("request 2 was answered with 503 by an edge, four times"),
            steps: vec![step(9, "v2.list", "GET", 503)],
            ..trial("read/get", Verdict::Inconclusive, "V2-GET-1")
        },
        TrialReport {
            reason: reason("the capture result.value.0 is in no answer"),
            ..trial("read/get-among-many", Verdict::Broken, "V2-GET-1")
        },
    ]
}

fn header(planned: &[TrialReport]) -> RunHeader {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    RunHeader {
        recorded: false,
        version: "0.1.0".to_owned(),
        target: "http://192.0.2.1/client/v4".to_owned(),
        capabilities: words(&["v1", "v2"]),
        selected: planned.len(),
        seed: 15_844_110_463_245_223_402,
        started: "2026-01-04T10:11:12Z".to_owned(),
        suite: "ab12cd34".to_owned(),
        planned: planned.iter().map(|trial| trial.id.clone()).collect(),
        shard: None,
        settings: BTreeMap::from([("jobs".to_owned(), "2".to_owned())]),
        notes: words(&["the target lists 61 regions"]),
    }
}

fn profile() -> Profile {
    let set = |words: &[&str]| -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    };
    let shape = AnswerShape {
        count: 1,
        members: BTreeMap::from([("/errors/*/code".to_owned(), set(&["number"]))]),
        texts: BTreeMap::from([("1142".to_owned(), set(&["refused"]))]),
        media_types: set(&["application/json"]),
    };
    Profile(BTreeMap::from([(
        "v2.get".to_owned(),
        BTreeMap::from([(404, shape)]),
    )]))
}

fn run_of(events: impl IntoIterator<Item = Event>) -> Run {
    let mut run = Run::default();
    for event in events {
        run.event(event);
    }
    run
}

/// The fixed list of events, as the run that they add up to.
fn whole() -> Run {
    let trials = trials();
    let mut summary = Summary {
        profile: profile(),
        elapsed_ms: 2_360,
        zones_left: 1,
        expectation_faults: vec!["`old/case` fits no case that ran".to_owned()],
        ..Summary::default()
    };
    for trial in &trials {
        summary.add(trial);
    }
    let mut events = vec![Event::RunStarted(header(&trials))];
    for trial in trials {
        events.push(Event::TrialStarted {
            id: trial.id.clone(),
        });
        events.push(Event::TrialFinished(Box::new(trial)));
    }
    events.push(Event::ZonePutBack(PutBack {
        zone: ZONE.to_owned(),
        mappings: 3,
        deleted: 2,
        written: 1,
        kept: vec!["192.0.2.77, which another client wrote".to_owned()],
        as_it_was: true,
        ..PutBack::default()
    }));
    events.push(Event::ZoneLeft(ZoneLeft {
        zone: "f".repeat(32),
        why: "the target is out of reach".to_owned(),
        missing: vec!["10.0.0.1 aws us-east-1 through v2: not verified".to_owned()],
        journal: "zone-f.journal".to_owned(),
        command: "originproof restore --target http://h --zone f".to_owned(),
        ..ZoneLeft::default()
    }));
    events.push(Event::RunFinished(summary));
    run_of(events)
}

/// A run that was interrupted after its first trial.
fn interrupted() -> Run {
    let trials = trials();
    let mut summary = Summary {
        interrupted: true,
        ..Summary::default()
    };
    summary.add(&trials[0]);
    run_of([
        Event::RunStarted(header(&trials)),
        Event::TrialFinished(Box::new(trials[0].clone())),
        Event::RunFinished(summary),
    ])
}

fn written(run: &Run, name: &str) -> String {
    let format = format(name).unwrap_or_else(|| panic!("there is no format {name}"));
    let mut text = Vec::new();
    (format.write)(run, &mut text).unwrap_or_else(|error| panic!("{name}: {error}"));
    String::from_utf8(text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn read(text: &[u8]) -> Run {
    Run::read(text).unwrap_or_else(|error| panic!("{error}"))
}

// ---- Formats

/// The data of a page.
fn page_data(page: &str) -> Value {
    let data = page
        .split_once("id=\"run-data\">")
        .and_then(|(_, rest)| rest.split_once("</script>"))
        .map_or("", |(data, _)| data);
    serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"))
}

/// A page's data as text, without what the fixed run says nothing about: its size is that of the contract.
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
        snapshot_path => "../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
        // How many clauses the contract has does not matter for the form of a report.
        filters => vec![(r"\b(must|should) (\d+) of \d+", "$1 $2 of [all]")],
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
    let mut run = whole();
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

// ---- The run document

#[test]
fn a_document_read_and_written_again_is_the_same() {
    for run in [whole(), interrupted()] {
        let text = written(&run, "json");
        let again = read(text.as_bytes());
        assert_eq!(format!("{run:?}"), format!("{again:?}"));
        assert_eq!(text, written(&again, "json"));
    }
    assert!(!interrupted().is_complete());
}

#[test]
fn a_document_cut_anywhere_is_never_complete_and_never_misread() {
    let text = written(&whole(), "json").into_bytes();
    let all: Vec<String> = whole()
        .trials
        .iter()
        .map(|trial| format!("{trial:?}"))
        .collect();
    let begun = text.windows(12).position(|w| w == b",\"events\":[\n");
    let begun = begun.map_or(0, |at| at + ",\"events\":[".len());
    // All but the line feed at the end is the whole document.
    let end = text.len() - 1;
    for length in 0..end {
        match Run::read(&text[..length]) {
            Ok(run) => {
                assert!(length >= begun, "{length} bytes have no whole header");
                assert!(
                    !run.is_complete() && run.summary.is_none(),
                    "{length} bytes"
                );
                for (trial, whole) in run.trials.iter().zip(&all) {
                    assert_eq!(&format!("{trial:?}"), whole);
                }
            }
            Err(error) => assert!(length < begun, "{length} bytes: {error}"),
        }
    }
    assert!(read(&text[..end]).summary.is_some());
}

#[test]
fn what_is_no_document_of_this_version_is_refused() {
    let text = written(&whole(), "json");
    let refused = |text: &str| Run::read(text.as_bytes()).err();
    assert!(matches!(refused("{}"), Some(DocumentError::NotOne)));
    let other = text.replacen(
        &format!("\"originproof_run\":{VERSION},"),
        "\"originproof_run\":99,",
        1,
    );
    assert!(matches!(refused(&other), Some(DocumentError::Version(99))));
    // Damage in the middle is no early end.
    let mut lines: Vec<&str> = text.lines().collect();
    lines[3] = ",{\"event\":";
    let damaged = refused(&lines.join("\n"));
    assert!(
        matches!(damaged, Some(DocumentError::Line { line: 4, .. })),
        "{damaged:?}"
    );
    let unknown = text.replacen("\"seed\":", "\"weed\":1,\"seed\":", 1);
    assert!(matches!(
        refused(&unknown),
        Some(DocumentError::Line { line: 2, .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_fit_the_schema_and_the_schema_is_the_committed_one() {
    let committed = std::fs::read_to_string("schemas/run.schema.json").unwrap_or_default();
    let committed: Value =
        serde_json::from_str(&committed).unwrap_or_else(|error| panic!("{error}"));
    assert!(
        committed == schema(),
        "write it anew: originproof report --schema"
    );
    let validator = jsonschema::validator_for(&schema()).unwrap_or_else(|error| panic!("{error}"));
    let mutant = mutant::by_name("v2-batch-replaces-the-collection")
        .unwrap_or_else(|| panic!("the mutant is gone"));
    let real = Wanted::of("^batch/merges").on(&mutant.changes).run().await;
    assert!(real.counts().count(Verdict::Violates) > 0);
    for run in [whole(), interrupted(), real] {
        let document: Value =
            serde_json::from_str(&written(&run, "json")).unwrap_or_else(|error| panic!("{error}"));
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

// ---- Real runs

/// A run against a mock of its own.
struct Wanted<'w> {
    filter: &'w str,
    changes: &'w [MockChange],
    shard: Option<Shard>,
    jobs: usize,
}

impl<'w> Wanted<'w> {
    fn of(filter: &'w str) -> Self {
        Self {
            filter,
            changes: &[],
            shard: None,
            jobs: 4,
        }
    }

    fn on(self, changes: &'w [MockChange]) -> Self {
        Self { changes, ..self }
    }

    fn part(self, number: u32, of: u32) -> Self {
        Self {
            shard: Some(Shard { number, of }),
            ..self
        }
    }

    fn jobs(self, jobs: usize) -> Self {
        Self { jobs, ..self }
    }

    async fn run(self) -> Run {
        let library = Library::embedded().unwrap_or_else(|error| panic!("{error}"));
        let selection = Selection {
            filters: vec![self.filter.to_owned()],
            shard: self.shard,
            ..Selection::default()
        };
        let plan = Plan::select(&library, &selection).unwrap_or_else(|error| panic!("{error}"));
        let config = MockConfig {
            changes: self.changes.to_vec(),
            ..MockConfig::default()
        };
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
            jobs: self.jobs,
            seed: 1,
            keep: Keep::Findings,
        };
        let runner = Runner::new(target, config)
            .await
            .unwrap_or_else(|error| panic!("{error}"))
            .labelled(Label {
                shard: self.shard.map(|shard| shard.to_string()),
                ..Label::default()
            });
        let mut run = Run::default();
        runner.run(&plan, |event| run.event(event)).await;
        running.stop().await;
        run
    }
}

/// A changed mock, and how its run differs from that of the honest one.
struct Pair {
    /// A mutant or a variation.
    name: &'static str,
    filter: &'static str,
    cases: &'static [(&'static str, Change)],
    /// Parts of the text of a drift each.
    drift: &'static [&'static str],
    is_regression: bool,
}

/// Without changes and drift.
const ALIKE: Pair = Pair {
    name: "",
    filter: "",
    cases: &[],
    drift: &[],
    is_regression: false,
};

const PAIRS: &[Pair] = &[
    Pair {
        name: "v2-batch-replaces-the-collection",
        filter: "^batch/merges/",
        cases: &[("batch/merges/v2", Change::BeganToViolate)],
        is_regression: true,
        drift: &["v2.get 404: this status is new"],
    },
    Pair {
        name: "put-answers-201",
        filter: "^v2/put-creates",
        cases: &[("v2/put-creates", Change::BeganToViolate)],
        drift: &[
            "v2.put 200: this status is gone",
            "v2.put 201: this status is new",
        ],
        is_regression: true,
    },
    Pair {
        name: "code-as-text",
        filter: "^read/get-unknown-v2",
        cases: &[("read/get-unknown-v2", Change::BeganToViolate)],
        drift: &["/errors/*/code is string instead of number"],
        is_regression: true,
    },
    Pair {
        name: "own-texts-for-documented-codes",
        filter: "^read/get-unknown-v2",
        cases: &[("read/get-unknown-v2", Change::BeganToDeviate)],
        drift: &["the text of 1142 is \"refused\" instead of"],
        is_regression: true,
    },
    Pair {
        name: "past-the-end-is-refused",
        filter: "^list/v2-past-the-end",
        cases: &[("list/v2-past-the-end", Change::BeganToDeviate)],
        drift: &["v2.list 400: this status is new"],
        is_regression: true,
    },
    Pair {
        name: "v1-is-not-routed",
        filter: "^v1/create$|^v2/put-creates",
        cases: &[("v1/create", Change::NewlySkipped)],
        ..ALIKE
    },
    Pair {
        name: "informational-messages",
        filter: "^v2/put-creates",
        drift: &[
            "v2.put 200: the member /messages/*",
            "v2.list 200: the member /messages/*",
        ],
        ..ALIKE
    },
    Pair {
        name: "no-times-at-all",
        filter: "^v2/put-creates",
        drift: &[
            "v2.put 200: the member /result/modified_on is gone",
            "v2.list 200: the member /result/*/modified_on is gone",
        ],
        ..ALIKE
    },
    Pair {
        name: "unprocessable-entity",
        filter: "^region/unknown-everywhere/put",
        drift: &[
            "v2.put 400: this status is gone",
            "v2.put 422: this status is new",
        ],
        ..ALIKE
    },
    Pair {
        name: "media-type-with-parameters",
        filter: "^v2/put-creates",
        drift: &["v2.put 200: the media type is \"application/json; charset=utf-8\" instead of"],
        ..ALIKE
    },
    Pair {
        name: "compressed",
        filter: "^v2/put-creates",
        ..ALIKE
    },
    Pair {
        name: "lists-in-reverse",
        filter: "^write/among-many/v2",
        ..ALIKE
    },
];

fn changes_of(name: &str) -> &'static [MockChange] {
    let mutant = mutant::by_name(name).map(|mutant| mutant.changes.as_slice());
    mutant
        .or_else(|| variation::by_name(name).map(|variation| variation.changes))
        .unwrap_or_else(|| panic!("there is neither a mutant nor a variation {name}"))
}

/// What a pair does not show as it should.
async fn faults(pair: &Pair) -> Vec<String> {
    let old = Wanted::of(pair.filter).run().await;
    let new = Wanted::of(pair.filter)
        .on(changes_of(pair.name))
        .run()
        .await;
    let comparison = compare(&old, &new);
    let mut faults = Vec::new();
    let cases: Vec<(&str, Change)> = comparison
        .cases
        .iter()
        .map(|case| (case.id.as_str(), case.change))
        .collect();
    if cases != pair.cases {
        faults.push(format!("{}: cases are {cases:?}", pair.name));
    }
    if comparison.is_regression() != pair.is_regression {
        faults.push(format!("{}: is_regression is wrong", pair.name));
    }
    let drift: Vec<String> = comparison
        .drift
        .iter()
        .map(|drift| format!("{} {}: {}", drift.operation, drift.status, drift.what))
        .collect();
    let is_in_text = |part: &&str| drift.iter().any(|line| line.contains(*part));
    if !pair.drift.iter().all(is_in_text) || pair.drift.is_empty() != drift.is_empty() {
        faults.push(format!("{}: drift is {drift:#?}", pair.name));
    }
    // The other way round, what began is mended or new, and no regression.
    let back = compare(&new, &old);
    let is_back = |change: Change| !matches!(change, Change::Mended) && pair.is_regression;
    if back.is_regression() || back.cases.iter().any(|case| is_back(case.change)) {
        faults.push(format!("{}: back it is {:?}", pair.name, back.cases));
    }
    let (text, markdown) = (comparison.text(), comparison.markdown());
    for case in &comparison.cases {
        if !text.contains(&case.id) || !markdown.contains(&case.id) {
            faults.push(format!("{}: {} is not in the texts", pair.name, case.id));
        }
    }
    faults
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_tells_what_a_changed_target_does_otherwise() {
    let mut all = Vec::new();
    for pair in PAIRS {
        all.extend(faults(pair).await);
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn a_comparison_names_cases_that_came_went_and_can_no_longer_be_judged() {
    let old = whole();
    let mut new = whole();
    new.trials.remove(0);
    new.trials[0].verdict = Verdict::Conforms;
    new.trials[1].verdict = Verdict::Inconclusive;
    new.trials
        .push(trial("v2/put-creates", Verdict::Conforms, "V2-PUT-1"));
    let comparison = compare(&old, &new);
    let cases: Vec<(&str, Change)> = comparison
        .cases
        .iter()
        .map(|case| (case.id.as_str(), case.change))
        .collect();
    let expected = [
        ("envelope/texts", Change::NoLongerJudged),
        ("batch/merges/v2", Change::Mended),
        ("v2/put-creates", Change::New),
        ("list/exact/v2/put", Change::Gone),
    ];
    assert_eq!(cases, expected);
    assert!(!comparison.is_regression());
    let broken_off = compare(&old, &interrupted());
    assert!(
        broken_off
            .notes
            .iter()
            .any(|note| note.contains("broke off")),
        "{:?}",
        broken_off.notes
    );
    let text = compare(&old, &old).text();
    assert!(text.contains("no difference"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_of_a_run_merged_are_the_whole_and_a_missing_one_is_seen() {
    const FILTER: &str = "^(batch|delete|read)/";
    let mutant = changes_of("v2-batch-replaces-the-collection");
    let whole = Wanted::of(FILTER).on(mutant).run().await;
    let mut parts = Vec::new();
    for number in 1..=3 {
        parts.push(Wanted::of(FILTER).on(mutant).part(number, 3).run().await);
    }
    assert!(parts.iter().all(|part| !part.trials.is_empty()));
    let [first, second, third] = [0, 1, 2].map(|index: usize| parts[index].clone());
    // In any order.
    let Merged { run: merged, .. } = merge(vec![third.clone(), first.clone(), second.clone()])
        .unwrap_or_else(|error| panic!("{error}"));
    let (is, should) = (merged.counts(), whole.counts());
    assert!(merged.is_complete());
    assert_eq!(is.verdicts, should.verdicts);
    assert_eq!(is.broken_clauses, should.broken_clauses);
    // A run counts the requests of its probe as well.
    let requests = |run: &Run| {
        run.trials
            .iter()
            .map(|trial| trial.steps.len())
            .sum::<usize>()
    };
    assert_eq!(requests(&merged), requests(&whole));
    assert!(is.requests >= should.requests);
    assert_eq!(is.profile, should.profile);
    assert!(is.count(Verdict::Violates) > 0);
    let ids = |run: &Run| -> BTreeSet<String> {
        run.trials.iter().map(|trial| trial.id.clone()).collect()
    };
    assert_eq!(ids(&merged), ids(&whole));
    let comparison = compare(&whole, &merged);
    assert!(comparison.cases.is_empty() && comparison.drift.is_empty());

    let Merged {
        run: partial,
        missing,
    } = merge(vec![first.clone(), third]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(missing, ["2/3"]);
    assert!(!partial.is_complete());
    let notes = partial.header.notes.join("\n");
    assert!(notes.contains("the part 2/3 is missing"), "{notes}");
    for format in ["junit", "markdown", "github", "terminal"] {
        let text = written(&partial, format);
        assert!(text.contains("broke off"), "{format}: {text}");
    }

    let twice = merge(vec![first.clone(), first.clone()]);
    assert!(matches!(twice, Err(MergeError::Twice(_))));
    let mut other = second.clone();
    other.header.suite = "another".to_owned();
    assert!(matches!(
        merge(vec![first.clone(), other]),
        Err(MergeError::Suites(..))
    ));
    assert!(matches!(merge(Vec::new()), Err(MergeError::Nothing)));
    // A part that broke off leaves the whole broken off.
    let mut cut = second;
    cut.summary = None;
    let Merged { run: cut, .. } = merge(vec![first, cut]).unwrap_or_else(|error| panic!("{error}"));
    assert!(!cut.is_complete());
}

/// The run as if all had taken the same time: the width of a duration moves the place at which a long text is cut.
fn without_durations(mut run: Run) -> Run {
    for trial in &mut run.trials {
        trial.elapsed_us = 0;
        for step in &mut trial.steps {
            step.elapsed_us = 0;
        }
    }
    run
}

/// A report without times and addresses of the machine.
fn masked(text: &str) -> String {
    // A time may have been cut off in the middle, where its body was.
    let rules = [
        (r"127\.0\.0\.1:\d+", "[address]"),
        (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", "[time]"),
        (r"\d{4}-\d{2}-\d{2}T[\d:.]*(Z|[+-]\d\d:\d\d)?", "[time]"),
        (r#""elapsed_(us|ms)": ?\d+"#, "[took]"),
        (r"\d+(\.\d+)? ?(µs|ms|s)\b", "[took]"),
        (r#"time="[\d.]+""#, "[took]"),
    ];
    let mut text = text.to_owned();
    for (pattern, with) in rules {
        let pattern = Regex::new(pattern).unwrap_or_else(|error| panic!("{error}"));
        text = pattern.replace_all(&text, with).into_owned();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_of_the_same_thing_give_the_same_report() {
    // Times with digits that come and go would move the places at which long bodies are cut.
    let changes = [
        changes_of("v2-batch-replaces-the-collection"),
        changes_of("times-in-whole-seconds"),
    ]
    .concat();
    let one = Wanted::of("^(batch|read)/")
        .on(&changes)
        .jobs(1)
        .run()
        .await;
    let other = Wanted::of("^(batch|read)/")
        .on(&changes)
        .jobs(8)
        .run()
        .await;
    let (one, other) = (without_durations(one), without_durations(other));
    let mut differences = String::new();
    for format in FORMATS {
        let (one, other) = (
            masked(&written(&one, format.name)),
            masked(&written(&other, format.name)),
        );
        let both = || one.chars().zip(other.chars());
        if let Some(place) = both().position(|(a, b)| a != b) {
            let around = |text: &str| -> String {
                text.chars()
                    .skip(place.saturating_sub(100))
                    .take(200)
                    .collect()
            };
            let _ = writeln!(
                differences,
                "{}:\n  {}\n  {}",
                format.name,
                around(&one),
                around(&other)
            );
        }
        assert_eq!(one.len(), other.len(), "{}", format.name);
    }
    assert!(differences.is_empty(), "{differences}");
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
