//! Vendors and regions as `supported_regions` lists them, compared with what is then accepted or refused.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::contract::{
    Answered, ClauseId, Contract, Finding, Level, Meaning, Place, RequestItem, What, address,
};
use crate::exchange::{Exchange, Generation};

/// Regions by vendor, as a generation lists them.
type Regions = BTreeMap<String, BTreeSet<String>>;

/// The regions that the two generations of a zone list.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalogue {
    v1: Option<Regions>,
    v2: Option<Regions>,
    /// What both together listed before our own traffic began. Its requests name only places from there, and invented
    /// ones.
    before: Option<Regions>,
}

impl Catalogue {
    fn of(&self, generation: Generation) -> Option<&Regions> {
        match generation {
            Generation::V1 => self.v1.as_ref(),
            Generation::V2 => self.v2.as_ref(),
        }
    }

    /// Sets what the target listed before our own traffic began.
    pub(super) fn begin(&mut self, listed: &[Place]) {
        let mut regions = Regions::new();
        for place in listed {
            let of_vendor = regions.entry(place.vendor.clone()).or_default();
            of_vendor.insert(place.region.clone());
        }
        self.before = Some(regions).filter(|regions| !regions.is_empty());
    }

    /// Takes in a list.
    pub(super) fn learn(
        &mut self,
        generation: Generation,
        body: &Value,
        findings: &mut Vec<Finding>,
    ) {
        let Some(regions) = regions(body) else { return };
        let other = match generation {
            Generation::V1 => &self.v2,
            Generation::V2 => &self.v1,
        };
        if let Some(other) = other
            && *other != regions
        {
            findings.push(Finding::new(
                (ClauseId::of("REG-8"), Level::Should),
                "/result/vendors",
                What::value("the regions that the other generation listed", "others"),
            ));
        }
        match generation {
            Generation::V1 => self.v1 = Some(regions),
            Generation::V2 => self.v2 = Some(regions),
        }
    }

    /// Checks an accepted pair of vendor and region against the list. A region of another vendor is a fault. In traffic of
    /// others, a region that no vendor has may be so new that it is not listed yet; in our own, it is invented.
    pub(super) fn accepted(
        &self,
        generation: Generation,
        (vendor, region): (&str, &str),
        findings: &mut Vec<Finding>,
    ) {
        let Some(regions) = self.before.as_ref().or(self.of(generation)) else {
            return;
        };
        let is = |known: &str, text: &str| known.eq_ignore_ascii_case(text);
        let has = |all: &BTreeSet<String>| all.iter().any(|known| is(known, region));
        let own = regions.iter().find(|(known, _)| is(known, vendor));
        let clause = match own {
            None if Contract::embedded()
                .vendors
                .iter()
                .any(|known| is(known, vendor)) =>
            {
                return;
            }
            None => ClauseId::of("REG-1"),
            Some((_, all)) if has(all) => return,
            Some(_) if regions.values().any(has) => ClauseId::of("REG-3"),
            Some(_) if self.before.is_some() => ClauseId::of("REG-2"),
            Some(_) => return,
        };
        findings.push(Finding::new(
            (clause, Level::Must),
            "/result",
            What::accepted(
                "a refusal, since supported_regions does not list it so",
                format!("{vendor} {region}"),
            ),
        ));
    }

    /// Checks a single write that was refused for its vendor or region against the list.
    pub(super) fn refused(
        &self,
        exchange: &Exchange,
        generation: Generation,
        sent: &RequestItem<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let (Some(ip), Some(vendor), Some(region)) = (sent.address, sent.vendor, sent.region)
        else {
            return;
        };
        let is_listed = self
            .of(generation)
            .and_then(|regions| regions.get(vendor))
            .is_some_and(|all| all.contains(region));
        let is_lawful = address::parse(ip).is_some_and(|ip| ip == ip.to_canonical())
            && exchange
                .request
                .address
                .as_deref()
                .is_none_or(|path| address::same(path, ip));
        let codes = exchange.response.codes();
        let is_of_place = |code: &i64| Contract::embedded().means(*code, Meaning::Place);
        let is_refused = !codes.is_empty() && codes.iter().all(is_of_place);
        if is_listed && is_lawful && is_refused {
            findings.push(Finding::new(
                (ClauseId::of("REG-5"), Level::Must),
                "/errors",
                What::answer(
                    format!("{vendor} {region} is accepted, since supported_regions lists it"),
                    Answered::of(exchange),
                ),
            ));
        }
    }
}

/// Returns the names in a list, in the letter case of the list.
fn regions(body: &Value) -> Option<Regions> {
    let vendors = body.pointer("/result/vendors")?.as_object()?;
    let names = |regions: &Value| {
        let regions = regions.as_array()?;
        let names = regions.iter().filter_map(|region| region.get("name"));
        Some(
            names
                .filter_map(|name| Some(name.as_str()?.to_owned()))
                .collect(),
        )
    };
    Some(
        vendors
            .iter()
            .filter_map(|(vendor, regions)| Some((vendor.clone(), names(regions)?)))
            .collect(),
    )
}
