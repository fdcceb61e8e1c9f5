//! The flags that name a target and say how to treat it, and the embedded mock where none is named.

use std::path::PathBuf;

use clap::Args;

use originproof::mock::{Mock, MockConfig, Running};
use originproof::runner::TargetConfig;

use super::console::Console;
use super::exit::Failure;
use super::settings::{Effective, Given};
use super::world::World;

/// Where to send requests, as whom, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target")]
pub(crate) struct TargetArgs {
    /// Base URL of the target, or its name in the configuration file; without it, the embedded mock is
    /// started [env: `ORIGINPROOF_TARGET`, `CLOUDFLARE_BASE_URL`]
    #[arg(long, short = 't', value_name = "URL|NAME")]
    target: Option<String>,
    /// Zone to work in, where the target has no fresh ones (repeatable: they run side by side)
    /// [env: `ORIGINPROOF_ZONE`, `CLOUDFLARE_ZONE_ID`]
    #[arg(long, value_name = "ID")]
    zone: Vec<String>,
    /// API token; better by the variable, which other users of the machine can't see
    /// [env: `CLOUDFLARE_API_TOKEN`]
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// E-mail address, for use with --key [env: `CLOUDFLARE_EMAIL`]
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// API key [env: `CLOUDFLARE_API_KEY`]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A capability that the target has, beside those that it names or that are found by probing
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

/// What may be done to given zones.
#[derive(Debug, Args)]
#[command(next_help_heading = "Zones")]
struct ZoneArgs {
    /// Work in zones that hold mappings, around them: they are journalled first and verified afterwards
    #[arg(long)]
    allow_existing: bool,
    /// Take those mappings away for the cases that need an empty zone, and put them back at the end
    #[arg(long)]
    allow_empty_zone: bool,
    /// Folder of journals; by default the user's state folder
    #[arg(long, value_name = "DIR")]
    state_dir: Option<String>,
    /// How long the target may fail while a zone is put back, such as 30s: the pauses between requests that fail in a row
    #[arg(long, value_name = "TIME")]
    patience: Option<String>,
}

/// How many requests, and how fast.
#[derive(Debug, Args)]
#[command(next_help_heading = "Budget")]
struct BudgetArgs {
    /// Requests per time, such as 1200/5m (repeatable); `none` for no pacing. Default: the documented limits
    /// for the vendor's own service, none for others
    #[arg(long, value_name = "N/TIME")]
    rate: Vec<String>,
    /// The most requests of the whole run, putting zones back included
    #[arg(long, value_name = "N")]
    max_requests: Option<String>,
    /// The longest wait that the target can ask for, such as 5m
    #[arg(long, value_name = "TIME")]
    longest_wait: Option<String>,
    /// Repeat reads until they show what was written, for at most this time, such as 2s
    #[arg(long, value_name = "TIME")]
    settle: Option<String>,
    /// Wait for a server that still starts, for at most this time, such as 30s
    #[arg(long, value_name = "TIME")]
    wait: Option<String>,
}

/// Connections and their limits.
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
    /// Take any certificate: whoever stands between can read the credentials
    #[arg(long)]
    insecure: bool,
    /// Use this address for a host (repeatable)
    #[arg(long, value_name = "HOST:ADDR")]
    resolve: Vec<String>,
    /// Speak HTTP/2 at once, also without TLS
    #[arg(long)]
    http2: bool,
    /// Go through this proxy; without it, the one that `http_proxy`, `https_proxy` or `all_proxy` names, as with curl
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

/// A target that can be probed, and the mock if one was started for it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) config: TargetConfig,
    pub(crate) mock: Option<Running>,
}

/// What a flag without a value says.
pub(crate) fn flag(is_set: bool) -> Vec<String> {
    is_set.then(|| "true".to_owned()).into_iter().collect()
}

impl TargetArgs {
    /// What the flags say.
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

    /// A command of this program that leads to the same target again, without secrets.
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

    /// The flags that lead to the same target again, without secrets.
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

    /// All settings, with what the flags of a subcommand add.
    ///
    /// # Errors
    /// A configuration file that is faulty, or a target that it does not name.
    pub(crate) fn effective_with(&self, more: Given, world: &World) -> Result<Effective, Failure> {
        let mut given = self.given();
        given.extend(more);
        self.resolve(&given, world)
    }

    /// All settings, with these in place of the flags.
    ///
    /// # Errors
    /// As [`TargetArgs::effective_with`].
    pub(crate) fn resolve(&self, given: &Given, world: &World) -> Result<Effective, Failure> {
        Effective::resolve(given, self.config.as_deref(), world)
    }

    /// All settings.
    ///
    /// # Errors
    /// As [`TargetArgs::effective_with`].
    pub(crate) fn effective(&self, world: &World) -> Result<Effective, Failure> {
        self.effective_with(Given::new(), world)
    }

    /// The folder of journals.
    pub(crate) fn state_dir(effective: &Effective, world: &World) -> PathBuf {
        effective
            .text("state-dir")
            .map_or_else(|| world.state_folder.clone(), PathBuf::from)
    }

    /// The target of the settings, or the embedded mock.
    ///
    /// # Errors
    /// A setting that is faulty, or the mock's own failure to start.
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
        // Its zones are fresh, and credentials for others are none of its business.
        config.zones.clear();
        config.credentials = access.into();
        Ok(Opened {
            config,
            mock: Some(running),
        })
    }

    /// Says which credentials go where, before the first request does. The embedded mock gets none of them.
    pub(crate) fn announce(effective: &Effective, opened: &Opened, console: &mut Console) {
        let line = effective.credentials_line(&opened.config.base_url);
        if let (Some(line), None) = (line, &opened.mock) {
            console.say(&line);
        }
    }

    /// The configuration of the target at a URL.
    ///
    /// # Errors
    /// A setting that is faulty.
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
