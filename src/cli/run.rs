//! `originproof run`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use originproof::case::Library;
use originproof::diagnostic::visible::shown;
use originproof::event::{Event, Verdict};
use originproof::exchange::Generation;
use originproof::report::{Run, compare};
use originproof::runner::custody::Permit;
use originproof::runner::{Keep, Label, Plan, RunConfig, Runner, Selection, Shard, Target};

use super::Outcome;
use super::against::Other;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::expectation;
use super::interruption::Interruptions;
use super::output::{Compared, OutputArgs};
use super::settings::Given;
use super::target::{Opened, TargetArgs, flag};
use super::world::World;

/// Flags of `run`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Cases at a time; 16 if nothing is said
    #[arg(long, short = 'j', value_name = "N")]
    jobs: Option<String>,
    /// Number that fresh zones are derived from; by default a new one each time
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Let a deviation from a should fail the run as well
    #[arg(long)]
    strict: bool,
    /// End with the first case that violates a must
    #[arg(long)]
    fail_fast: bool,
    /// Only the cases that failed in a saved run, or could not be judged there
    #[arg(long, value_name = "FILE")]
    rerun_failed: Option<PathBuf>,
    /// Show what would run, what not and why, how many requests and how long at least; change nothing
    #[arg(long)]
    plan: bool,
    /// List of expected failures; by default originproof.expect.yaml, if it is there
    #[arg(long, value_name = "FILE")]
    expect: Option<String>,
    /// Send the same cases to this target as well, and tell where the two differ; flags and variables hold for both,
    /// but for zone, credentials and capabilities of a target that the configuration file names
    #[arg(long, value_name = "URL|NAME", conflicts_with = "plan")]
    against: Option<String>,
    /// Keep the redacted exchanges of each case as snapshots in this folder, and show what differs
    #[arg(long, value_name = "DIR")]
    snapshots: Option<PathBuf>,
    /// Let a difference from the snapshots fail the run as well
    #[arg(long, requires = "snapshots")]
    strict_snapshots: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Which cases to take.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArgs {
    /// Folder of case files, instead of those that are built in
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Option<PathBuf>,
    /// Cases whose id fits this regular expression (repeatable: any of them)
    #[arg(long, short = 'f', value_name = "REGEX")]
    filter: Vec<String>,
    /// A case or one row of it, by its whole id (repeatable)
    #[arg(long = "case", value_name = "ID")]
    case: Vec<String>,
    /// Cases that cite this clause (repeatable)
    #[arg(long, value_name = "CLAUSE")]
    clause: Vec<String>,
    /// Cases with this tag (repeatable)
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Cases of this family, the folder that they are in (repeatable)
    #[arg(long, value_name = "NAME")]
    family: Vec<String>,
    /// Cases that need no operation of the other generation
    #[arg(long, value_enum, value_name = "GENERATION")]
    only: Option<Only>,
    /// Cases that only read
    #[arg(long)]
    read_only: bool,
    /// One part of the suite, the same on every machine
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
    /// What its own flags say.
    fn given(&self) -> Given {
        let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        Given::from([
            ("jobs", one(&self.jobs)),
            ("strict", flag(self.strict)),
            ("expect", one(&self.expect)),
        ])
    }
}

impl SelectionArgs {
    /// The cases: those of the folder, or the built-in ones.
    ///
    /// # Errors
    /// Unreadable or faulty case files.
    pub(crate) fn library(&self, colour: bool) -> Result<Library, Failure> {
        match &self.cases {
            Some(folder) => Library::from_folder(folder),
            None => Library::embedded(),
        }
        .map_err(|error| Failure::Cases(error.text(colour)))
    }

    /// The selected cases.
    ///
    /// # Errors
    /// A selection that is faulty or fits nothing.
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

/// Runs it.
pub(crate) fn run(args: &RunArgs, world: &World, console: &mut Console) -> Outcome {
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
        // Before the first request: a signal must find somebody who puts zones back.
        let mut interruptions = Interruptions::listen()?;
        let opened = args.target.open(&effective, world).await?;
        TargetArgs::announce(&effective, &opened, console);
        let Opened { mut config, mock } = opened;
        if args.selection.read_only {
            config.custody.permit = Permit::ReadOnly;
        }
        config.custody.dry_run = args.plan;
        if config.network.insecure {
            console.say("warning: --insecure takes any certificate; whoever stands between can read the credentials");
        }
        let rates = config.pace.rates_for(&config.base_url);
        let seed = args.seed.unwrap_or_else(originproof::runner::new_seed);
        let target = tokio::select! {
            target = Target::probe(config, seed) => target?,
            () = interruptions.have_been(1) => return Ok(Exit::Interrupted),
        };
        // Before anything is written to the first one.
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
        // A zone whose journal is begun is put back in order; only a third signal does not wait for that.
        let mut runner = tokio::select! {
            runner = Runner::new(target, config) => runner?,
            () = interruptions.have_been(3) => return Ok(interrupted_for_good(console)),
        };
        if let Some(expected) = expected {
            let misfits = expectation::misfits(&expected, &library);
            runner = runner.expecting(expected, jiff::Zoned::now().date(), misfits);
        }
        runner = runner.labelled(Label {
            shard: args.selection.shard.map(|shard| shard.to_string()),
            settings: effective.changed(),
            cases: args.selection.cases.as_ref().map(|folder| folder.display().to_string()),
        });
        if args.plan {
            console.out(&super::plan::text(&runner, &plan, &rates).await?)?;
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

/// Interrupts the run on the first signal; says on the second what would be left, and ends with the third.
pub(super) async fn interrupt(runner: &Runner, interruptions: &mut Interruptions) {
    interruptions.have_been(1).await;
    runner.stop();
    interruptions.have_been(2).await;
    // The console belongs to the run, which is still at work.
    super::console::warn(&runner.what_would_be_left());
    interruptions.have_been(3).await;
}

/// The end of a run that was not even left the time to put zones back.
pub(super) fn interrupted_for_good(console: &mut Console) -> Exit {
    console.end();
    console.error(
        "interrupted three times: zones were not put back; their journals stay, `originproof restore` finishes the work, and \
         `originproof restore --print` shows what is left",
    );
    Exit::Interrupted
}

/// Runs, shows what happens, saves it, and returns it whole.
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

/// The command that repeats this run, without secrets and without its selection.
fn again(args: &RunArgs, world: &World) -> String {
    let mut command = args.target.command("run", world);
    if let Some(folder) = &args.selection.cases {
        command.push_str(" --cases ");
        command.push_str(&folder.to_string_lossy());
    }
    command
}
