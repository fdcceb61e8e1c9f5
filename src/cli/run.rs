//! `originproof run`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};

use originproof::case::Library;
use originproof::client::scenario::Scenarios;
use originproof::diagnostic::visible::shown;
use originproof::event::{Event, Verdict};
use originproof::exchange::Generation;
use originproof::report::{Run, compare};
use originproof::runner::custody::Permit;
use originproof::runner::{Keep, Label, Plan, RunConfig, Runner, Selection, Shard, Target};

use super::Outcome;
use super::against::Other;
use super::console::Console;
use super::effort::{EffortArgs, Limit};
use super::exit::{Exit, Failure};
use super::expectation;
use super::interruption::Interruptions;
use super::output::{Compared, OutputArgs};
use super::settings::Given;
use super::target::{Opened, TargetArgs, flag};
use super::watch::Watch;
use super::world::World;

/// Flags of `run`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Number of cases to run at a time; by default 16
    #[arg(long, short = 'j', value_name = "N")]
    jobs: Option<String>,
    /// Number that fresh zones are derived from; by default a new one each time
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Fail the run for a deviation from a should clause as well
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    effort: EffortArgs,
    /// Stop after the first case that violates a must clause
    #[arg(long)]
    fail_fast: bool,
    /// Run only the cases that failed or could not be judged in a saved run
    #[arg(long, value_name = "FILE")]
    rerun_failed: Option<PathBuf>,
    /// Show what would run, what would be skipped and why, how many requests and how long at least; change nothing
    #[arg(long)]
    plan: bool,
    /// Run again whenever a case file, the list of expected failures or the target changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["plan", "against"])]
    watch: bool,
    /// List of expected failures; by default originproof.expect.yaml, if it exists
    #[arg(long, value_name = "FILE")]
    expect: Option<String>,
    /// Run the same cases against this target as well, and report the differences; flags and variables apply to both,
    /// but --zone, --token, --email, --key and --capability do not apply to a target that is given by its name
    #[arg(long, value_name = "URL|NAME", conflicts_with = "plan")]
    against: Option<String>,
    /// Keep the redacted exchanges of each case as snapshots in this folder, and show the differences
    #[arg(long, value_name = "DIR")]
    snapshots: Option<PathBuf>,
    /// Fail the run for a difference from the snapshots as well
    #[arg(long, requires = "snapshots")]
    strict_snapshots: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Flags that select cases.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArgs {
    /// Folder of case files to use instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Option<PathBuf>,
    /// Cases whose id matches this regular expression (repeatable: one match is enough)
    #[arg(long, short = 'f', value_name = "REGEX")]
    filter: Vec<String>,
    /// A case, or one of its rows, by its full id (repeatable)
    #[arg(long = "case", value_name = "ID")]
    case: Vec<String>,
    /// Cases that cite this clause (repeatable)
    #[arg(long, value_name = "CLAUSE")]
    clause: Vec<String>,
    /// Cases with this tag (repeatable)
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Cases of this family, which is the folder of the case file (repeatable)
    #[arg(long, value_name = "NAME")]
    family: Vec<String>,
    /// Cases that need no operation of the other generation
    #[arg(long, value_enum, value_name = "GENERATION")]
    only: Option<Only>,
    /// Cases that only read
    #[arg(long)]
    read_only: bool,
    /// Part K of N of the suite; every machine splits the suite in the same way
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
}

/// A generation by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Only {
    /// The deprecated operations.
    V1,
    /// The current operations.
    V2,
}

impl Only {
    pub(crate) fn generation(self) -> Generation {
        match self {
            Self::V1 => Generation::V1,
            Self::V2 => Generation::V2,
        }
    }
}

impl RunArgs {
    /// Returns the values that the flags of `run` itself give.
    fn given(&self) -> Given {
        let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        let mut given = Given::from([
            ("jobs", one(&self.jobs)),
            ("strict", flag(self.strict)),
            ("expect", one(&self.expect)),
        ]);
        self.effort.add_to(&mut given);
        given
    }
}

impl SelectionArgs {
    /// Returns the cases of the given folder, or the built-in ones.
    ///
    /// # Errors
    /// Fails if a case file cannot be read or is faulty.
    pub(crate) fn library(&self, colour: bool) -> Result<Library, Failure> {
        match &self.cases {
            Some(folder) => Library::from_folder(folder),
            None => Library::embedded(),
        }
        .map_err(|error| Failure::Cases(error.text(colour)))
    }

    /// Returns the scenarios for clients of the given folder, or the built-in ones.
    ///
    /// # Errors
    /// Fails if a file cannot be read or is faulty.
    pub(crate) fn scenarios(&self, colour: bool) -> Result<Scenarios, Failure> {
        match &self.cases {
            Some(folder) => Scenarios::from_folder(folder),
            None => Scenarios::embedded(),
        }
        .map_err(|error| Failure::Cases(error.text(colour)))
    }

    /// Returns the selected cases.
    ///
    /// # Errors
    /// Fails if the selection is faulty or matches no case.
    pub(crate) fn plan(&self, library: &Library) -> Result<Plan, Failure> {
        Ok(Plan::select(library, &self.selection())?)
    }

    fn selection(&self) -> Selection {
        Selection {
            filters: self.filter.clone(),
            cases: self.case.clone(),
            clauses: self.clause.clone(),
            tags: self.tag.clone(),
            families: self.family.clone(),
            only: self.only.map(Only::generation),
            read_only: self.read_only,
            shard: self.shard,
        }
    }
}

/// Runs the subcommand: once, or with `--watch` again after each change until a signal ends it.
pub(crate) fn run(args: &RunArgs, world: &World, console: &mut Console) -> Outcome {
    if args.plan && args.output.is_schema() {
        console.out(&super::json::schema::<super::json::Forecast>()?)?;
        return Ok(Exit::Conforms);
    }
    if !args.watch {
        return run_once(args, world, console);
    }
    loop {
        let effective = args.target.effective_with(args.given(), world)?;
        let mut paths: Vec<PathBuf> = args.selection.cases.iter().cloned().collect();
        paths.push(expectation::path(effective.text("expect"), world));
        // A file that changes during the run counts as well.
        let watch = Watch::begin(paths, effective.text("url").map(str::to_owned));
        let ended = match run_once(args, world, console) {
            Ok(Exit::Interrupted) => return Ok(Exit::Interrupted),
            Ok(exit) => exit,
            // A case file that is being edited and a server that restarts are what is watched for.
            Err(
                failure @ (Failure::Cases(_)
                | Failure::Selection(_)
                | Failure::Target(_)
                | Failure::Unjudged(_)),
            ) => {
                console.error(&failure.to_string());
                failure.exit()
            }
            Err(failure) => return Err(failure),
        };
        console.say(
            "watching the case files, the list of expected failures and the target; Ctrl-C ends, with the exit code of this run",
        );
        let is_gone =
            || console.say("the target no longer accepts connections: waiting until it is back");
        let change = super::runtime()?.block_on(watch.wait(is_gone))?;
        let Some(change) = change else {
            return Ok(ended);
        };
        console.say(&format!("{change}: running again\n"));
    }
}

fn run_once(args: &RunArgs, world: &World, console: &mut Console) -> Outcome {
    let library = args.selection.library(console.colour)?;
    super::cases::name_passed_over(&library, console);
    let mut plan = args.selection.plan(&library)?;
    if let Some(path) = &args.rerun_failed {
        let before = super::report::read(path)?;
        let failed: BTreeSet<&str> = before.failed_ids();
        plan = plan.only(|id| failed.contains(id));
        if plan.trials.is_empty() {
            console.say(&format!("no selected case failed in {}", shown(path)));
            return Ok(Exit::Conforms);
        }
    }
    if plan.trials.is_empty() {
        console.error("the selections have no case in common: nothing ran");
        return Ok(Exit::NothingRan);
    }
    let effective = args.target.effective_with(args.given(), world)?;
    let expected = expectation::load(effective.text("expect"), world, console.colour)?;
    let baseline = args.output.baseline()?;
    let runtime = super::runtime()?;
    runtime.block_on(async {
        // Listen before the first request, so that a signal cannot end the process before zones are put back.
        let mut interruptions = Interruptions::listen()?;
        let opened = args.target.open(&effective, world).await?;
        TargetArgs::announce(&effective, &opened, console);
        let Opened { mut config, mock } = opened;
        if args.selection.read_only {
            config.custody.permit = Permit::ReadOnly;
        }
        config.custody.dry_run = args.plan;
        if let Some(most) = Limit::given(&effective)? {
            let before = config.pace.max_requests.unwrap_or(u64::MAX);
            config.pace.max_requests = Some(before.min(most));
        }
        if config.network.insecure {
            console.say("warning: --insecure takes any certificate; whoever stands between can read the credentials");
        }
        let rates = config.pace.rates_for(&config.base_url);
        let seed = args.seed.unwrap_or_else(originproof::runner::new_seed);
        let target = tokio::select! {
            target = Target::probe(config, seed) => target?,
            () = interruptions.have_been(1) => return Ok(Exit::Interrupted),
        };
        // Reach the other target before anything is written to the first one.
        let other = match &args.against {
            Some(name) => {
                let other = Other::probe(&args.target, args.given(), name, world, console);
                tokio::select! {
                    other = other => Some(other?),
                    () = interruptions.have_been(1) => return Ok(Exit::Interrupted),
                }
            }
            None => None,
        };
        let jobs = effective.number("jobs")?.unwrap_or(1);
        let jobs = usize::try_from(jobs).unwrap_or(usize::MAX);
        let config = RunConfig {
            jobs,
            seed,
            keep: if args.snapshots.is_some() { Keep::All } else { Keep::Findings },
        };
        // Once the journal of a zone is begun, the zone is put back; only a third signal does not wait for that.
        let mut runner = tokio::select! {
            runner = Runner::new(target, config) => runner?,
            () = interruptions.have_been(3) => return Ok(interrupted_for_good(console)),
        };
        if let Some(expected) = expected {
            let misfits = expectation::misfits(&expected, &library);
            runner = runner.expecting(expected, jiff::Zoned::now().date(), misfits);
        }
        let begun = Instant::now();
        let is_whole = plan.is_whole && args.selection.cases.is_none();
        let limit = Limit::of(&effective, &runner, &rates, is_whole)?;
        let failed: BTreeSet<&str> = baseline.as_ref().map(|run| run.failed_ids()).unwrap_or_default();
        let choice = limit.choose(&plan, &runner, |id| failed.contains(id));
        plan = Limit::apply(plan, &choice, &runner);
        if choice.chosen.trials.is_empty() && !choice.all.trials.is_empty() {
            let message = format!("{} is too little for any case: nothing ran", limit.name());
            console.error(&message);
            return Ok(Exit::NothingRan);
        }
        runner = runner.limited(limit.requests, limit.time.map(|time| begun + time));
        runner = runner.labelled(Label {
            effort: limit.record(&choice),
            shard: args.selection.shard.map(|shard| shard.to_string()),
            settings: effective.changed(),
            cases: args.selection.cases.as_ref().map(|folder| folder.display().to_string()),
        });
        if args.plan {
            let forecast = super::plan::forecast(&runner, &plan, &rates).await?;
            let forecast = limit.add_to(forecast, &choice);
            let text = if args.output.is_json() {
                super::json::text(&forecast)?
            } else {
                forecast.text()
            };
            console.out(&text)?;
            return Ok(Exit::Conforms);
        }
        let ended = tokio::select! {
            result = observe(args, world, &runner, &plan, console) => Some(result),
            () = interrupt(&runner, &mut interruptions) => None,
        };
        let Some(result) = ended else {
            return Ok(interrupted_for_good(console));
        };
        if let Some(mock) = mock {
            mock.stop().await;
        }
        let run = result?;
        let summary = run.counts();
        let compared = args.output.write(&run, baseline.as_ref(), world, console)?;
        if let Some(other) = other {
            let other = other.run(&plan, jobs, &mut interruptions).await?;
            console.say(compare(&other, &run).text_between().trim_end());
        }
        if compared == Compared::Worse {
            return Ok(Exit::Violates);
        }
        if let Some(folder) = &args.snapshots {
            let drifted = super::snapshots::compare(&run, folder, plan.is_whole, console)?;
            if drifted > 0 && args.strict_snapshots {
                return Ok(Exit::Violates);
            }
        }
        let exit = Exit::of_compared(&summary, effective.flag("strict")?, compared);
        if exit == Exit::NothingRan {
            console.error("no selected case could be judged on this target");
        }
        Ok(exit)
    })
}

/// Stops the run on the first signal, tells on the second what would be left, and returns on the third.
pub(super) async fn interrupt(runner: &Runner, interruptions: &mut Interruptions) {
    interruptions.have_been(1).await;
    runner.stop();
    interruptions.have_been(2).await;
    // The run, which is still going on, holds the console.
    super::console::warn(&runner.what_would_be_left());
    interruptions.have_been(3).await;
}

/// Ends a run that was interrupted before it could put zones back.
pub(super) fn interrupted_for_good(console: &mut Console) -> Exit {
    console.end();
    console.error(
        "interrupted three times: zones were not put back; their journals stay, `originproof restore` finishes the work, and \
         `originproof restore --print` shows what is left",
    );
    Exit::Interrupted
}

/// Runs the cases, shows and saves the events, and returns the whole run.
async fn observe(
    args: &RunArgs,
    world: &World,
    runner: &Runner,
    plan: &Plan,
    console: &mut Console,
) -> Result<Run, Failure> {
    console.begin(plan.trials.len());
    let mut show = args
        .output
        .show(format!("{} --case", again(args, world)), console)?;
    runner
        .run(plan, |event| {
            match &event {
                Event::TrialStarted { id } => console.under_way(id),
                Event::TrialFinished(trial) => {
                    console.advance();
                    if args.fail_fast && trial.verdict == Verdict::Violates {
                        runner
                            .end_early("the first case failed, and --fail-fast ends the run there");
                    }
                }
                Event::RunStarted(_) | Event::ZonePutBack(_) | Event::ZoneLeft(_) => {}
                Event::RunFinished(_) => console.end(),
            }
            show.event(event, console);
        })
        .await;
    show.end()
}

/// Returns the command that repeats this run, without secrets and without its selection.
fn again(args: &RunArgs, world: &World) -> String {
    let mut command = args.target.command("run", world);
    if let Some(folder) = &args.selection.cases {
        command.push_str(" --cases ");
        command.push_str(&folder.to_string_lossy());
    }
    command
}
