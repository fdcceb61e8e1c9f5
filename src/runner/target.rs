//! The target: its URL, its capabilities, its regions, and the check that it is still there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;

use super::call::{altered, credentials};
use super::custody::{CustodyConfig, Seal};
use super::error::TargetError;
use super::halt::{Halt, HaltReason};
use super::regions::Regions;
use crate::case::Auth;
use crate::contract::Contract;
use crate::exchange::{Exchange, Generation, Headers, Kind, Operation, Redactor};
#[cfg(feature = "mock")]
use crate::mock::Access;
use crate::transport::{
    Client, Limits, Network, Outgoing, Pace, RequestLog, TransportError, TransportFault, asked_wait,
};

/// The maximum number of attempts for a request of the runner's own if the target asks for retries.
const ATTEMPTS: u32 = 6;

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

#[cfg(feature = "mock")]
impl From<Access> for Credentials {
    /// Returns all credentials that a mock accepts.
    fn from(access: Access) -> Self {
        Self {
            token: Some(access.token),
            email: Some(access.email),
            key: Some(access.key),
        }
    }
}

impl Credentials {
    /// Returns whether a request can be authorized.
    #[must_use]
    pub fn are_there(&self) -> bool {
        self.token.is_some() || (self.email.is_some() && self.key.is_some())
    }

    /// Returns a seal that only a holder of these credentials can make.
    pub(super) fn seal(&self, target: &str, zone: &str) -> Seal {
        let secrets = [&self.token, &self.email, &self.key]
            .map(|secret| secret.as_deref().unwrap_or_default());
        Seal::of(&secrets, target, zone)
    }

    /// Returns a redactor for these credentials.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        let own = [&self.token, &self.email, &self.key]
            .into_iter()
            .flatten()
            .cloned();
        // Texts that are nearly a secret must not be shown either.
        let near = [
            (&self.token, Auth::ShortenedToken),
            (&self.token, Auth::OtherCaseToken),
            (&self.key, Auth::ShortenedKey),
            (&self.key, Auth::OtherCaseKey),
        ]
        .into_iter()
        .filter_map(|(secret, auth)| Some(altered(secret.as_deref()?, auth)));
        Redactor::new(own.chain(near))
    }
}

/// The configuration for reaching a target.
#[derive(Debug, Clone, Default)]
pub struct TargetConfig {
    /// The URL below which the API's paths begin.
    pub base_url: String,
    /// The credentials.
    pub credentials: Credentials,
    /// The zones to work in; empty if the target offers fresh zones.
    pub zones: Vec<String>,
    /// The capabilities that the user named.
    pub capabilities: Vec<String>,
    /// The limits on each exchange.
    pub limits: Limits,
    /// The configuration of connections.
    pub network: Network,
    /// The budget of requests.
    pub pace: Pace,
    /// The permissions for the given zones.
    pub custody: CustodyConfig,
    /// The time for which reads are repeated until they show what was written. Zero means that they show it at once.
    pub settle: Duration,
    /// The time to wait at the beginning for a target that is out of reach. Zero means no waiting.
    pub wait: Duration,
    /// The log of the requests that are sent, if there is one.
    pub request_log: Option<RequestLog>,
}

/// The source of a capability, the most trustworthy first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CapabilitySource {
    /// The target's hook names it.
    Hook,
    /// Probing found it.
    Probing,
    /// The user named it.
    ByHand,
}

impl std::fmt::Display for CapabilitySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Hook => "named by the hook",
            Self::Probing => "found by probing",
            Self::ByHand => "named by hand",
        })
    }
}

/// A target that answered.
#[derive(Debug)]
pub struct Target {
    /// The base URL without a trailing slash.
    pub base_url: String,
    /// The credentials.
    pub(super) credentials: Credentials,
    /// The capabilities, each with its source.
    pub capabilities: BTreeMap<String, CapabilitySource>,
    pub(super) regions: Regions,
    pub(super) client: Client,
    /// The zones that the user named.
    pub(super) zones: Vec<String>,
    pub(super) custody: CustodyConfig,
    pub(super) settle: Duration,
    /// The redactor that hides the credentials in all output.
    pub redactor: Redactor,
    /// The halt signal of the run.
    pub(super) halt: Halt,
    /// The lock that allows only one check at a time of whether the target is still there.
    pub(super) looking: Mutex<()>,
    /// The zone for checking that the target is there, accepts the credentials and routes a generation.
    pub(super) probed_zone: String,
    /// The generations that were routed when the run began and no longer are.
    pub(super) switched_off: std::sync::Mutex<BTreeSet<Generation>>,
    /// Notes for the reader of a report.
    pub notes: Vec<String>,
}

impl Target {
    /// Returns whether the target has a capability.
    #[must_use]
    pub fn has(&self, capability: &str) -> bool {
        self.capabilities.contains_key(capability)
    }

    /// Returns the number of pairs of vendor and region that cases can use.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.regions.picked.len()
    }

    /// Returns whether there is a region that some vendor lacks, to be written under that vendor's name.
    #[must_use]
    pub fn has_foreign_pair(&self) -> bool {
        self.regions.foreign().is_some()
    }

    /// Sends a GET request of the runner's own, and retries it if the target asks for that.
    pub(super) async fn ask(
        &self,
        operation: Option<Operation>,
        path: &str,
    ) -> Result<Exchange, TargetError> {
        self.send(operation, "GET", path, None).await
    }

    /// Sends a request of the runner's own. A halted run still sends it, since zones must be restored then.
    pub(super) async fn send(
        &self,
        operation: Option<Operation>,
        method: &str,
        path: &str,
        json: Option<Value>,
    ) -> Result<Exchange, TargetError> {
        let outgoing = self.own_request(operation, method, path, json);
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.client.send(&outgoing).await {
                Ok(exchange) if is_patience_asked(&exchange) && attempt < ATTEMPTS => {
                    self.be_patient(&exchange, attempt);
                }
                Ok(exchange) => return Ok(exchange),
                // The runner's own requests are idempotent.
                Err(error) if error.fault == TransportFault::Broken && attempt < 3 => {}
                Err(source) => return Err(self.unreachable(source)),
            }
        }
    }

    pub(super) fn unreachable(&self, mut source: TransportError) -> TargetError {
        source.message = self.redactor.text(&source.message);
        TargetError::Unreachable {
            url: self.base_url.clone(),
            source,
        }
    }

    /// Adds the credentials of the target's user.
    pub(super) fn authorize(&self, headers: &mut Headers) {
        // Their presence was checked before the first request.
        let _ = credentials(&self.credentials, Auth::Token, headers);
    }

    /// Returns a request of the runner's own.
    pub(super) fn own_request(
        &self,
        operation: Option<Operation>,
        method: &str,
        path: &str,
        json: Option<Value>,
    ) -> Outgoing {
        let mut headers = Headers::default();
        self.authorize(&mut headers);
        headers.push("originproof-case", "probe");
        if json.is_some() {
            headers.push("content-type", "application/json");
        }
        Outgoing {
            operation,
            method: method.to_owned(),
            url: format!("{}{path}", self.base_url),
            headers,
            body: json.as_ref().map(|json| json.to_string().into()),
            json: json.map(Arc::new),
            ..Outgoing::default()
        }
    }

    /// Waits after an answer that asks for a retry, longer with each attempt. If the answer says how long to wait, the
    /// client obeys that by itself.
    pub(super) fn be_patient(&self, exchange: &Exchange, attempt: u32) {
        let response = &exchange.response;
        if asked_wait(response.status, &response.headers).is_none() {
            let wait = Duration::from_millis(100) * 2_u32.saturating_pow(attempt);
            self.client.pause(wait);
        }
    }

    /// Checks, after a failure or a suspicious answer, whether the target is still there and accepts the credentials.
    /// Halts the run if not.
    pub(super) async fn look_again(&self) {
        let _one_at_a_time = self.looking.lock().await;
        if self.halt.reason().is_some() {
            return;
        }
        // The check is retried like any request, since one 429 or a closed connection is not a reason to halt.
        let is_current = self.has("v2") && !self.is_switched_off(Generation::V2);
        let generation = if is_current {
            Generation::V2
        } else {
            Generation::V1
        };
        let Some(list) = Operation::of(generation, Kind::List) else {
            return;
        };
        let path = path_of(list, &self.probed_zone, "");
        let mut answer = self.send(None, "GET", &path, None).await;
        // The live edge sometimes refuses a fresh token for some seconds.
        for pause in super::contact::FRESH_TOKEN {
            let is_refused = answer.as_ref().is_ok_and(refuses_credentials);
            if !is_refused || self.halt.reason().is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
            answer = self.send(None, "GET", &path, None).await;
        }
        let reason = match answer {
            Err(TargetError::Unreachable { source, .. }) => match source.fault {
                TransportFault::Budget => HaltReason::Budget(source.message),
                _ => HaltReason::Unreachable(source.message),
            },
            Err(error) => HaltReason::Unreachable(error.to_string()),
            Ok(exchange) if is_patience_asked(&exchange) => {
                let status = exchange.response.status;
                HaltReason::NotServing(format!("it keeps answering {status}"))
            }
            Ok(exchange) => match self.check_credentials(&exchange) {
                Err(error) => HaltReason::Credentials(error.to_string()),
                Ok(()) => return,
            },
        };
        self.halt.set(reason);
    }

    /// Returns whether a request carries the credentials of the target's user.
    pub(super) fn are_own_credentials(&self, headers: &Headers) -> bool {
        let own = |auth| {
            let mut own = Headers::default();
            credentials(&self.credentials, auth, &mut own).is_ok()
                && own
                    .0
                    .iter()
                    .all(|(name, value)| headers.get(name) == Some(value.as_str()))
        };
        own(Auth::Token) || own(Auth::Key)
    }

    pub(super) fn check_credentials(&self, exchange: &Exchange) -> Result<(), TargetError> {
        let response = &exchange.response;
        if !refuses_credentials(exchange) {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&response.body);
        Err(TargetError::Refused {
            url: self.base_url.clone(),
            status: response.status,
            // Redact before cutting, since a part of a secret would not be recognised.
            said: self.redactor.text(&said).chars().take(300).collect(),
        })
    }
}

/// Returns whether an answer refuses the credentials, by its status or by the platform's codes.
pub(super) fn refuses_credentials(exchange: &Exchange) -> bool {
    let response = &exchange.response;
    let codes = response.codes();
    let says_so = codes
        .iter()
        .any(|code| Contract::embedded().platform.access.contains(code));
    response.status == 401 || (matches!(response.status, 400 | 403) && says_so)
}

/// Returns whether an answer asks for a retry: it is throttling, or an edge can't reach the target.
pub(super) fn is_patience_asked(exchange: &Exchange) -> bool {
    exchange.response.status == 429 || crate::contract::is_edge_failure(exchange)
}

/// Returns an unused zone id: 32 hex digits from the run's seed. Each further zone of a trial differs from the first in
/// one digit, at the end, at the start or in between. A target that compares only a part of the id confuses them.
pub(super) fn fresh_zone(seed: u64, trial: usize, zone: usize) -> String {
    let first = format!("{seed:016x}{:012x}0000", trial + 1);
    let place = match zone {
        0 => return first,
        1 => 31,
        2 => 0,
        3 => 14,
        further => 31_usize.saturating_sub(further),
    };
    let flipped = |digit: char| {
        digit
            .to_digit(16)
            .and_then(|value| char::from_digit(value ^ 8, 16))
    };
    first
        .char_indices()
        .map(|(index, digit)| {
            if index == place {
                flipped(digit).unwrap_or(digit)
            } else {
                digit
            }
        })
        .collect()
}

/// Returns the path of an operation below the base URL.
pub(super) fn path_of(operation: Operation, zone: &str, address: &str) -> String {
    operation
        .row()
        .path
        .replace("{zone_id}", &crate::transport::encode_segment(zone))
        .replace("{origin_ip}", address)
}
