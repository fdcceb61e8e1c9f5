//! The arguments and subcommands that clap parses.

use clap::{Parser, Subcommand, ValueEnum};

use super::adapter::AdapterArgs;
use super::check::CheckArgs;
use super::clients::ClientsArgs;
use super::completions::{CompletionsArgs, ManArgs};
use super::config::ConfigArgs;
use super::drift::DriftArgs;
use super::explain::ExplainArgs;
use super::explore::ExploreArgs;
use super::init::InitArgs;
use super::lint::LintArgs;
use super::list::ListArgs;
use super::mock::MockArgs;
use super::mutants::MutantsArgs;
use super::proxy::ProxyArgs;
use super::replay::ReplayArgs;
use super::report::ReportArgs;
use super::restore::RestoreArgs;
use super::run::RunArgs;

/// The conformance test suite and contract checker for the Origin Cloud Regions API.
#[derive(Debug, Parser)]
#[command(name = "originproof", version, arg_required_else_help = true, after_help = AFTER)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to use colour; `NO_COLOR`, `CLICOLOR_FORCE` and TERM=dumb are obeyed.
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    pub(crate) color: Color,
}

const AFTER: &str = "\
Exit codes: 0 conforms, 1 violates a must (with --strict: or deviates from a should),
2 usage or case files, 3 could not judge the target, 4 nothing ran, 70 internal, 130 interrupted.";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the suite against a target, by default the embedded mock
    Run(Box<RunArgs>),
    /// Send random sequences of requests, and shrink what fails
    Explore(Box<ExploreArgs>),
    /// Check recorded traffic: HAR files, JSON Lines, or one response
    Check(CheckArgs),
    /// Judge a client: an SDK, a provider or a script, through a small adapter
    Clients(Box<ClientsArgs>),
    /// Act as the adapter of originproof's own reference client, for `clients`
    Adapter(AdapterArgs),
    /// Compare the vendor's published description with our contract
    Drift(DriftArgs),
    /// Check live traffic, as a proxy between clients and a server
    Proxy(ProxyArgs),
    /// List cases, clauses, operations, codes, mutants, variations, or coverage
    List(ListArgs),
    /// Explain a clause, a code, a case, an operation, a source, a verdict, a capability or a cause
    Explain(ExplainArgs),
    /// Serve the reference implementation
    Mock(MockArgs),
    /// Show a saved run in another format, compare runs, or merge the parts of a run
    Report(ReportArgs),
    /// Send the simplest evidence of a cause again, and tell whether it still fails
    Replay(Box<ReplayArgs>),
    /// Put back zones that an interrupted run left changed
    Restore(RestoreArgs),
    /// Show the settings, and where each value comes from
    Config(ConfigArgs),
    /// Write a configuration, a list of expected failures, and the job of the CI system that is found
    Init(InitArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Write manual pages
    Man(ManArgs),
    /// Check case files without network
    Lint(LintArgs),
    /// Try the suite on faulty mocks, and check that each is caught by the clause that it breaks
    Mutants(MutantsArgs),
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
