//! Judges lists: each mapping is there once, the arithmetic of `result_info`, and the time of a v1 set.

use std::collections::HashMap;

use serde_json::Value;

use super::super::check::Subject;
use super::super::finding::Findings;
use crate::api::time::Moment;
use crate::api::{ClauseId, Level};
use crate::contract::What;
use crate::exchange::{Kind, Operation, whole_number};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.succeeded() {
        return;
    }
    if !subject.operation.shows_all() {
        return;
    }
    // Every list of a generation shows its zone, whichever operation answers with it.
    let list = Operation::of(subject.generation(), Kind::List);
    if let Some(clause) = list.and_then(|list| list.promises().shown.as_ref()) {
        each_once(subject, clause, findings);
    }
    if subject.operation.is_paged() {
        Info::read(subject).check(subject, findings);
    } else {
        set_time(subject, findings);
    }
}

fn each_once(subject: &Subject<'_>, clause: &ClauseId, findings: &mut Findings) {
    let mut seen = HashMap::with_capacity(subject.answer.entries.len());
    for item in &subject.answer.entries {
        let Some(text) = item.address else { continue };
        // A target may keep both an IPv4-mapped address and its IPv4 address, so only equal addresses count.
        let Some(ip) = item.ip else { continue };
        if let Some(first) = seen.insert(ip, text) {
            findings.add(
                (clause.clone(), Level::Must),
                item.address_at(subject.generation()),
                What::repeated(
                    "each mapping once",
                    format!("{text:?} again, first as {first:?}"),
                ),
            );
            if first != text {
                findings.add(
                    (ClauseId::of("IP-2"), Level::Must),
                    item.address_at(subject.generation()),
                    What::repeated(
                        "one mapping for all spellings of an address",
                        format!("{first:?} and {text:?}"),
                    ),
                );
            }
        }
    }
}

fn set_time(subject: &Subject<'_>, findings: &mut Findings) {
    let at = "/result/modified_on";
    let Some(text) = subject
        .exchange
        .response
        .pointer(at)
        .and_then(Value::as_str)
    else {
        return;
    };
    if subject.answer.entries.is_empty() {
        let empty = subject
            .exchange
            .response
            .pointer("/result/value")
            .is_some_and(Value::is_array);
        if empty && let Some(clause) = subject.promised(|promises| &promises.empty) {
            findings.add(
                clause,
                at,
                What::unexpected("no time in an empty zone", text),
            );
        }
        return;
    }
    let Some(set) = Moment::read(text) else {
        return;
    };
    let later = subject.answer.entries.iter().find_map(|item| {
        let entry = item.value.get("modified_on")?.as_str()?;
        // The last entry to be written often has the time of the set.
        let is_later = entry != text && set.is_before(Moment::read(entry)?);
        is_later.then_some((&item.at, entry))
    });
    if let Some((entry_at, entry)) = later
        && let Some(clause) = subject.promised(|promises| &promises.set_time)
    {
        findings.add(
            clause,
            at,
            What::value(format!("a time not before {entry} at {entry_at}"), text),
        );
    }
}

/// The numbers of `result_info`; the form rule judges missing ones.
struct Info {
    page: Option<i64>,
    per_page: Option<i64>,
    count: Option<i64>,
    total_count: Option<i64>,
    total_pages: Option<i64>,
    /// The number of entries in this response.
    entries: i64,
}

impl Info {
    fn read(subject: &Subject<'_>) -> Self {
        let number = |name: &str| {
            subject
                .exchange
                .response
                .pointer(&format!("/result_info/{name}"))
                .and_then(whole_number)
        };
        Self {
            page: number("page"),
            per_page: number("per_page"),
            count: number("count"),
            total_count: number("total_count"),
            total_pages: number("total_pages"),
            entries: i64::try_from(subject.answer.entries.len()).unwrap_or(i64::MAX),
        }
    }

    fn check(&self, subject: &Subject<'_>, findings: &mut Findings) {
        self.echo(subject, findings);
        let Some(shown) = subject.promised(|promises| &promises.shown) else {
            return;
        };
        let wrong = |name: &str, expected: String, found: i64, findings: &mut Findings| {
            findings.add(
                shown.clone(),
                format!("/result_info/{name}"),
                What::value(expected, found.to_string()),
            );
        };
        if let Some(count) = self.count
            && count != self.entries
        {
            let expected = format!("{}, the items in this response", self.entries);
            wrong("count", expected, count, findings);
        }
        if let Some(per_page) = self.per_page
            && self.entries > per_page
        {
            let expected = format!("at least {}, the items in this response", self.entries);
            wrong("per_page", expected, per_page, findings);
        }
        if let Some(total) = self.total_count
            && total < self.entries
        {
            let expected = format!("at least {}, the items in this response", self.entries);
            wrong("total_count", expected, total, findings);
        }
        if let (Some(total), Some(pages), Some(per_page @ 1..)) =
            (self.total_count, self.total_pages, self.per_page)
        {
            let right = total.saturating_add(per_page - 1) / per_page;
            if pages != right {
                let empty = subject.promised(|promises| &promises.empty);
                let clause = empty
                    .filter(|_| total == 0)
                    .unwrap_or_else(|| shown.clone());
                let expected = format!("{right} for {total} mappings by {per_page}");
                findings.add(
                    clause,
                    "/result_info/total_pages",
                    What::value(expected, pages.to_string()),
                );
            }
        }
        self.full(subject, shown, findings);
    }

    /// Judges the number of entries: a page before the last is full, and the last page has the rest.
    fn full(&self, subject: &Subject<'_>, shown: (ClauseId, Level), findings: &mut Findings) {
        let asked = subject.exchange.request.query("page").unwrap_or("1");
        let (Ok(page @ 1..), Some(per_page @ 1..), Some(total)) =
            (asked.parse::<i64>(), self.per_page, self.total_count)
        else {
            return;
        };
        let rest = (total - page.saturating_sub(1).saturating_mul(per_page)).clamp(0, per_page);
        if self.entries != rest {
            findings.add(
                shown,
                "/result",
                What::Count {
                    things: format!("items on page {page} of {total} mappings by {per_page}"),
                    expected: u64::try_from(rest).unwrap_or(0),
                    at_most: false,
                    found: u64::try_from(self.entries).unwrap_or(0),
                },
            );
        }
    }

    /// Judges that `page` and `per_page` are what the request asked for, or the defaults. A page past the end may be
    /// answered with another page number.
    fn echo(&self, subject: &Subject<'_>, findings: &mut Findings) {
        let default = i64::try_from(subject.contract.limits.default_page).unwrap_or(i64::MAX);
        let promises = subject.operation.promises();
        let rows = [("page", self.page, 1), ("per_page", self.per_page, default)];
        for (name, found, default) in rows {
            let asked = subject.exchange.request.query(name);
            let (clause, expected) = match asked {
                None => (&promises.page_defaults, default),
                Some(text) => match text.parse::<i64>() {
                    Ok(number) => (&promises.form, number),
                    Err(_) => continue,
                },
            };
            let past_the_end = name == "page" && self.entries == 0;
            if let Some(found) = found
                && found != expected
                && !past_the_end
                && let Some(clause) = clause
            {
                findings.add(
                    (clause.clone(), Level::Must),
                    format!("/result_info/{name}"),
                    What::value(expected.to_string(), found.to_string()),
                );
            }
        }
    }
}
