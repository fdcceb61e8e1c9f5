//! The values of variables in one trial.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde_json::{Value, json};

use super::addresses::Addresses;
use super::mapping::Wanted;
use super::regions::Regions;
use crate::case::{Member, Scope, Unfilled, Variable, resolve};
use crate::contract::Place;
use crate::contract::address::meant;
use crate::zone::State;

fn lacks(what: impl Into<String>) -> Unfilled {
    Unfilled::TargetLacks(what.into())
}

fn case_fault(what: impl Into<String>) -> Unfilled {
    Unfilled::CaseFault(what.into())
}

/// The address of an item.
enum Address<'v> {
    /// As the case spells it.
    Named(&'v str),
    /// One of the trial's own.
    Chosen(IpAddr),
}

/// The variables of a trial.
#[derive(Debug)]
pub(super) struct Variables<'r> {
    pub(super) regions: &'r Regions,
    pub(super) named: BTreeMap<String, Value>,
    pub(super) current: Option<Place>,
    pub(super) chunk: Vec<Place>,
    /// The number of the current round of a repetition, from 0.
    pub(super) round: Option<usize>,
    pub(super) zones: HashMap<String, String>,
    pub(super) home: String,
    addresses: Addresses,
    fresh: u64,
}

impl<'r> Variables<'r> {
    /// Returns the variables of a trial that may use these `addresses`.
    pub(super) fn new(
        regions: &'r Regions,
        zones: HashMap<String, String>,
        home: String,
        addresses: Addresses,
    ) -> Self {
        Self {
            addresses,
            regions,
            named: BTreeMap::new(),
            current: None,
            chunk: Vec::new(),
            round: None,
            zones,
            home,
            fresh: 0,
        }
    }

    /// Returns the value with its templates filled in.
    pub(super) fn fill(&mut self, value: &Value) -> Result<Value, Unfilled> {
        resolve(value, self)
    }

    fn pair(&self, n: usize) -> Result<Place, Unfilled> {
        self.regions.picked.get(n).cloned().ok_or_else(|| {
            Unfilled::TargetLacks(format!(
                "the target lists {} usable regions, this needs {}",
                self.regions.picked.len(),
                n + 1
            ))
        })
    }

    /// Returns the place that `at` names.
    pub(super) fn place(&self, name: &str) -> Result<Place, Unfilled> {
        match name {
            "foreign" => self
                .regions
                .foreign()
                .ok_or_else(|| lacks("the target lists no region that another vendor lacks")),
            "sibling" => self
                .regions
                .sibling()
                .ok_or_else(|| lacks("the target lists one region of this vendor")),
            "unknown-vendor" => Ok(Place {
                vendor: self.unknown_vendor(),
                region: self.pair(0)?.region,
            }),
            "unknown-region" => Ok(Place {
                vendor: self.pair(0)?.vendor,
                region: self.unknown_region(),
            }),
            "current" => self
                .current
                .clone()
                .ok_or_else(|| case_fault("`current` is for `repeat`")),
            name => match name.strip_prefix("pair.").and_then(|n| n.parse().ok()) {
                Some(n) => self.pair(n),
                None => Err(case_fault(format!("there is no place `{name}`"))),
            },
        }
    }

    /// Returns a prefix of the region's name that is not itself a region.
    fn shortened(&self, place: &Place) -> String {
        let mut text = place.region.clone();
        loop {
            text.pop();
            if text.is_empty() {
                return "x".to_owned();
            }
            let is_region = |listed: &Place| listed.region.eq_ignore_ascii_case(&text);
            if !self.regions.all().any(is_region) {
                return text;
            }
        }
    }

    fn unknown_vendor(&self) -> String {
        let candidates = ["hetzner", "nowhere-cloud", "no-such-vendor"];
        let free = candidates
            .iter()
            .find(|name| !self.regions.lists_vendor(name));
        (*free.unwrap_or(&"no-such-vendor-at-all")).to_owned()
    }

    fn unknown_region(&self) -> String {
        let is_listed = |name: &str| {
            self.regions
                .all()
                .any(|place| place.region.eq_ignore_ascii_case(name))
        };
        let candidates = ["moon-base-1", "nowhere-central-9"];
        let free = candidates.iter().find(|name| !is_listed(name));
        (*free.unwrap_or(&"no-such-region-at-all")).to_owned()
    }

    /// Returns the vendor and region of an item, as far as it names them.
    fn item_place(&self, item: &Value) -> Result<(Option<String>, Option<String>), Unfilled> {
        let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
        if let Some(name) = item.get("at").and_then(Value::as_str) {
            let place = self.place(name)?;
            return Ok((
                Some(text("vendor").unwrap_or(place.vendor)),
                Some(text("region").unwrap_or(place.region)),
            ));
        }
        Ok((text("vendor"), text("region")))
    }

    /// Calls `each` with every mapping that a list of items names, with fillings expanded. `whole` gives the first pair to
    /// items without a place.
    fn expand(
        &self,
        items: &Value,
        whole: bool,
        mut each: impl FnMut(Address<'_>, Option<String>, Option<String>) -> Result<(), Unfilled>,
    ) -> Result<(), Unfilled> {
        for item in items.as_array().into_iter().flatten() {
            let (mut vendor, mut region) = self.item_place(item)?;
            if whole && vendor.is_none() && region.is_none() {
                let first = self.pair(0)?;
                (vendor, region) = (Some(first.vendor), Some(first.region));
            }
            if item.get("chunk").is_some() {
                for (n, place) in self.chunk.iter().enumerate() {
                    let place = place.clone();
                    let ip = Address::Chosen(self.addresses.filler(n));
                    each(ip, Some(place.vendor), Some(place.region))?;
                }
                continue;
            }
            let number = |name: &str| match item.get(name) {
                None => Ok(None),
                Some(value) => value.as_u64().map(Some).ok_or_else(|| {
                    case_fault(format!("`{name}` expects a number, found `{value}`"))
                }),
            };
            if let Some(count) = number("fill")? {
                let from = number("from")?.unwrap_or(0);
                for n in from..from + count {
                    let ip = self.addresses.filler(usize::try_from(n).unwrap_or(0));
                    each(Address::Chosen(ip), vendor.clone(), region.clone())?;
                }
            } else {
                let ip = item.get("ip").and_then(Value::as_str);
                each(Address::Named(ip.unwrap_or_default()), vendor, region)?;
            }
        }
        Ok(())
    }

    /// Returns a list of items with fillings expanded. `whole` gives the first pair to items without a place.
    pub(super) fn items(&self, items: &Value, whole: bool) -> Result<Vec<Wanted>, Unfilled> {
        let mut wanted = Vec::new();
        self.expand(items, whole, |address, vendor, region| {
            let ip = match address {
                Address::Named(text) => text.to_owned(),
                Address::Chosen(ip) => ip.to_string(),
            };
            wanted.push(Wanted { ip, vendor, region });
            Ok(())
        })?;
        Ok(wanted)
    }

    /// Returns a list of items as a state. The spelling of addresses does not matter.
    pub(super) fn state(&self, items: &Value) -> Result<State, Unfilled> {
        let mut mappings = Vec::new();
        self.expand(items, true, |address, vendor, region| {
            let ip = match address {
                Address::Named(text) => meant(text)
                    .ok_or_else(|| case_fault(format!("`{text}` is not an address to hold")))?,
                Address::Chosen(ip) => ip.to_canonical(),
            };
            let place = Place {
                vendor: vendor.unwrap_or_default(),
                region: region.unwrap_or_default(),
            };
            mappings.push((ip, place));
            Ok(())
        })?;
        Ok(mappings.into_iter().collect())
    }
}

impl Scope for Variables<'_> {
    fn value(&mut self, name: &str) -> Result<Value, Unfilled> {
        if let Some(value) = self.named.get(name) {
            return Ok(value.clone());
        }
        let half = |place: Place, member: Member| match member {
            Member::Vendor => json!(place.vendor),
            Member::Region => json!(place.region),
        };
        match Variable::read(name) {
            Some(Variable::V4(n)) => Ok(json!(self.addresses.v4(n).to_string())),
            Some(Variable::V6(n, spelling)) => Ok(json!(spelling.write(self.addresses.v6(n)))),
            Some(Variable::Fill(n)) => Ok(json!(self.addresses.filler(n).to_string())),
            Some(Variable::Fresh) => {
                self.fresh += 1;
                Ok(json!(self.addresses.fresh(self.fresh).to_string()))
            }
            Some(Variable::Pair(n, member)) => Ok(half(self.pair(n)?, member)),
            Some(Variable::PairUpper(n, member)) => {
                let text = half(self.pair(n)?, member);
                Ok(json!(text.as_str().unwrap_or_default().to_uppercase()))
            }
            Some(Variable::PairShortened(n)) => Ok(json!(self.shortened(&self.pair(n)?))),
            Some(Variable::Unlisted(word)) if self.regions.lists_vendor(&word) => {
                Err(lacks(format!("the target lists a vendor called {word}")))
            }
            Some(Variable::Unlisted(word)) => Ok(json!(word)),
            Some(Variable::Unknown(Member::Vendor)) => Ok(json!(self.unknown_vendor())),
            Some(Variable::Unknown(Member::Region)) => Ok(json!(self.unknown_region())),
            Some(Variable::Foreign(member)) => Ok(half(self.place("foreign")?, member)),
            Some(Variable::Current(member)) => Ok(half(self.place("current")?, member)),
            Some(Variable::Round(step)) => self
                .round
                .and_then(|round| round.checked_mul(step))
                .map(|number| json!(number))
                .ok_or_else(|| case_fault(format!("`{name}` has no number here"))),
            Some(Variable::Zone) => Ok(json!(self.zones.get(&self.home))),
            None => Err(case_fault(format!("`{name}` has no value here"))),
        }
    }
}
