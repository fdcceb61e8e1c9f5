//! Judges refusals of lawful requests, if the code of the refusal leaves no doubt that it is wrong.

use std::collections::HashSet;

use super::super::address::{identity, is_none, parse};
use super::super::answer::RequestItem;
use super::super::check::Subject;
use super::super::finding::Findings;
use crate::api::Meaning;
use crate::contract::{Answered, What};
use crate::exchange::RequestBody;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !(400..500).contains(&subject.status()) {
        return;
    }
    let codes = subject.exchange.response.codes();
    let says = |meaning| {
        let mut codes = codes.iter();
        codes.any(|code| subject.contract.means(*code, meaning))
    };
    let is_refused_for_an_item = match subject.operation.body() {
        RequestBody::Nothing if subject.operation.shows_all() && says(Meaning::Invalid) => {
            lawful_page(subject, findings);
            return;
        }
        RequestBody::Items => {
            let is_whole = |item: &RequestItem<'_>| item.vendor.is_some() && item.region.is_some();
            (says(Meaning::Invalid) || says(Meaning::Place)) && subject.items.iter().all(is_whole)
        }
        RequestBody::Addresses => says(Meaning::Invalid) || says(Meaning::Unknown),
        RequestBody::Nothing | RequestBody::Item => false,
    };
    if is_refused_for_an_item
        && is_lawful_batch(subject)
        && let Some(clause) = subject.promised(|promises| &promises.one_by_one)
    {
        findings.add(
            clause,
            "status",
            What::status("200, the items judged one by one", subject.status()),
        );
    }
}

/// Judges the refusal of a page that no list may refuse: the first page, or one that may be past the end.
fn lawful_page(subject: &Subject<'_>, findings: &mut Findings) {
    let query = &subject.exchange.request.query;
    let number = |text: &str| text.parse::<usize>().ok();
    let is_lawful = query.iter().all(|(name, text)| match name.as_str() {
        "page" => number(text).is_some_and(|page| page >= 1),
        "per_page" => {
            number(text).is_some_and(|size| (1..=subject.contract.limits.page).contains(&size))
        }
        _ => false,
    });
    if !is_lawful {
        return;
    }
    let asked = |name: &str| subject.exchange.request.query(name);
    let is_later = asked("page").and_then(number).is_some_and(|page| page > 1);
    let clause = if is_later {
        subject.promised(|promises| &promises.page_past_the_end)
    } else if asked("per_page").is_some() {
        subject.promised(|promises| &promises.page_size)
    } else {
        subject.promised(|promises| &promises.form)
    };
    let Some(clause) = clause else { return };
    findings.add(
        clause,
        "status",
        What::answer("200 for a lawful page", Answered::of(subject.exchange)),
    );
}

/// Returns whether the batch has up to 100 items with distinct addresses, none of them in a form for which a whole body
/// may be refused (IP-7).
fn is_lawful_batch(subject: &Subject<'_>) -> bool {
    let mut seen = HashSet::new();
    let named = |text: &str| identity(text).map_or_else(|| text.to_owned(), |ip| ip.to_string());
    let is_plain = |text: &str| match parse(text) {
        Some(ip) => ip == ip.to_canonical(),
        None => is_none(text),
    };
    (1..=subject.contract.limits.batch).contains(&subject.items.len())
        && subject.items.iter().all(|item| {
            item.address
                .is_some_and(|text| is_plain(text) && seen.insert(named(text)))
        })
}
