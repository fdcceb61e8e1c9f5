//! Shows one cause: the clause in words, the simplest evidence in full, and the cases that it explains.

use std::io::{self, Write};

use super::{Style, Terminal, again_with, counted, cut};
use crate::contract::{ClauseId, Contract, Level};
use crate::event::{Cause, ExchangeRecord, ReportedFinding, TrialReport};

/// The maximum number of causes that are shown in full.
const IN_FULL: usize = 10;
/// The maximum number of cases of a cause that are named.
const NAMED: usize = 4;
/// The maximum number of other clauses of a cause that are named.
const CLAUSES: usize = 12;
/// The maximum number of curl lines that are shown for sending the evidence by hand.
const BY_HAND: usize = 4;
/// The maximum number of characters of a body that are shown.
const BODY: usize = 600;

impl Terminal {
    /// Writes all causes: the first ones in full, the others in one line each.
    pub(super) fn causes(&self, causes: &[Cause], out: &mut dyn Write) -> io::Result<()> {
        let all = causes.len();
        for (index, cause) in causes.iter().take(IN_FULL).enumerate() {
            self.cause(cause, (index + 1, all), out)?;
        }
        for (index, cause) in causes.iter().enumerate().skip(IN_FULL) {
            writeln!(out, "cause {} of {all}: {}", index + 1, line(cause))?;
        }
        if all > IN_FULL {
            writeln!(out)?;
        }
        Ok(())
    }

    fn cause(
        &self,
        cause: &Cause,
        (number, all): (usize, usize),
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Style { bold, reset, .. } = self.style;
        write!(out, "{bold}cause {number} of {all}:{reset} ")?;
        self.broken(&cause.clause, cause.level, out)?;
        self.cause_body(cause, out)?;
        writeln!(out)
    }

    /// Writes everything about a cause except its headline.
    pub(in crate::report) fn cause_body(
        &self,
        cause: &Cause,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Style { dim, reset, .. } = self.style;
        let things = if self.recorded { "operation" } else { "case" };
        write!(
            out,
            "  {dim}seen in:{reset} {}",
            counted(cause.trials.len(), things)
        )?;
        if !self.recorded {
            write!(out, ", {} of which would conform without it", cause.alone)?;
        }
        let is_clients = cause.clause.is_for_clients();
        let what = if is_clients { "requests" } else { "answers" };
        if cause.operations.is_empty() {
            writeln!(out)?;
        } else {
            writeln!(out, "; {what} of {}", cause.operations.join(", "))?;
        }
        let others = cause.clauses.iter().filter(|(id, _)| **id != cause.clause);
        let others: Vec<String> = others
            .map(|(id, trials)| format!("{id} ({trials})"))
            .collect();
        if !others.is_empty() {
            let more = if others.len() > CLAUSES { ", …" } else { "" };
            let named: Vec<String> = others.into_iter().take(CLAUSES).collect();
            writeln!(
                out,
                "  {dim}breaks as well:{reset} {}{more}",
                named.join(", ")
            )?;
        }
        let witness = &cause.witness;
        if let Some(trial) = self.failed.get(&witness.trial)
            && let Some(reported) = trial.findings.get(witness.finding)
        {
            self.evidence_of(trial, reported, out)?;
        }
        let named = cause.trials.iter().take(NAMED).cloned().collect::<Vec<_>>();
        let more = match cause.trials.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        writeln!(out, "  {dim}{things}s:{reset} {}{more}", named.join(", "))?;
        if self.recorded {
            writeln!(out, "  {dim}look at it again:{reset} {}", self.again)?;
        } else {
            writeln!(
                out,
                "  {dim}run it again:{reset} {}",
                again_with(&self.again, &witness.trial)
            )?;
        }
        writeln!(out, "  {dim}name:{reset} {}", cause.id)
    }

    /// Writes a clause that was broken, in words and with its source.
    pub(super) fn broken(
        &self,
        clause: &ClauseId,
        level: Level,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Style {
            bold, dim, reset, ..
        } = self.style;
        let (verb, colour) = match level {
            Level::Must => ("violates", self.style.red),
            Level::Should => ("deviates from", self.style.yellow),
            Level::May => ("notes", self.style.dim),
        };
        write!(out, "{colour}{verb}{reset} {bold}{clause}{reset} ({level})")?;
        match Contract::embedded().clause(clause) {
            Some(clause) => writeln!(out, ": {} {dim}[{}]{reset}", clause.says, clause.source),
            None => writeln!(out),
        }
    }

    /// Writes the finding that shows a cause best, with its exchange and how to send it by hand.
    fn evidence_of(
        &self,
        trial: &TrialReport,
        reported: &ReportedFinding,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Style { dim, reset, .. } = self.style;
        writeln!(
            out,
            "  {dim}simplest evidence:{reset} {}: {}",
            trial.id, trial.title
        )?;
        self.finding(trial, reported, out)?;
        let exchange = trial
            .exchanges
            .iter()
            .find(|exchange| Some(exchange.step) == reported.step);
        if let Some(exchange) = exchange {
            write_exchange(exchange, out)?;
        }
        if !trial.given.is_empty() {
            writeln!(
                out,
                "  {dim}the zone held:{reset} {}",
                cut(&trial.given, 300)
            )?;
        }
        let by_hand = if self.clients {
            Vec::new()
        } else {
            by_hand(trial, reported, self.has_fresh_zones)
        };
        if !by_hand.is_empty() {
            writeln!(out, "  {dim}by hand:{reset}")?;
        }
        by_hand
            .iter()
            .try_for_each(|line| writeln!(out, "    {line}"))
    }
}

/// Returns a cause in one line.
pub(super) fn line(cause: &Cause) -> String {
    format!(
        "{} ({}) in {}, {}",
        cause.clause,
        cause.level,
        counted(cause.trials.len(), "case"),
        cause.id
    )
}

/// Writes a request and its answer, each body in one line that is cut where it is long.
pub(super) fn write_exchange(exchange: &ExchangeRecord, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "    > {}", cut(&exchange.request_line, BODY))?;
    if let Some(body) = &exchange.request_body {
        writeln!(out, "    > {}", cut(body, BODY))?;
    }
    writeln!(
        out,
        "    < {} {}",
        exchange.status,
        cut(&exchange.response_body, BODY)
    )
}

/// Returns the curl lines that set up the state and then show the fault. If new zones begin empty, the lines use a
/// fresh zone, so that no earlier state matters.
pub(in crate::report) fn by_hand(
    trial: &TrialReport,
    reported: &ReportedFinding,
    has_fresh_zones: bool,
) -> Vec<String> {
    let last = reported.step.unwrap_or(usize::MAX);
    let is_needed = |exchange: &&ExchangeRecord| {
        let writes = !exchange.request_line.starts_with("GET ");
        exchange.step == last || (exchange.step < last && writes)
    };
    let needed: Vec<&ExchangeRecord> = trial.exchanges.iter().filter(is_needed).collect();
    let shown = needed.len().saturating_sub(BY_HAND);
    let curls = needed
        .iter()
        .skip(shown)
        .map(|exchange| exchange.curl.clone());
    let zone = needed
        .iter()
        .find_map(|exchange| zone_in(&exchange.request_line));
    match zone.filter(|_| has_fresh_zones) {
        Some(zone) => {
            let begin = "zone=$(openssl rand -hex 16)".to_owned();
            let own = format!("/zones/{zone}");
            let fresh = "/zones/'\"$zone\"'";
            let curls = curls.map(|curl| curl.replace(&own, fresh));
            std::iter::once(begin).chain(curls).collect()
        }
        None => curls.collect(),
    }
}

/// Returns the id of the zone in a request line.
fn zone_in(request_line: &str) -> Option<&str> {
    let rest = request_line.split_once("/zones/")?.1;
    let id = rest.split('/').next()?;
    let is_id = id.len() == 32 && id.chars().all(|c| c.is_ascii_hexdigit());
    is_id.then_some(id)
}
