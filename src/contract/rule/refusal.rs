//! Lawful requests that were refused, where the code of the refusal leaves no doubt that it is wrong.

use std::collections::HashSet;

use super::super::address::{identity, is_none, parse};
use super::super::answer::RequestItem;
use super::super::check::Subject;
use super::super::clause::{ClauseId, Level};
use super::super::finding::Findings;
use crate::exchange::Kind;

/// An address or a page that is wrong.
const INVALID: i64 = 1146;
/// A vendor or region that is wrong.
const REGION: i64 = 1157;
/// An address without a mapping.
const UNKNOWN: [i64; 2] = [1142, 1163];
/// The most items of a batch, and the most mappings of a page.
const MOST: usize = 100;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !(400..500).contains(&subject.status()) {
        return;
    }
    let codes = subject.exchange.response.codes();
    match subject.kind() {
        Kind::List if codes.contains(&INVALID) => first_page(subject, findings),
        Kind::BatchUpsert if codes.contains(&INVALID) || codes.contains(&REGION) => {
            let is_whole = |item: &RequestItem<'_>| item.vendor.is_some() && item.region.is_some();
            if is_lawful_batch(subject) && subject.items.iter().all(is_whole) {
                one_by_one(subject, "BATCH-2", findings);
            }
        }
        Kind::BatchDelete
            if (codes.contains(&INVALID) || UNKNOWN.iter().any(|code| codes.contains(code)))
                && is_lawful_batch(subject) =>
        {
            one_by_one(subject, "BDEL-2", findings);
        }
        _ => {}
    }
}

/// A page that every list has.
fn first_page(subject: &Subject<'_>, findings: &mut Findings) {
    let query = &subject.exchange.request.query;
    let number = |text: &str| text.parse::<usize>().ok();
    let is_lawful = query.iter().all(|(name, text)| match name.as_str() {
        "page" => number(text) == Some(1),
        "per_page" => number(text).is_some_and(|size| (1..=MOST).contains(&size)),
        _ => false,
    });
    if !is_lawful {
        return;
    }
    let clause = if subject.exchange.request.query("per_page").is_some() {
        ClauseId::of("V2-LIST-3")
    } else {
        ClauseId::of("V2-LIST-1")
    };
    findings.add(
        (clause, Level::Must),
        "status",
        "200 for a lawful page",
        format!("{} with code {INVALID}", subject.status()),
    );
}

/// A batch of up to 100 items, each with another address, none in a form that lets a body be refused (IP-7).
fn is_lawful_batch(subject: &Subject<'_>) -> bool {
    let mut seen = HashSet::new();
    let named = |text: &str| identity(text).map_or_else(|| text.to_owned(), |ip| ip.to_string());
    let is_plain = |text: &str| match parse(text) {
        Some(ip) => ip == ip.to_canonical(),
        None => is_none(text),
    };
    (1..=MOST).contains(&subject.items.len())
        && subject.items.iter().all(|item| {
            item.address
                .is_some_and(|text| is_plain(text) && seen.insert(named(text)))
        })
}

fn one_by_one(subject: &Subject<'_>, suffix: &str, findings: &mut Findings) {
    findings.add(
        subject.must(suffix),
        "status",
        "200, the items judged one by one",
        subject.status().to_string(),
    );
}
