//! The table of report formats. A format is a file in this folder, and its `mod` and its row here.

mod badge;
mod github;
#[cfg(feature = "reports")]
mod html;
#[cfg(feature = "reports")]
mod junit;
mod markdown;
mod sarif;

use std::io::{self, Write};

use crate::report::document::{Run, Writer};

/// A report format.
#[derive(Clone, Copy)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its purpose, in one sentence.
    pub says: &'static str,
    /// Writes the report of a run.
    pub write: WriteReport,
    /// Writes the text for the CI's job summary; `None` if the format adds nothing to one.
    pub job_summary: Option<WriteReport>,
}

/// A function that writes a report of a run.
pub type WriteReport = fn(&Run, &mut dyn Write) -> io::Result<()>;

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Format({})", self.name)
    }
}

/// All formats.
pub const FORMATS: &[Format] = &[
    Format {
        name: "terminal",
        says: "What a run shows at the terminal.",
        write: crate::report::terminal::write,
        job_summary: None,
    },
    Format {
        name: "json",
        says: "The run document itself.",
        write: json,
        job_summary: None,
    },
    #[cfg(feature = "reports")]
    Format {
        name: "junit",
        says: "JUnit XML, as GitLab, Jenkins and GitHub's readers take it.",
        write: |run, out| junit::write(&run.visible(), out),
        job_summary: None,
    },
    Format {
        name: "markdown",
        says: "A comment for a pull request, details folded.",
        write: |run, out| markdown::write(&run.visible(), out),
        job_summary: None,
    },
    #[cfg(feature = "reports")]
    Format {
        name: "html",
        says: "One page that needs no network.",
        write: |run, out| html::write(&run.visible(), out),
        job_summary: None,
    },
    Format {
        name: "github",
        says: "Workflow annotations that point to the case files.",
        write: |run, out| github::write(&run.visible(), out),
        job_summary: Some(|run, out| markdown::write(&run.visible(), out)),
    },
    Format {
        name: "sarif",
        says: "SARIF 2.1.0, for code scanning.",
        write: |run, out| sarif::write(&run.visible(), out),
        job_summary: None,
    },
    Format {
        name: "badge",
        says: "The endpoint JSON of a shields badge.",
        write: |run, out| badge::write(&run.visible(), out),
        job_summary: None,
    },
];

/// Returns the format with this name.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

fn json(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer::new(out);
    run.events().try_for_each(|event| writer.event(&event))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_lower_case() {
        let names: BTreeSet<&str> = FORMATS.iter().map(|format| format.name).collect();
        assert_eq!(names.len(), FORMATS.len());
        assert!(
            names
                .iter()
                .all(|name| name.chars().all(|c| c.is_ascii_lowercase()))
        );
    }
}
