//! Every format with every kind of dangerous text: no text from a target, a recording or a case controls a terminal,
//! forges a line, issues a command, or breaks a document.

use originproof::cause::of_failures;
use originproof::contract::{Finding, Level, What};
use originproof::event::{
    Event, ExchangeRecord, Location, ReportedFinding, RunHeader, StepRecord, Summary, TrialReport,
    Verdict,
};
use originproof::report::{FORMATS, Run, compare, matrix, trend};
use test_case::test_case;

/// Returns a run in which every text from outside is this one.
fn run(text: &str) -> Run {
    let text = text.to_owned();
    let place = || Location::Exchange {
        file: text.clone(),
        entry: 7,
    };
    let finding = |clause: &str, what: What| ReportedFinding {
        finding: Finding::new((clause.into(), Level::Must), format!("/{text}"), what),
        place: place(),
        step: Some(0),
        times: 1,
    };
    let trial = TrialReport {
        id: format!("{text}/v2.put"),
        title: text.clone(),
        file: text.clone(),
        verdict: Verdict::Violates,
        reason: Some(text.clone()),
        findings: vec![
            finding("ENV-1", What::value("application/json", &text)),
            finding("ENV-2", What::form(&text, &text)),
        ],
        steps: vec![StepRecord {
            place: place(),
            operation: "v2.put".to_owned(),
            method: text.clone(),
            path: text.clone(),
            status: 200,
            elapsed_us: 1,
            digest: text.clone(),
        }],
        exchanges: vec![ExchangeRecord {
            step: 0,
            request_line: text.clone(),
            request_headers: vec![(text.clone(), text.clone())],
            request_body: Some(text.clone()),
            status: 200,
            response_headers: vec![(text.clone(), text.clone())],
            response_body: text.clone(),
            curl: text.clone(),
        }],
        ..TrialReport::default()
    };
    let unjudged = TrialReport {
        id: format!("{text}/v2.get"),
        verdict: Verdict::Inconclusive,
        reason: Some(text.clone()),
        ..TrialReport::default()
    };
    let trials = [trial, unjudged];
    let mut summary = Summary {
        causes: of_failures(&trials),
        ..Summary::default()
    };
    let mut run = Run::default();
    run.event(Event::RunStarted(RunHeader {
        target: text.clone(),
        notes: vec![text.clone()],
        recorded: true,
        ..RunHeader::default()
    }));
    for trial in trials {
        summary.add(&trial);
        run.event(Event::TrialFinished(Box::new(trial)));
    }
    run.event(Event::RunFinished(summary));
    run
}

/// Returns whether a character must not appear unescaped in any document.
fn is_dangerous(c: char) -> bool {
    let is_steering = c.is_control() && !matches!(c, '\n' | '\t');
    let is_reordering = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    is_steering || is_reordering || u32::from(c) & 0xfffe == 0xfffe
}

#[test_case("\u{1b}[2J\u{1b}]0;title\u{7}"; "orders to a terminal")]
#[test_case("\u{9b}2J\u{85}\u{90}"; "orders of one byte")]
#[test_case("a\0b\u{8}\u{7f}"; "NUL, backspace and delete")]
#[test_case("a\r\n::error::forged\n##vso[task.complete]"; "orders to a CI")]
#[test_case("\u{202e}gnp.exe\u{2066}\u{200f}"; "marks of direction")]
#[test_case("a\u{200b}b\u{feff}c\u{2028}d"; "hidden characters")]
#[test_case("\u{fffe}\u{ffff}\u{1fffe}"; "what is not a character")]
#[test_case("</script><script>alert(1)</script>]]>&\"'"; "markup")]
#[test_case("| ` ``` [x](javascript:alert(1)) <!-- "; "Markdown")]
#[test_case("%0A%1B[31m,:"; "what is escaped in properties")]
fn no_format_hands_on_what_steers(text: &str) {
    let run = run(text);
    for format in FORMATS {
        let writers = std::iter::once(format.write).chain(format.job_summary);
        for write in writers {
            let mut out = Vec::new();
            write(&run, &mut out).unwrap_or_else(|error| panic!("{}: {error}", format.name));
            let shown =
                String::from_utf8(out).unwrap_or_else(|error| panic!("{}: {error}", format.name));
            let found = shown.chars().find(|c| is_dangerous(*c));
            assert_eq!(found, None, "{}:\n{shown}", format.name);
            let forged = shown
                .lines()
                .find(|line| line.starts_with("::error::forged") || line.starts_with("##vso"));
            assert_eq!(forged, None, "{}", format.name);
            if matches!(format.name, "html" | "junit") {
                assert!(
                    !shown.contains("<script>alert"),
                    "{}:\n{shown}",
                    format.name
                );
            }
            if matches!(format.name, "sarif" | "badge" | "json") {
                let read: Result<serde_json::Value, _> = serde_json::from_str(&shown);
                assert!(read.is_ok(), "{}: {read:?}", format.name);
            }
        }
    }
    let comparison = compare(&self::run("before"), &run);
    let tables = [trend(std::slice::from_ref(&run)), matrix(&[run])];
    let others = [
        comparison.text(),
        comparison.text_between(),
        comparison.markdown(),
    ];
    let tables = tables
        .iter()
        .flat_map(|table| [table.markdown(), table.html().unwrap_or_default()]);
    for shown in others.into_iter().chain(tables) {
        assert_eq!(shown.chars().find(|c| is_dangerous(*c)), None, "{shown}");
    }
}

#[test]
fn the_run_document_holds_the_data_as_it_was() {
    let text = "\u{1b}\u{202e}\u{fffe}\r\n";
    let mut out = Vec::new();
    let json = FORMATS.iter().find(|format| format.name == "json");
    let json = json.unwrap_or_else(|| panic!("no json"));
    (json.write)(&run(text), &mut out).unwrap_or_else(|error| panic!("{error}"));
    let read = Run::read(out.as_slice()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read.trials[0].title, text);
}
