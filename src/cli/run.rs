//! `originproof run`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use originproof::case::Library;
use originproof::event::{Event, Summary};
use originproof::report::{Style, Terminal};
use originproof::runner::{Keep, Plan, RunConfig, Runner, Selection, Target};

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::target::TargetArgs;
use super::world::World;

/// Flags of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Cases at a time
    #[arg(long, short = 'j', value_name = "N", default_value_t = 16)]
    jobs: usize,
    /// Number that fresh zones are derived from; by default a new one each time
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Let a deviation from a should fail the run as well
    #[arg(long)]
    strict: bool,
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
}

/// What a run writes to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A report for people.
    Terminal,
    /// One event a line, as JSON.
    Json,
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
    let runtime = super::runtime()?;
    runtime.block_on(async {
        let (config, mock) = args.target.open().await?;
        let seed = args.seed.unwrap_or_else(originproof::runner::new_seed);
        let target = Target::probe(config, seed).await?;
        let config = RunConfig {
            jobs: args.jobs,
            seed,
            keep: Keep::Findings,
        };
        let runner = Runner::new(target, config).await?;
        let watched = runner.clone();
        let watch = tokio::spawn(async move {
            super::interrupted().await;
            watched.stop();
        });
        let result = observe(args, world, &runner, &plan, console).await;
        watch.abort();
        if let Some(mock) = mock {
            mock.stop().await;
        }
        let summary = result?;
        let exit = Exit::of_run(&summary, args.strict);
        if exit == Exit::NothingRan {
            console.error("no selected case could be judged on this target");
        }
        Ok(exit)
    })
}

async fn observe(
    args: &RunArgs,
    world: &World,
    runner: &Runner,
    plan: &Plan,
    console: &mut Console,
) -> Result<Summary, Failure> {
    let mut terminal = Terminal::new(Style::new(console.colour), again(args, world), args.verbose);
    console.begin(plan.trials.len());
    let mut broken: Option<std::io::Error> = None;
    let summary = runner
        .run(plan, |event| {
            match &event {
                Event::TrialStarted { id } => console.under_way(id),
                Event::TrialFinished(_) => console.advance(),
                Event::RunStarted(_) => {}
                Event::RunFinished(_) => console.end(),
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
        })
        .await;
    match broken {
        // The reader went away; the verdict still stands in the exit code.
        Some(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(summary),
        Some(error) => Err(error.into()),
        None => Ok(summary),
    }
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
    if let Some(target) = &args.target.target {
        command.push_str(" --target ");
        command.push_str(target);
    }
    for zone in &args.target.zone {
        command.push_str(" --zone ");
        command.push_str(zone);
    }
    if let Some(folder) = &args.selection.cases {
        command.push_str(" --cases ");
        command.push_str(&folder.to_string_lossy());
    }
    command
}
