//! `originproof run`.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use originproof::case::Library;
use originproof::event::{Event, TrialReport, Verdict};
use originproof::exchange::Generation;
use originproof::expected::Expectations;
use originproof::report::{Format as ReportFormat, Run, Style, Terminal, Writer, compare};
use originproof::runner::{Keep, Label, Plan, RunConfig, Runner, Selection, Shard, Target};

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::interruption::Interruptions;
use super::settings::{Effective, Given};
use super::target::{Opened, TargetArgs};
use super::world::World;

/// The list of expected failures that is taken where none is named.
const EXPECT: &str = "originproof.expect.yaml";

/// Flags of `run`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
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
    /// Show what would run, what not and why, how many requests and how long at least; change nothing
    #[arg(long)]
    plan: bool,
    /// List of expected failures; by default originproof.expect.yaml, if it is there
    #[arg(long, value_name = "FILE")]
    expect: Option<String>,
    /// Write the entries for what failed into this file, the reasons left to fill in
    #[arg(long, value_name = "FILE")]
    write_expect: Option<PathBuf>,
    /// Save the run as a document, while it goes on
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Write a report as well (repeatable); formats: terminal, json, junit, markdown, html, github, sarif, badge
    #[arg(long, value_name = "FORMAT=FILE", value_parser = read_report)]
    report: Vec<(&'static ReportFormat, PathBuf)>,
    /// Send the same cases to this target as well, and tell where the two differ
    #[arg(long, value_name = "URL|NAME", conflicts_with = "plan")]
    against: Option<String>,
    /// Compare with a saved run; a regression gives exit code 1
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Keep the redacted exchanges of each case as snapshots in this folder, and show what differs
    #[arg(long, value_name = "DIR")]
    snapshots: Option<PathBuf>,
    /// Let a difference from the snapshots fail the run as well
    #[arg(long, requires = "snapshots")]
    strict_snapshots: bool,
    /// Only the end
    #[arg(long, short = 'q', conflicts_with = "verbose")]
    quiet: bool,
    /// What to write to stdout
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
    /// Say more: every case, then every request
    #[arg(long, short = 'v', action = clap::ArgAction::Count)]
    verbose: u8,
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
enum Only {
    /// The deprecated operations.
    V1,
    /// The current operations.
    V2,
}

/// What a run writes to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A report for people.
    Terminal,
    /// One event a line, as JSON.
    Json,
}

impl RunArgs {
    /// What its own flags say.
    fn given(&self) -> Given {
        let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        Given::from([
            ("jobs", one(&self.jobs)),
            (
                "strict",
                if self.strict {
                    vec!["true".to_owned()]
                } else {
                    Vec::new()
                },
            ),
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
            only: self.only.map(|only| match only {
                Only::V1 => Generation::V1,
                Only::V2 => Generation::V2,
            }),
            read_only: self.read_only,
            shard: self.shard,
        }
    }
}

/// Runs it.
pub(crate) fn run(args: &RunArgs, world: &World, console: &mut Console) -> Outcome {
    let library = args.selection.library(console.colour)?;
    let plan = args.selection.plan(&library)?;
    if plan.trials.is_empty() {
        console.error("the selections have no case in common: nothing ran");
        return Ok(Exit::NothingRan);
    }
    let effective = args.target.effective_with(args.given(), world)?;
    let expected = expectations(&effective, world, console.colour)?;
    // Read before anything is sent: a wrong path must not cost a run.
    let baseline = args
        .baseline
        .as_deref()
        .map(super::report::read)
        .transpose()?;
    let runtime = super::runtime()?;
    runtime.block_on(async {
        // Before the first request: a signal must find somebody who puts zones back.
        let mut interruptions = Interruptions::listen()?;
        let Opened { config, mock } = args.target.open(&effective, world).await?;
        if config.network.insecure {
            console.say("warning: --insecure takes any certificate; whoever stands between can read the credentials");
        }
        let rates = config.pace.rates.clone();
        let seed = args.seed.unwrap_or_else(originproof::runner::new_seed);
        let target = tokio::select! {
            target = Target::probe(config, seed) => target?,
            () = interruptions.have_been(1) => return Ok(Exit::Interrupted),
        };
        let jobs = effective.number("jobs")?.unwrap_or(1);
        let config = RunConfig {
            jobs: usize::try_from(jobs).unwrap_or(usize::MAX),
            seed,
            keep: if args.snapshots.is_some() { Keep::All } else { Keep::Findings },
        };
        // A zone whose journal is begun is put back in order; only a second signal does not wait for that.
        let mut runner = tokio::select! {
            runner = Runner::new(target, config) => runner?,
            () = interruptions.have_been(2) => return Ok(interrupted_twice(console)),
        };
        if let Some(expected) = expected {
            runner = runner.expecting(expected, jiff::Zoned::now().date());
        }
        runner = runner.labelled(Label {
            shard: args.selection.shard.map(|shard| shard.to_string()),
            settings: effective.changed(),
        });
        if args.plan {
            let text = super::plan::text(&runner, &plan, &rates).await;
            runner.put_zones_back().await;
            console.out(&text?)?;
            return Ok(Exit::Conforms);
        }
        let result = tokio::select! {
            result = observe(args, world, &runner, &plan, console) => result,
            () = interrupt(&runner, &mut interruptions) => return Ok(interrupted_twice(console)),
        };
        if let Some(mock) = mock {
            mock.stop().await;
        }
        let run = result?;
        let summary = run.counts();
        for (format, path) in &args.report {
            super::report::save(&run, format, path, console)?;
            let summary = world.variables.get("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty());
            if let Some(summary) = summary.filter(|_| format.name == "github") {
                super::report::job_summary(&run, Path::new(summary))?;
            }
        }
        if let Some(path) = &args.write_expect {
            write_expect(path, &run, console)?;
        }
        if let Some(other) = &args.against {
            let other = against(args, world, other, (&plan, jobs), &mut interruptions).await?;
            console.say(compare(&other, &run).text_between().trim_end());
        }
        if let Some(baseline) = &baseline {
            let comparison = compare(baseline, &run);
            console.say(comparison.text().trim_end());
            if comparison.is_regression() {
                return Ok(Exit::Violates);
            }
        }
        if let Some(folder) = &args.snapshots {
            let drifted = super::snapshots::compare(&run, folder, console)?;
            if drifted > 0 && args.strict_snapshots {
                return Ok(Exit::Violates);
            }
        }
        let exit = Exit::of_run(&summary, effective.flag("strict")?);
        if exit == Exit::NothingRan {
            console.error("no selected case could be judged on this target");
        }
        Ok(exit)
    })
}

/// The same cases against another target, in silence. A signal ends it as it would the run itself.
async fn against(
    args: &RunArgs,
    world: &World,
    name: &str,
    (plan, jobs): (&Plan, u64),
    interruptions: &mut Interruptions,
) -> Result<Run, Failure> {
    let mut given = args.given();
    given.insert("url", vec![name.to_owned()]);
    let effective = args.target.effective_with(given, world)?;
    let Opened { config, .. } = args.target.open(&effective, world).await?;
    let seed = originproof::runner::new_seed();
    let target = Target::probe(config, seed).await?;
    let config = RunConfig {
        jobs: usize::try_from(jobs).unwrap_or(usize::MAX),
        seed,
        keep: Keep::Findings,
    };
    let runner = Runner::new(target, config).await?;
    let mut run = Run::default();
    {
        let going = runner.run(plan, |event| run.event(event));
        tokio::pin!(going);
        tokio::select! {
            _ = &mut going => {}
            () = interruptions.have_been(1) => {
                runner.stop();
                going.await;
            }
        }
    }
    Ok(run)
}

/// Interrupts the run on the first signal; ends with the second.
async fn interrupt(runner: &Runner, interruptions: &mut Interruptions) {
    interruptions.have_been(1).await;
    runner.stop();
    interruptions.have_been(2).await;
}

/// The end of a run that was not even left the time to put zones back.
fn interrupted_twice(console: &mut Console) -> Exit {
    console.end();
    console.error(
        "interrupted twice: zones were not put back; their journals stay, and `originproof restore` finishes the work",
    );
    Exit::Interrupted
}

/// The list of expected failures, where there is one.
fn expectations(
    effective: &Effective,
    world: &World,
    colour: bool,
) -> Result<Option<Expectations>, Failure> {
    let (path, is_named) = match effective.text("expect") {
        Some(path) => (PathBuf::from(path), true),
        None => (world.folder.join(EXPECT), false),
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if !is_named && error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let message = format!(
                "can't read the expected failures {}: {error}",
                path.display()
            );
            return Err(Failure::Usage(message));
        }
    };
    let shown = if is_named {
        path.display().to_string()
    } else {
        EXPECT.to_owned()
    };
    Expectations::parse(&shown, &text, colour)
        .map(Some)
        .map_err(Failure::Cases)
}

fn write_expect(path: &Path, run: &Run, console: &mut Console) -> Result<(), Failure> {
    let is_failed =
        |trial: &&TrialReport| matches!(trial.verdict, Verdict::Violates | Verdict::Deviates);
    let failed: Vec<&TrialReport> = run.trials.iter().filter(is_failed).collect();
    let count = failed.len();
    std::fs::write(path, originproof::expected::entries_of(failed))
        .map_err(|error| Failure::Usage(format!("can't write {}: {error}", path.display())))?;
    console.say(&format!(
        "{count} failing case(s) written to {}: give each entry a reason",
        path.display()
    ));
    Ok(())
}

/// Runs, shows what happens, saves it, and returns it whole.
async fn observe(
    args: &RunArgs,
    world: &World,
    runner: &Runner,
    plan: &Plan,
    console: &mut Console,
) -> Result<Run, Failure> {
    let verbosity = if args.quiet {
        -1
    } else {
        i8::try_from(args.verbose).unwrap_or(i8::MAX)
    };
    let mut terminal = Terminal::new(Style::new(console.colour), again(args, world), verbosity);
    let mut document = match &args.save {
        Some(path) => {
            let file = std::fs::File::create(path).map_err(|error| {
                Failure::Usage(format!("can't write {}: {error}", path.display()))
            })?;
            Some(Writer::new(file))
        }
        None => None,
    };
    console.begin(plan.trials.len());
    let mut broken: Option<std::io::Error> = None;
    let mut unsaved: Option<std::io::Error> = None;
    let mut run = Run::default();
    runner
        .run(plan, |event| {
            match &event {
                Event::TrialStarted { id } => console.under_way(id),
                Event::TrialFinished(_) => console.advance(),
                Event::RunStarted(_) | Event::ZonePutBack(_) | Event::ZoneLeft { .. } => {}
                Event::RunFinished(_) => console.end(),
            }
            if let Some(error) = document
                .as_mut()
                .and_then(|document| document.event(&event).err())
            {
                unsaved.get_or_insert(error);
            }
            let mut text = Vec::new();
            let written = match args.format {
                Format::Terminal => terminal.event(&event, &mut text),
                Format::Json => serde_json::to_writer(&mut text, &event)
                    .map_err(std::io::Error::from)
                    .and_then(|()| writeln!(text)),
            };
            let text = String::from_utf8_lossy(&text);
            let result = if text.is_empty() {
                Ok(())
            } else {
                console.out(&text)
            };
            if let Err(error) = written.and(result) {
                broken.get_or_insert(error);
            }
            run.event(event);
        })
        .await;
    if let (Some(error), Some(path)) = (unsaved, &args.save) {
        return Err(Failure::Usage(format!(
            "can't write {}: {error}",
            path.display()
        )));
    }
    match broken {
        // The reader went away; the verdict still stands in the exit code.
        Some(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(run),
        Some(error) => Err(error.into()),
        None => Ok(run),
    }
}

/// A format and where to write it.
pub(crate) fn read_report(text: &str) -> Result<(&'static ReportFormat, PathBuf), String> {
    let (name, path) = text
        .split_once('=')
        .ok_or("write FORMAT=FILE, such as junit=report.xml")?;
    Ok((super::report::read_format(name)?, PathBuf::from(path)))
}

/// The command that repeats this run, without secrets and without its selection.
fn again(args: &RunArgs, world: &World) -> String {
    let mut command = world
        .arguments
        .first()
        .and_then(|name| std::path::Path::new(name).file_name())
        .map_or_else(
            || "originproof".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        );
    command.push_str(" run");
    for (flag, value) in args.target.shown() {
        let _ = write!(command, " {flag} {value}");
    }
    if let Some(folder) = &args.selection.cases {
        command.push_str(" --cases ");
        command.push_str(&folder.to_string_lossy());
    }
    command
}
