//! The command line. Each subcommand has its own file. Only `console` writes to stdout and stderr, and only `exit`
//! knows exit codes.

mod adapter;
mod against;
mod args;
mod cases;
mod check;
mod client_mutants;
mod clients;
mod completions;
mod config;
mod console;
mod drift;
mod effort;
mod exit;
mod expectation;
mod explain;
mod explore;
mod init;
mod interruption;
mod json;
mod lint;
mod list;
mod mock;
mod mutants;
mod output;
mod plan;
mod proxy;
mod replay;
mod report;
mod restore;
mod run;
mod settings;
mod snapshots;
mod target;
mod watch;
mod world;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use console::Console;
use exit::{Exit, Failure};
pub(crate) use world::World;

/// Runs the command that the arguments name.
pub(crate) fn main(world: &World) -> ExitCode {
    let arguments = match Arguments::try_parse_from(&world.arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, not errors; clap chooses the stream. A failed write is ignored: if the
            // stream is closed, there is nobody to tell.
            let _ = error.print();
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Conforms
            };
            return exit.into();
        }
    };
    let mut console = Console::new(world, arguments.color);
    let result = match arguments.command {
        Command::Run(run) => run::run(&run, world, &mut console),
        Command::Explore(explore) => explore::run(&explore, world, &mut console),
        Command::Check(check) => check::run(&check, world, &mut console),
        Command::Clients(clients) => clients::run(&clients, world, &mut console),
        Command::Adapter(adapter) => adapter::run(&adapter),
        Command::Drift(drift) => drift::run(&drift, world, &mut console),
        Command::Proxy(proxy) => proxy::run(&proxy, world, &mut console),
        Command::List(list) => list::run(&list, &mut console),
        Command::Explain(explain) => explain::run(&explain, &mut console),
        Command::Init(init) => init::run(&init, world, &mut console),
        Command::Completions(args) => completions::completions(&args, &mut console),
        Command::Man(man) => completions::man(&man, &mut console),
        Command::Mock(mock) => mock::run(&mock, world, &mut console),
        Command::Config(config) => config::run(&config, world, &mut console),
        Command::Replay(replay) => replay::run(&replay, world, &mut console),
        Command::Report(report) => report::run(&report, &mut console),
        Command::Restore(restore) => restore::run(&restore, world, &mut console),
        Command::Lint(lint) => lint::run(&lint, &mut console),
        Command::Mutants(mutants) => mutants::run(&mutants, &mut console),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if !failure.is_closed_pipe() {
                console.error(&failure.to_string());
            }
            failure.exit().into()
        }
    }
}

/// The result of a subcommand.
type Outcome = Result<Exit, Failure>;

/// Creates the runtime for a subcommand that uses the network.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.map_err(Failure::Io)
}
