//! `originproof report`: shows a saved run in another format, compares runs, or merges the parts of a run.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use originproof::diagnostic::did_you_mean;
use originproof::diagnostic::visible::shown;
use originproof::report::{
    FORMATS, Format, Run, Table, WriteReport, compare, format, matrix, merge, schema, trend,
};

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};

/// Flags of `report`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ReportArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Run document, as `originproof run --save` writes it
    #[arg(value_name = "RUN", required_unless_present = "schema")]
    run: Option<PathBuf>,
    /// Print the JSON Schema of run documents instead
    #[arg(long)]
    schema: bool,
    #[arg(
        long,
        short = 'f',
        value_name = "FORMAT",
        default_value = "terminal",
        value_parser = read_format,
        help = formats("Format"),
    )]
    format: &'static Format,
    /// File to write; by default stdout
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The subcommands of `report`.
#[derive(Debug, Subcommand)]
enum Action {
    /// Tell what changed between two runs; exit code 1 on a regression
    Compare(CompareArgs),
    /// Merge the parts of one run
    Merge(MergeArgs),
    /// Show runs by date: verdicts, causes that appeared or disappeared, the first run that failed
    Trend(SeriesArgs),
    /// Show the last run of each target side by side
    Matrix(SeriesArgs),
}

#[derive(Debug, Args)]
struct SeriesArgs {
    /// Run documents, or folders of them
    #[arg(value_name = "RUN|DIR", required = true)]
    runs: Vec<PathBuf>,
    /// Format
    #[arg(long, short = 'f', value_enum, default_value_t = SeriesFormat::Markdown)]
    format: SeriesFormat,
    /// File to write; by default stdout
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The format of several runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SeriesFormat {
    /// A table for a comment.
    Markdown,
    /// A page that needs no network.
    Html,
}

#[derive(Debug, Args)]
struct CompareArgs {
    /// The older run
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The newer run
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Format
    #[arg(long, short = 'f', value_enum, default_value_t = CompareFormat::Text)]
    format: CompareFormat,
    /// File to write; by default stdout
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The format of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CompareFormat {
    /// For people.
    Text,
    /// For a comment.
    Markdown,
    /// For machines.
    Json,
}

#[derive(Debug, Args)]
struct MergeArgs {
    /// The runs to merge
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Format of the result
    #[arg(long, short = 'f', value_name = "FORMAT", default_value = "json", value_parser = read_format)]
    format: &'static Format,
    /// File to write; by default stdout
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Returns a help text that ends with the names of all formats.
pub(crate) fn formats(says: &str) -> String {
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    format!("{says}: {}", names.join(", "))
}

/// Returns a format by its name.
pub(crate) fn read_format(name: &str) -> Result<&'static Format, String> {
    format(name).ok_or_else(|| {
        let names = || FORMATS.iter().map(|format| format.name);
        let hint = did_you_mean(name, names())
            .map(|hint| format!("; {hint}"))
            .unwrap_or_default();
        let known: Vec<&str> = names().collect();
        format!("known are {}{hint}", known.join(", "))
    })
}

/// Reads a run document.
pub(crate) fn read(path: &Path) -> Result<Run, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::Usage(format!("{} {error}", shown(path)));
    let file = File::open(path).map_err(|error| wrong(&format!("can't be read: {error}")))?;
    Run::read(BufReader::new(file)).map_err(|error| wrong(&error))
}

/// Writes to a file, or to stdout if no file is named.
fn write(
    output: Option<&Path>,
    console: &mut Console,
    text: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Failure> {
    // If stdout is a file, opening it again would overwrite what was already written.
    let is_stdout = |path: &&Path| *path == Path::new("-") || *path == Path::new("/dev/stdout");
    let Some(path) = output.filter(|path| !is_stdout(path)) else {
        let mut buffer = Vec::new();
        text(&mut buffer)?;
        return Ok(console.out(&String::from_utf8_lossy(&buffer))?);
    };
    let wrong = |error| Failure::Usage(format!("can't write {}: {error}", shown(path)));
    let mut file = BufWriter::new(File::create(path).map_err(wrong)?);
    text(&mut file).and_then(|()| file.flush()).map_err(wrong)
}

/// Writes a report of a run into a file.
pub(crate) fn save(
    run: &Run,
    format: &Format,
    path: &Path,
    console: &mut Console,
) -> Result<(), Failure> {
    write(Some(path), console, |out| (format.write)(run, out))
}

/// Adds the Markdown of a run to the summary of a GitHub job.
pub(crate) fn job_summary(run: &Run, write: WriteReport, path: &Path) -> Result<(), Failure> {
    let wrong = |error| {
        Failure::Usage(format!(
            "can't write the job summary {}: {error}",
            shown(path)
        ))
    };
    let mut file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .map_err(wrong)?;
    write(run, &mut file).map_err(wrong)
}

/// Runs the subcommand.
pub(crate) fn run(args: &ReportArgs, console: &mut Console) -> Outcome {
    match &args.action {
        Some(Action::Compare(args)) => compared(args, console),
        Some(Action::Merge(args)) => merged(args, console),
        Some(Action::Trend(args)) => series(args, trend, console),
        Some(Action::Matrix(args)) => series(args, matrix, console),
        None if args.schema => {
            let text = serde_json::to_string_pretty(&schema())
                .map_err(|error| Failure::Internal(error.to_string()))?;
            console.out(&format!("{text}\n"))?;
            Ok(Exit::Conforms)
        }
        None => {
            let Some(path) = &args.run else {
                return Err(Failure::Usage("name a run document".to_owned()));
            };
            let run = read(path)?;
            if !run.is_complete() {
                console.say(&format!(
                    "warning: {} broke off: not all cases ran",
                    shown(path)
                ));
            }
            write(args.output.as_deref(), console, |out| {
                (args.format.write)(&run, out)
            })?;
            Ok(Exit::Conforms)
        }
    }
}

/// Reads the named documents, and those in the named folders.
fn documents(paths: &[PathBuf]) -> Result<Vec<Run>, Failure> {
    let mut runs = Vec::new();
    for path in paths {
        if !path.is_dir() {
            runs.push(read(path)?);
            continue;
        }
        let wrong = |error| Failure::Usage(format!("can't read {}: {error}", shown(path)));
        let entries = std::fs::read_dir(path).map_err(wrong)?;
        let files = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        let files = files.filter(|file| file.extension().is_some_and(|end| end == "json"));
        // A folder may also hold other JSON files.
        runs.extend(files.filter_map(|file| read(&file).ok()));
    }
    if runs.is_empty() {
        return Err(Failure::Usage(
            "there is not a run document in these folders".to_owned(),
        ));
    }
    Ok(runs)
}

fn series(args: &SeriesArgs, table: fn(&[Run]) -> Table, console: &mut Console) -> Outcome {
    let table = table(&documents(&args.runs)?);
    let text = match args.format {
        SeriesFormat::Markdown => table.markdown(),
        SeriesFormat::Html => table
            .html()
            .map_err(|error| Failure::Internal(error.to_string()))?,
    };
    write(args.output.as_deref(), console, |out| {
        out.write_all(text.as_bytes())
    })?;
    Ok(Exit::Conforms)
}

fn compared(args: &CompareArgs, console: &mut Console) -> Outcome {
    let comparison = compare(&read(&args.old)?, &read(&args.new)?);
    let text = match args.format {
        CompareFormat::Text => comparison.text(),
        CompareFormat::Markdown => comparison.markdown(),
        CompareFormat::Json => {
            let text = serde_json::to_string_pretty(&comparison);
            text.map_err(|error| Failure::Internal(error.to_string()))? + "\n"
        }
    };
    write(args.output.as_deref(), console, |out| {
        out.write_all(text.as_bytes())
    })?;
    Ok(if comparison.is_regression() {
        Exit::Violates
    } else {
        Exit::Conforms
    })
}

fn merged(args: &MergeArgs, console: &mut Console) -> Outcome {
    let runs = args
        .runs
        .iter()
        .map(|path| read(path))
        .collect::<Result<Vec<_>, _>>()?;
    let merged = merge(runs).map_err(|error| Failure::Usage(error.to_string()))?;
    let run = merged.run;
    write(args.output.as_deref(), console, |out| {
        (args.format.write)(&run, out)
    })?;
    for part in &merged.missing {
        console.say(&format!("warning: the part {part} is missing"));
    }
    Ok(match &run.summary {
        Some(summary) => Exit::of_run(summary, false),
        // A missing part cannot undo a failure in the parts that are there.
        None => match Exit::of_run(&run.counts(), false) {
            exit @ (Exit::Violates | Exit::Internal) => exit,
            Exit::Conforms
            | Exit::Usage
            | Exit::Inconclusive
            | Exit::NothingRan
            | Exit::Interrupted => Exit::Inconclusive,
        },
    })
}
