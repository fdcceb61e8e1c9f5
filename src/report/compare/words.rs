//! Writes a comparison as text and as Markdown.

use std::fmt::Write;

use super::{CaseChange, CauseChange, Change, Comparison};
use crate::event::Verdict;
use crate::report::wrap::{counted, cut, duration};

/// The number of cases that are listed for each change.
const LISTED: usize = 10;
/// The maximum number of rows in a table; a comment must stay short.
const ROWS: usize = 50;

impl Comparison {
    /// Returns whether a case began to violate or to deviate.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        self.cases
            .iter()
            .any(|case| matches!(case.change, Change::BeganToViolate | Change::BeganToDeviate))
    }

    /// Returns the notes, one per line.
    fn noted(&self) -> String {
        let notes = self.notes.iter();
        notes.flat_map(|note| ["note: ", note, "\n"]).collect()
    }

    /// Returns whether there is a new cause.
    #[must_use]
    pub fn has_new_cause(&self) -> bool {
        let mut causes = self.causes.iter();
        causes.any(|cause| cause.change == CauseChange::New)
    }

    /// Returns the causes that changed, each in two lines.
    fn causes_text(&self) -> String {
        let mut text = String::new();
        for cause in &self.causes {
            let (was, now) = cause.cases;
            let _ = writeln!(
                text,
                "{}: {} ({was} → {})",
                cause.change.words(),
                cause.id,
                counted(now, "case")
            );
            let _ = writeln!(text, "    {}", cut(&cause.what, 240));
        }
        text
    }

    /// Returns the comparison as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.noted() + &self.causes_text();
        for change in Change::ALL {
            let cases: Vec<&CaseChange> = self
                .cases
                .iter()
                .filter(|case| case.change == change)
                .collect();
            if cases.is_empty() {
                continue;
            }
            let _ = writeln!(text, "{} {}:", counted(cases.len(), "case"), change.words());
            for case in cases.iter().take(LISTED) {
                let _ = writeln!(text, "  {}", case.id);
                if let Some(difference) = &case.difference {
                    let _ = writeln!(text, "      {difference}");
                }
            }
            if cases.len() > LISTED {
                let _ = writeln!(text, "  and {} more", cases.len() - LISTED);
            }
        }
        if !self.drift.is_empty() {
            let _ = writeln!(text, "answers that look otherwise:");
            for drift in &self.drift {
                let _ = writeln!(text, "  {drift}");
            }
        }
        if self.cases.is_empty() && self.drift.is_empty() {
            let _ = writeln!(text, "no difference in verdicts or answers");
        }
        let _ = writeln!(text, "times (median, p95), as information:");
        for row in &self.latency {
            let _ = writeln!(
                text,
                "  {:<22} {} → {}, {} → {}",
                row.operation,
                duration(row.median_us.0),
                duration(row.median_us.1),
                duration(row.p95_us.0),
                duration(row.p95_us.1),
            );
        }
        text
    }

    /// Returns a comparison of two targets as text. The old run is that of the other target.
    #[must_use]
    pub fn text_between(&self) -> String {
        let mut text = self.noted();
        if self.cases.is_empty() && self.drift.is_empty() {
            let _ = writeln!(text, "the two targets do not differ");
        }
        let word = |verdict: Option<Verdict>| verdict.map_or("did not run", Verdict::id);
        if !self.cases.is_empty() {
            let count = counted(self.cases.len(), "case");
            let _ = writeln!(
                text,
                "the targets differ in {count}, which the contract does not leave open:"
            );
        }
        for case in &self.cases {
            let (other, this) = (word(case.before), word(case.after));
            let _ = writeln!(text, "  {}: {this}, the other {other}", case.id);
            if let Some(difference) = &case.difference {
                let _ = writeln!(text, "      {difference}");
            }
        }
        if !self.drift.is_empty() {
            let _ = writeln!(
                text,
                "answers that look otherwise here than on the other target:"
            );
        }
        for drift in &self.drift {
            let _ = writeln!(text, "  {drift}");
        }
        text
    }

    /// Returns the comparison as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let plain = |text: &str| {
            let text = text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('|', "\\|");
            text.replace('\n', " ")
        };
        let verdict = if self.is_regression() {
            "regression"
        } else {
            "no regression"
        };
        let mut text = format!("### originproof: {verdict}\n\n");
        for note in &self.notes {
            let _ = writeln!(text, "> {}\n", plain(note));
        }
        if !self.causes.is_empty() {
            text.push_str("| cause | change | cases | what is wrong |\n|---|---|---|---|\n");
            for cause in self.causes.iter().take(ROWS) {
                let (was, now) = cause.cases;
                let (id, what) = (plain(&cause.id), plain(&cut(&cause.what, 240)));
                let _ = writeln!(
                    text,
                    "| {id} | {} | {was} → {now} | {what} |",
                    cause.change.words()
                );
            }
            text.push('\n');
        }
        if !self.cases.is_empty() {
            text.push_str("| case | change | difference |\n|---|---|---|\n");
            for case in self.cases.iter().take(ROWS) {
                let difference = plain(case.difference.as_deref().unwrap_or_default());
                let _ = writeln!(
                    text,
                    "| {} | {} | {difference} |",
                    plain(&case.id),
                    case.change.words()
                );
            }
            text.push('\n');
        }
        if !self.drift.is_empty() {
            text.push_str("| operation | status | looks otherwise |\n|---|---|---|\n");
            for drift in &self.drift {
                let _ = writeln!(
                    text,
                    "| {} | {} | {} |",
                    drift.operation,
                    drift.status,
                    plain(&drift.what)
                );
            }
        }
        text
    }
}
