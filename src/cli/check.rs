//! `originproof check`: judges recorded traffic.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use originproof::audit::{Auditor, Framing, Sides, Tallies, parse_response, read};
use originproof::case::Library;
use originproof::cause::Causes;
use originproof::diagnostic::did_you_mean;
use originproof::diagnostic::visible::shown;
use originproof::event::{Event, Summary};
use originproof::exchange::{Operation, Redactor, shell_word};
use originproof::expected::{Expectations, Tally};
use originproof::input::{self, LONGEST_FILE, read_to_limit};

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::expectation;
use super::output::OutputArgs;
use super::world::World;

/// Flags of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// HAR files or JSON Lines of exchanges, plain or gzipped; `-` for one response on stdin
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The operation that the response answers, such as v2.put, for a file or stdin that holds only a response
    #[arg(long, value_name = "OPERATION", value_parser = read_operation)]
    operation: Option<Operation>,
    /// The status of a response, for a file or stdin that holds only its body
    #[arg(long, value_name = "STATUS", requires = "operation")]
    status: Option<u16>,
    /// List of expected failures; by default originproof.expect.yaml, if it exists
    #[arg(long, value_name = "FILE")]
    expect: Option<String>,
    /// Fail the check for a deviation from a should clause as well
    #[arg(long)]
    strict: bool,
    /// Which side to judge: the server's answers, the client's requests, or both
    #[arg(long, value_enum, value_name = "SIDE", default_value_t = Judge::Server)]
    judge: Judge,
    #[command(flatten)]
    output: OutputArgs,
}

fn read_operation(name: &str) -> Result<Operation, String> {
    Operation::from_id(name).ok_or_else(|| {
        let known = Operation::all().map(Operation::id);
        did_you_mean(name, known)
            .unwrap_or_else(|| "`originproof list operations` shows them".to_owned())
    })
}

/// The side of the traffic that is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Judge {
    Server,
    Client,
    Both,
}

impl From<Judge> for Sides {
    fn from(judge: Judge) -> Self {
        match judge {
            Judge::Server => Self::Server,
            Judge::Client => Self::Client,
            Judge::Both => Self::Both,
        }
    }
}

/// Runs the subcommand.
pub(crate) fn run(args: &CheckArgs, world: &World, console: &mut Console) -> Outcome {
    let expected = expectation::load(args.expect.as_deref(), world, console.colour)?;
    let baseline = args.output.baseline()?;
    let names: Vec<String> = args.files.iter().map(|path| name(path)).collect();
    let mut auditor = Auditor::new(&names.join(", "), redactor(world)).judging(args.judge.into());
    for path in &args.files {
        auditor.begin(&name(path));
        take(args.operation, args.status, path, &mut auditor)?;
    }
    let tallies = auditor.tallies_at_the_end();
    let mut show = args.output.show(again(args), console)?;
    for event in judged(auditor.events(), expected) {
        show.event(event, console);
    }
    let run = show.end()?;
    let compared = args.output.write(&run, baseline.as_ref(), world, console)?;
    let exit = Exit::of_compared(&run.counts(), args.strict, compared);
    if exit == Exit::NothingRan {
        console.error(nothing_judged(tallies));
    }
    Ok(exit)
}

/// Tells why nothing was judged, and what to do.
fn nothing_judged(tallies: Tallies) -> &'static str {
    if tallies.exchanges == tallies.foreign + tallies.unknown {
        "no exchange of this API was found: are the recorded paths …/zones/ID/origin/cloud_regions?"
    } else {
        "nothing was judged: the notes say why. Record with bodies (in a browser: export the HAR with content)"
    }
}

/// Passes the exchanges or the response of a file to the auditor.
fn take(
    operation: Option<Operation>,
    status: Option<u16>,
    path: &Path,
    auditor: &mut Auditor,
) -> Result<(), Failure> {
    let is_stdin = path.as_os_str() == "-";
    match operation {
        Some(operation) => {
            let recorded = parse_response(operation, &bytes(path)?, Framing { status })
                .map_err(|why| Failure::Usage(format!("{}: {why}", shown(path))))?;
            auditor.take(recorded);
        }
        None if is_stdin => {
            let why = "a response on stdin needs --operation, such as --operation v2.put";
            return Err(Failure::Usage(why.to_owned()));
        }
        None => {
            let extent = read(path, |recorded| {
                auditor.take(recorded);
            })
            .map_err(|error| Failure::Usage(error.to_string()))?;
            if !extent.is_whole {
                auditor.cut_off();
            }
            if extent.has_more {
                auditor.passed_over_the_rest();
            }
        }
    }
    Ok(())
}

/// Returns the command that repeats this check.
fn again(args: &CheckArgs) -> String {
    let mut command = "originproof check".to_owned();
    if let Some(operation) = args.operation {
        command.push_str(" --operation ");
        command.push_str(operation.id());
    }
    if let Some(status) = args.status {
        // Writing into memory does not fail.
        let _ = write!(command, " --status {status}");
    }
    for path in &args.files {
        command.push(' ');
        command.push_str(&shell_word(&path.to_string_lossy()));
    }
    command
}

/// Returns the events of the check, compared with the list of expected failures.
fn judged(mut events: Vec<Event>, expected: Option<Expectations>) -> Vec<Event> {
    let Some(expected) = expected else {
        return events;
    };
    let misfits = Library::embedded().map(|library| expectation::misfits(&expected, &library));
    let mut tally = Tally::new(expected, jiff::Zoned::now().date());
    let mut counted = Summary::default();
    let mut causes = Causes::default();
    for event in &mut events {
        match event {
            Event::TrialFinished(trial) => {
                tally.judge(trial);
                counted.add(trial);
                causes.take(trial);
            }
            Event::RunFinished(summary) => {
                counted.requests = summary.requests;
                counted.profile = std::mem::take(&mut summary.profile);
                counted.causes = causes.list();
                // The list may name cases that were not recorded, but not cases that do not exist.
                counted.expectation_faults = tally.faults(false);
                counted
                    .expectation_faults
                    .extend(misfits.iter().flatten().cloned());
                *summary = std::mem::take(&mut counted);
            }
            _ => {}
        }
    }
    events
}

/// Returns the name of a file in reports.
fn name(path: &Path) -> String {
    if path.as_os_str() == "-" {
        return "stdin".to_owned();
    }
    path.display().to_string()
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let wrong = |error| Failure::Usage(format!("can't read {}: {error}", shown(path)));
    if path.as_os_str() == "-" {
        return read_to_limit(std::io::stdin().lock(), LONGEST_FILE).map_err(wrong);
    }
    input::read(path, LONGEST_FILE).map_err(wrong)
}

/// Returns the redactor. It masks the header fields of credentials in recorded traffic, and anywhere the values of the
/// credentials in the environment.
pub(super) fn redactor(world: &World) -> Redactor {
    let names = [
        "CLOUDFLARE_API_TOKEN",
        "CLOUDFLARE_EMAIL",
        "CLOUDFLARE_API_KEY",
    ];
    Redactor::new(
        names
            .iter()
            .filter_map(|name| world.variables.get(*name))
            .map(|secret| secret.trim().to_owned()),
    )
}
