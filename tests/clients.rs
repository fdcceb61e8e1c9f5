//! The suite for clients: the scenarios on lawful and faulty clients, and whatever an adapter may do.

#[expect(dead_code, reason = "each test uses a part of the shared code")]
#[path = "support/command.rs"]
mod command;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use command::{Ended, Folder, ZONE, end, spawn};
use originproof::client::reference::{Reference, habits, mutants};
use originproof::client::scenario::{Scenario, Scenarios, format, json_schema};
use originproof::client::{Client, Run, RunConfig, protocol};
use originproof::contract::Contract;
use originproof::event::{Event, RunHeader, TrialReport, Verdict};
use tokio::sync::Semaphore;

fn scenarios() -> Vec<Scenario> {
    let all = Scenarios::embedded().unwrap_or_else(|error| panic!("{}", error.text(false)));
    all.list
}

/// The number of clients that are judged at a time. More would hold up the scenarios with time limits.
static AT_A_TIME: Semaphore = Semaphore::const_new(4);

/// Runs scenarios on a client, and returns their reports.
async fn reports(client: Reference, scenarios: Vec<Scenario>) -> Vec<TrialReport> {
    let _turn = AT_A_TIME.acquire().await;
    let config = RunConfig {
        parallel: 6,
        ..RunConfig::default()
    };
    let mut reports = Vec::new();
    let run = Run::new(Client::Reference(client), config, scenarios);
    run.events(RunHeader::default(), |event| {
        if let Event::TrialFinished(trial) = event {
            reports.push(*trial);
        }
    })
    .await;
    reports
}

fn told(report: &TrialReport) -> String {
    let findings = report.findings.iter().map(|reported| {
        let finding = &reported.finding;
        let (expected, found) = (finding.what.expected(), finding.what.found());
        format!(
            "{} at {}: expected {expected}, found {found}",
            finding.clause, finding.at
        )
    });
    let findings: Vec<String> = findings.collect();
    let reason = report.reason.as_deref().unwrap_or_default();
    format!(
        "{} {}: {reason}{}",
        report.id,
        report.verdict,
        findings.join("; ")
    )
}

#[test]
fn each_mutant_is_caught_by_the_clause_that_it_breaks() {
    let all = scenarios();
    let runtime = tokio::runtime::Runtime::new().unwrap_or_else(|error| panic!("{error}"));
    let tried = mutants().iter().map(|mutant| {
        let is_about = |one: &&Scenario| one.clauses().any(|id| id.as_str() == mutant.clause);
        let own: Vec<Scenario> = all.iter().filter(is_about).cloned().collect();
        let task = runtime.spawn(reports(Reference::mutant(mutant), own));
        (mutant, task)
    });
    let mut missed = Vec::new();
    for (mutant, task) in tried.collect::<Vec<_>>() {
        let reports = runtime
            .block_on(task)
            .unwrap_or_else(|error| panic!("{error}"));
        let findings = reports.iter().flat_map(|report| &report.findings);
        let clauses: BTreeSet<&str> = findings.map(|one| one.finding.clause.as_str()).collect();
        if !clauses.contains(mutant.clause) {
            missed.push(format!(
                "{}: {} is not among {clauses:?}",
                mutant.name, mutant.clause
            ));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// The lawful clients that are tried on the scenarios that wait as well: the others would wait in the same way.
const PATIENT: [&str; 4] = [
    "the reference",
    "never-repeats",
    "waits-longer",
    "checks-after-conflict",
];

#[test]
fn no_lawful_client_is_accused() {
    let runtime = tokio::runtime::Runtime::new().unwrap_or_else(|error| panic!("{error}"));
    let lawful = habits()
        .iter()
        .map(|(habit, name, _)| (*name, Reference::default().with(*habit)));
    let lawful = std::iter::once(("the reference", Reference::default())).chain(lawful);
    let tried = lawful.map(|(name, client)| {
        let mut own = scenarios();
        own.retain(|one| PATIENT.contains(&name) || one.patience() < Duration::from_secs(1));
        (name, runtime.spawn(reports(client, own)))
    });
    let mut accused = Vec::new();
    for (name, task) in tried.collect::<Vec<_>>() {
        let reports = runtime
            .block_on(task)
            .unwrap_or_else(|error| panic!("{error}"));
        let failed = reports
            .iter()
            .filter(|report| !matches!(report.verdict, Verdict::Conforms | Verdict::Skipped));
        accused.extend(failed.map(|report| format!("{name}: {}", told(report))));
    }
    assert!(accused.is_empty(), "{}", accused.join("\n"));
}

#[test]
fn there_are_enough_scenarios_and_each_clause_for_clients_has_one_and_a_mutant() {
    let all = scenarios();
    assert!(all.len() >= 120, "{} scenarios", all.len());
    assert!(mutants().len() >= 40, "{} mutants", mutants().len());
    assert!(habits().len() >= 15, "{} lawful clients", habits().len());
    let proved: BTreeSet<String> = all
        .iter()
        .flat_map(Scenario::clauses)
        .map(|id| id.to_string())
        .collect();
    let broken: BTreeSet<&str> = mutants().iter().map(|mutant| mutant.clause).collect();
    for clause in &Contract::embedded().client_clauses {
        assert!(
            proved.contains(clause.id.as_str()),
            "no scenario proves {}",
            clause.id
        );
        assert!(
            broken.contains(clause.id.as_str()),
            "no client mutant breaks {}",
            clause.id
        );
    }
}

#[test]
fn names_are_given_once() {
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    let names = mutants().iter().map(|mutant| mutant.name.to_owned());
    let names = names.chain(habits().iter().map(|(_, name, _)| format!("lawful {name}")));
    for name in names.chain(scenarios().iter().map(Scenario::id)) {
        *ids.entry(name).or_default() += 1;
    }
    let twice: Vec<&String> = ids
        .iter()
        .filter(|(_, times)| **times > 1)
        .map(|(id, _)| id)
        .collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn every_word_of_the_scenario_format_is_on_its_page() {
    let page = include_str!("../cases/clients/README.md");
    for word in [format::FILE, format::ASK, format::ANSWER, format::EXPECT]
        .into_iter()
        .flatten()
    {
        let row = format!("| `{}` | {} |", word.name, word.says);
        assert!(
            page.contains(&row),
            "cases/clients/README.md lacks the row:\n{row}"
        );
    }
}

#[test]
fn the_schema_of_scenarios_is_the_generated_one() {
    let generated = serde_json::to_string_pretty(&json_schema()).unwrap_or_default();
    let committed = include_str!("../schemas/scenario.schema.json");
    let command = "cargo run -- clients --scenario-schema > schemas/scenario.schema.json";
    assert_eq!(committed.trim_end(), generated, "run `{command}`");
}

#[test]
fn the_example_of_the_page_is_of_the_protocol() {
    let page = include_str!("../docs/clients.md");
    let line = page
        .split("```json\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let ask: protocol::Ask =
        serde_json::from_str(line.unwrap_or_default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(ask.operation, "v2.put");
    let schema = protocol::json_schema();
    let validator = jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{error}"));
    assert!(validator.is_valid(&serde_json::to_value(&ask).unwrap_or_default()));
}

/// Runs one scenario with a shell script as the adapter.
fn with_adapter(folder: &Folder, arguments: &[&str], script: &str) -> Ended {
    let case = [
        "clients",
        "--case",
        "success/each-operation/v2.get",
        "--parallel",
        "1",
    ];
    let adapter = ["--", "sh", "-c", script];
    end(spawn(
        folder.originproof(&[&case[..], arguments, &adapter].concat()),
    ))
}

#[cfg(unix)]
#[test]
fn a_faulty_adapter_is_broken_and_never_a_verdict_about_the_client() {
    let folder = Folder::new();
    let both = "read line; echo '{\"id\": 1, \"ok\": 1, \"error\": {}}'";
    let cases = [
        ("exit 3", "the adapter ended (exit status: 3)"),
        ("echo no credentials >&2; exit 1", "stderr: no credentials"),
        (
            "read line; echo rubbish",
            "wrote a line that is not an answer",
        ),
        (
            "read line; echo '{\"id\": 7, \"ok\": null}'",
            "expected the id 1, found 7",
        ),
        (
            "read line; echo '{\"id\": 1}'",
            "expected one of `ok`, `error` and `unsupported`",
        ),
        (both, "expected one of `ok`, `error` and `unsupported`"),
        ("read line; sleep 600", "did not answer within"),
        ("exec 1>&-; sleep 600", "the adapter ended"),
    ];
    for (script, message) in cases {
        with_adapter(&folder, &["--limit", "2s"], script).with(3, &["1 broken", message]);
    }
}

#[cfg(unix)]
#[test]
fn an_operation_that_the_adapter_does_not_support_is_skipped() {
    let script = "while read line; do echo '{\"id\": 1, \"unsupported\": true}'; done";
    let ended = with_adapter(&Folder::new(), &[], script);
    ended.with(4, &["the adapter does not support v2.get"]);
}

#[test]
fn a_missing_adapter_is_told_with_what_to_do() {
    let folder = Folder::new();
    let run = |arguments: &[&str]| end(spawn(folder.originproof(arguments)));
    run(&["clients"]).with(2, &["originproof clients -- COMMAND"]);
    let case = [
        "clients",
        "--case",
        "success/each-operation/v2.get",
        "--",
        "./no-such-program",
    ];
    run(&case).with(3, &["`./no-such-program` can't be started"]);
}

#[test]
fn the_reference_client_is_an_adapter_too_and_its_mutant_is_shown_with_its_request() {
    let folder = Folder::new();
    let binary = env!("CARGO_BIN_EXE_originproof");
    let case = [
        "clients",
        "--case",
        "success/each-operation/v2.put",
        "--",
        binary,
        "adapter",
    ];
    let run = |more: &[&str]| end(spawn(folder.originproof(&[&case[..], more].concat())));
    run(&[]).with(0, &["1 conforms"]);
    let again = "run it again: originproof clients --case 'success/each-operation/v2.put' -- ";
    let request = "> {\"ip\":\"2001:db8::9\"";
    run(&["--mutant", "name-of-v1"]).with(1, &["REQ-5", "requests of v2.put", request, again]);
}

#[test]
fn failures_that_are_expected_do_not_fail_the_run() {
    let folder = Folder::new();
    let run = |arguments: &[&str]| {
        let family = [
            "clients",
            "--mutant",
            "no-vendor",
            "--family",
            "success",
            "--quiet",
        ];
        end(spawn(
            folder.originproof(&[&family[..], arguments].concat()),
        ))
    };
    run(&["--write-expect", "known.yaml", "--reason", "known"]).with(1, &[]);
    run(&["--expect", "known.yaml"]).with(0, &["expected"]);
}

#[cfg(unix)]
#[test]
fn the_mock_tells_a_client_what_is_wrong_and_lists_it_at_the_end() {
    use std::io::{Read, Write};
    let folder = Folder::new();
    let arguments = ["mock", "--judge-clients", "--fail", "--token", "mock-token"];
    let mut child = spawn(folder.originproof(&arguments));
    let mut line = String::new();
    let mut byte = [0];
    while let Some(stdout) = &mut child.stdout
        && !line.ends_with('\n')
        && matches!(stdout.read(&mut byte), Ok(1))
    {
        line.push(char::from(byte[0]));
    }
    let address = line.trim().trim_start_matches("listening on http://");
    let (host, _) = address.split_once('/').unwrap_or_else(|| panic!("{line}"));
    let body = r#"{"ip":"192.0.2.1","vendor":"aws","region":"us-east-1"}"#;
    let request = format!(
        "PUT /client/v4/zones/{ZONE}/origin/cloud_regions/192.0.2.1 HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
         authorization: Bearer mock-token\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = std::net::TcpStream::connect(host).unwrap_or_else(|error| panic!("{error}"));
    let mut answer = String::new();
    let sent = stream.write_all(request.as_bytes());
    let read = sent.and_then(|()| stream.read_to_string(&mut answer));
    assert!(read.is_ok(), "{read:?}");
    let told = "expected the member origin_ip, found the member ip";
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains(told),
        "{answer}"
    );
    command::signal("INT", child.id());
    let live = format!("client: REQ-5 must v2.put PUT /client/v4/zones/{ZONE}");
    end(child).with(
        1,
        &[
            live.as_str(),
            "cause 1 of 1: violates REQ-5",
            "requests of v2.put",
        ],
    );
}
