//! The only owner of stdout and stderr: results go to stdout, messages and progress to stderr.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use originproof::diagnostic::visible::{coloured_lines, lines};

use super::args::Color;
use super::world::World;

/// The writer of stdout and stderr, with the progress bar.
#[derive(Debug)]
pub(crate) struct Console {
    /// Whether stdout gets colour.
    pub(crate) colour: bool,
    progress: bool,
    bar: Option<ProgressBar>,
}

/// Writes a warning to stderr, for callers that cannot borrow the console.
pub(super) fn warn(text: &str) {
    // A failed write is ignored: if stderr is closed, there is nobody to tell.
    let _ = writeln!(io::stderr(), "warning: {}", lines(text));
}

impl Console {
    /// Creates a console; the colour flag wins over the environment.
    pub(crate) fn new(world: &World, color: Color) -> Self {
        let colour = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => world
                .colour_by_environment
                .unwrap_or(world.stdout_is_terminal),
        };
        Self {
            colour,
            progress: world.stderr_is_terminal && !world.is_ci,
            bar: None,
        }
    }

    /// Writes a part of the result to stdout.
    pub(crate) fn out(&mut self, text: &str) -> io::Result<()> {
        let text = if self.colour {
            coloured_lines(text)
        } else {
            lines(text)
        };
        let write = || {
            let mut stdout = io::stdout().lock();
            stdout.write_all(text.as_bytes())?;
            stdout.flush()
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Writes a message to stderr.
    pub(crate) fn say(&mut self, text: &str) {
        // A failed write is ignored: if stderr is closed, there is nobody to tell.
        let _ = writeln!(io::stderr(), "{}", lines(text));
    }

    /// Writes an error message to stderr.
    pub(crate) fn error(&mut self, text: &str) {
        let text = text.trim_end();
        if text.starts_with("error") {
            self.say(text);
        } else {
            self.say(&format!("error: {text}"));
        }
    }

    /// Begins a progress bar, only on a terminal.
    pub(crate) fn begin(&mut self, length: usize) {
        if !self.progress {
            return;
        }
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("[{elapsed}] {wide_bar} {pos}/{len} {msg}")
        {
            bar.set_style(style);
        }
        self.bar = Some(bar);
    }

    /// Shows in the progress bar what is running.
    pub(crate) fn under_way(&mut self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        }
    }

    /// Advances the progress bar by one.
    pub(crate) fn advance(&mut self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// Removes the progress bar.
    pub(crate) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
