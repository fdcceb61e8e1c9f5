//! Turns settings into the configuration of a target.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use super::row::SETTINGS;
use super::values::{SettingError, Values};
use crate::contract::Contract;
use crate::diagnostic::did_you_mean;
use crate::exchange::check_base_url;
use crate::input::{self, LONGEST_TEXT};
use crate::runner::custody::{CustodyConfig, Permit};
use crate::runner::{Credentials, TargetConfig};
use crate::transport::{Limits, Network, Pace, Proxies, ProxyFor, Rate};

impl Values {
    /// Returns the configuration of the target at a URL. Journals are kept in `folder`, unless a setting names another
    /// folder. Locks are always kept in `folder`.
    ///
    /// # Errors
    /// Fails if a setting is faulty.
    pub fn target(&self, url: &str, folder: PathBuf) -> Result<TargetConfig, SettingError> {
        check_base_url(url)
            .map_err(|fault| SettingError(format!("the target can't be used: {fault}")))?;
        if let Some(key) = self.unknown.first() {
            let keys = SETTINGS.iter().map(|setting| setting.key);
            let hint = did_you_mean(key, keys)
                .map(|hint| format!(": {hint}"))
                .unwrap_or_default();
            return Err(SettingError(format!("there is no setting `{key}`{hint}")));
        }
        check_capabilities(self.list("capabilities"))?;
        let text = |key: &str| self.text(key).map(str::to_owned);
        let body = self.number("body-limit")?.unwrap_or(u64::MAX);
        Ok(TargetConfig {
            base_url: url.to_owned(),
            credentials: Credentials {
                token: text("token"),
                email: text("email"),
                key: text("key"),
            },
            zones: self.list("zones").to_vec(),
            capabilities: self.list("capabilities").to_vec(),
            limits: Limits {
                connect: self.duration("connect-timeout")?,
                first_byte: self.duration("first-byte-timeout")?,
                exchange: self.duration("timeout")?,
                body: usize::try_from(body).unwrap_or(usize::MAX),
            },
            network: network(self)?,
            pace: Pace {
                rates: rates(self)?,
                max_requests: self.number("max-requests")?,
                longest_wait: self.duration("longest-wait")?,
            },
            custody: CustodyConfig {
                state_dir: self
                    .text("state-dir")
                    .map_or_else(|| folder.clone(), PathBuf::from),
                lock_dir: folder,
                permit: match (self.flag("allow-existing")?, self.flag("allow-empty-zone")?) {
                    (_, true) => Permit::TakeAway,
                    (true, false) => Permit::WorkAround,
                    (false, false) => Permit::EmptyOnly,
                },
                dry_run: false,
                wait_for_lock: false,
                patience: self.duration("patience")?,
            },
            settle: self.duration("settle")?,
            wait: self.duration("wait")?,
            request_log: None,
        })
    }
}

fn network(values: &Values) -> Result<Network, SettingError> {
    let mut ca_certificates = Vec::new();
    for path in values.list("ca-cert") {
        let pem = input::read(Path::new(path), LONGEST_TEXT).map_err(|error| {
            SettingError(format!("can't read the certificates {path}: {error}"))
        })?;
        ca_certificates.push(pem);
    }
    let resolve = values.parsed(
        "resolve",
        "HOST:ADDR, such as api.example.com:127.0.0.1",
        |text| {
            let (host, address) = text.split_once(':')?;
            // Port 0 stands for the port of the URL.
            let with_port = address.parse::<SocketAddr>().ok();
            let address =
                with_port.or_else(|| Some((address.parse::<IpAddr>().ok()?, 0).into()))?;
            Some((host.to_owned(), address))
        },
    )?;
    Ok(Network {
        ca_certificates,
        insecure: values.flag("insecure")?,
        resolve,
        http2: values.flag("http2")?,
        proxies: values.proxies()?,
    })
}

impl Values {
    /// Returns the proxies, also for requests that do not go to a target.
    ///
    /// # Errors
    /// Fails if a value is not a valid proxy.
    pub fn proxies(&self) -> Result<Proxies, SettingError> {
        let mut proxies = Proxies::default();
        let rows = [
            ("proxy", ProxyFor::Any),
            ("http-proxy", ProxyFor::Scheme("http")),
            ("https-proxy", ProxyFor::Scheme("https")),
            ("all-proxy", ProxyFor::Rest),
        ];
        for (key, kind) in rows {
            if let Some(text) = self.text(key).filter(|text| !text.is_empty()) {
                let origin = self.origin(key);
                proxies.add(kind, text, origin).map_err(SettingError)?;
            }
        }
        proxies.leave_out(self.list("no-proxy").iter().cloned());
        Ok(proxies)
    }
}

/// Returns the rates that are set; `None` leaves the choice to the target.
fn rates(values: &Values) -> Result<Option<Vec<Rate>>, SettingError> {
    let given = values.list("rate");
    if given.is_empty() {
        return Ok(None);
    }
    if given.iter().all(|rate| rate == "none") {
        return Ok(Some(Vec::new()));
    }
    let rates = values.parsed(
        "rate",
        "requests per time, such as 1200/5m, or none",
        |text| text.parse().ok(),
    )?;
    Ok(Some(rates))
}

fn check_capabilities(given: &[String]) -> Result<(), SettingError> {
    let known = || {
        Contract::embedded()
            .capabilities
            .iter()
            .map(|capability| capability.name.as_str())
    };
    for given in given {
        if !known().any(|name| name == given) {
            let hint = did_you_mean(given, known())
                .map(|hint| format!(" ({hint})"))
                .unwrap_or_default();
            let names: Vec<&str> = known().collect();
            return Err(SettingError(format!(
                "there is no capability `{given}`{hint}; known: {}",
                names.join(", ")
            )));
        }
    }
    Ok(())
}
