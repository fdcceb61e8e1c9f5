//! The suite as tests of `cargo test`: each trial is one, named by its id.
//!
//! An implementer's own `tests/conformance.rs` (with `harness = false`) is
//!
//! ```no_run
//! use originproof::harness::{Arguments, Settings, run};
//!
//! fn main() -> std::process::ExitCode {
//!     run(&Arguments::from_args(), Settings::from_vars(std::env::vars())).exit_code()
//! }
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Completion, Failed, Trial as Test};
use tokio::runtime::Runtime;

pub use libtest_mimic::{Arguments, Conclusion};

use crate::case::{Library, Trial};
use crate::event::{Event, TrialReport, Verdict};
use crate::exchange::check_base_url;
use crate::mock::{Mock, MockConfig, Running};
use crate::report::{Style, Terminal};
use crate::runner::custody::{CustodyConfig, Permit, user_folder};
use crate::runner::{
    Credentials, Keep, RunConfig, Runner, Target, TargetConfig, TargetError, new_seed,
};

/// Where the tests send their requests.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Base URL of the target; the embedded mock if there is none.
    pub target: Option<String>,
    /// Zones to work in, where the target has no fresh ones.
    pub zones: Vec<String>,
    /// Credentials for the target.
    pub credentials: Credentials,
    /// Capabilities named by hand.
    pub capabilities: Vec<String>,
    /// What may be done to the zones, and where their journals are kept.
    pub custody: CustodyConfig,
}

impl Settings {
    /// Reads `ORIGINPROOF_TARGET`, `ORIGINPROOF_ZONE` (or `CLOUDFLARE_ZONE_ID`; several with commas),
    /// `ORIGINPROOF_CAPABILITY`, `ORIGINPROOF_ALLOW_EXISTING`, `ORIGINPROOF_STATE_DIR` (by default the user's state
    /// folder, by `XDG_STATE_HOME` or `HOME`), `CLOUDFLARE_API_TOKEN`,
    /// `CLOUDFLARE_EMAIL` and `CLOUDFLARE_API_KEY` from variables that the caller hands in.
    #[must_use]
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut settings = Self::default();
        // Under cargo-nextest every test is a process of its own: they take turns on a zone.
        settings.custody.wait_for_lock = true;
        let list = |value: &str| {
            value
                .split(',')
                .map(|part| part.trim().to_owned())
                .collect()
        };
        // Files and shells leave a line break at the end.
        let own = |value: &str| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        let vars: BTreeMap<String, String> = vars.into_iter().collect();
        let folder = user_folder(|name| vars.get(name).cloned(), None);
        settings.custody.lock_dir.clone_from(&folder);
        settings.custody.state_dir = folder;
        for (name, value) in vars.into_iter().filter(|(_, value)| !value.is_empty()) {
            match name.as_str() {
                "ORIGINPROOF_TARGET" => settings.target = Some(value),
                "ORIGINPROOF_ZONE" | "CLOUDFLARE_ZONE_ID" => settings.zones = list(&value),
                "ORIGINPROOF_CAPABILITY" => settings.capabilities = list(&value),
                "ORIGINPROOF_ALLOW_EXISTING" if value == "true" => {
                    settings.custody.permit = Permit::WorkAround;
                }
                "ORIGINPROOF_STATE_DIR" => settings.custody.state_dir = value.into(),
                "CLOUDFLARE_API_TOKEN" => settings.credentials.token = own(&value),
                "CLOUDFLARE_EMAIL" => settings.credentials.email = own(&value),
                "CLOUDFLARE_API_KEY" => settings.credentials.key = own(&value),
                _ => {}
            }
        }
        settings
    }
}

/// What the tests share: opened by the first that runs, so that `--list` sends nothing.
struct Session {
    runtime: Runtime,
    runner: OnceLock<Result<(Runner, Option<Running>), String>>,
    settings: Settings,
}

impl Session {
    /// Puts given zones back; what could not be put back is said.
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
        let opened = self.runner.get_or_init(|| {
            if let Some(url) = &self.settings.target {
                check_base_url(url).map_err(|fault| format!("ORIGINPROOF_TARGET: {fault}"))?;
            }
            self.runtime
                .block_on(open(&self.settings))
                .map_err(|error| error.to_string())
        });
        opened
            .as_ref()
            .map(|(runner, _)| runner)
            .map_err(Clone::clone)
    }
}

async fn open(settings: &Settings) -> Result<(Runner, Option<Running>), TargetError> {
    let (config, mock) = if let Some(url) = &settings.target {
        let config = TargetConfig {
            base_url: url.clone(),
            credentials: settings.credentials.clone(),
            zones: settings.zones.clone(),
            capabilities: settings.capabilities.clone(),
            custody: settings.custody.clone(),
            ..TargetConfig::default()
        };
        (config, None)
    } else {
        let mock = MockConfig::default();
        let access = mock.access.clone();
        let served = Mock::new(mock).serve(([127, 0, 0, 1], 0).into()).await;
        let running = served.map_err(|error| TargetError::Url(format!("no mock: {error}")))?;
        let config = TargetConfig {
            base_url: running.base_url(),
            credentials: access.into(),
            ..TargetConfig::default()
        };
        (config, Some(running))
    };
    let seed = new_seed();
    let target = Target::probe(config, seed).await?;
    let config = RunConfig {
        jobs: 1,
        seed,
        keep: Keep::Findings,
    };
    Ok((Runner::new(target, config).await?, mock))
}

/// Runs the built-in cases as tests. The caller turns the conclusion into an exit code. Zones that were given are put
/// back at the end; one that could not be counts as a failed test.
pub fn run(arguments: &Arguments, settings: Settings) -> Conclusion {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let (library, runtime) = match (Library::embedded(), runtime) {
        (Ok(library), Ok(runtime)) => (library, runtime),
        (Err(error), _) => return alone(arguments, "cases", error.to_string()),
        (_, Err(error)) => return alone(arguments, "runtime", error.to_string()),
    };
    let session = Arc::new(Session {
        runtime,
        runner: OnceLock::new(),
        settings,
    });
    let mut conclusion = libtest_mimic::run(arguments, tests(&library, &session));
    let left = session.end();
    if !left.is_empty() {
        let ended = alone(arguments, "zones are put back", left.join("\n"));
        conclusion.num_failed += ended.num_failed;
    }
    conclusion
}

/// One failing test in place of what could not begin or end.
fn alone(arguments: &Arguments, name: &str, why: String) -> Conclusion {
    // It is said whatever the filters leave out.
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
        .enumerate()
        .map(|(number, trial)| {
            let session = Arc::clone(session);
            Test::ignorable_test(trial.id(), move || judge(&session, number, &trial))
        })
        .collect()
}

fn judge(session: &Session, number: usize, trial: &Trial) -> Result<Completion, Failed> {
    let runner = session.runner()?;
    let report = session.runtime.block_on(runner.trial(number, trial));
    match report.verdict {
        Verdict::Conforms | Verdict::Deviates | Verdict::Expected => Ok(Completion::Completed),
        Verdict::Skipped => Ok(Completion::ignored_with(report.reason.unwrap_or_default())),
        Verdict::Violates | Verdict::Inconclusive | Verdict::Broken => Err(text(report).into()),
    }
}

/// The failure as the terminal report shows it.
fn text(report: TrialReport) -> String {
    let again = "cargo test --test conformance --".to_owned();
    let mut terminal = Terminal::new(Style::new(false), again, 0);
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = terminal.event(
        &crate::event::Event::TrialFinished(Box::new(report)),
        &mut text,
    );
    String::from_utf8_lossy(&text).into_owned()
}
