//! Shows, saves, reports and compares the events of a run, for every subcommand that results in a run.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use originproof::diagnostic::visible::shown;
use originproof::event::Event;
use originproof::report::{
    Format as ReportFormat, Run, Style, Terminal, Verbosity, Writer, compare,
};

use super::console::Console;
use super::exit::Failure;
use super::world::World;

/// Flags for what a run writes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Write an expected-failure entry for each cause into this file; fill in the reasons, or give --reason
    #[arg(long, value_name = "FILE")]
    write_expect: Option<PathBuf>,
    /// The reason to write into these entries
    #[arg(
        long,
        value_name = "TEXT",
        requires = "write_expect",
        default_value = "",
        hide_default_value = true
    )]
    reason: String,
    /// Save the run as a document while it goes on
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[arg(
        long,
        value_name = "FORMAT=FILE",
        value_parser = read_report,
        help = super::report::formats("Write a report as well (repeatable); formats"),
    )]
    report: Vec<(&'static ReportFormat, PathBuf)>,
    /// Compare with a saved run; a regression gives exit code 1
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Skip the comparison if the baseline does not exist yet, as on a first run
    #[arg(long, requires = "baseline")]
    baseline_optional: bool,
    /// Which failures give exit code 1: any, or only causes that the baseline does not have
    #[arg(long, value_enum, value_name = "WHAT", requires_if("new", "baseline"), default_value_t = FailOn::Any)]
    fail_on: FailOn,
    /// Show only the last lines
    #[arg(long, short = 'q', conflicts_with = "verbose")]
    quiet: bool,
    /// What to write to stdout
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
    /// Show more: every case, and with -vv every request
    #[arg(long, short = 'v', action = clap::ArgAction::Count)]
    verbose: u8,
}

/// The format of stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A report for people.
    Terminal,
    /// One JSON event per line; with --plan, one JSON object.
    Json,
    /// The JSON Schema of the output of `run --plan`.
    #[value(hide = true)]
    Schema,
}

/// The failures that give exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Every broken must clause, and every regression from the baseline.
    Any,
    /// Only causes that the baseline does not have.
    New,
}

/// The result of the comparison with the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compared {
    /// There is no baseline to compare with.
    Without,
    /// The run is worse than the baseline.
    Worse,
    /// The run is not worse. `lets_known_pass` is true if failures that the baseline also has must not fail the run.
    NotWorse { lets_known_pass: bool },
}

/// Parses a format and the file to write, such as `junit=report.xml`.
fn read_report(text: &str) -> Result<(&'static ReportFormat, PathBuf), String> {
    let (name, path) = text
        .split_once('=')
        .ok_or("write FORMAT=FILE, such as junit=report.xml")?;
    Ok((super::report::read_format(name)?, PathBuf::from(path)))
}

impl OutputArgs {
    /// Returns whether stdout gets a schema.
    pub(crate) fn is_schema(&self) -> bool {
        self.format == Format::Schema
    }

    /// Returns whether stdout gets JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Reads the saved run to compare with. This happens before the run, so that a wrong path does not waste a run.
    ///
    /// # Errors
    /// Fails if the file is not a run document.
    pub(crate) fn baseline(&self) -> Result<Option<Run>, Failure> {
        let Some(path) = self.baseline.as_deref() else {
            return Ok(None);
        };
        let is_missing = matches!(path.try_exists(), Ok(false));
        if self.baseline_optional && is_missing {
            return Ok(None);
        }
        if is_missing {
            return Err(Failure::Usage(format!(
                "there is no baseline {}; with --baseline-optional a first run goes on without",
                shown(path)
            )));
        }
        super::report::read(path).map(Some)
    }

    /// Begins to show and save a run. `again` is the command that repeats it.
    ///
    /// # Errors
    /// Fails if the document cannot be created.
    pub(crate) fn show(&self, again: String, console: &Console) -> Result<Show, Failure> {
        if self.is_schema() {
            let message = "--format schema goes with `run --plan`; `originproof report --schema` prints that of a run";
            return Err(Failure::Usage(message.to_owned()));
        }
        let verbosity = Verbosity::of(self.quiet, self.verbose);
        let mut terminal = Terminal::new(Style::new(console.colour), again, verbosity);
        if let Some(path) = &self.save {
            let path = shown(path);
            terminal = terminal.more(format!(
                "originproof report {path} --format html --output report.html"
            ));
        }
        let document = match &self.save {
            Some(path) => {
                let file = File::create(path).map_err(|error| cant_write(path, &error))?;
                Some((Writer::new(file), path.clone()))
            }
            None => None,
        };
        Ok(Show {
            format: self.format,
            terminal,
            document,
            run: Run::default(),
            broken: None,
            unsaved: None,
        })
    }

    /// Writes the reports of a run, and compares it with the baseline.
    ///
    /// # Errors
    /// Fails if a file cannot be written.
    pub(crate) fn write(
        &self,
        run: &Run,
        baseline: Option<&Run>,
        world: &World,
        console: &mut Console,
    ) -> Result<Compared, Failure> {
        for (format, path) in &self.report {
            super::report::save(run, format, path, console)?;
            let summary = world.variables.get("GITHUB_STEP_SUMMARY");
            let summary = summary.filter(|path| !path.is_empty());
            if let (Some(summary), Some(write)) = (summary, format.job_summary) {
                super::report::job_summary(run, write, Path::new(summary))?;
            }
        }
        if let Some(path) = &self.write_expect {
            super::expectation::write(path, run, &self.reason, console)?;
        }
        let Some(baseline) = baseline else {
            if let Some(path) = &self.baseline {
                console.say(&format!(
                    "there is no baseline {} yet: nothing is compared",
                    shown(path)
                ));
            }
            return Ok(Compared::Without);
        };
        let comparison = compare(baseline, run);
        console.say(comparison.text().trim_end());
        let lets_known_pass = self.fail_on == FailOn::New;
        let is_worse = if lets_known_pass {
            comparison.has_new_cause()
        } else {
            comparison.is_regression()
        };
        Ok(if is_worse {
            Compared::Worse
        } else {
            Compared::NotWorse { lets_known_pass }
        })
    }
}

/// Shows and saves a run while it goes on, and collects its events.
pub(crate) struct Show {
    format: Format,
    terminal: Terminal,
    document: Option<(Writer<File>, PathBuf)>,
    run: Run,
    /// The first error of writing to stdout.
    broken: Option<io::Error>,
    /// The first error of writing the document.
    unsaved: Option<io::Error>,
}

impl Show {
    /// Shows, saves and keeps an event.
    pub(crate) fn event(&mut self, event: Event, console: &mut Console) {
        let document = self.document.as_mut();
        if let Some(error) = document.and_then(|(document, _)| document.event(&event).err()) {
            self.unsaved.get_or_insert(error);
        }
        let mut text = Vec::new();
        let written = match self.format {
            Format::Terminal | Format::Schema => self.terminal.event(&event, &mut text),
            Format::Json => serde_json::to_writer(&mut text, &event)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(text)),
        };
        let text = String::from_utf8_lossy(&text);
        let shown = if text.is_empty() {
            Ok(())
        } else {
            console.out(&text)
        };
        if let Err(error) = written.and(shown) {
            self.broken.get_or_insert(error);
        }
        self.run.event(event);
    }

    /// Returns the whole run.
    ///
    /// # Errors
    /// Returns the first error of showing or saving the run.
    pub(crate) fn end(self) -> Result<Run, Failure> {
        if let (Some(error), Some((_, path))) = (self.unsaved, self.document) {
            return Err(cant_write(&path, &error));
        }
        match self.broken {
            // If the reader closed stdout, the exit code still tells the verdict.
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(self.run),
        }
    }
}

/// Returns the failure for a file that cannot be written.
pub(crate) fn cant_write(path: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("can't write {}: {error}", shown(path)))
}
