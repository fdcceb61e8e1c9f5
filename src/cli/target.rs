//! The flags that name a target, and the embedded mock where none is named.

use std::time::Duration;

use clap::Args;

use originproof::mock::{Mock, MockConfig, Running};
use originproof::runner::{Credentials, TargetConfig};
use originproof::transport::Limits;

use super::exit::Failure;

/// Where to send requests, and as whom.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target")]
pub(crate) struct TargetArgs {
    /// Base URL of the target; without it, the embedded mock is started
    #[arg(long, short = 't', value_name = "URL", env = "ORIGINPROOF_TARGET")]
    pub(crate) target: Option<String>,
    /// Zone to work in, where the target has no fresh ones; it must be empty
    #[arg(long, value_name = "ID", env = "CLOUDFLARE_ZONE_ID")]
    pub(crate) zone: Vec<String>,
    /// API token
    #[arg(
        long,
        value_name = "TOKEN",
        env = "CLOUDFLARE_API_TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: Option<String>,
    /// E-mail address, for use with --key
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "CLOUDFLARE_EMAIL",
        hide_env_values = true
    )]
    pub(crate) email: Option<String>,
    /// API key
    #[arg(
        long,
        value_name = "KEY",
        env = "CLOUDFLARE_API_KEY",
        hide_env_values = true
    )]
    pub(crate) key: Option<String>,
    /// A capability that the target has, beside those that it names or that are found by probing
    #[arg(long, value_name = "NAME")]
    pub(crate) capability: Vec<String>,
    /// Longest time for one whole exchange, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) timeout: u64,
}

impl TargetArgs {
    /// The configuration of the target, and the mock if one was started for it.
    ///
    /// # Errors
    /// A capability that does not exist, or the mock's own failure to start.
    pub(crate) async fn open(&self) -> Result<(TargetConfig, Option<Running>), Failure> {
        self.check_capabilities()?;
        let limits = Limits {
            exchange: Duration::from_secs(self.timeout.max(1)),
            ..Limits::default()
        };
        if let Some(url) = &self.target {
            let config = TargetConfig {
                base_url: url.clone(),
                credentials: Credentials {
                    token: self.token.clone(),
                    email: self.email.clone(),
                    key: self.key.clone(),
                },
                zones: self.zone.clone(),
                capabilities: self.capability.clone(),
                limits,
                request_log: None,
            };
            return Ok((config, None));
        }
        let mock = MockConfig::default();
        let access = mock.access.clone();
        let running = Mock::new(mock).serve(([127, 0, 0, 1], 0).into()).await?;
        let config = TargetConfig {
            base_url: running.base_url(),
            credentials: Credentials {
                token: Some(access.token),
                email: Some(access.email),
                key: Some(access.key),
            },
            limits,
            ..TargetConfig::default()
        };
        Ok((config, Some(running)))
    }

    fn check_capabilities(&self) -> Result<(), Failure> {
        let known = &originproof::contract::Contract::embedded().capabilities;
        for given in &self.capability {
            if !known.iter().any(|capability| capability.name == *given) {
                let names: Vec<&str> = known.iter().map(|c| c.name.as_str()).collect();
                return Err(Failure::Usage(format!(
                    "there is no capability `{given}`; known: {}",
                    names.join(", ")
                )));
            }
        }
        Ok(())
    }
}
