//! A table that can be written as Markdown and as an HTML page.

use std::fmt::Write;

#[cfg(feature = "reports")]
use minijinja::{AutoEscape, Environment, context};

#[cfg(feature = "reports")]
const PAGE: &str = include_str!("table.html");

/// A table with its title and notes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Its title.
    pub title: String,
    /// The sentences before the table.
    pub notes: Vec<String>,
    /// The names of its columns.
    pub head: Vec<String>,
    /// Its rows, each with one cell per column.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Returns the table as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!("### {}\n\n", cell(&self.title));
        for note in &self.notes {
            let _ = writeln!(text, "{}\n", cell(note));
        }
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        text.push_str(&line(&self.head));
        let _ = writeln!(text, "|{}", "---|".repeat(self.head.len()));
        self.rows.iter().for_each(|row| text.push_str(&line(row)));
        text
    }

    /// Returns the table as an HTML page that needs no network.
    ///
    /// # Errors
    /// Returns any error of the template engine; no table causes one.
    #[cfg(feature = "reports")]
    pub fn html(&self) -> Result<String, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.render_str(
            PAGE,
            context! {
                title => &self.title, notes => &self.notes, head => &self.head, rows => &self.rows,
            },
        )
    }
}

/// Escapes a text for a cell: text from a target must not become markup.
fn cell(text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    text.replace('|', "\\|").replace('\n', " ")
}
