//! Markdown for a comment: the verdict and the counts at a glance, and the causes folded. It always fits into a GitHub
//! comment.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::contract::Contract;
use crate::event::{Cause, Verdict};
use crate::report::document::Run;
use crate::report::plain::cause_text;
use crate::report::wrap::{counted, cut, duration};

/// The maximum number of causes that are shown; a comment must stay short.
const SHOWN: usize = 20;
/// The maximum number of characters of a cause's evidence.
const EVIDENCE: usize = 6_000;
/// The maximum number of characters of all causes. GitHub accepts a comment of 65,536, which includes the text before
/// the causes.
const LENGTH: usize = 40_000;
/// The maximum number of rows of the table, and of characters of a row's text.
const ROWS: (usize, usize) = (40, 200);

/// Writes the report.
pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let summary = run.counts();
    writeln!(out, "### originproof: {}\n", run.verdict())?;
    if !run.is_complete() {
        writeln!(out, "**The run broke off: not all cases ran.**\n")?;
    }
    writeln!(out, "Target: {}\n", code(&run.header.target))?;
    if let Some(effort) = &run.header.effort {
        writeln!(out, "{effort}\n")?;
    }
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
    let causes = run.causes();
    if !causes.is_empty() {
        writeln!(
            out,
            "| cause | level | cases | the clause |\n|---|---|---:|---|"
        )?;
        for cause in causes.iter().take(ROWS.0) {
            let says = cut(Contract::embedded().says(&cause.clause), ROWS.1);
            let (id, cases) = (cell(&cause.id), cause.trials.len());
            writeln!(
                out,
                "| {id} | {} | {cases} | {} |",
                cause.level,
                cell(&says)
            )?;
        }
        writeln!(out)?;
    }
    for fault in summary.expectation_faults.iter().take(ROWS.0) {
        writeln!(out, "- expected failures: {}", cell(&cut(fault, ROWS.1)))?;
    }
    for left in &run.left {
        let left = left.to_string();
        writeln!(out, "- **attention:** {}", cell(&cut(&left, 2_000)))?;
    }
    let mut left = LENGTH;
    let mut shown = 0;
    for cause in &causes {
        let block = details(run, cause);
        // GitHub counts characters, not bytes.
        let length = block.chars().count();
        if shown == SHOWN || length > left {
            break;
        }
        left -= length;
        shown += 1;
        out.write_all(block.as_bytes())?;
    }
    if causes.len() > shown {
        writeln!(out, "and {} more.", counted(causes.len() - shown, "cause"))?;
    }
    Ok(())
}

/// Returns a cause, folded: the clause that it breaks, its simplest evidence, and how to send it by hand.
fn details(run: &Run, cause: &Cause) -> String {
    let mut text = String::new();
    // Writing into memory does not fail.
    let _ = writeln!(
        text,
        "<details><summary>{}: {} in {}</summary>\n\n{} ({}): {}\n",
        html(&cause.id),
        cause.level,
        counted(
            cause.trials.len(),
            if run.header.recorded {
                "operation"
            } else {
                "case"
            }
        ),
        cause.clause,
        cause.level,
        html(Contract::embedded().says(&cause.clause)),
    );
    let mut evidence = cause_text(run, cause);
    if let Some((cut, _)) = evidence.char_indices().nth(EVIDENCE) {
        evidence.truncate(cut);
        evidence.push_str("\n… (cut)");
    }
    let _ = writeln!(text, "{}\n</details>\n", fenced(&evidence));
    text
}

/// Escapes a text for a table cell.
fn cell(text: &str) -> String {
    html(&text.replace('\n', " ")).replace('|', "\\|")
}

/// Escapes a text for HTML: text from a target must not become markup.
fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Formats a text as inline code.
fn code(text: &str) -> String {
    format!("`{}`", text.replace(['`', '\n'], "'"))
}

/// Formats a text as a block, with a fence that is longer than any run of backticks in the text.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}
