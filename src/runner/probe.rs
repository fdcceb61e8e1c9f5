//! Probes what a target can do: its hook, the generations that it routes and its regions.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::sync::Mutex;

use super::addresses::Addresses;
use super::error::TargetError;
use super::halt::Halt;
use super::regions::Regions;
use super::target::{
    CapabilitySource, Target, TargetConfig, fresh_zone, is_patience_asked, path_of,
};
use crate::contract::Contract;
use crate::exchange::{Exchange, Generation, Kind, Operation};
use crate::transport::{Client, Pace, TransportFault};

impl Target {
    /// Finds out what the target can do: from the hook, from probing, and from what the user named.
    ///
    /// # Errors
    /// Returns any [`TargetError`]. The first request decides whether the target is within reach.
    pub(super) async fn probe_once(config: TargetConfig, seed: u64) -> Result<Self, TargetError> {
        let named = config.capabilities.clone();
        let mut target = Self::unprobed(config)?;
        target.find_out(&named, seed).await?;
        Ok(target)
    }

    /// Returns a target to which no request was sent yet.
    ///
    /// # Errors
    /// Returns [`TargetError::Url`], [`TargetError::NoCredentials`], [`TargetError::ZoneTwice`], or
    /// [`TargetError::Unreachable`] if the client can't be set up.
    pub(super) fn unprobed(config: TargetConfig) -> Result<Self, TargetError> {
        let base_url = config.base_url.trim_end_matches('/').to_owned();
        let is_url = ["http://", "https://"].iter().any(|scheme| {
            base_url
                .strip_prefix(scheme)
                .is_some_and(|rest| !rest.is_empty() && !rest.contains(' '))
        });
        if !is_url {
            return Err(TargetError::Url(config.base_url));
        }
        if !config.credentials.are_there() {
            return Err(TargetError::NoCredentials(base_url));
        }
        if let Some(zone) = repeated(&config.zones) {
            return Err(TargetError::ZoneTwice(zone.clone()));
        }
        let pace = Pace {
            rates: Some(config.pace.rates_for(&config.base_url)),
            ..config.pace.clone()
        };
        let client = Client::new(config.limits, &config.network, &pace).map_err(|source| {
            TargetError::Unreachable {
                url: base_url.clone(),
                source,
            }
        })?;
        let client = client.with_log(config.request_log);
        let redactor = config.credentials.redactor();
        Ok(Self {
            base_url,
            credentials: config.credentials,
            capabilities: BTreeMap::new(),
            regions: Regions::fallback(),
            client,
            zones: config.zones,
            custody: config.custody,
            settle: config.settle,
            redactor,
            halt: Halt::default(),
            looking: Mutex::default(),
            probed_zone: String::new(),
            switched_off: std::sync::Mutex::default(),
            notes: Vec::new(),
        })
    }

    /// Asks the target what it can do. `named` are the capabilities that the user named.
    async fn find_out(&mut self, named: &[String], seed: u64) -> Result<(), TargetError> {
        self.hook().await?;
        self.by_hand(named, &["v1", "v2", "tiered-cache"]);
        if self.zones.is_empty() && !self.has("fresh-zones") {
            return Err(TargetError::NoZone {
                guess: self.guess_about_zones(seed).await,
            });
        }
        let first = self.zones.first().cloned();
        let zone = first.unwrap_or_else(|| fresh_zone(seed, 0, 0));
        self.probed_zone.clone_from(&zone);
        self.routes().await?;
        self.catalogue(&zone).await?;
        // A run that only reads does not try the regions.
        if self.zones.is_empty() && self.custody.writes() {
            self.try_regions(&fresh_zone(seed, 0, 1)).await?;
        }
        self.contradictions(named);
        let both = &self.credentials;
        if !(both.token.is_some() && both.email.is_some() && both.key.is_some()) {
            self.capabilities.remove("both-credentials");
        }
        Ok(())
    }

    /// Returns advice for the user. If the target lists a zone that nobody made, its zones probably begin empty.
    async fn guess_about_zones(&self, seed: u64) -> &'static str {
        let lists = Operation::all().filter(|operation| operation.kind() == Kind::List);
        for list in lists {
            let path = path_of(list, &fresh_zone(seed, 0, 0), "");
            let answer = self.ask(Some(list), &path).await;
            if answer.is_ok_and(|exchange| exchange.response.is_success()) {
                return "--capability fresh-zones seems right: it lists a zone that nobody made";
            }
        }
        "--zone seems right: it does not know a zone that nobody made"
    }

    /// Accepts the capabilities that the user named and that can't be probed.
    fn by_hand(&mut self, named: &[String], askable: &[&str]) {
        for name in named
            .iter()
            .filter(|name| !askable.contains(&name.as_str()))
        {
            self.capabilities
                .entry(name.clone())
                .or_insert(CapabilitySource::ByHand);
        }
    }

    /// Notes the capabilities that the user named but probing did not find. Probing is trusted more.
    fn contradictions(&mut self, named: &[String]) {
        for name in named {
            if !self.has(name) {
                self.notes.push(format!(
                    "{name} was named by hand, but the target does not answer so"
                ));
            }
        }
    }

    async fn hook(&mut self) -> Result<(), TargetError> {
        let exchange = match self.ask(None, "/__conformance").await {
            Err(TargetError::Unreachable { source, .. })
                if source.fault == TransportFault::Redirect =>
            {
                return Ok(());
            }
            answer => answer?,
        };
        let named = exchange
            .response
            .pointer("/capabilities")
            .and_then(Value::as_array);
        // Without a hook, the user must name a zone. Before that is demanded, the target must serve and accept the
        // credentials.
        if self.zones.is_empty() {
            self.check_serving(&exchange)?;
            self.check_credentials(&exchange)?;
        }
        if exchange.response.status == 200
            && let Some(named) = named
        {
            let known = &Contract::embedded().capabilities;
            for name in named.iter().filter_map(Value::as_str) {
                if known.iter().any(|capability| capability.name == name) {
                    self.capabilities
                        .insert(name.to_owned(), CapabilitySource::Hook);
                }
            }
        }
        Ok(())
    }

    /// Returns an error if an answer still asks for a retry after all attempts. Such an answer proves nothing about the
    /// target.
    pub(super) fn check_serving(&self, exchange: &Exchange) -> Result<(), TargetError> {
        if !is_patience_asked(exchange) {
            return Ok(());
        }
        Err(TargetError::NotServing {
            url: self.base_url.clone(),
            status: exchange.response.status,
        })
    }

    /// Finds out which generations are routed. The hook is trusted if it names a generation.
    async fn routes(&mut self) -> Result<(), TargetError> {
        let mut last_status = 0;
        for generation in [Generation::V2, Generation::V1] {
            let routing = self.routing(generation).await?;
            last_status = routing.list_status.unwrap_or(last_status);
            if routing.is_routed || self.has(generation.id()) {
                self.found(generation.id());
            } else {
                self.notes
                    .push(format!("{generation:?} is not routed by this target"));
            }
        }
        if self.has("v1") || self.has("v2") {
            Ok(())
        } else {
            Err(TargetError::NotRouted {
                url: self.base_url.clone(),
                status: last_status,
            })
        }
    }

    /// Notes a capability that probing showed.
    fn found(&mut self, name: &str) {
        let entry = self.capabilities.entry(name.to_owned());
        entry.or_insert(CapabilitySource::Probing);
    }

    async fn catalogue(&mut self, zone: &str) -> Result<(), TargetError> {
        let mut found: Option<Regions> = None;
        let mut is_answered = false;
        for generation in [Generation::V2, Generation::V1] {
            if !self.has(generation.id()) {
                continue;
            }
            let Some(operation) = Operation::of(generation, Kind::SupportedRegions) else {
                continue;
            };
            let exchange = self
                .ask(Some(operation), &path_of(operation, zone, ""))
                .await?;
            let response = &exchange.response;
            // A 5xx is a fault that cases must judge, not a missing feature.
            if response.is_success() || response.status >= 500 {
                self.found("tiered-cache");
            }
            let result = response
                .pointer("/result")
                .filter(|_| response.is_success());
            let vendors = result.and_then(|result| result.get("vendors"));
            is_answered |= response.status == 200 && vendors.is_some_and(Value::is_object);
            let regions = result.and_then(|result| Regions::read(generation, result));
            found = match (found, regions) {
                (Some(found), Some(more)) => Some(found.and(more)),
                (found, more) => found.or(more),
            };
        }
        if let Some(found) = found {
            self.regions = found;
            return Ok(());
        }
        if is_answered {
            self.regions.none_is_listed();
        }
        let why = if is_answered {
            "lists no region"
        } else {
            "is out of reach"
        };
        self.notes.push(format!(
            "supported_regions {why}: the regions of the vendor's own examples are used"
        ));
        Ok(())
    }

    /// Writes one mapping for each of the first regions to a zone that no case uses. This finds regions that are listed
    /// but not accepted.
    async fn try_regions(&mut self, zone: &str) -> Result<(), TargetError> {
        let generation = if self.has("v2") {
            Generation::V2
        } else {
            Generation::V1
        };
        let Some(operation) = Operation::of(generation, Kind::BatchUpsert) else {
            return Ok(());
        };
        let candidates: Vec<_> = self
            .regions
            .picked
            .iter()
            .take(Contract::embedded().limits.batch)
            .cloned()
            .collect();
        let addresses = Addresses::around(&std::collections::BTreeSet::new(), 0);
        let items: Vec<Value> = candidates
            .iter()
            .enumerate()
            .map(|(n, place)| {
                let wanted = super::mapping::Wanted {
                    ip: addresses.filler(n).to_string(),
                    vendor: Some(place.vendor.clone()),
                    region: Some(place.region.clone()),
                };
                super::call::batch_item(generation, &wanted)
            })
            .collect();
        let method = &operation.row().method;
        let path = path_of(operation, zone, "");
        let exchange = self
            .send(Some(operation), method, &path, Some(Value::Array(items)))
            .await?;
        let answer = crate::contract::Answer::of(&exchange);
        let Some(answer) = answer.filter(|_| exchange.response.status == 200) else {
            return Ok(());
        };
        let is_any = self.regions.keep_accepted(|place| {
            answer.succeeded.iter().any(|item| {
                item.vendor == Some(place.vendor.as_str())
                    && item.region == Some(place.region.as_str())
            })
        });
        if !is_any {
            self.notes
                .push("no region is known that the target accepts".to_owned());
        }
        Ok(())
    }
}

fn repeated(zones: &[String]) -> Option<&String> {
    zones
        .iter()
        .enumerate()
        .find(|(index, zone)| {
            let before = zones[..*index].iter();
            before
                .into_iter()
                .any(|other| other.eq_ignore_ascii_case(zone))
        })
        .map(|(_, zone)| zone)
}
