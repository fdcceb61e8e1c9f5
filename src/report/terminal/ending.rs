//! The end of a run: what failed by clause, the counts, and what to do next.

use std::io::{self, Write};

use super::{Style, Terminal, counted, duration};
use crate::contract::{ClauseId, Contract, Level};
use crate::event::{Summary, Verdict};

/// Failed trials that are listed of one clause.
const LISTED: usize = 4;

impl Terminal {
    pub(super) fn finished(&self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let Style {
            bold,
            dim,
            reset,
            red,
            ..
        } = self.style;
        if self.verbosity > 0 {
            self.observed(out)?;
        }
        if self.verbosity >= 0 {
            for (reason, count) in &self.skipped {
                writeln!(
                    out,
                    "{dim}skipped {}: {reason}{reset}",
                    counted(*count, "case")
                )?;
            }
            for (clause, (level, count)) in &summary.broken_clauses {
                self.broken(clause, *level, *count, out)?;
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
        if self.recorded {
            // The clauses that traffic shows are not counted: most can only be broken by it, not proved.
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
            "{bold}{}{reset} in {}, {}; {}, {}",
            counts.join(", "),
            duration(summary.elapsed_ms.saturating_mul(1_000)),
            counted(summary.requests, "request"),
            self.coverage(Level::Must),
            self.coverage(Level::Should),
        )?;
        if summary.interrupted {
            writeln!(out, "interrupted: not all cases ran")?;
        }
        if let Some(why) = &summary.halted {
            writeln!(out, "{bold}the run was cut short:{reset} {why}")?;
        }
        self.hint(summary, out)
    }

    /// Where to read on.
    fn hint(&self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let Style { dim, reset, .. } = self.style;
        if self.verbosity >= 0
            && let Some((clause, _)) = summary.broken_clauses.iter().next()
        {
            writeln!(
                out,
                "{dim}what a clause says and who proves it: originproof explain {clause}{reset}"
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

    /// A clause with the trials that broke it, each with a line of what is wrong.
    fn broken(
        &self,
        clause: &str,
        level: Level,
        count: usize,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Style {
            bold, dim, reset, ..
        } = self.style;
        let (verb, colour) = match level {
            Level::Must => ("violates", self.style.red),
            Level::Should | Level::May => ("deviates from", self.style.yellow),
        };
        let says = Contract::embedded().says(&ClauseId::from(clause));
        let cases = counted(count, if self.recorded { "operation" } else { "case" });
        writeln!(
            out,
            "{colour}{verb}{reset} {bold}{clause}{reset} ({level}) in {cases}: {says}"
        )?;
        let failed = self.failed.get(clause).map_or(&[][..], Vec::as_slice);
        for (id, line) in failed.iter().take(LISTED) {
            writeln!(out, "    {id}: {dim}{line}{reset}")?;
        }
        if failed.len() > LISTED {
            writeln!(out, "    {dim}and {} more{reset}", failed.len() - LISTED)?;
        }
        Ok(())
    }

    /// How many clauses of a level were judged: `must 89 of 89`.
    fn coverage(&self, level: Level) -> String {
        let all = Contract::embedded()
            .clauses
            .iter()
            .filter(|clause| clause.level == level);
        let judged = all
            .clone()
            .filter(|clause| self.judged.contains(clause.id.as_str()))
            .count();
        format!("{level} {judged} of {}", all.count())
    }
}
