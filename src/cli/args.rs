//! The command line as clap reads it.

use clap::{Parser, Subcommand, ValueEnum};

use super::check::CheckArgs;
use super::config::ConfigArgs;
use super::drift::DriftArgs;
use super::explain::ExplainArgs;
use super::explore::ExploreArgs;
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
    /// Walk over zones in sequences that nobody wrote, and make small what fails
    Explore(Box<ExploreArgs>),
    /// Check traffic that others made: HAR files, JSON Lines, or one response
    Check(CheckArgs),
    /// Compare the vendor's published description with our contract
    Drift(DriftArgs),
    /// Check traffic as it passes: stand between clients and a server
    Proxy(ProxyArgs),
    /// List cases, clauses, operations, codes, mutants, variations, or what covers what
    List(ListArgs),
    /// Explain a clause, a code, a case, an operation, a source, a verdict, a capability or a cause
    Explain(ExplainArgs),
    /// Serve the reference implementation
    Mock(MockArgs),
    /// Show a saved run in another format, compare two runs, merge the parts of one
    Report(ReportArgs),
    /// Send the simplest evidence of a cause again: still so, gone, or other?
    Replay(Box<ReplayArgs>),
    /// Put zones back that an interrupted run left
    Restore(RestoreArgs),
    /// Show what is set, and where each value comes from
    Config(ConfigArgs),
    /// Check case files without network
    Lint(LintArgs),
    /// Try the suite on faulty mocks: is each caught by the clause that it breaks?
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
