//! `originproof lint`.

use std::path::PathBuf;

use clap::Args;

use originproof::case::{Library, json_schema};

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};

/// Flags of `lint`.
#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// Folder of case files, or one file; by default the built-in ones
    #[arg(value_name = "PATH")]
    cases: Option<PathBuf>,
    /// Print the JSON Schema of case files instead, for editors
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
    let library = match &args.cases {
        Some(folder) => Library::from_folder(folder),
        None => Library::embedded(),
    }
    .map_err(|error| Failure::Cases(error.text(console.colour)))?;
    super::cases::name_passed_over(&library, console);
    let trials = library.trials().len();
    console.out(&format!(
        "{} case files without fault, {trials} cases\n",
        library.files().count()
    ))?;
    Ok(Exit::Conforms)
}
