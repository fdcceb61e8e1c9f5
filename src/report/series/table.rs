//! A table as Markdown and as a page.

use std::fmt::Write;

use minijinja::{AutoEscape, Environment, context};

const PAGE: &str = include_str!("table.html");

/// A table with what stands around it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Its title.
    pub title: String,
    /// Sentences before it.
    pub notes: Vec<String>,
    /// The names of its columns.
    pub head: Vec<String>,
    /// Its rows, each with a cell a column.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// The table as Markdown.
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

    /// The table as a page that needs no network.
    ///
    /// # Errors
    /// None that a table brings about: those of the template engine.
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

/// A text in a cell: what comes from a target must stay text.
fn cell(text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    text.replace('|', "\\|").replace('\n', " ")
}
