//! Markdown for a comment: the verdict and the counts at a glance, the failures folded.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::document::Run;
use super::plain::failure_text;
use super::wrap::{counted, duration};
use crate::contract::{ClauseId, Contract};
use crate::event::{TrialReport, Verdict};

/// Failures that are shown; a comment has to stay short.
const SHOWN: usize = 20;
/// Characters of one failure.
const FAILURE: usize = 4_000;

/// Writes the report.
pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let summary = run.counts();
    writeln!(out, "### originproof: {}\n", run.verdict())?;
    if !run.is_complete() {
        writeln!(out, "**The run broke off: not all cases ran.**\n")?;
    }
    writeln!(out, "Target: {}\n", code(&run.header.target))?;
    writeln!(out, "| verdict | cases |\n|---|---:|")?;
    for verdict in Verdict::ALL {
        if summary.count(verdict) > 0 {
            writeln!(out, "| {verdict} | {} |", summary.count(verdict))?;
        }
    }
    let time = duration(summary.elapsed_ms.saturating_mul(1_000));
    writeln!(
        out,
        "\n{} in {time}.\n",
        counted(summary.requests, "request")
    )?;
    if !summary.broken_clauses.is_empty() {
        writeln!(out, "| clause | level | cases | says |\n|---|---|---:|---|")?;
        for (clause, (level, count)) in &summary.broken_clauses {
            let says = Contract::embedded().says(&ClauseId::from(clause.as_str()));
            writeln!(out, "| {clause} | {level} | {count} | {} |", cell(says))?;
        }
        writeln!(out)?;
    }
    for fault in &summary.expectation_faults {
        writeln!(out, "- expected failures: {}", cell(fault))?;
    }
    for left in &run.left {
        writeln!(out, "- **attention:** {}", cell(&left.to_string()))?;
    }
    let failed: Vec<&TrialReport> = run
        .trials
        .iter()
        .filter(|trial| is_failure(trial))
        .collect();
    for trial in failed.iter().take(SHOWN) {
        let mut text = failure_text(trial);
        if let Some((cut, _)) = text.char_indices().nth(FAILURE) {
            text.truncate(cut);
            let _ = write!(text, "\n… (cut)");
        }
        writeln!(
            out,
            "<details><summary>{} {}: {}</summary>\n\n{}\n</details>\n",
            trial.verdict,
            html(&trial.id),
            html(&trial.title),
            fenced(&text),
        )?;
    }
    if failed.len() > SHOWN {
        writeln!(out, "and {} more.", counted(failed.len() - SHOWN, "case"))?;
    }
    Ok(())
}

fn is_failure(trial: &TrialReport) -> bool {
    match trial.verdict {
        Verdict::Violates | Verdict::Deviates | Verdict::Inconclusive | Verdict::Broken => true,
        Verdict::Conforms | Verdict::Expected | Verdict::Skipped => false,
    }
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    html(&text.replace('\n', " ")).replace('|', "\\|")
}

/// A text among markup: what comes from a target must stay text.
fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A text as code in a line.
fn code(text: &str) -> String {
    format!("`{}`", text.replace(['`', '\n'], "'"))
}

/// A block of text, in a fence that is longer than any run of backticks in it.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}
