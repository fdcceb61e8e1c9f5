//! `originproof mutants`.

use clap::{Args, ValueEnum};

use originproof::case::Library;
use originproof::mock::mutant::{self, Mutant};
use originproof::mutation::{Breadth, Caught, try_mutants};
use originproof::runner::{Plan, Selection};

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};

/// Flags of `mutants`.
#[derive(Debug, Args)]
pub(crate) struct MutantsArgs {
    /// Only these mutants (repeatable); all if none is named
    #[arg(long, value_name = "NAME")]
    mutant: Vec<String>,
    /// Try every case on every mutant, not only those that cite its clause
    #[arg(long)]
    every_case: bool,
    /// Mutants at a time
    #[arg(long, short = 'j', value_name = "N", default_value_t = 4)]
    jobs: usize,
    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How the kill matrix is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// Markdown tables.
    Markdown,
    /// JSON.
    Json,
}

/// The mutant of a name, or an error with the nearest one.
///
/// # Errors
/// [`Failure::Usage`] for an unknown name.
pub(crate) fn named(name: &str) -> Result<&'static Mutant, Failure> {
    mutant::by_name(name).ok_or_else(|| {
        let hint =
            originproof::diagnostic::did_you_mean(name, mutant::all().map(|m| m.name.as_str()))
                .map(|hint| format!("; {hint}"))
                .unwrap_or_default();
        Failure::Usage(format!(
            "there is no mutant `{name}`{hint} (`originproof list mutants` shows them)"
        ))
    })
}

/// Tries the suite on its mutants.
pub(crate) fn run(args: &MutantsArgs, console: &mut Console) -> Outcome {
    let mutants: Vec<&'static Mutant> = if args.mutant.is_empty() {
        mutant::all().collect()
    } else {
        args.mutant
            .iter()
            .map(|name| named(name))
            .collect::<Result<_, _>>()?
    };
    let library = Library::embedded()?;
    let plan = Plan::select(&library, &Selection::default())?;
    let breadth = if args.every_case {
        Breadth::Every
    } else {
        Breadth::Citing
    };
    console.begin(mutants.len());
    let runtime = super::runtime()?;
    let matrix = runtime.block_on(try_mutants(mutants, &plan, breadth, args.jobs, |result| {
        console.under_way(&result.name);
        console.advance();
    }));
    console.end();
    let matrix = matrix?;
    let text = match args.format {
        Format::Text => matrix.text(),
        Format::Markdown => matrix.markdown(),
        Format::Json => {
            serde_json::to_string_pretty(&matrix)
                .map_err(|error| Failure::Internal(error.to_string()))?
                + "\n"
        }
    };
    console.out(&text)?;
    let all_caught = matrix.count(Caught::ByItsClause) == matrix.results.len();
    Ok(if all_caught {
        Exit::Conforms
    } else {
        Exit::Violates
    })
}
