//! `originproof lint`.

use std::path::PathBuf;

use clap::Args;

use originproof::case::{Library, LibraryError, json_schema};
use originproof::client::scenario::Scenarios;

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};

/// Flags of `lint`.
#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// Folder of case files, or one file; by default the built-in ones
    #[arg(value_name = "PATH")]
    cases: Option<PathBuf>,
    /// Print the JSON Schema of case files instead, for editors; of scenarios: `originproof clients --scenario-schema`
    #[arg(long)]
    schema: bool,
}

/// Checks case files.
pub(crate) fn run(args: &LintArgs, console: &mut Console) -> Outcome {
    if args.schema {
        let text = serde_json::to_string_pretty(&json_schema())
            .map_err(|error| Failure::Internal(error.to_string()))?;
        console.out(&format!("{text}\n"))?;
        return Ok(Exit::Conforms);
    }
    let faulty = |error: LibraryError, colour: bool| Failure::Cases(error.text(colour));
    let folder = args.cases.as_deref();
    let library = match folder {
        Some(folder) => Library::from_folder(folder),
        None => Library::embedded(),
    };
    let scenarios = match folder {
        Some(folder) => Scenarios::from_folder(folder),
        None => Scenarios::embedded(),
    };
    // A folder may have cases alone, or scenarios alone.
    let has_cases = !matches!(library, Err(LibraryError::Empty(_)));
    let has_scenarios = !matches!(scenarios, Err(LibraryError::Empty(_)));
    if has_cases || !has_scenarios {
        let library = library.map_err(|error| faulty(error, console.colour))?;
        super::cases::name_passed_over(&library, console);
        let trials = library.trials().len();
        console.out(&format!(
            "{} case files without fault, {trials} cases\n",
            library.files().count()
        ))?;
    }
    if has_scenarios {
        let scenarios = scenarios.map_err(|error| faulty(error, console.colour))?;
        console.out(&format!(
            "{} scenario files without fault, {} scenarios\n",
            scenarios.files,
            scenarios.list.len()
        ))?;
    }
    Ok(Exit::Conforms)
}
