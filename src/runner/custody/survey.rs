//! Reads of a zone: the whole list, with a check that it is complete, or a single mapping.

use std::net::IpAddr;

use super::desk::{Ask, Desk, Heard, Page, Trouble};
use super::entry::{Entry, Holding, Mappings};
use super::patience::{Patience, Rules};
use crate::exchange::Generation;

/// The number of attempts to read a list that changes while it is read.
const ATTEMPTS: usize = 3;
/// The most pages that are read: more than any zone has at 100 mappings per page.
const PAGES: u64 = 60;

/// Reads what a zone holds through these generations.
///
/// # Errors
/// Returns the generation whose list can't be read, and the reason.
pub(super) async fn survey(
    desk: Desk,
    rules: Rules,
    generations: Vec<Generation>,
) -> Result<Holding, (Generation, Trouble)> {
    let mut patience = Patience::new(rules);
    let mut holding = Holding::default();
    for generation in generations {
        let mappings = list(&desk, &mut patience, generation).await;
        let mappings = mappings.map_err(|trouble| (generation, trouble))?;
        holding.by_generation.insert(generation, mappings);
    }
    Ok(holding)
}

/// Reads the whole list.
///
/// # Errors
/// [`Trouble::Unreadable`] if the list was never consistent; otherwise the trouble that kept it from being read.
pub(super) async fn list(
    desk: &Desk,
    patience: &mut Patience,
    generation: Generation,
) -> Result<Mappings, Trouble> {
    let mut why = String::new();
    for _ in 0..ATTEMPTS {
        match pass(desk, patience, generation).await? {
            Ok(mappings) => return Ok(mappings),
            Err(fault) => why = fault,
        }
    }
    Err(Trouble::Unreadable(why))
}

/// Reads all pages once. The inner error says why the result can't be trusted to be complete.
async fn pass(
    desk: &Desk,
    patience: &mut Patience,
    generation: Generation,
) -> Result<Result<Mappings, String>, Trouble> {
    let mut mappings = Mappings::new();
    let mut count = 0;
    let mut total = None;
    for number in 1..=PAGES {
        let page = match patience.ask(desk, Ask::Page(generation, number)).await {
            Ok(Heard::Page(page)) => page,
            // Some targets refuse a page past the end.
            Err(Trouble::Refused(_)) if number > 1 => Page::default(),
            Err(trouble) => return Err(trouble),
            Ok(other) => return Err(Trouble::Unreadable(format!("not a page: {other:?}"))),
        };
        total = page.total.or(total);
        let is_empty = page.entries.is_empty();
        count += page.entries.len();
        mappings.extend(page.entries);
        // The number of pages that the target reports is not trusted. A list ends at an empty page, or when it has
        // shown as many entries as it counts.
        if generation == Generation::V1 || is_empty || total == Some(count) {
            return Ok(if count != mappings.len() {
                Err(format!(
                    "the list has {count} entries of {} addresses",
                    mappings.len()
                ))
            } else if total.is_some_and(|total| total > count) {
                let total = total.unwrap_or_default();
                Err(format!("the list counts {total} entries and shows {count}"))
            } else {
                Ok(mappings)
            });
        }
    }
    Ok(Err(format!("the list has more than {PAGES} pages")))
}

/// Reads a single mapping.
///
/// # Errors
/// Returns the trouble that kept it from being read.
pub(super) async fn read(
    desk: &Desk,
    patience: &mut Patience,
    generation: Generation,
    ip: IpAddr,
) -> Result<Option<Entry>, Trouble> {
    match patience
        .ask(desk, Ask::Read(generation, ip.to_string()))
        .await?
    {
        Heard::One(entry) => Ok(entry),
        other => Err(Trouble::Unreadable(format!("not a mapping: {other:?}"))),
    }
}
