//! Reads all that a zone holds, and makes sure that it was all.

use std::fmt::Write;

use serde_json::Value;

use super::super::error::TargetError;
use super::super::mapping::{Place, meant_by};
use super::super::target::{Target, path_of};
use super::holding::{Holding, Mappings};
use crate::contract::Answer;
use crate::exchange::{Exchange, Generation, Kind, Operation, whole_number};

/// How often a list that changes while it is read is read again.
const ATTEMPTS: usize = 3;
/// More pages than any zone has at 100 a page.
const PAGES: u64 = 60;

/// What a zone holds through every routed generation.
pub(super) async fn survey(target: &Target, zone: &str) -> Result<Holding, TargetError> {
    let mut holding = Holding::default();
    for generation in Generation::ALL {
        if target.has(generation.id()) {
            let mappings = read_all(target, generation, zone).await?;
            holding.by_generation.insert(generation, mappings);
        }
    }
    Ok(holding)
}

/// The whole list through one generation.
pub(super) async fn read_all(
    target: &Target,
    generation: Generation,
    zone: &str,
) -> Result<Mappings, TargetError> {
    let mut why = String::new();
    for _ in 0..ATTEMPTS {
        let reading = read(target, generation, zone).await?;
        match reading.fault {
            None => return Ok(reading.mappings),
            Some(fault) => why = fault,
        }
    }
    Err(TargetError::Unlisted {
        zone: zone.to_owned(),
        why: target.redactor.text(&why),
    })
}

/// What one pass over the list showed.
#[derive(Default)]
pub(super) struct Reading {
    /// The mappings that could be understood.
    pub(super) mappings: Mappings,
    /// Why they can't be taken for all.
    pub(super) fault: Option<String>,
    entries: usize,
}

/// One pass over the list.
pub(super) async fn read(
    target: &Target,
    generation: Generation,
    zone: &str,
) -> Result<Reading, TargetError> {
    let mut reading = Reading::default();
    let Some(operation) = Operation::of(generation, Kind::List) else {
        return Ok(reading);
    };
    for page in 1..=PAGES {
        let mut path = path_of(operation, zone, "");
        if generation == Generation::V2 {
            let _ = write!(path, "?page={page}&per_page=100");
        }
        let exchange = target.ask(Some(operation), &path).await?;
        match reading.page(operation, &exchange, page) {
            Ok(true) => {
                let names = |place: &Place| format!("{} {}", place.vendor, place.region);
                let shows_a_secret =
                    |place: &Place| target.redactor.text(&names(place)) != names(place);
                // What is listed goes into the journal, and no secret may get there.
                if reading.mappings.values().any(shows_a_secret) {
                    reading.fault = Some(format!("{operation} lists the credentials"));
                }
                return Ok(reading);
            }
            Ok(false) => {}
            Err(fault) => {
                reading.fault = Some(fault);
                return Ok(reading);
            }
        }
    }
    reading.fault = Some(format!("{operation} has more than {PAGES} pages"));
    Ok(reading)
}

impl Reading {
    /// Takes a page in; whether it was the last.
    fn page(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        page: u64,
    ) -> Result<bool, String> {
        let status = exchange.response.status;
        let Some(body) = exchange.response.value().filter(|_| status == 200) else {
            return Err(format!("{operation} was answered with {status}"));
        };
        let is_v1 = operation.generation() == Generation::V1;
        let place = if is_v1 { "/result/value" } else { "/result" };
        if !body.pointer(place).is_some_and(Value::is_array) {
            return Err(format!("{operation} answered without a list at {place}"));
        }
        let listed = Answer::read(operation, body).entries;
        self.entries += listed.len();
        for item in &listed {
            let ip = item.ip.or_else(|| meant_by(item));
            let (Some(ip), Some(vendor), Some(region)) = (ip, item.vendor, item.region) else {
                return Err(format!(
                    "{operation} lists an entry that can't be understood: {}",
                    item.value
                ));
            };
            let place = Place {
                vendor: vendor.to_owned(),
                region: region.to_owned(),
            };
            self.mappings.insert(ip, place);
        }
        if is_v1 {
            return Ok(true);
        }
        let number = |name: &str| {
            let number = whole_number(body.pointer(&format!("/result_info/{name}"))?)?;
            u64::try_from(number).ok()
        };
        let is_last = listed.is_empty() || number("total_pages").is_none_or(|pages| page >= pages);
        let total = number("total_count").and_then(|total| usize::try_from(total).ok());
        if is_last && (total != Some(self.entries) || self.entries != self.mappings.len()) {
            let total = total.map_or_else(|| "unknown".to_owned(), |total| total.to_string());
            return Err(format!(
                "its pages have {} entries of {} addresses, the total is {total}",
                self.entries,
                self.mappings.len()
            ));
        }
        Ok(is_last)
    }
}
