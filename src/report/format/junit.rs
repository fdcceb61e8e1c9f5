//! `JUnit` XML. A case that violates is a failure, and a case that could not be judged is an error. A skipped case is
//! skipped with its reason. A case that deviates passes, and its output describes the deviation.

use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::event::{Cause, Event, TrialReport, Verdict};
use crate::report::document::Run;
use crate::report::plain::again;
use crate::report::terminal::{Style, Terminal, Verbosity};

/// The maximum number of characters of a trial: readers of `JUnit` keep all text in memory.
const FAILURE: usize = 4_000;

/// Writes the report.
pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let causes = run.causes();
    let mut report = Report::new(format!("originproof against {}", run.header.target));
    let mut families: Vec<&str> = run.trials.iter().map(|trial| family(run, trial)).collect();
    families.sort_unstable();
    families.dedup();
    for name in families {
        let mut suite = TestSuite::new(name);
        suite.add_test_cases(
            run.trials
                .iter()
                .filter(|trial| family(run, trial) == name)
                .map(|trial| case(run, trial, &causes)),
        );
        report.add_test_suite(suite);
    }
    if !run.is_complete() {
        let mut suite = TestSuite::new("originproof");
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message("the run broke off: not all cases ran");
        suite.add_test_case(TestCase::new("the run is complete", status));
        report.add_test_suite(suite);
    }
    let text = report.to_string().map_err(io::Error::other)?;
    out.write_all(without_skipped_of_all(&text).as_bytes())
}

/// Removes the count of skipped cases from the root element, where the common schema does not allow it. Quotes are
/// escaped in values, so the first `skipped` attribute is that of the root.
fn without_skipped_of_all(text: &str) -> String {
    let begin = text.find(" skipped=\"");
    let end = begin.and_then(|begin| {
        let value = begin + " skipped=\"".len();
        Some(value + text.get(value..)?.find('"')? + 1)
    });
    match begin.zip(end) {
        Some((begin, end)) => text[..begin].to_owned() + &text[end..],
        None => text.to_owned(),
    }
}

/// Returns the folder of a trial's case, or the file of the recording.
fn family<'r>(run: &Run, trial: &'r TrialReport) -> &'r str {
    if run.header.recorded {
        return &trial.file;
    }
    trial.id.split('/').next().unwrap_or_default()
}

/// Converts a trial. Its message begins with the name of its cause, so that a reader that sorts messages shows the
/// cases of one cause together.
fn case(run: &Run, trial: &TrialReport, causes: &[Cause]) -> TestCase {
    let is_evidence = |cause: &Cause| cause.witness.trial == trial.id;
    let text = || {
        let has_cause = causes.iter().any(|cause| cause.trials.contains(&trial.id));
        failure_text(run, trial, !has_cause || causes.iter().any(is_evidence))
    };
    let reason = trial.reason.clone().unwrap_or_default();
    let status = match trial.verdict {
        Verdict::Conforms | Verdict::Deviates => TestCaseStatus::success(),
        Verdict::Skipped | Verdict::NotRun | Verdict::Expected => {
            let mut status = TestCaseStatus::skipped();
            let known = match trial.verdict {
                Verdict::Expected => "expected failure: ",
                Verdict::NotRun => "not run: ",
                _ => "",
            };
            status.set_message(format!("{known}{reason}"));
            status
        }
        Verdict::Violates => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let cause = causes.iter().find(|cause| cause.trials.contains(&trial.id));
            let cause = cause.map(|cause| format!("{}: ", cause.id));
            let first = trial.findings.first().map(|f| f.finding.to_string());
            status
                .set_type("violates")
                .set_message(cause.unwrap_or_default() + first.as_deref().unwrap_or_default());
            status.set_description(text());
            status
        }
        Verdict::Inconclusive | Verdict::Broken => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type(trial.verdict.id()).set_message(reason);
            status.set_description(text());
            status
        }
    };
    let mut case = TestCase::new(trial.id.clone(), status);
    case.set_classname(format!("originproof.{}", family(run, trial)));
    case.set_time(Duration::from_micros(trial.elapsed_us));
    if trial.verdict == Verdict::Deviates {
        case.set_system_out(text());
    }
    case
}

/// Returns what the terminal shows of a trial, without colour and cut to `FAILURE` characters. A trial that is the
/// evidence of a cause is shown in full; of any other trial, only the worst finding is shown.
fn failure_text(run: &Run, trial: &TrialReport, is_evidence: bool) -> String {
    let mut terminal = Terminal::new(Style::new(false), again(run), Verbosity::Cases);
    terminal.remember_run(&run.header, None);
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = if is_evidence {
        terminal.event(&Event::TrialFinished(Box::new(trial.clone())), &mut text)
    } else {
        terminal.brief(trial, &mut text)
    };
    let text = String::from_utf8_lossy(&text);
    let text = text.trim_end();
    match text.char_indices().nth(FAILURE) {
        Some((end, _)) => format!("{}\n… (cut)", &text[..end]),
        None => text.to_owned(),
    }
}
