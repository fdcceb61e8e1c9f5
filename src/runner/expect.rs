//! The comparison of an answer with the expectations of its step.

use std::fmt::Write;

use serde_json::Value;

use super::execute::{Execution, Flow, Stop};
use super::mapping::{Wanted, item_text};
use crate::case::{Check, Set, Step, matcher};
use crate::contract::address::meant;
use crate::contract::{
    Answer, Answered, ClauseId, Contract, Finding, Item, Level, Meaning, MissingPart, What,
};
use crate::event::Observation;
use crate::exchange::{Exchange, Operation};
use crate::zone::meant_by;

/// The maximum number of expected items that a message lists.
const LISTED: usize = 4;
/// The maximum number of differences of one kind that a finding keeps.
const KEPT: usize = 20;

impl Execution<'_> {
    /// Judges the answer to a step. Stops the trial if a `must` clause is broken.
    pub(super) fn judge(&mut self, step: &Step, index: usize) -> Flow {
        let Some(exchange) = self.log.get(index).cloned() else {
            return Ok(());
        };
        let before = self.judgement.findings.len();
        let status_is_right = self.statuses(step, index, &exchange)?;
        if status_is_right && self.body_is_usable(index, &exchange) {
            let zone = self.zone_name(step);
            self.bodies(step, index, &exchange, &zone)?;
        }
        self.observe(step, &exchange);
        let is_violated = self.judgement.is_violated_since(before);
        if is_violated || (!status_is_right && step.expect.is_empty()) {
            return Err(Stop::Violated);
        }
        if status_is_right && !self.body_is_usable(index, &exchange) {
            if exchange.operation.is_none() {
                if !expects_body(step) {
                    return Ok(());
                }
                self.no_object(step, index, &exchange);
            }
            // Otherwise, the always-on check has reported the fault. Later steps depend on the answer.
            return Err(Stop::Violated);
        }
        Ok(())
    }

    /// Reports an answer that is not a JSON object although a clause expects a body. No rule checks answers to requests
    /// outside the operations.
    fn no_object(&mut self, step: &Step, index: usize, exchange: &Exchange) {
        for expectation in &step.expect {
            let wants_body = expectation
                .checks
                .iter()
                .any(|check| matches!(check, Check::Body { .. }));
            if let Some(clause) = self
                .known_clause(&expectation.clause)
                .filter(|_| wants_body)
            {
                let body = &exchange.response.body;
                let start = String::from_utf8_lossy(body.get(..120).unwrap_or(body)).into_owned();
                let what = What::form("a JSON object", start);
                self.add(
                    step.line,
                    Some(index),
                    Finding::new(clause.clone(), "", what),
                );
            }
        }
    }

    /// Returns whether the expectations can be checked on the body. A body that the always-on check rejected would fail
    /// all of them.
    fn body_is_usable(&self, index: usize, exchange: &Exchange) -> bool {
        let is_object = exchange.response.value().is_some_and(Value::is_object);
        let form_is_broken = self.judgement.findings.iter().any(|reported| {
            reported.step == Some(index)
                && reported.finding.clause == ClauseId::of("ENV-5")
                && reported.finding.at.starts_with("/result")
                && reported.finding.level == Level::Must
        });
        is_object && !form_is_broken
    }

    /// Returns whether the status fits every clause that names one. A step without expectations sets something up, so
    /// it must succeed for the rest to mean anything.
    fn statuses(&mut self, step: &Step, index: usize, exchange: &Exchange) -> Flow<bool> {
        let status = exchange.response.status;
        let mut said = false;
        let mut is_right = true;
        let mut wrong: Vec<Finding> = Vec::new();
        for expectation in &step.expect {
            let Some(clause) = self.known_clause(&expectation.clause) else {
                continue;
            };
            for check in &expectation.checks {
                let Check::Status(wanted) = check else {
                    continue;
                };
                said = true;
                // Success with a 2xx status other than 200 is left to ENV-5, which is always checked.
                let fits =
                    wanted.fits(status) || (wanted.fits(200) && exchange.response.is_success());
                if !fits {
                    is_right = false;
                    let what = What::answer(wanted.text(), Answered::of(exchange));
                    wrong.push(Finding::new(clause.clone(), "status", what));
                }
            }
        }
        let is_recorded_only = step.expect.iter().any(|e| e.checks.is_empty());
        if !said && !exchange.response.is_success() && !is_recorded_only {
            is_right = false;
            let first = step
                .expect
                .iter()
                .find_map(|e| self.known_clause(&e.clause));
            if let Some(clause) = first {
                let what = What::answer("200", Answered::of(exchange));
                wrong.push(Finding::new(clause.clone(), "status", what));
            } else {
                let what = exchange
                    .operation
                    .map_or("request", |operation| operation.id());
                let why = format!(
                    "line {}: {what} was answered with {}",
                    step.line,
                    Answered::of(exchange)
                );
                return Err(Stop::Inconclusive(self.target.redactor.text(&why)));
            }
        }
        for finding in wrong {
            self.add(step.line, Some(index), finding);
        }
        Ok(is_right)
    }

    fn bodies(&mut self, step: &Step, index: usize, exchange: &Exchange, zone: &str) -> Flow {
        let mut answer = Answer::of(exchange).unwrap_or_default();
        self.leave_out_existing(&mut answer, exchange, zone);
        for expectation in &step.expect {
            let Some(clause) = self.known_clause(&expectation.clause) else {
                continue;
            };
            for check in &expectation.checks {
                let wrong = self.compare(check, exchange, &answer)?;
                if let Some((at, what)) = wrong {
                    self.add(
                        step.line,
                        Some(index),
                        Finding::new(clause.clone(), at, what),
                    );
                }
            }
        }
        Ok(())
    }

    /// Removes from a list what a zone in care held before and what somebody else wrote to it.
    fn leave_out_existing(&self, answer: &mut Answer<'_>, exchange: &Exchange, zone: &str) {
        let is_list = exchange.operation.is_some_and(Operation::shows_all);
        let Some(operation) = exchange
            .operation
            .filter(|_| is_list && self.care.has(zone))
        else {
            return;
        };
        let existing = self.care.existing_in(zone, operation.generation());
        answer.entries.retain(|item| {
            let Some(ip) = meant_by(item) else {
                return true;
            };
            let as_before = existing.get(&ip).is_some_and(|place| {
                item.vendor == Some(place.vendor.as_str())
                    && item.region == Some(place.region.as_str())
            });
            !as_before && (existing.contains_key(&ip) || !self.may_be_a_strangers(zone, &ip))
        });
    }

    /// Returns the place and kind of a difference, if there is one.
    fn compare(
        &mut self,
        check: &Check,
        exchange: &Exchange,
        answer: &Answer<'_>,
    ) -> Flow<Option<(String, What)>> {
        Ok(match check {
            Check::Status(_) | Check::Successes(_) => None,
            // A 429 refuses for a reason other than that of the code.
            Check::CodeIfRefused(_)
                if exchange.response.is_success() || exchange.response.status == 429 =>
            {
                None
            }
            Check::Code(wanted) | Check::CodeIfRefused(wanted) => {
                let codes = exchange.response.codes();
                let fits = wanted.iter().any(|code| codes.contains(code));
                let expected: Vec<String> = wanted.iter().map(ToString::to_string).collect();
                let expected = format!("code {}", expected.join(" or "));
                (!fits).then(|| {
                    let what = What::answer(expected, Answered::of(exchange));
                    ("/errors".to_owned(), what)
                })
            }
            Check::Mapping(wanted) => {
                let wanted = self.items(&Value::Array(vec![wanted.clone()]), false)?;
                one(wanted.first(), answer)
            }
            Check::Mappings(set) => self.set(set, &answer.entries, "entries", true)?,
            Check::Succeeded(set) => self.set(set, &answer.succeeded, "succeeded", false)?,
            Check::Failed(set) => self.set(set, &answer.failed, "failed", false)?,
            Check::Address(wanted) => {
                let wanted = self.fill(wanted)?;
                let found = answer.entries.first().or(answer.succeeded.first());
                let text = found.and_then(|item| item.address);
                (text != wanted.as_str()).then(|| {
                    let at = found.map_or_else(|| "/result".to_owned(), |item| item.at.to_string());
                    (at, What::value(wanted.to_string(), format!("{text:?}")))
                })
            }
            Check::Body { pointer, matcher } => {
                let wanted = self.fill(matcher)?;
                let found = exchange.response.pointer(pointer);
                (!matcher::fits(&wanted, found))
                    .then(|| (pointer.clone(), unfit(&wanted, found, MissingPart::Member)))
            }
            Check::Header { name, matcher } => {
                let wanted = self.fill(matcher)?;
                let found = exchange.response.headers.get(name).map(Value::from);
                (!matcher::fits(&wanted, found.as_ref())).then(|| {
                    let what = unfit(&wanted, found.as_ref(), MissingPart::Header);
                    (format!("header {name}"), what)
                })
            }
        })
    }

    pub(super) fn items(&mut self, items: &Value, whole: bool) -> Flow<Vec<Wanted>> {
        let filled = self.fill(items)?;
        Ok(self.variables.items(&filled, whole)?)
    }

    fn set(
        &mut self,
        set: &Set,
        found: &[Item<'_>],
        what: &str,
        whole: bool,
    ) -> Flow<Option<(String, What)>> {
        let at = || format!("/result ({what})");
        if let Some(exactly) = &set.exactly {
            let wanted = self.items(exactly, whole)?;
            if let Some(what) = unlike(&wanted, found, true) {
                return Ok(Some((at(), what)));
            }
        }
        if let Some(has) = &set.has {
            let wanted = self.items(has, whole)?;
            if let Some(what) = unlike(&wanted, found, false) {
                return Ok(Some((at(), what)));
            }
        }
        if let Some(lacks) = &set.lacks {
            let lacks = self.fill(lacks)?;
            for text in lacks
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                let there = found.iter().find(|item| meant_by(item) == meant(text));
                if let Some(item) = there {
                    let what = What::unexpected(format!("no {text}"), item_text(item));
                    return Ok(Some((item.at.to_string(), what)));
                }
            }
        }
        if let Some(count) = &set.count {
            let wanted = self.fill(count)?;
            let Some(wanted) = wanted.as_u64().and_then(|n| usize::try_from(n).ok()) else {
                let why = format!("`count` expects a number, found `{wanted}`");
                return Err(Stop::Broken(why, None));
            };
            if wanted != found.len() {
                return Ok(Some((at(), What::count(what, wanted, found.len()))));
            }
        }
        Ok(None)
    }

    /// Records what the target does if a `may` clause leaves it open.
    fn observe(&mut self, step: &Step, exchange: &Exchange) {
        // The documents disagree about the code of this refusal, so the code is recorded.
        let disagreed = exchange.operation.filter(|operation| {
            let codes = Contract::embedded().codes_for(*operation, Meaning::Unknown);
            codes.len() > 1 && exchange.response.status == 404
        });
        if let Some(clause) = disagreed.and_then(|operation| operation.promises().absent.as_ref()) {
            self.judgement.observations.push(Observation {
                clause: clause.as_str().to_owned(),
                seen: self
                    .target
                    .redactor
                    .text(&Answered::of(exchange).to_string()),
            });
        }
        for expectation in step.expect.iter().filter(|e| e.checks.is_empty()) {
            let Some((clause, _)) = self.known_clause(&expectation.clause) else {
                continue;
            };
            let mut seen = Answered::of(exchange).to_string();
            let is_batch = |operation: Operation| operation.kind().is_batch();
            if exchange.operation.is_some_and(is_batch)
                && exchange.response.is_success()
                && let Some(answer) = Answer::of(exchange)
            {
                let (succeeded, failed) = (answer.succeeded.len(), answer.failed.len());
                let _ = write!(seen, ", {succeeded} succeeded, {failed} failed");
            }
            self.judgement.observations.push(Observation {
                clause: clause.as_str().to_owned(),
                seen: self.target.redactor.text(&seen),
            });
        }
    }
}

/// Returns whether a step checks more than the status.
fn expects_body(step: &Step) -> bool {
    let checks = step
        .expect
        .iter()
        .flat_map(|expectation| &expectation.checks);
    checks
        .into_iter()
        .any(|check| !matches!(check, Check::Status(_) | Check::Successes(_)))
}

/// Compares the only mapping of an answer with the wanted one.
fn one(wanted: Option<&Wanted>, answer: &Answer<'_>) -> Option<(String, What)> {
    let wanted = wanted?;
    let Some(item) = answer.entries.first() else {
        let what = What::missing(wanted.to_string(), MissingPart::Mapping);
        return Some(("/result".to_owned(), what));
    };
    let same_address = wanted.ip.is_empty() || meant_by(item) == meant(&wanted.ip);
    (!same_address || !wanted.fits(item)).then(|| {
        let what = What::value(wanted.to_string(), item_text(item));
        (item.at.to_string(), what)
    })
}

/// Returns the difference for a value that does not fit a matcher.
fn unfit(wanted: &Value, found: Option<&Value>, part: MissingPart) -> What {
    let wanted = matcher::text(wanted);
    match found {
        Some(found) => What::value(wanted, found.to_string()),
        None => What::missing(wanted, part),
    }
}

/// Returns how a list differs from the wanted items. `exactly` allows no other items. Items without a usable address
/// may be matched by count alone, since a server may answer them with its own text.
fn unlike(wanted: &[Wanted], found: &[Item<'_>], exactly: bool) -> Option<What> {
    let mut left: Vec<&Item<'_>> = found.iter().collect();
    let (mut missing, mut changed) = (Vec::new(), Vec::new());
    let (usable, odd): (Vec<&Wanted>, Vec<&Wanted>) = wanted
        .iter()
        .partition(|wanted| meant(&wanted.ip).is_some());
    for wanted in usable {
        let ip = meant(&wanted.ip);
        let place = left.iter().position(|item| meant_by(item) == ip);
        match place.map(|place| left.swap_remove(place)) {
            None => missing.push(wanted.to_string()),
            Some(item) if !wanted.fits(item) => {
                changed.push((item_text(item), wanted.to_string()));
            }
            Some(_) => {}
        }
    }
    for wanted in odd {
        match left
            .iter()
            .position(|item| item.address == Some(wanted.ip.as_str()))
        {
            Some(place) => drop(left.swap_remove(place)),
            None if left.is_empty() => missing.push(wanted.to_string()),
            None => drop(left.pop()),
        }
    }
    let surplus = left.iter().filter(|_| exactly);
    let mut surplus: Vec<String> = surplus.map(|item| item_text(item)).collect();
    if missing.is_empty() && changed.is_empty() && surplus.is_empty() {
        return None;
    }
    // Long lists would make the report too long.
    missing.truncate(KEPT);
    changed.truncate(KEPT);
    surplus.truncate(KEPT);
    let listed: Vec<String> = wanted
        .iter()
        .take(LISTED)
        .map(ToString::to_string)
        .collect();
    let more = if wanted.len() > LISTED { ", …" } else { "" };
    let bound = if exactly { "exactly" } else { "at least" };
    let expected = format!(
        "{bound} {} item(s): {}{more}",
        wanted.len(),
        listed.join(", ")
    );
    Some(What::Items {
        expected,
        missing,
        changed,
        surplus,
    })
}
