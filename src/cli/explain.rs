//! `originproof explain`.

use std::fmt::Write;

use clap::Args;

use originproof::case::{Library, Trial};
use originproof::contract::{ClauseId, Contract, FaultRequest, rule};
use originproof::diagnostic::did_you_mean;

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};

/// Flags of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A clause (V2-BATCH-3), a code (1164) or a case (batch/merges)
    #[arg(value_name = "ID")]
    id: String,
}

/// Explains.
pub(crate) fn run(args: &ExplainArgs, console: &mut Console) -> Outcome {
    let library = Library::embedded()?;
    let text = clause(&args.id, &library)
        .or_else(|| code(&args.id))
        .or_else(|| case(&args.id, &library));
    match text {
        Some(text) => {
            console.out(&text)?;
            Ok(Exit::Conforms)
        }
        None => Err(Failure::Usage(unknown(&args.id, &library))),
    }
}

fn unknown(id: &str, library: &Library) -> String {
    let contract = Contract::embedded();
    let clauses = contract.clauses.iter().map(|clause| clause.id.as_str());
    let cases = library.cases.iter().map(|case| case.id.as_str());
    let hint = did_you_mean(id, clauses.chain(cases))
        .map(|hint| format!("; {hint}"))
        .unwrap_or_default();
    format!("there is no clause, code or case `{id}`{hint}")
}

fn clause(id: &str, library: &Library) -> Option<String> {
    let id = id.to_uppercase();
    let contract = Contract::embedded();
    let clause = contract
        .clauses
        .iter()
        .find(|clause| clause.id.as_str().eq_ignore_ascii_case(&id))?;
    let mut text = format!("{} ({})\n\n  {}\n", clause.id, clause.level, clause.says);
    for part in &clause.also {
        let _ = writeln!(text, "  {}: {}", part.level, part.says);
    }
    let _ = writeln!(text, "\nsource: {}", clause.source);
    let always: Vec<&str> = rule::ALL
        .iter()
        .filter(|rule| rule.clauses().contains(&clause.id))
        .map(|rule| rule.name)
        .collect();
    if !always.is_empty() {
        let _ = writeln!(
            text,
            "checked on every exchange by the rule: {}",
            always.join(", ")
        );
    }
    let proving: Vec<Trial> = library
        .trials()
        .into_iter()
        .filter(|trial| trial.proves().any(|cited| cited == clause.id))
        .collect();
    if !proving.is_empty() {
        text.push_str("proved by:\n");
        for trial in proving {
            let _ = writeln!(text, "  {:<48} {}", trial.id(), trial.case.title);
        }
    }
    Some(text)
}

fn code(id: &str) -> Option<String> {
    let code: i64 = id.parse().ok()?;
    let contract = Contract::embedded();
    let mut text = String::new();
    for row in contract.codes.iter().filter(|row| row.code == code) {
        let _ = writeln!(
            text,
            "{} with status {} [{}]",
            row.code, row.status.0, row.source
        );
        if let Some(FaultRequest(word)) = row.fault {
            let _ = writeln!(text, "  asked for with {}: {word}", FaultRequest::HEADER);
        }
        let said = row.text.as_deref().unwrap_or("(no text is documented)");
        let _ = writeln!(text, "  {said}");
        for (operation, clause) in &row.operations {
            let says = contract.says(clause);
            let _ = writeln!(text, "  {operation:<18} {clause}: {says}");
        }
    }
    (!text.is_empty()).then_some(text)
}

fn case(id: &str, library: &Library) -> Option<String> {
    let trials = library.trials();
    let trial = trials
        .iter()
        .find(|trial| trial.case.id == id || trial.id() == id)?;
    let case = &trial.case;
    let mut text = format!("{}\n\n", case.id);
    let mut titles: Vec<&str> = trials
        .iter()
        .filter(|trial| trial.case.id == id || trial.id() == id)
        .map(|trial| trial.case.title.as_str())
        .collect();
    titles.sort_unstable();
    titles.dedup();
    for title in titles {
        let _ = writeln!(text, "  {title}");
    }
    if let Some(about) = &case.about {
        let _ = writeln!(text, "  {about}");
    }
    let mut cited: Vec<ClauseId> = trials
        .iter()
        .filter(|trial| trial.case.id == case.id)
        .flat_map(Trial::proves)
        .collect();
    cited.sort();
    cited.dedup();
    text.push_str("\nproves:\n");
    for clause in cited {
        let says = Contract::embedded().says(&clause);
        let _ = writeln!(text, "  {clause:<12} {says}");
    }
    let rows = trials
        .iter()
        .filter(|other| other.case.id == case.id)
        .count();
    let _ = writeln!(
        text,
        "\nneeds: {}\nruns: {rows}\n\n{}:\n",
        trial.needs().join(", "),
        case.source.path
    );
    for line in case.source.text.lines() {
        let _ = writeln!(text, "  {line}");
    }
    Some(text)
}
