//! What becomes of a run's events: shown, saved, reported, compared. The same for all that ends in a run.

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

/// Flags of what a run writes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Write an entry for each cause of what failed into this file, the reasons left to fill in
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
    /// Save the run as a document, while it goes on
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
    /// Go on without a comparison if the baseline is not there yet, as on a first run
    #[arg(long, requires = "baseline")]
    baseline_optional: bool,
    /// What gives exit code 1: any failure, or only causes that the baseline does not have
    #[arg(long, value_enum, value_name = "WHAT", requires_if("new", "baseline"), default_value_t = FailOn::Any)]
    fail_on: FailOn,
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

/// What is written to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A report for people.
    Terminal,
    /// One event a line, as JSON.
    Json,
}

/// Which failures fail a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Each broken must, and what got worse than the baseline.
    Any,
    /// A cause that the baseline does not have.
    New,
}

/// How a run compares with the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compared {
    /// There is nothing to compare with.
    Without,
    /// It is worse.
    Worse,
    /// It is not worse. Whether its failures are known and let pass.
    NotWorse { lets_known_pass: bool },
}

/// A format and where to write it.
fn read_report(text: &str) -> Result<(&'static ReportFormat, PathBuf), String> {
    let (name, path) = text
        .split_once('=')
        .ok_or("write FORMAT=FILE, such as junit=report.xml")?;
    Ok((super::report::read_format(name)?, PathBuf::from(path)))
}

impl OutputArgs {
    /// The saved run to compare with. Read before anything else: a wrong path must not cost a run.
    ///
    /// # Errors
    /// A file that is no run document.
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

    /// Begins to show and save. `again` is the command that repeats the run.
    ///
    /// # Errors
    /// A file that can't be written.
    pub(crate) fn show(&self, again: String, console: &Console) -> Result<Show, Failure> {
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
    /// A file that can't be written.
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

/// Shows and saves a run while it goes on, and keeps it.
pub(crate) struct Show {
    format: Format,
    terminal: Terminal,
    document: Option<(Writer<File>, PathBuf)>,
    run: Run,
    /// The first fault of stdout.
    broken: Option<io::Error>,
    /// The first fault of the document.
    unsaved: Option<io::Error>,
}

impl Show {
    /// Takes an event.
    pub(crate) fn event(&mut self, event: Event, console: &mut Console) {
        let document = self.document.as_mut();
        if let Some(error) = document.and_then(|(document, _)| document.event(&event).err()) {
            self.unsaved.get_or_insert(error);
        }
        let mut text = Vec::new();
        let written = match self.format {
            Format::Terminal => self.terminal.event(&event, &mut text),
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

    /// The run as a whole.
    ///
    /// # Errors
    /// What could not be shown or saved.
    pub(crate) fn end(self) -> Result<Run, Failure> {
        if let (Some(error), Some((_, path))) = (self.unsaved, self.document) {
            return Err(cant_write(&path, &error));
        }
        match self.broken {
            // The reader went away; the verdict still stands in the exit code.
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(self.run),
        }
    }
}

/// A file that can't be written.
pub(crate) fn cant_write(path: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("can't write {}: {error}", shown(path)))
}
