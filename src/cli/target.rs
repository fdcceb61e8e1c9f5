//! The flags that name a target and say how to treat it. If no target is named, the embedded mock is started.

use std::path::PathBuf;

use clap::Args;

use originproof::mock::{Mock, MockConfig, Running};
use originproof::runner::TargetConfig;

use super::console::Console;
use super::exit::Failure;
use super::settings::{Effective, Given};
use super::world::World;

/// Flags for the target, its credentials and the way to send requests.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target")]
pub(crate) struct TargetArgs {
    /// Base URL of the target, or its name in the configuration file; without it, the embedded mock is
    /// started [env: `ORIGINPROOF_TARGET`, `CLOUDFLARE_BASE_URL`]
    #[arg(long, short = 't', value_name = "URL|NAME")]
    target: Option<String>,
    /// Zone to work in, if the target has no fresh zones (repeatable: zones are used in parallel)
    /// [env: `ORIGINPROOF_ZONE`, `CLOUDFLARE_ZONE_ID`]
    #[arg(long, value_name = "ID")]
    zone: Vec<String>,
    /// API token; prefer the variable, which other users of the machine can't see
    /// [env: `CLOUDFLARE_API_TOKEN`]
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// E-mail address, for use with --key [env: `CLOUDFLARE_EMAIL`]
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// API key [env: `CLOUDFLARE_API_KEY`]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A capability that the target has, besides those that it names or that probing finds (repeatable)
    #[arg(long, value_name = "NAME")]
    capability: Vec<String>,
    /// Configuration file; by default the nearest originproof.toml, from the working folder upwards
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    zones: ZoneArgs,
    #[command(flatten)]
    budget: BudgetArgs,
    #[command(flatten)]
    network: NetworkArgs,
}

/// Flags for what a run may do to the given zones.
#[derive(Debug, Args)]
#[command(next_help_heading = "Zones")]
struct ZoneArgs {
    /// Work in zones that hold mappings, with other addresses; the mappings are journalled first and verified
    /// afterwards
    #[arg(long)]
    allow_existing: bool,
    /// Remove the mappings of a zone for the cases that need an empty one, and put them back at the end
    #[arg(long)]
    allow_empty_zone: bool,
    /// Folder of journals; by default the user's state folder
    #[arg(long, value_name = "DIR")]
    state_dir: Option<String>,
    /// Longest sum of the pauses between requests that fail in a row while a zone is put back, such as 30s
    #[arg(long, value_name = "TIME")]
    patience: Option<String>,
}

/// Flags for the number of requests and their rate.
#[derive(Debug, Args)]
#[command(next_help_heading = "Budget")]
struct BudgetArgs {
    /// Highest request rate, such as 1200/5m (repeatable), or `none` for no pacing; by default the documented limits
    /// for the vendor's own service, and none for others
    #[arg(long, value_name = "N/TIME")]
    rate: Vec<String>,
    /// Maximum number of requests of the whole run, including those that put zones back
    #[arg(long, value_name = "N")]
    max_requests: Option<String>,
    /// Longest wait to accept if the target asks for one, such as 5m
    #[arg(long, value_name = "TIME")]
    longest_wait: Option<String>,
    /// Repeat reads until they show what was written, for at most this time, such as 2s
    #[arg(long, value_name = "TIME")]
    settle: Option<String>,
    /// Wait for a server that is still starting, for at most this time, such as 30s
    #[arg(long, value_name = "TIME")]
    wait: Option<String>,
}

/// Flags for connections and their limits.
#[derive(Debug, Args)]
#[command(next_help_heading = "HTTP")]
struct NetworkArgs {
    /// Longest time for one whole exchange, such as 30s
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// Longest time until an answer begins
    #[arg(long, value_name = "TIME")]
    first_byte_timeout: Option<String>,
    /// Longest time to connect: name look-up, TCP and TLS together
    #[arg(long, value_name = "TIME")]
    connect_timeout: Option<String>,
    /// Largest body after decompression, in bytes
    #[arg(long, value_name = "BYTES")]
    body_limit: Option<String>,
    /// Trust these certificates as well (PEM file, repeatable)
    #[arg(long, value_name = "FILE")]
    ca_cert: Vec<String>,
    /// Accept any certificate; anybody on the path can then read the credentials
    #[arg(long)]
    insecure: bool,
    /// Use this address for a host (repeatable)
    #[arg(long, value_name = "HOST:ADDR")]
    resolve: Vec<String>,
    /// Use HTTP/2 from the first request, even without TLS
    #[arg(long)]
    http2: bool,
    /// Proxy to use; by default the one that `http_proxy`, `https_proxy` or `all_proxy` names, as with curl
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
    #[arg(long, value_name = "URL", hide = true)]
    http_proxy: Option<String>,
    #[arg(long, value_name = "URL", hide = true)]
    https_proxy: Option<String>,
    #[arg(long, value_name = "URL", hide = true)]
    all_proxy: Option<String>,
    /// Reach these hosts without a proxy: names, addresses, networks, or * for all (repeatable)
    #[arg(long, value_name = "HOST")]
    no_proxy: Vec<String>,
}

/// The configuration of a target, and the embedded mock if it was started.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) config: TargetConfig,
    pub(crate) mock: Option<Running>,
}

/// Returns the texts of a flag without a value: `true` if it is set, otherwise none.
pub(crate) fn flag(is_set: bool) -> Vec<String> {
    is_set.then(|| "true".to_owned()).into_iter().collect()
}

impl TargetArgs {
    /// Returns the values that the flags give.
    pub(crate) fn given(&self) -> Given {
        let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        Given::from([
            ("url", one(&self.target)),
            ("zones", self.zone.clone()),
            ("token", one(&self.token)),
            ("email", one(&self.email)),
            ("key", one(&self.key)),
            ("capabilities", self.capability.clone()),
            ("allow-existing", flag(self.zones.allow_existing)),
            ("allow-empty-zone", flag(self.zones.allow_empty_zone)),
            ("state-dir", one(&self.zones.state_dir)),
            ("patience", one(&self.zones.patience)),
            ("rate", self.budget.rate.clone()),
            ("max-requests", one(&self.budget.max_requests)),
            ("longest-wait", one(&self.budget.longest_wait)),
            ("settle", one(&self.budget.settle)),
            ("wait", one(&self.budget.wait)),
            ("timeout", one(&self.network.timeout)),
            ("first-byte-timeout", one(&self.network.first_byte_timeout)),
            ("connect-timeout", one(&self.network.connect_timeout)),
            ("body-limit", one(&self.network.body_limit)),
            ("ca-cert", self.network.ca_cert.clone()),
            ("insecure", flag(self.network.insecure)),
            ("resolve", self.network.resolve.clone()),
            ("http2", flag(self.network.http2)),
            ("proxy", one(&self.network.proxy)),
            ("http-proxy", one(&self.network.http_proxy)),
            ("https-proxy", one(&self.network.https_proxy)),
            ("all-proxy", one(&self.network.all_proxy)),
            ("no-proxy", self.network.no_proxy.clone()),
        ])
    }

    /// Returns a command line of this program that leads to the same target, without secrets.
    pub(crate) fn command(&self, subcommand: &str, world: &World) -> String {
        let program = world.arguments.first().and_then(|name| {
            let name = std::path::Path::new(name).file_name()?;
            Some(name.to_string_lossy().into_owned())
        });
        let mut command = program.unwrap_or_else(|| "originproof".to_owned());
        command.push(' ');
        command.push_str(subcommand);
        for (flag, value) in self.shown() {
            for word in [flag, value].into_iter().filter(|word| !word.is_empty()) {
                command.push(' ');
                command.push_str(word);
            }
        }
        command
    }

    /// Returns the flags that lead to the same target, without secrets.
    fn shown(&self) -> Vec<(&'static str, &str)> {
        let mut shown: Vec<(&'static str, &str)> = Vec::new();
        shown.extend(self.target.as_deref().map(|target| ("--target", target)));
        shown.extend(self.zone.iter().map(|zone| ("--zone", zone.as_str())));
        shown.extend(
            self.capability
                .iter()
                .map(|name| ("--capability", name.as_str())),
        );
        let config = self.config.as_ref().and_then(|path| path.to_str());
        shown.extend(config.map(|path| ("--config", path)));
        let flags = [
            ("--allow-existing", self.zones.allow_existing),
            ("--allow-empty-zone", self.zones.allow_empty_zone),
            ("--insecure", self.network.insecure),
            ("--http2", self.network.http2),
        ];
        shown.extend(
            flags
                .into_iter()
                .filter(|(_, is_set)| *is_set)
                .map(|(name, _)| (name, "")),
        );
        shown
    }

    /// Resolves all settings, including those from the flags of a subcommand.
    ///
    /// # Errors
    /// Fails if the configuration file is faulty, or does not name the target.
    pub(crate) fn effective_with(&self, more: Given, world: &World) -> Result<Effective, Failure> {
        let mut given = self.given();
        given.extend(more);
        self.resolve(&given, world)
    }

    /// Resolves all settings, with `given` in place of the flags.
    ///
    /// # Errors
    /// The same errors as [`TargetArgs::effective_with`].
    pub(crate) fn resolve(&self, given: &Given, world: &World) -> Result<Effective, Failure> {
        Effective::resolve(given, self.config.as_deref(), world)
    }

    /// Resolves all settings.
    ///
    /// # Errors
    /// The same errors as [`TargetArgs::effective_with`].
    pub(crate) fn effective(&self, world: &World) -> Result<Effective, Failure> {
        self.effective_with(Given::new(), world)
    }

    /// Returns the folder of journals.
    pub(crate) fn state_dir(effective: &Effective, world: &World) -> PathBuf {
        effective
            .text("state-dir")
            .map_or_else(|| world.state_folder.clone(), PathBuf::from)
    }

    /// Returns the target of the settings, or starts the embedded mock if they name no target.
    ///
    /// # Errors
    /// Fails if a setting is faulty, or if the mock cannot start.
    pub(crate) async fn open(
        &self,
        effective: &Effective,
        world: &World,
    ) -> Result<Opened, Failure> {
        if let Some(url) = effective.text("url") {
            effective.check_destination(url)?;
            let config = self.config(effective, world, url)?;
            return Ok(Opened { config, mock: None });
        }
        let mock = MockConfig::default();
        let access = mock.access.clone();
        let running = Mock::new(mock).serve(([127, 0, 0, 1], 0).into()).await?;
        let mut config = self.config(effective, world, &running.base_url())?;
        // The mock has fresh zones, and must not get credentials for other servers.
        config.zones.clear();
        config.credentials = access.into();
        Ok(Opened {
            config,
            mock: Some(running),
        })
    }

    /// Tells which credentials are sent where, before the first request. The embedded mock gets none of them.
    pub(crate) fn announce(effective: &Effective, opened: &Opened, console: &mut Console) {
        let line = effective.credentials_line(&opened.config.base_url);
        if let (Some(line), None) = (line, &opened.mock) {
            console.say(&line);
        }
    }

    /// Returns the configuration of the target at a URL.
    ///
    /// # Errors
    /// Fails if a setting is faulty.
    pub(crate) fn config(
        &self,
        effective: &Effective,
        world: &World,
        url: &str,
    ) -> Result<TargetConfig, Failure> {
        let mut config = effective.said().target(url, world.state_folder.clone())?;
        config.custody.state_dir = Self::state_dir(effective, world);
        Ok(config)
    }
}
