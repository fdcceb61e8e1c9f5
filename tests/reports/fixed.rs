//! The fixed run of the report tests, complete and interrupted after its first trial.

use std::collections::{BTreeMap, BTreeSet};

use originproof::cause::of_failures;
use originproof::contract::{Finding, Level, What};
use originproof::event::{
    AnswerShape, Event, ExchangeRecord, Location, Observation, Profile, PutBack, ReportedFinding,
    RunHeader, StepRecord, Summary, TrialReport, Verdict, ZoneLeft,
};
use originproof::report::{Run, format};

const ZONE: &str = "0123456789abcdef0123456789abcdef";

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
    Finding::new((clause.into(), level), at, What::value(expected, found))
}

fn reported(finding: Finding, step: usize, times: usize) -> ReportedFinding {
    ReportedFinding {
        finding,
        place: Location::Case { line: 9 + step },
        step: Some(step),
        times,
    }
}

pub(crate) fn trial(id: &str, verdict: Verdict, clause: &str) -> TrialReport {
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

/// Returns one trial for each verdict, with everything that a report can contain.
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

pub(crate) fn header(planned: &[TrialReport]) -> RunHeader {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    RunHeader {
        recorded: false,
        explored: false,
        clients: false,
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
        effort: None,
        cases: None,
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

/// Returns the fixed run, complete.
pub(crate) fn whole() -> Run {
    let trials = trials();
    let mut summary = Summary {
        profile: profile(),
        elapsed_ms: 2_360,
        zones_left: 1,
        expectation_faults: vec!["`old/case` fits no case that ran".to_owned()],
        ..Summary::default()
    };
    summary.causes = of_failures(&trials);
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

/// Returns the fixed run, interrupted after its first trial.
pub(crate) fn interrupted() -> Run {
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

pub(crate) fn written(run: &Run, name: &str) -> String {
    let format = format(name).unwrap_or_else(|| panic!("there is no format {name}"));
    let mut text = Vec::new();
    (format.write)(run, &mut text).unwrap_or_else(|error| panic!("{name}: {error}"));
    String::from_utf8(text).unwrap_or_else(|error| panic!("{name}: {error}"))
}
