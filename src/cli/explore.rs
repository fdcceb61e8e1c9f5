//! `originproof explore`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use originproof::case::Library;
use originproof::contract::Level;
use originproof::diagnostic::SourceFile;
use originproof::diagnostic::visible::shown;
use originproof::event::{Event, TrialReport, Verdict};
use originproof::exchange::shell_word;
use originproof::explore::{Explored, Explorer, Limits, Story};
use originproof::input::{LONGEST_TEXT, read_text};
use originproof::runner::{Keep, Label, RunConfig, Runner, Target};
use originproof::transport::parse_duration;

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::expectation;
use super::interruption::Interruptions;
use super::output::{Compared, OutputArgs, Show, cant_write};
use super::run::{Only, interrupt, interrupted_for_good};
use super::settings::Given;
use super::target::{Opened, TargetArgs, flag};
use super::world::World;

/// The number of requests if neither `--requests` nor `--time` is given.
const REQUESTS: usize = 3_000;
/// The default number of concurrent clients.
const CLIENTS: u8 = 4;
/// The number of times that a case is replayed.
const REPEATS: usize = 10;

/// Flags of `explore`.
#[derive(Debug, Args)]
pub(crate) struct ExploreArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Requests to send, not counting those that shrink a fault; by default 3,000 unless --time is given
    #[arg(long, value_name = "N", help_heading = "Walks")]
    requests: Option<usize>,
    /// Time to explore for, such as 90s or 10m; the walk under way is then finished
    #[arg(long, value_name = "TIME", value_parser = read_time, help_heading = "Walks")]
    time: Option<Duration>,
    /// Seed of the random walks; by default a new one each time
    #[arg(long, value_name = "NUMBER", help_heading = "Walks")]
    seed: Option<u64>,
    /// Number of concurrent clients; with 1, no two requests overlap
    #[arg(long, value_name = "N", default_value_t = CLIENTS, value_parser = clap::value_parser!(u8).range(1..=8), help_heading = "Walks")]
    parallel: u8,
    /// Use only the operations of this generation
    #[arg(long, value_enum, value_name = "GENERATION", help_heading = "Walks")]
    only: Option<Only>,
    /// Stop at the first fault that breaks a must clause
    #[arg(long)]
    fail_fast: bool,
    /// Fail the run for a deviation from a should clause as well
    #[arg(long)]
    strict: bool,
    /// Write a case file for each fault into this folder
    #[arg(long, value_name = "DIR")]
    save_cases: Option<PathBuf>,
    /// Do not explore: run this case file ten times, and tell how often it fails
    #[arg(long, value_name = "FILE", conflicts_with_all = ["requests", "time", "save_cases", "only"])]
    replay: Option<PathBuf>,
    /// List of expected failures; by default originproof.expect.yaml, if it exists
    #[arg(long, value_name = "FILE")]
    expect: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

fn read_time(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "write a time such as 90s or 10m".to_owned())
}

impl ExploreArgs {
    fn limits(&self) -> Limits {
        let unbounded = self.time.is_some();
        let requests = self
            .requests
            .unwrap_or(if unbounded { usize::MAX } else { REQUESTS });
        Limits {
            requests,
            time: self.time,
            clients: usize::from(self.parallel),
            only: self.only.map(Only::generation),
            stop_at: self.fail_fast.then_some(if self.strict {
                Level::Should
            } else {
                Level::Must
            }),
            cases: self.save_cases.clone(),
            zones_from: 0,
        }
    }

    /// Returns the command that runs the case of a fault again, without its name. If the cases are not saved, a command
    /// that saves them comes first.
    fn again(&self, seed: u64, world: &World) -> String {
        let run = self.target.command("run", world);
        if let Some(folder) = &self.save_cases {
            let folder = shell_word(&folder.display().to_string());
            return format!("{run} --cases {folder} --case");
        }
        let mut explore = self.target.command("explore", world);
        let requests = self
            .requests
            .map(|requests| format!(" --requests {requests}"));
        explore.push_str(&requests.unwrap_or_default());
        if self.parallel != CLIENTS {
            // Writing to a string does not fail.
            let _ = write!(explore, " --parallel {}", self.parallel);
        }
        format!("{explore} --seed {seed} --save-cases found; {run} --cases found --case")
    }
}

/// Runs the subcommand.
pub(crate) fn run(args: &ExploreArgs, world: &World, console: &mut Console) -> Outcome {
    let given = Given::from([
        ("strict", flag(args.strict)),
        ("expect", args.expect.iter().cloned().collect::<Vec<_>>()),
    ]);
    let effective = args.target.effective_with(given, world)?;
    let expected = expectation::load(effective.text("expect"), world, console.colour)?;
    let baseline = args.output.baseline()?;
    let replayed = match &args.replay {
        Some(path) => Some(case_file(path, console.colour)?),
        None => None,
    };
    super::runtime()?.block_on(async {
        // Listen before the first request, so that a signal cannot end the process before zones are put back.
        let mut interruptions = Interruptions::listen()?;
        let opened = args.target.open(&effective, world).await?;
        TargetArgs::announce(&effective, &opened, console);
        let Opened { config, mock } = opened;
        let seed = args.seed.unwrap_or_else(originproof::runner::new_seed);
        // Fresh zones get new ids each time: an earlier run with this seed may have left mappings in its zones.
        let zones_from = if config.zones.is_empty() {
            originproof::runner::new_seed()
        } else {
            seed
        };
        let target = tokio::select! {
            target = Target::probe(config, zones_from) => target?,
            () = interruptions.have_been(1) => return Ok(Exit::Interrupted),
        };
        let config = RunConfig {
            jobs: 1,
            seed: zones_from,
            keep: Keep::All,
        };
        let mut runner = tokio::select! {
            runner = Runner::new(target, config) => runner?,
            () = interruptions.have_been(3) => return Ok(interrupted_for_good(console)),
        };
        if let Some(expected) = expected {
            let misfits = expectation::misfits(&expected, &Library::embedded()?);
            runner = runner.expecting(expected, jiff::Zoned::now().date(), misfits);
        }
        runner = runner.labelled(Label {
            shard: None,
            settings: effective.changed(),
            effort: None,
            cases: args
                .save_cases
                .as_ref()
                .map(|folder| folder.display().to_string()),
        });
        let strict = effective.flag("strict")?;
        if let Some(library) = &replayed {
            return replay(&runner, library, strict, (&mut interruptions, console)).await;
        }
        let mut show = args.output.show(args.again(seed, world), console)?;
        let explored = tokio::select! {
            explored = observe(args, seed, &runner, (&mut show, console)) => explored,
            () = interrupt(&runner, &mut interruptions) => return Ok(interrupted_for_good(console)),
        };
        if let Some(mock) = mock {
            mock.stop().await;
        }
        let run = show.end()?;
        tell(&explored, seed, console)?;
        if let Some(folder) = &args.save_cases {
            save(folder, &explored.stories, console)?;
        }
        let compared = args.output.write(&run, baseline.as_ref(), world, console)?;
        if compared == Compared::Worse {
            return Ok(Exit::Violates);
        }
        Ok(Exit::of_compared(&run.counts(), strict, compared))
    })
}

async fn observe(
    args: &ExploreArgs,
    seed: u64,
    runner: &Runner,
    (show, console): (&mut Show, &mut Console),
) -> Explored {
    let explorer = Explorer::new(runner, seed, args.limits());
    explorer
        .run(|event| {
            if let Event::TrialStarted { id } = &event {
                console.under_way(id);
            }
            if matches!(event, Event::RunFinished(_)) {
                console.end();
            }
            show.event(event, console);
        })
        .await
}

/// Writes each fault with the few requests that cause it, and the number of walks and requests.
fn tell(explored: &Explored, seed: u64, console: &mut Console) -> Result<(), Failure> {
    let mut text = String::new();
    for story in &explored.stories {
        let (times, of) = story.came_back;
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "\n{}, found after {} requests: {} requests bring it about, {times} times of {of}",
            story.name, story.found_after, story.requests
        );
        let steps = story
            .text
            .split_once("\nsteps:\n")
            .map_or("", |(_, steps)| steps);
        text.push_str(steps);
        if times < of {
            text.push_str("  it does not come back each time: --save-cases DIR, then explore --replay FILE sends it ten times\n");
        }
    }
    let _ = writeln!(
        text,
        "\n{} walks with seed {seed}, {} requests\n{}",
        explored.walks,
        explored.requests,
        explored.coverage.text(&explored.generations)
    );
    console.out(&text).map_err(Failure::from)
}

/// Writes a case file for each fault into a folder.
fn save(folder: &Path, stories: &[Story], console: &mut Console) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| cant_write(folder, &error))?;
    for story in stories {
        let path = folder.join(format!("{}.yaml", story.name));
        std::fs::write(&path, &story.text).map_err(|error| cant_write(&path, &error))?;
        console.say(&format!("wrote {}", shown(&path)));
    }
    Ok(())
}

/// Reads the case of one file.
fn case_file(path: &Path, colour: bool) -> Result<Library, Failure> {
    let text = read_text(path, LONGEST_TEXT)
        .map_err(|error| Failure::Usage(format!("can't read {}: {error}", shown(path))))?;
    let name = path
        .file_stem()
        .map(|name| name.to_string_lossy().into_owned());
    let source = SourceFile::new(path.display().to_string(), text);
    Library::from_sources(vec![(name.unwrap_or_default(), source)])
        .map_err(|error| Failure::Cases(error.text(colour)))
}

/// Runs a case `REPEATS` times, and tells how often it fails.
async fn replay(
    runner: &Runner,
    library: &Library,
    strict: bool,
    (interruptions, console): (&mut Interruptions, &mut Console),
) -> Outcome {
    let trials = library.trials();
    let mut failed: Vec<TrialReport> = Vec::new();
    let mut judged = 0;
    // Each repetition has its own zones.
    for (number, trial) in (0..REPEATS).flat_map(|_| &trials).enumerate() {
        let running = runner.trial(number, trial);
        tokio::pin!(running);
        let report = tokio::select! {
            report = &mut running => report,
            () = interruptions.have_been(1) => {
                runner.stop();
                running.await
            }
        };
        match report.verdict {
            Verdict::Violates => failed.push(report),
            Verdict::Deviates if strict => failed.push(report),
            Verdict::Conforms | Verdict::Deviates | Verdict::Expected => {}
            Verdict::Skipped | Verdict::NotRun | Verdict::Inconclusive | Verdict::Broken => {
                continue;
            }
        }
        judged += 1;
    }
    let _ = runner.put_zones_back().await;
    console.out(&format!("fails {} times of {judged}\n", failed.len()))?;
    if let Some(reported) = failed.iter().flat_map(|trial| &trial.findings).next() {
        console.out(&format!("{}\n", reported.finding))?;
    }
    Ok(match (failed.len(), judged) {
        (0, 0) => Exit::Inconclusive,
        (0, _) => Exit::Conforms,
        _ => Exit::Violates,
    })
}
