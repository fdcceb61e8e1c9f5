//! The first contact with a target: faults that are tolerated at first, and hints that errors give to new users.

use std::time::{Duration, Instant};

use super::error::TargetError;
use super::target::{Target, TargetConfig};
use crate::transport::TransportFault;

/// The path prefix of the vendor's API, which most emulators keep.
const PREFIX: &str = "/client/v4";
/// The pauses before a target is asked again after a 403, in milliseconds. A new token is not known everywhere at once.
pub(super) const FRESH_TOKEN: [u64; 3] = [500, 1_000, 2_000];
/// The pause between attempts while a server starts.
const STARTING: Duration = Duration::from_millis(200);

impl Target {
    /// Finds out what the target can do. It waits for a starting server as long as the configuration allows, and
    /// repeats requests that are answered with 403. If the API is not below the base URL, it tries `/client/v4` below
    /// it.
    ///
    /// # Errors
    /// Returns any [`TargetError`].
    pub async fn probe(config: TargetConfig, seed: u64) -> Result<Self, TargetError> {
        let mut refused = FRESH_TOKEN.iter();
        let begun = Instant::now();
        let mut note = None;
        loop {
            let error = match Self::probe_once(config.clone(), seed).await {
                Ok(mut target) => {
                    target.notes.extend(note);
                    return Ok(target);
                }
                Err(error) => error,
            };
            let pause = match &error {
                TargetError::Unreachable { source, .. }
                    if source.fault != TransportFault::Budget && begun.elapsed() < config.wait =>
                {
                    STARTING
                }
                TargetError::Refused { status: 403, .. } => match refused.next() {
                    Some(pause) => {
                        note = Some("the target refused the credentials with 403 at first: a fresh token takes a moment".to_owned());
                        Duration::from_millis(*pause)
                    }
                    None => return Err(error),
                },
                TargetError::NotRouted { .. } | TargetError::NoZone { .. } => {
                    return Self::below_the_prefix(config, seed, error).await;
                }
                _ => return Err(with_hint(error, &config)),
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Tries the base URL with the vendor's prefix.
    async fn below_the_prefix(
        config: TargetConfig,
        seed: u64,
        error: TargetError,
    ) -> Result<Self, TargetError> {
        let base = config.base_url.trim_end_matches('/');
        if base.ends_with(PREFIX) {
            return Err(with_hint(error, &config));
        }
        let there = TargetConfig {
            base_url: format!("{base}{PREFIX}"),
            ..config.clone()
        };
        match Self::probe_once(there, seed).await {
            Ok(mut target) => {
                let note = format!(
                    "nothing of the API is at {base}; {} is used, where it is",
                    target.base_url
                );
                target.notes.push(note);
                Ok(target)
            }
            Err(_) => Err(with_hint(error, &config)),
        }
    }
}

/// Returns the error, with a hint if a given zone does not look like a zone id.
fn with_hint(error: TargetError, config: &TargetConfig) -> TargetError {
    let is_id = |zone: &&String| zone.len() == 32 && zone.chars().all(|c| c.is_ascii_hexdigit());
    let odd = config.zones.iter().find(|zone| !is_id(zone));
    match (odd, &error) {
        (Some(zone), TargetError::NotRouted { .. } | TargetError::Unlisted { .. }) => {
            TargetError::OddZone {
                zone: zone.clone(),
                source: Box::new(error),
            }
        }
        _ => error,
    }
}
