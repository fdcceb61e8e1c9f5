//! The target: where it is, what it can do, which regions it has.

use std::collections::BTreeSet;

use serde_json::Value;

use super::call::{altered, credentials};
use super::regions::Regions;
use crate::case::Auth;
use crate::contract::Contract;
use crate::exchange::{Exchange, Generation, Headers, Kind, Operation, Redactor};
use crate::transport::{Client, Limits, Outgoing, RequestLog, TransportError};

/// Credentials of the target's user.
#[derive(Clone, Default)]
pub struct Credentials {
    /// An API token.
    pub token: Option<String>,
    /// An e-mail address, for use with the key.
    pub email: Option<String>,
    /// An API key.
    pub key: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(***)")
    }
}

impl Credentials {
    /// Whether a request can be authorized.
    #[must_use]
    pub fn are_there(&self) -> bool {
        self.token.is_some() || (self.email.is_some() && self.key.is_some())
    }

    /// The redactor that knows them.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        let own = [&self.token, &self.email, &self.key]
            .into_iter()
            .flatten()
            .cloned();
        // What is nearly the token must not be shown either.
        let near = [Auth::ShortenedToken, Auth::OtherCaseToken].map(|auth| {
            self.token
                .as_deref()
                .map_or_else(String::new, |token| altered(token, auth))
        });
        Redactor::new(own.chain(near))
    }
}

/// How to reach a target.
#[derive(Debug, Clone, Default)]
pub struct TargetConfig {
    /// The URL below which the API's paths begin.
    pub base_url: String,
    /// Credentials.
    pub credentials: Credentials,
    /// Zones to work in; empty if the target offers fresh zones.
    pub zones: Vec<String>,
    /// Capabilities named by hand.
    pub capabilities: Vec<String>,
    /// Limits on each exchange.
    pub limits: Limits,
    /// Where to note the requests that are sent, if anywhere.
    pub request_log: Option<RequestLog>,
}

/// Why a target can't be tested.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The URL is none.
    #[error("`{0}` is no URL of a target: write it whole, such as http://127.0.0.1:8080/client/v4")]
    Url(String),
    /// There are no credentials.
    #[error(
        "there are no credentials for {0}: set CLOUDFLARE_API_TOKEN, or CLOUDFLARE_EMAIL with CLOUDFLARE_API_KEY"
    )]
    NoCredentials(String),
    /// The target did not answer the first request.
    #[error("the target at {url} is out of reach: {source}")]
    Unreachable {
        /// Where.
        url: String,
        /// How it failed.
        source: TransportError,
    },
    /// The target refuses the credentials.
    #[error("the target at {url} refuses the credentials (status {status}): {said}")]
    Refused {
        /// Where.
        url: String,
        /// Its status.
        status: u16,
        /// The start of its answer.
        said: String,
    },
    /// No zone to work in.
    #[error(
        "the target offers no fresh zones, so it needs a zone to work in: give an empty one with --zone ID (or CLOUDFLARE_ZONE_ID)"
    )]
    NoZone,
    /// The given zone holds mappings.
    #[error(
        "zone {zone} holds {count} mapping(s): originproof only works in an empty zone; give one, or empty it"
    )]
    ZoneInUse {
        /// Which.
        zone: String,
        /// How many, at least.
        count: usize,
    },
    /// Neither generation is routed.
    #[error(
        "the target at {url} routes neither v1 nor v2 of the API (status {status}): is the base URL right?"
    )]
    NotRouted {
        /// Where.
        url: String,
        /// The status of `v2.list`.
        status: u16,
    },
}

/// A target that answered.
#[derive(Debug)]
pub struct Target {
    /// The base URL without a slash at its end.
    pub base_url: String,
    /// Credentials.
    pub(super) credentials: Credentials,
    /// What it can do.
    pub capabilities: BTreeSet<String>,
    pub(super) regions: Regions,
    pub(super) client: Client,
    /// Zones given by hand.
    pub(super) zones: Vec<String>,
    pub(super) redactor: Redactor,
    /// What a reader should know.
    pub notes: Vec<String>,
}

impl Target {
    /// Finds out what the target can do: the hook first, then probing, then what was named by hand.
    ///
    /// # Errors
    /// Any [`TargetError`]; the first request decides whether it is within reach.
    pub async fn probe(config: TargetConfig, seed: u64) -> Result<Self, TargetError> {
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
        let client = Client::new(config.limits).map_err(|source| TargetError::Unreachable {
            url: base_url.clone(),
            source,
        })?;
        let client = client.with_log(config.request_log);
        let redactor = config.credentials.redactor();
        let mut target = Self {
            base_url,
            credentials: config.credentials,
            capabilities: config.capabilities.into_iter().collect(),
            regions: Regions::fallback(),
            client,
            zones: config.zones,
            redactor,
            notes: Vec::new(),
        };
        target.hook().await?;
        if target.zones.is_empty() && !target.has("fresh-zones") {
            return Err(TargetError::NoZone);
        }
        let zone = target
            .zones
            .first()
            .cloned()
            .unwrap_or_else(|| fresh_zone(seed, 0, 0));
        target.routes(&zone).await?;
        target.catalogue(&zone).await?;
        if target.zones.is_empty() {
            target.try_regions(&fresh_zone(seed, 0, 1)).await?;
        }
        let both = &target.credentials;
        if !(both.token.is_some() && both.email.is_some() && both.key.is_some()) {
            target.capabilities.remove("both-credentials");
        }
        Ok(target)
    }

    /// Whether it has a capability.
    #[must_use]
    pub fn has(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    async fn ask(&self, operation: Option<Operation>, path: &str) -> Result<Exchange, TargetError> {
        self.send(operation, "GET", path, None).await
    }

    async fn send(
        &self,
        operation: Option<Operation>,
        method: &str,
        path: &str,
        json: Option<Value>,
    ) -> Result<Exchange, TargetError> {
        let mut headers = Headers::default();
        // Their presence was checked before the first request.
        let _ = credentials(&self.credentials, Auth::Token, &mut headers);
        headers.push("originproof-case", "probe");
        if json.is_some() {
            headers.push("content-type", "application/json");
        }
        let outgoing = Outgoing {
            operation,
            method: method.to_owned(),
            url: format!("{}{path}", self.base_url),
            headers,
            body: json.as_ref().map(|json| json.to_string().into()),
            json,
            address: None,
            query: Vec::new(),
        };
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.client.send(&outgoing).await {
                Ok(exchange) if exchange.response.status == 429 && attempt < 6 => {
                    super::execute::wait_for(&exchange, attempt).await;
                }
                Ok(exchange) => return Ok(exchange),
                Err(source) => {
                    return Err(TargetError::Unreachable {
                        url: self.base_url.clone(),
                        source,
                    });
                }
            }
        }
    }

    /// The first page of a zone's list.
    pub(super) async fn list(
        &self,
        operation: Operation,
        zone: &str,
    ) -> Result<Exchange, TargetError> {
        self.ask(Some(operation), &path_of(operation, zone, ""))
            .await
    }

    async fn hook(&mut self) -> Result<(), TargetError> {
        let exchange = self.ask(None, "/__conformance").await?;
        let named = exchange
            .response
            .pointer("/capabilities")
            .and_then(Value::as_array);
        if exchange.response.status == 200
            && let Some(named) = named
        {
            let known = &Contract::embedded().capabilities;
            for name in named.iter().filter_map(Value::as_str) {
                if known.iter().any(|capability| capability.name == name) {
                    self.capabilities.insert(name.to_owned());
                }
            }
        }
        Ok(())
    }

    /// Which generations are routed. A generation that the hook names is taken at its word.
    async fn routes(&mut self, zone: &str) -> Result<(), TargetError> {
        let mut last_status = 0;
        for generation in [Generation::V2, Generation::V1] {
            let mut is_routed = self.has(generation.id());
            for kind in [Kind::List, Kind::Get, Kind::SupportedRegions] {
                let Some(operation) = Operation::of(generation, kind) else {
                    continue;
                };
                let path = path_of(operation, zone, "192.0.2.250");
                let exchange = self.ask(Some(operation), &path).await?;
                if kind == Kind::List {
                    last_status = exchange.response.status;
                    self.check_credentials(&exchange)?;
                }
                is_routed = is_routed || looks_routed(&exchange);
                if is_routed {
                    break;
                }
            }
            if is_routed {
                self.capabilities.insert(generation.id().to_owned());
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

    fn check_credentials(&self, exchange: &Exchange) -> Result<(), TargetError> {
        let response = &exchange.response;
        let says_so = response
            .codes()
            .iter()
            .any(|code| [10_000, 9106, 9109, 6003].contains(code));
        let is_refused =
            response.status == 401 || (matches!(response.status, 400 | 403) && says_so);
        if !is_refused {
            return Ok(());
        }
        let said = String::from_utf8_lossy(response.body.get(..300).unwrap_or(&response.body));
        Err(TargetError::Refused {
            url: self.base_url.clone(),
            status: response.status,
            said: self.redactor.text(&said),
        })
    }

    async fn catalogue(&mut self, zone: &str) -> Result<(), TargetError> {
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
            // A 5xx is a fault to be judged, not a missing feature.
            if response.is_success() || response.status >= 500 {
                self.capabilities.insert("tiered-cache".to_owned());
            }
            if let Some(regions) = response.pointer("/result/vendors").and_then(Regions::read) {
                self.regions = regions;
                return Ok(());
            }
        }
        self.notes.push(
            "supported_regions is out of reach: the regions of the vendor's own examples are used"
                .to_owned(),
        );
        Ok(())
    }

    /// Writes one mapping for each of the first regions into a zone that no case uses, to find those
    /// that are listed and not accepted.
    async fn try_regions(&mut self, zone: &str) -> Result<(), TargetError> {
        let (generation, kind) = if self.has("v2") {
            (Generation::V2, Kind::BatchUpsert)
        } else {
            (Generation::V1, Kind::BatchUpsert)
        };
        let Some(operation) = Operation::of(generation, kind) else {
            return Ok(());
        };
        let candidates: Vec<_> = self.regions.picked.iter().take(100).cloned().collect();
        let items: Vec<Value> = candidates
            .iter()
            .enumerate()
            .map(|(n, place)| {
                let wanted = super::mapping::Wanted {
                    ip: super::scope::filler(n).to_string(),
                    vendor: Some(place.vendor.clone()),
                    region: Some(place.region.clone()),
                };
                super::call::batch_item(generation, &wanted)
            })
            .collect();
        let method = &Contract::embedded().operation(operation).method;
        let path = path_of(operation, zone, "");
        let exchange = self
            .send(Some(operation), method, &path, Some(Value::Array(items)))
            .await?;
        let Some(body) = exchange
            .response
            .value()
            .filter(|_| exchange.response.status == 200)
        else {
            return Ok(());
        };
        let answer = crate::contract::Answer::read(operation, body);
        self.regions.keep_accepted(|place| {
            answer.succeeded.iter().any(|item| {
                item.vendor == Some(place.vendor.as_str())
                    && item.region == Some(place.region.as_str())
            })
        });
        Ok(())
    }
}

/// A zone id that nobody has used: 32 hex digits from the run's seed.
pub(super) fn fresh_zone(seed: u64, trial: usize, zone: usize) -> String {
    format!("{seed:016x}{:012x}{zone:04x}", trial + 1)
}

fn path_of(operation: Operation, zone: &str, address: &str) -> String {
    Contract::embedded()
        .operation(operation)
        .path
        .replace("{zone_id}", &crate::transport::encode_segment(zone))
        .replace("{origin_ip}", address)
}

/// Whether an answer comes from the operation and not from a router that has no such path.
fn looks_routed(exchange: &Exchange) -> bool {
    let response = &exchange.response;
    if response.is_success() || response.status >= 500 || response.status == 429 {
        return true;
    }
    let documented = Contract::embedded().codes.iter().map(|row| row.code);
    let codes = response.codes();
    documented.into_iter().any(|code| codes.contains(&code))
}
