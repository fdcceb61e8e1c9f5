//! Runs against a target with several mistakes: each mistake has a cause of its own, and the output fits on two pages.

use originproof::case::Library;
use originproof::cause::of_failures;
use originproof::contract::{Contract, Level};
use originproof::event::{Cause, Event, RunHeader, Summary, TrialReport, Verdict};
use originproof::mock::Change;
use originproof::mock::mutant::by_name;
use originproof::mutation::try_variation;
use originproof::report::{Style, Terminal, Verbosity};
use originproof::runner::{Plan, Selection};
use test_case::test_case;

/// Returns the reports of the whole suite against a mock with these mistakes.
fn reports(mistakes: &[&str]) -> Vec<TrialReport> {
    let mutants = mistakes
        .iter()
        .map(|name| by_name(name).unwrap_or_else(|| panic!("there is no mutant {name}")));
    let changes: Vec<Change> = mutants.flat_map(|mutant| mutant.changes.clone()).collect();
    let library = Library::embedded().unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::select(&library, &Selection::default());
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    let runtime = tokio::runtime::Runtime::new().unwrap_or_else(|error| panic!("{error}"));
    let reports = runtime.block_on(try_variation(&changes, &plan));
    reports.unwrap_or_else(|error| panic!("{error}"))
}

/// Returns what the terminal shows for these reports and causes.
fn shown(reports: &[TrialReport], causes: &[Cause]) -> String {
    let mut terminal = Terminal::new(
        Style::new(false),
        "run --case".to_owned(),
        Verbosity::Causes,
    );
    let mut text = Vec::new();
    let mut summary = Summary {
        causes: causes.to_vec(),
        ..Summary::default()
    };
    let mut tell = |event: &Event| {
        let told = terminal.event(event, &mut text);
        told.unwrap_or_else(|error| panic!("{error}"));
    };
    tell(&Event::RunStarted(RunHeader::default()));
    for report in reports {
        summary.add(report);
        tell(&Event::TrialFinished(Box::new(report.clone())));
    }
    tell(&Event::RunFinished(summary));
    String::from_utf8_lossy(&text).into_owned()
}

#[test_case(&["failure-without-result", "get-compares-raw-text", "one-page-too-many"]; "a member left out, paths compared as text, a wrong total")]
#[test_case(&["last-page-is-lost", "v1-batch-replaces-the-collection", "code-as-text"]; "a lost page, a batch that replaces, codes as text")]
#[test_case(&["v2-delete-without-effect", "regions-as-bare-names", "create-overwrites"]; "a delete without effect, bare regions, a create that overwrites")]
#[test_case(&["upper-case-hex", "put-takes-any-region", "v1-the-last-mapping-stays"]; "upper case, any region, a last mapping that stays")]
fn three_mistakes_are_each_a_cause_and_fit_on_two_pages(mistakes: &[&str]) {
    let reports = reports(mistakes);
    let causes = of_failures(&reports);
    let names: Vec<&str> = causes.iter().map(|cause| cause.id.as_str()).collect();
    assert!(causes.len() <= 5, "{names:?}");
    let mut taken: Vec<&str> = Vec::new();
    for mistake in mistakes {
        let clause = by_name(mistake).map(|mutant| mutant.breaks.as_str());
        let clause = clause.unwrap_or_default();
        let mut explaining = causes.iter().filter(|cause| {
            let breaks_it = cause.clauses.keys().any(|broken| broken.as_str() == clause);
            breaks_it && !taken.contains(&cause.id.as_str())
        });
        let cause = explaining.next();
        let cause =
            cause.unwrap_or_else(|| panic!("{mistake} ({clause}) has no cause in {names:?}"));
        taken.push(&cause.id);
    }
    let text = shown(&reports, &causes);
    let lines = text.lines().count();
    assert!(lines <= 150, "{lines} lines:\n{text}");
}

#[test]
fn a_cause_has_the_same_name_in_every_run_of_the_same_mistake() {
    let names = |mistakes: &[&str]| -> Vec<String> {
        let causes = of_failures(&reports(mistakes));
        causes.into_iter().map(|cause| cause.id).collect()
    };
    let (once, again) = (names(&["one-page-too-many"]), names(&["one-page-too-many"]));
    assert_eq!(once, again);
    assert_eq!(once.len(), 1, "{once:?}");
}

#[test]
fn the_witness_of_a_cause_is_a_finding_of_its_clause_with_its_exchange() {
    let reports = reports(&["v2-batch-replaces-the-collection"]);
    for cause in of_failures(&reports) {
        let trial = reports
            .iter()
            .find(|report| report.id == cause.witness.trial);
        let trial = trial.unwrap_or_else(|| panic!("{} did not run", cause.witness.trial));
        let reported = &trial.findings[cause.witness.finding];
        assert_eq!(reported.finding.clause, cause.clause);
        let mut exchanges = trial.exchanges.iter();
        assert!(exchanges.any(|exchange| Some(exchange.step) == reported.step));
    }
}

#[test]
fn a_server_that_conforms_has_no_cause() {
    assert!(of_failures(&reports(&[])).is_empty());
}

/// X-1 is a `should`: what one generation does not show of the other's writes breaks no `must` of either.
#[test]
fn generations_with_stores_of_their_own_deviate_and_violate_nothing() {
    let reports = reports(&["stores-apart"]);
    let broken: Vec<&str> = reports
        .iter()
        .filter(|report| report.verdict == Verdict::Violates)
        .map(|report| report.id.as_str())
        .collect();
    assert!(broken.is_empty(), "{broken:?}");
    let causes = of_failures(&reports);
    let levels: Vec<Level> = causes.iter().map(|cause| cause.level).collect();
    assert!(
        levels.iter().all(|level| *level == Level::Should),
        "{levels:?}"
    );
}

/// The level of a cause is that of the clause that names it.
#[test_case("put-at-the-limit-is-409"; "a wrong status at the limit")]
#[test_case("put-limit-is-one-too-high"; "a limit that is too high")]
fn a_cause_is_named_by_a_clause_of_its_own_level(mistake: &str) {
    for cause in of_failures(&reports(&[mistake])) {
        let clause = Contract::embedded().clause(&cause.clause);
        let levels: Vec<Level> = clause
            .iter()
            .flat_map(|clause| {
                let also = clause.also.iter().map(|part| part.level);
                std::iter::once(clause.level).chain(also)
            })
            .collect();
        assert!(
            levels.contains(&cause.level),
            "{} is {}",
            cause.clause,
            cause.level
        );
    }
}
