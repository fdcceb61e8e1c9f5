//! `originproof mock`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

use originproof::contract::Contract;
use originproof::diagnostic::did_you_mean;
use originproof::mock::{Change, Mock, MockConfig, variation};

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::interruption::Interruptions;
use super::proxy::{BehindIt, ProxyArgs};
use super::world::World;

/// Flags of `mock`.
#[derive(Debug, Args)]
pub(crate) struct MockArgs {
    /// Address to listen on; port 0 takes any free port
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The token to accept
    #[arg(long, value_name = "TOKEN", default_value = "mock-token")]
    token: String,
    /// Number of mappings that every zone holds at the start
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed_mappings: usize,
    /// Serve a faulty mock instead (repeatable: several faults at once); `originproof list mutants` names them
    #[arg(long, value_name = "NAME")]
    mutant: Vec<String>,
    /// Serve the mock in another lawful way (repeatable); `originproof list variations` names them
    #[arg(long, value_name = "NAME")]
    variation: Vec<String>,
    /// Offer no test hooks, like the real service: no `/__conformance`, no injected faults
    #[arg(long)]
    no_hooks: bool,
    /// Judge the requests: show what clients do wrong as it happens, and grouped at the end
    #[arg(long)]
    judge_clients: bool,
    /// Write a run document at the end, for `originproof report`
    #[arg(long, value_name = "FILE", requires = "judge_clients")]
    save: Option<PathBuf>,
    /// End with exit code 1 if a client broke a must clause
    #[arg(long, requires = "judge_clients")]
    fail: bool,
    /// Answer each N-th request with 429 and a `retry-after` of one second
    #[arg(long, value_name = "N")]
    throttle: Option<u64>,
}

/// Returns the changes of the mock that the flags ask for.
fn changes(args: &MockArgs) -> Result<Vec<Change>, Failure> {
    let mut changes = Vec::new();
    for name in &args.variation {
        let variation = variation::by_name(name).ok_or_else(|| {
            let hint = did_you_mean(name, variation::all().map(|variation| variation.name))
                .map(|hint| format!("; {hint}"))
                .unwrap_or_default();
            Failure::Usage(format!("there is no variation `{name}`{hint}"))
        })?;
        changes.extend(variation.changes);
    }
    for name in &args.mutant {
        changes.extend(&super::mutants::named(name)?.changes);
    }
    Ok(changes)
}

/// Serves until Ctrl-C.
pub(crate) fn run(args: &MockArgs, world: &World, console: &mut Console) -> Outcome {
    let most = Contract::embedded().limits.zone;
    if args.seed_mappings > most {
        return Err(Failure::Usage(format!(
            "a zone holds at most {},{:03} mappings",
            most / 1_000,
            most % 1_000
        )));
    }
    let mut config = MockConfig {
        seed_mappings: args.seed_mappings,
        hooks: !args.no_hooks,
        throttle: args
            .throttle
            .filter(|every| *every > 0)
            .map(|every| (every, 1)),
        changes: changes(args)?,
        ..MockConfig::default()
    };
    config.access.token.clone_from(&args.token);
    if args.judge_clients {
        return judging(args, Mock::new(config), world, console);
    }
    let runtime = super::runtime()?;
    runtime.block_on(async {
        let mut interruptions = Interruptions::listen()?;
        let mock = Mock::new(config);
        let running = mock
            .serve(args.listen)
            .await
            .map_err(|error| Failure::Usage(format!("can't listen on {}: {error}", args.listen)))?;
        if !args.listen.ip().is_loopback() {
            console.say("warning: the mock listens beyond this machine");
        }
        console.out(&format!("listening on {}\n", running.base_url()))?;
        interruptions.have_been(1).await;
        running.stop().await;
        Ok(Exit::Conforms)
    })
}

/// Serves the mock behind a proxy that judges the requests, until Ctrl-C.
fn judging(args: &MockArgs, mock: Mock, world: &World, console: &mut Console) -> Outcome {
    let runtime = super::runtime()?;
    let running = runtime.block_on(mock.serve((Ipv4Addr::LOCALHOST, 0).into()))?;
    let proxy = ProxyArgs::before_a_mock(
        format!("http://{}", running.address),
        args.listen,
        (args.save.clone(), args.fail),
        BehindIt {
            path: "/client/v4",
            command: "originproof mock --judge-clients",
        },
    );
    let outcome = super::proxy::run(&proxy, world, console);
    runtime.block_on(running.stop());
    outcome
}
