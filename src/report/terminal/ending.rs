//! Shows the end of a run: the causes of failures, the counts, and what to do next.

use std::io::{self, Write};

use super::{Style, Terminal, Verbosity, counted, duration};
use crate::contract::{Contract, Level};
use crate::event::{Summary, Verdict};

/// The maximum number of shown reasons why cases could not be judged.
const REASONS: usize = 8;
/// The maximum number of cases that are named for one reason.
const NAMED: usize = 3;

impl Terminal {
    pub(super) fn finished(&self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let Style {
            bold,
            dim,
            reset,
            red,
            ..
        } = self.style;
        if self.verbosity >= Verbosity::Cases {
            self.observed(out)?;
        }
        if self.verbosity > Verbosity::Quiet {
            if !self.seen.is_empty() {
                writeln!(out)?;
            }
            self.causes(&summary.causes, out)?;
            self.unjudged(out)?;
            for (reason, count) in &self.skipped {
                writeln!(
                    out,
                    "{dim}skipped {}: {reason}{reset}",
                    counted(*count, "case")
                )?;
            }
        }
        for fault in &summary.expectation_faults {
            writeln!(out, "{red}expected failures:{reset} {fault}")?;
        }
        let counts: Vec<String> = Verdict::ALL
            .iter()
            .filter(|verdict| summary.count(**verdict) > 0)
            .map(|verdict| {
                let colour = self.style.of(*verdict);
                format!("{colour}{} {verdict}{reset}", summary.count(*verdict))
            })
            .collect();
        if self.recorded && counts.is_empty() {
            writeln!(
                out,
                "{bold}nothing judged{reset} in {}",
                counted(summary.requests, "exchange")
            )?;
            return Ok(());
        }
        if self.recorded {
            // Clauses are not counted for recorded traffic: it can break most of them, but not prove them.
            writeln!(
                out,
                "{bold}{}{reset} of {} in {}",
                counts.join(", "),
                counted(
                    Verdict::ALL
                        .iter()
                        .map(|verdict| summary.count(*verdict))
                        .sum(),
                    "operation"
                ),
                counted(summary.requests, "exchange")
            )?;
            return self.hint(summary, out);
        }
        writeln!(
            out,
            "{bold}{}{reset} in {}, {}",
            counts.join(", "),
            duration(summary.elapsed_ms.saturating_mul(1_000)),
            counted(summary.requests, "request"),
        )?;
        let (must, should) = (
            self.clauses(Level::Must, summary),
            self.clauses(Level::Should, summary),
        );
        if !self.explored {
            writeln!(out, "{must}; {should}")?;
        }
        if summary.interrupted {
            writeln!(out, "interrupted: not all cases ran")?;
        }
        if let Some(why) = &summary.halted {
            writeln!(out, "{bold}the run was cut short:{reset} {why}")?;
        }
        self.hint(summary, out)
    }

    /// Writes what to do next.
    fn hint(&self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let Style { dim, reset, .. } = self.style;
        let Some(first) = summary.causes.first() else {
            return Ok(());
        };
        let failing: usize = [Verdict::Violates, Verdict::Deviates]
            .iter()
            .map(|verdict| summary.count(*verdict))
            .sum();
        let things = if self.recorded { "operations" } else { "cases" };
        writeln!(
            out,
            "next: fix {}: it explains {} of the {failing} {things} that fail",
            if summary.causes.len() == 1 {
                "this cause"
            } else {
                "the first cause"
            },
            first.trials.len(),
        )?;
        writeln!(
            out,
            "{dim}all cases with their requests: {}{reset}",
            self.more
        )?;
        writeln!(
            out,
            "{dim}what the clause says and who proves it: originproof explain {}{reset}",
            first.clause
        )
    }

    /// Writes why cases could not be judged, each reason once.
    fn unjudged(&self, out: &mut dyn Write) -> io::Result<()> {
        let (dim, reset) = (self.style.dim, self.style.reset);
        for ((verdict, reason), ids) in self.unjudged.iter().take(REASONS) {
            let colour = self.style.of(*verdict);
            if let [one] = ids.as_slice() {
                writeln!(out, "{colour}{verdict}{reset} {one}: {reason}")?;
                continue;
            }
            let named: Vec<&str> = ids.iter().take(NAMED).map(String::as_str).collect();
            let more = match ids.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            writeln!(
                out,
                "{colour}{verdict}{reset} {}: {reason}",
                counted(ids.len(), "case")
            )?;
            writeln!(out, "    {dim}{}{more}{reset}", named.join(", "))?;
        }
        let left = self.unjudged.len().saturating_sub(REASONS);
        if left > 0 {
            writeln!(
                out,
                "    {dim}and {} more; -v shows each case{reset}",
                counted(left, "reason")
            )?;
        }
        Ok(())
    }

    fn observed(&self, out: &mut dyn Write) -> io::Result<()> {
        let Style { dim, reset, .. } = self.style;
        if self.observations.is_empty() {
            return Ok(());
        }
        writeln!(out, "where the contract leaves it open, the target:")?;
        for (clause, seen) in &self.observations {
            for (seen, times) in seen {
                writeln!(out, "  {clause:<12} {seen} {dim}({times}×){reset}")?;
            }
        }
        writeln!(out)
    }

    /// Returns the number of clauses of a level that are kept, broken and not judged, such as
    /// `must: 80 kept, 3 broken, 6 not judged`.
    fn clauses(&self, level: Level, summary: &Summary) -> String {
        let contract = Contract::embedded();
        let all = if self.clients {
            contract.client_clauses.iter()
        } else {
            contract.clauses.iter()
        };
        let all = all.filter(|clause| clause.level == level);
        let (mut kept, mut broken, mut open) = (0, 0, 0);
        for clause in all {
            let id = clause.id.as_str();
            if summary.broken_clauses.contains_key(id) || self.known.contains(id) {
                broken += 1;
            } else if self.judged.contains(id) {
                kept += 1;
            } else {
                open += 1;
            }
        }
        let broken = match broken {
            0 => String::new(),
            broken => format!(", {broken} broken"),
        };
        format!("{level}: {kept} kept{broken}, {open} not judged")
    }
}
