//! `originproof replay`: sends the simplest evidence of a cause again, and tells whether the cause is still there.

use std::path::PathBuf;

use clap::Args;

use originproof::case::Library;
use originproof::cause::of_failures;
use originproof::diagnostic::did_you_mean;
use originproof::event::{Cause, TrialReport, Verdict};
use originproof::report::{Run, Style, Terminal, Verbosity};
use originproof::runner::{Keep, Plan, RunConfig, Runner, Selection, Target};

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::interruption::Interruptions;
use super::settings::Given;
use super::target::{Opened, TargetArgs};
use super::world::World;

/// Flags of `replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The cause, by its name or by its number in the report
    #[arg(value_name = "CAUSE")]
    cause: String,
    /// The saved run that contains the cause
    #[arg(long, value_name = "FILE", default_value = "run.json")]
    run: PathBuf,
    #[command(flatten)]
    target: TargetArgs,
}

/// Runs the case of the witness again.
pub(crate) fn run(args: &ReplayArgs, world: &World, console: &mut Console) -> Outcome {
    let before = super::report::read(&args.run)?;
    let causes = before.causes();
    let cause = find(&causes, &args.cause)?;
    if before.header.recorded {
        return Err(Failure::Usage(
            "the run is of recorded traffic, which has no requests to send again".to_owned(),
        ));
    }
    let library = match &before.header.cases {
        Some(folder) => Library::from_folder(folder.as_ref()),
        None => Library::embedded(),
    }
    .map_err(|error| Failure::Cases(error.text(console.colour)))?;
    let selection = Selection {
        cases: vec![cause.witness.trial.clone()],
        ..Selection::default()
    };
    let plan = Plan::select(&library, &selection)?;
    let mut effective = args.target.effective(world)?;
    if effective.text("url").is_none() {
        let url = Given::from([("url", vec![before.header.target.clone()])]);
        effective = args.target.effective_with(url, world)?;
    }
    super::runtime()?.block_on(async {
        let mut interruptions = Interruptions::listen()?;
        let opened = args.target.open(&effective, world).await?;
        TargetArgs::announce(&effective, &opened, console);
        let Opened { config, mock: _ } = opened;
        let seed = originproof::runner::new_seed();
        let config = tokio::select! {
            target = Target::probe(config, seed) => Runner::new(
                target?,
                RunConfig { jobs: 1, seed, keep: Keep::Findings },
            ),
            () = interruptions.have_been(1) => return Ok(Exit::Interrupted),
        };
        let runner = config.await?;
        let mut after = Run::default();
        {
            let running = runner.run(&plan, |event| after.event(event));
            tokio::pin!(running);
            tokio::select! {
                _ = &mut running => {}
                () = interruptions.have_been(1) => {
                    runner.stop();
                    running.await;
                }
            }
        }
        told(cause, &after, console)
    })
}

fn find<'c>(causes: &'c [Cause], name: &str) -> Result<&'c Cause, Failure> {
    let by_number = name.parse::<usize>().ok();
    let by_number = by_number.and_then(|number| causes.get(number.checked_sub(1)?));
    let found = causes.iter().find(|cause| cause.id == name).or(by_number);
    found.ok_or_else(|| {
        let names: Vec<&str> = causes.iter().map(|cause| cause.id.as_str()).collect();
        let hint = did_you_mean(name, names.iter().copied())
            .unwrap_or_else(|| format!("it has: {}", names.join(", ")));
        Failure::Usage(format!("the run has no cause `{name}`; {hint}"))
    })
}

/// Tells whether the cause is still there.
fn told(cause: &Cause, after: &Run, console: &mut Console) -> Outcome {
    let Some(trial) = after.trials.first() else {
        console.error("the case did not run");
        return Ok(Exit::NothingRan);
    };
    let is_still_so = |trial: &TrialReport| {
        of_failures([trial]).iter().any(|now| now.is_like(cause))
            || trial.findings.iter().any(|reported| {
                cause.symptoms.iter().any(|symptom| {
                    symptom.clause == reported.finding.clause
                        && symptom.kind == reported.finding.what.kind()
                })
            })
    };
    let (word, exit) = match trial.verdict {
        Verdict::Conforms => ("gone: the case conforms", Exit::Conforms),
        Verdict::Violates | Verdict::Deviates | Verdict::Expected if is_still_so(trial) => {
            ("still so", Exit::Violates)
        }
        Verdict::Violates | Verdict::Deviates | Verdict::Expected => {
            ("other: the case fails in another way", Exit::Violates)
        }
        Verdict::Skipped | Verdict::NotRun | Verdict::Inconclusive | Verdict::Broken => {
            ("not judged", Exit::Inconclusive)
        }
    };
    console.out(&format!("{} ({}): {word}\n", cause.id, trial.id))?;
    if exit != Exit::Conforms {
        let again = format!("originproof run --target {} --case", after.header.target);
        let mut terminal = Terminal::new(Style::new(console.colour), again, Verbosity::Cases);
        let mut text = Vec::new();
        for event in after.events().take(2) {
            terminal.event(&event, &mut text)?;
        }
        console.out(&String::from_utf8_lossy(&text))?;
    }
    Ok(exit)
}
