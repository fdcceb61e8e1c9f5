//! `originproof check`: traffic that others made.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;

use originproof::audit::{Auditor, Framing, parse_response, read};
use originproof::diagnostic::nearest;
use originproof::event::Event;
use originproof::exchange::{Operation, Redactor};
use originproof::expected::Tally;
use originproof::report::{Format as ReportFormat, Run, Style, Terminal};

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::world::World;

/// Flags of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// HAR files or JSON Lines of exchanges, plain or gzipped; `-` for one response on stdin
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The operation that the response answers (v2.put), for a file or stdin with a response alone
    #[arg(long, value_name = "OPERATION", value_parser = read_operation)]
    operation: Option<Operation>,
    /// The status of a response whose body stands alone
    #[arg(long, value_name = "STATUS", requires = "operation")]
    status: Option<u16>,
    /// List of expected failures
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Let a deviation from a should fail the check as well
    #[arg(long)]
    strict: bool,
    /// Write a report as well (repeatable); formats as for `run`
    #[arg(long, value_name = "FORMAT=FILE", value_parser = super::run::read_report)]
    report: Vec<(&'static ReportFormat, PathBuf)>,
    /// Only the end
    #[arg(long, short = 'q')]
    quiet: bool,
}

fn read_operation(name: &str) -> Result<Operation, String> {
    Operation::from_id(name).ok_or_else(|| {
        let known = Operation::ALL.iter().map(|operation| operation.id());
        nearest(name, known).map_or_else(
            || "`originproof list operations` shows them".to_owned(),
            |right| format!("did you mean `{right}`?"),
        )
    })
}

/// Checks.
pub(crate) fn run(args: &CheckArgs, world: &World, console: &mut Console) -> Outcome {
    let names: Vec<String> = args.files.iter().map(|path| name(path)).collect();
    let mut auditor = Auditor::new(&names.join(", "), redactor(world));
    for path in &args.files {
        let is_stdin = path.as_os_str() == "-";
        match args.operation {
            Some(operation) => {
                let framing = Framing {
                    status: args.status,
                };
                let recorded = parse_response(operation, &bytes(path)?, framing)
                    .map_err(|why| Failure::Usage(format!("{}: {why}", path.display())))?;
                auditor.take(recorded);
            }
            None if is_stdin => {
                let why = "a response on stdin needs --operation, such as --operation v2.put";
                return Err(Failure::Usage(why.to_owned()));
            }
            None => {
                read(path, |recorded| {
                    auditor.take(recorded);
                })
                .map_err(|error| Failure::Usage(error.to_string()))?;
            }
        }
    }
    let run = judged(args, auditor.events(), console)?;
    let verbosity = if args.quiet { -1 } else { 0 };
    let again = format!("originproof check {}", names.join(" "));
    show(&run, again, verbosity, console)?;
    for (format, path) in &args.report {
        super::report::save(&run, format, path, console)?;
    }
    let exit = Exit::of_run(&run.counts(), args.strict);
    if exit == Exit::NothingRan {
        console.error("no exchange of this API was found: are the recorded paths …/zones/ID/origin/cloud_regions?");
    }
    Ok(exit)
}

/// Shows a run of recorded traffic.
pub(super) fn show(
    run: &Run,
    again: String,
    verbosity: i8,
    console: &mut Console,
) -> Result<(), Failure> {
    let mut terminal = Terminal::new(Style::new(console.colour), again, verbosity);
    let mut text = Vec::new();
    for event in run.events() {
        terminal.event(&event, &mut text)?;
    }
    Ok(console.out(&String::from_utf8_lossy(&text))?)
}

/// The run that the events add up to, compared with the list of expected failures.
fn judged(args: &CheckArgs, events: Vec<Event>, console: &Console) -> Result<Run, Failure> {
    let mut run = Run::default();
    for event in events {
        run.event(event);
    }
    let Some(path) = &args.expect else {
        return Ok(run);
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::Usage(format!(
            "can't read the expected failures {}: {error}",
            path.display()
        ))
    })?;
    let shown = path.display().to_string();
    let expectations = originproof::expected::Expectations::parse(&shown, &text, console.colour)
        .map_err(Failure::Cases)?;
    let mut tally = Tally::new(expectations, jiff::Zoned::now().date());
    let mut summary = run.summary.take().unwrap_or_default();
    let (requests, profile) = (summary.requests, std::mem::take(&mut summary.profile));
    let mut counted = originproof::event::Summary::default();
    for trial in &mut run.trials {
        tally.judge(trial);
        counted.add(trial);
    }
    counted.requests = requests;
    counted.profile = profile;
    counted.expectation_faults = tally.faults(false);
    run.summary = Some(counted);
    Ok(run)
}

/// What a file is called in reports.
fn name(path: &Path) -> String {
    if path.as_os_str() == "-" {
        return "stdin".to_owned();
    }
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let wrong = |error| Failure::Usage(format!("can't read {}: {error}", path.display()));
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(wrong)?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(wrong)
}

/// Credentials of the recorded traffic are masked as fields; those of the environment also by value.
pub(super) fn redactor(world: &World) -> Redactor {
    let names = [
        "CLOUDFLARE_API_TOKEN",
        "CLOUDFLARE_EMAIL",
        "CLOUDFLARE_API_KEY",
    ];
    Redactor::new(
        names
            .iter()
            .filter_map(|name| world.variables.get(*name).cloned()),
    )
}
