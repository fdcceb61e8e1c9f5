//! `originproof adapter`: the reference client as an adapter.

use clap::Args;

use originproof::client::reference::{Reference, habits, mutants};
use originproof::diagnostic::did_you_mean;

use super::Outcome;
use super::exit::{Exit, Failure};

/// Flags of `adapter`.
#[derive(Debug, Args)]
pub(crate) struct AdapterArgs {
    /// Have this fault; `originproof list client-mutants` names them
    #[arg(long, value_name = "NAME")]
    mutant: Option<String>,
    /// Have this lawful habit (repeatable); `originproof list client-variations` names them
    #[arg(long, value_name = "NAME")]
    variation: Vec<String>,
}

fn unknown<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Failure {
    let hint = did_you_mean(name, known)
        .map(|hint| format!("; {hint}"))
        .unwrap_or_default();
    Failure::Usage(format!("there is no client {what} `{name}`{hint}"))
}

/// Answers the lines on stdin until they end.
pub(crate) fn run(args: &AdapterArgs) -> Outcome {
    let mut reference = match &args.mutant {
        Some(name) => {
            let mut all = mutants().iter();
            let mutant = all.find(|mutant| mutant.name == name);
            let known = mutants().iter().map(|mutant| mutant.name);
            Reference::mutant(mutant.ok_or_else(|| unknown("mutant", name, known))?)
        }
        None => Reference::default(),
    };
    for name in &args.variation {
        let mut all = habits().iter();
        let habit = all.find(|(_, own, _)| own == name);
        let known = habits().iter().map(|(_, name, _)| *name);
        let (habit, ..) = habit.ok_or_else(|| unknown("variation", name, known))?;
        reference = reference.with(*habit);
    }
    super::runtime()?.block_on(async {
        let stdin = tokio::io::BufReader::new(tokio::io::stdin());
        reference.serve(stdin, tokio::io::stdout()).await
    })?;
    Ok(Exit::Conforms)
}
