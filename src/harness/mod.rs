//! The suite as tests of `cargo test`: each trial is a test, named by its id.
//!
//! An implementer's own `tests/conformance.rs` (with `harness = false`) looks like this:
//!
//! ```no_run
//! use originproof::harness::{Arguments, Settings, run};
//!
//! fn main() -> std::process::ExitCode {
//!     let settings = Settings::from_vars(std::env::vars()).server(|| async {
//!         // Start your server here, on a port of its own, and return its base URL.
//!         Ok("http://127.0.0.1:8080/client/v4".to_owned())
//!     });
//!     run(&Arguments::from_args(), settings, &mut std::io::stderr()).exit_code()
//! }
//! ```
//!
//! The embedded mock is used only if the file calls [`Settings::mock`].

mod explore;
mod settings;

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use libtest_mimic::{Completion, Failed, Trial as Test};
use tokio::runtime::Runtime;

pub use libtest_mimic::{Arguments, Conclusion};
pub use settings::Settings;

use self::settings::Server;
use crate::case::{Library, Trial};
use crate::cause::of_failures;
use crate::diagnostic::visible::shown;
use crate::event::{Event, RunHeader, Summary, TrialReport, Verdict};
use crate::expected::Tally;
#[cfg(feature = "mock")]
use crate::mock::{Mock, MockConfig};
use crate::report::{FORMATS, Run, Style, Terminal, Verbosity, format};
use crate::runner::{Keep, RunConfig, Runner, Target, TargetConfig, new_seed};

/// The message if no target is chosen.
const NO_TARGET: &str = "no target is chosen: say `.server(...)` or `.target(...)` in the test file, or set ORIGINPROOF_TARGET to a base URL such as http://127.0.0.1:8080/client/v4";

/// A server of the process, which ends when this is dropped.
type KeptAlive = Option<Box<dyn std::any::Any + Send + Sync>>;

/// The state that the tests share.
struct Session {
    runtime: Runtime,
    /// The runner, and the embedded mock if it is used. They are opened on first use, so that `--list` sends nothing.
    runner: OnceLock<Result<(Runner, KeptAlive), String>>,
    settings: Settings,
    tally: Option<Mutex<Tally>>,
    /// The reports of the tests that ran.
    ran: Mutex<Vec<TrialReport>>,
    /// Whether a single test was requested, whose failure is shown in full.
    is_exact: bool,
    begun: Instant,
    /// The time when the tests began (RFC 3339).
    started: String,
}

impl Session {
    /// Puts the given zones back. Returns a message for each zone that could not be put back.
    fn end(&self) -> Vec<String> {
        let Some(Ok((runner, _))) = self.runner.get() else {
            return Vec::new();
        };
        let events = self.runtime.block_on(runner.put_zones_back());
        let left = events.into_iter().filter_map(|event| match event {
            Event::ZoneLeft(left) => Some(left.to_string()),
            Event::ZonePutBack(_)
            | Event::RunStarted(_)
            | Event::TrialStarted { .. }
            | Event::TrialFinished(_)
            | Event::RunFinished(_) => None,
        });
        left.collect()
    }

    fn runner(&self) -> Result<&Runner, String> {
        let opened = self
            .runner
            .get_or_init(|| self.runtime.block_on(open(&self.settings)));
        opened
            .as_ref()
            .map(|(runner, _)| runner)
            .map_err(Clone::clone)
    }

    /// Returns all tests as a run.
    fn as_run(&self) -> Run {
        let trials = std::mem::take(&mut *self.ran.lock().unwrap_or_else(PoisonError::into_inner));
        let mut summary = Summary {
            elapsed_ms: u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            causes: of_failures(&trials),
            ..Summary::default()
        };
        for trial in &trials {
            summary.add(trial);
        }
        let target = self.runner().ok().map(Runner::target);
        let header = RunHeader {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            target: target
                .map(|target| target.base_url.clone())
                .unwrap_or_default(),
            capabilities: target
                .map(|target| target.capabilities.keys().cloned().collect())
                .unwrap_or_default(),
            selected: trials.len(),
            planned: trials.iter().map(|trial| trial.id.clone()).collect(),
            started: self.started.clone(),
            cases: self
                .settings
                .cases
                .as_ref()
                .map(|folder| folder.display().to_string()),
            ..RunHeader::default()
        };
        let mut run = Run::default();
        run.event(Event::RunStarted(header));
        for trial in trials {
            run.event(Event::TrialFinished(Box::new(trial)));
        }
        run.event(Event::RunFinished(summary));
        run
    }

    /// Writes the reports that the test file asks for. Returns a message for each report that could not be written.
    fn report(&self, run: &Run) -> Vec<String> {
        let write = |(name, path): &(String, PathBuf)| {
            let wrong = |error: &dyn std::fmt::Display| {
                format!("the report {} can't be written: {error}", shown(path))
            };
            let Some(format) = format(name) else {
                let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
                return Err(wrong(&format!(
                    "the format `{name}` is not known; the known ones are {}",
                    known.join(", ")
                )));
            };
            let mut file = std::fs::File::create(path).map_err(|error| wrong(&error))?;
            (format.write)(run, &mut file).map_err(|error| wrong(&error))
        };
        self.settings
            .reports
            .iter()
            .filter_map(|report| write(report).err())
            .collect()
    }

    /// Writes the causes of the failures, if any test failed.
    fn explain(run: &Run, out: &mut dyn Write) {
        let failed = |trial: &&TrialReport| {
            !matches!(
                trial.verdict,
                Verdict::Conforms | Verdict::Deviates | Verdict::Expected | Verdict::Skipped
            )
        };
        if !run.trials.iter().any(|trial| failed(&trial)) {
            return;
        }
        let mut terminal = terminal(Verbosity::Causes);
        for event in run.events() {
            // Each failure was already shown. A failed write is ignored, because the tests have ended anyway.
            let _ = match event {
                Event::RunFinished(_) => terminal.event(&event, out),
                _ => terminal.event(&event, &mut std::io::sink()),
            };
        }
    }

    /// Returns a line that names the target of the tests.
    fn target_line(&self, runner: &Runner) -> String {
        let target = runner.target();
        let what = match &self.settings.server {
            #[cfg(feature = "mock")]
            Server::Mock => "the embedded mock at ",
            Server::Started(_) => "the test file's own server at ",
            Server::At(_) | Server::Missing => "",
        };
        let has: Vec<&str> = target.capabilities.keys().map(String::as_str).collect();
        format!(
            "originproof {} against {what}{}, which has: {}",
            env!("CARGO_PKG_VERSION"),
            target.base_url,
            has.join(", ")
        )
    }
}

async fn open(settings: &Settings) -> Result<(Runner, KeptAlive), String> {
    let (config, mock) = target(settings).await?;
    let seed = new_seed();
    let target = Target::probe(config, seed)
        .await
        .map_err(|error| as_variables(&error.to_string()))?;
    let config = RunConfig {
        jobs: 1,
        seed,
        keep: Keep::Findings,
    };
    let runner = Runner::new(target, config).await;
    let runner = runner.map_err(|error| as_variables(&error.to_string()))?;
    Ok((runner, mock))
}

async fn target(settings: &Settings) -> Result<(TargetConfig, KeptAlive), String> {
    let config = |url: &str| {
        let config = settings.values.target(url, settings.folder.clone());
        let mut config = config.map_err(|error| as_variables(&error.to_string()))?;
        // Under cargo-nextest every test is its own process, so the tests take turns on a zone.
        config.custody.wait_for_lock = true;
        Ok::<_, String>(config)
    };
    match &settings.server {
        Server::Missing => Err(NO_TARGET.to_owned()),
        Server::At(url) => Ok((config(url)?, None)),
        Server::Started(start) => {
            let url = start()
                .await
                .map_err(|why| format!("the server of the test file did not start: {why}"))?;
            Ok((config(&url)?, None))
        }
        #[cfg(feature = "mock")]
        Server::Mock => {
            let mock = MockConfig::default();
            let access = mock.access.clone();
            let served = Mock::new(mock).serve(([127, 0, 0, 1], 0).into()).await;
            let running = served.map_err(|error| format!("the mock did not start: {error}"))?;
            let mut config = config(&running.base_url())?;
            config.credentials = access.into();
            Ok((config, Some(Box::new(running))))
        }
    }
}

/// Replaces the flags in a message of the command with variables.
fn as_variables(message: &str) -> String {
    let mut message = message.to_owned();
    // Longer flags come first, because one flag may be a prefix of another.
    let mut settings: Vec<_> = crate::settings::SETTINGS.iter().collect();
    settings.sort_by_key(|setting| std::cmp::Reverse(setting.flag.len()));
    for setting in settings {
        if let Some(variable) = setting.variables.first() {
            message = message.replace(&format!("{} ID", setting.flag), &format!("{variable}=ID"));
            message = message.replace(setting.flag, variable);
        }
    }
    message
}

/// Runs the cases as tests, and names the target on `out`. The caller turns the conclusion into an exit code. Given
/// zones are put back at the end. A zone that cannot be put back counts as a failed test. If no test can run, for
/// example because the target is missing or out of reach, the result is one failed test.
pub fn run(arguments: &Arguments, mut settings: Settings, out: &mut dyn Write) -> Conclusion {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let library = match &settings.cases {
        Some(folder) => Library::from_folder(folder),
        None => Library::embedded(),
    };
    let (library, runtime) = match (library, runtime) {
        (Ok(library), Ok(runtime)) => (library, runtime),
        (Err(error), _) => return alone(arguments, "cases are read", error.to_string()),
        (_, Err(error)) => return alone(arguments, "a runtime is there", error.to_string()),
    };
    let expected = settings.expected.take();
    let session = Arc::new(Session {
        runtime,
        runner: OnceLock::new(),
        tally: expected.map(|expected| Mutex::new(Tally::new(expected, jiff::Zoned::now().date()))),
        settings,
        ran: Mutex::default(),
        is_exact: arguments.exact,
        begun: Instant::now(),
        started: jiff::Timestamp::now().to_string(),
    });
    if matches!(session.settings.server, Server::Missing) {
        return alone(arguments, "a target is chosen", NO_TARGET.to_owned());
    }
    if !arguments.list {
        match session.runner() {
            // A failed write is ignored: the tests run anyway.
            Ok(runner) => drop(writeln!(out, "{}", session.target_line(runner))),
            Err(why) => return alone(arguments, "the target can be tested", why),
        }
    }
    let mut all = tests(&library, &session);
    all.extend(explore::tests(&session));
    let mut conclusion = libtest_mimic::run(arguments, all);
    if arguments.list {
        return conclusion;
    }
    let mut last = |name: &str, why: Vec<String>| {
        if !why.is_empty() {
            let ended = alone(arguments, name, why.join("\n"));
            conclusion.num_failed += ended.num_failed;
        }
    };
    let is_whole = arguments.filter.is_none() && arguments.skip.is_empty();
    if let Some(tally) = &session.tally {
        let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        last("the list of expected failures fits", tally.faults(is_whole));
    }
    last("zones are put back", session.end());
    let run = session.as_run();
    last("reports are written", session.report(&run));
    Session::explain(&run, out);
    conclusion
}

/// Runs a single test that fails, to report why something could not begin or end.
fn alone(arguments: &Arguments, name: &str, why: String) -> Conclusion {
    // Filters must not hide this test.
    let arguments = Arguments {
        filter: None,
        skip: Vec::new(),
        exact: false,
        ..arguments.clone()
    };
    libtest_mimic::run(&arguments, vec![Test::test(name, move || Err(why.into()))])
}

fn tests(library: &Library, session: &Arc<Session>) -> Vec<Test> {
    library
        .trials()
        .into_iter()
        .filter(|trial| {
            let only = session.settings.only;
            only.is_none_or(|only| trial.generation.is_none_or(|own| own == only))
        })
        .enumerate()
        .map(|(number, trial)| {
            let session = Arc::clone(session);
            Test::ignorable_test(trial.id(), move || judge(&session, number, &trial))
        })
        .collect()
}

fn judge(session: &Session, number: usize, trial: &Trial) -> Result<Completion, Failed> {
    let runner = session.runner()?;
    let mut report = session.runtime.block_on(runner.trial(number, trial));
    if let Some(tally) = &session.tally {
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.judge(&mut report);
    }
    let mut ran = session.ran.lock().unwrap_or_else(PoisonError::into_inner);
    ran.push(report.clone());
    match report.verdict {
        Verdict::Conforms | Verdict::Deviates | Verdict::Expected => Ok(Completion::Completed),
        Verdict::Skipped => Ok(Completion::ignored_with(report.reason.unwrap_or_default())),
        Verdict::Violates | Verdict::Inconclusive | Verdict::NotRun | Verdict::Broken => {
            Err(text(report, session.is_exact).into())
        }
    }
}

/// Creates a terminal report for tests.
fn terminal(verbosity: Verbosity) -> Terminal {
    let again = "cargo test --test conformance -- --exact".to_owned();
    Terminal::new(Style::new(false), again.clone(), verbosity).more(format!("{again} 'ID'"))
}

/// Returns the failure in a few lines, or in full.
fn text(report: TrialReport, is_whole: bool) -> String {
    let mut terminal = terminal(Verbosity::Cases);
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = if is_whole {
        terminal.event(&Event::TrialFinished(Box::new(report)), &mut text)
    } else {
        terminal.brief(&report, &mut text)
    };
    String::from_utf8_lossy(&text).into_owned()
}
