//! `originproof explain`.

use std::collections::BTreeSet;
use std::fmt::Write;

use clap::Args;

use originproof::case::{Library, Trial};
use originproof::client::scenario::{Scenario, Scenarios};
use originproof::contract::{ClauseId, Contract, FaultRequest, rule};
use originproof::diagnostic::did_you_mean;
use originproof::exchange::Operation;

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::json::{self, Explanation, Format, Kind};

/// Flags of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A clause (V2-BATCH-3), a code (1164), a case (batch/merges) or a scenario (success/one)
    #[arg(value_name = "ID", required_unless_present = "format")]
    id: Option<String>,
    /// The format of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Print JSON; the same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// Runs the subcommand.
pub(crate) fn run(args: &ExplainArgs, console: &mut Console) -> Outcome {
    if args.format == Format::Schema {
        console.out(&json::schema::<Explanation>()?)?;
        return Ok(Exit::Conforms);
    }
    let Some(id) = &args.id else {
        let message = "name what to explain, such as `originproof explain V2-BATCH-3`";
        return Err(Failure::Usage(message.to_owned()));
    };
    let library = Library::embedded()?;
    let of = |kind: Kind| move |text: String| (kind, text);
    let found = clause(id, &library)
        .map(of(Kind::Clause))
        .or_else(|| code(id).map(of(Kind::Code)))
        .or_else(|| case(id, &library).map(of(Kind::Case)))
        .or_else(|| scenario(id).map(of(Kind::Scenario)))
        .or_else(|| operation(id).map(of(Kind::Operation)))
        .or_else(|| word(id).map(of(Kind::Word)))
        .or_else(|| cause(id, &library).map(of(Kind::Cause)));
    let Some((kind, text)) = found else {
        return Err(Failure::Usage(unknown(id, &library)));
    };
    let text = if args.json || args.format == Format::Json {
        let id = id.clone();
        json::text(&Explanation { id, kind, text })?
    } else {
        text
    };
    console.out(&text)?;
    Ok(Exit::Conforms)
}

fn unknown(id: &str, library: &Library) -> String {
    let contract = Contract::embedded();
    let mut known: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
    let clauses = contract.clauses.iter().chain(&contract.client_clauses);
    known.extend(clauses.map(|clause| clause.id.as_str()));
    known.extend(library.cases.iter().map(|case| case.id.as_str()));
    let scenarios = scenarios();
    known.extend(scenarios.iter().map(|scenario| scenario.file_id.as_str()));
    known.extend(Operation::all().map(|operation| -> &str { operation.id() }));
    known.extend(contract.capabilities.iter().map(|one| one.name.as_str()));
    let hint = did_you_mean(id, known)
        .map(|hint| format!("; {hint}"))
        .unwrap_or_default();
    format!(
        "there is no clause, code, case, scenario, operation, source, verdict, capability or cause `{id}`{hint}"
    )
}

fn clause(id: &str, library: &Library) -> Option<String> {
    let id = id.to_uppercase();
    let contract = Contract::embedded();
    let clause = contract
        .clauses
        .iter()
        .chain(&contract.client_clauses)
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
    let scenarios = scenarios();
    let scenarios = scenarios
        .iter()
        .filter(|one| one.clauses().any(|cited| cited == clause.id));
    let scenarios: Vec<_> = scenarios.collect();
    if !scenarios.is_empty() {
        text.push_str("proved by the scenarios for clients:\n");
        for one in scenarios {
            let _ = writeln!(text, "  {:<48} {}", one.id(), one.title);
        }
    }
    Some(text)
}

/// Returns the built-in scenarios, which have no faults, as a test shows.
fn scenarios() -> Vec<Scenario> {
    let all = Scenarios::embedded().map(|all| all.list);
    all.unwrap_or_default()
}

fn scenario(id: &str) -> Option<String> {
    let all = scenarios();
    let rows: Vec<&Scenario> = all
        .iter()
        .filter(|scenario| scenario.file_id == id || scenario.id() == id)
        .collect();
    let first = rows.first()?;
    let mut text = format!("{} (a scenario for clients)\n\n", first.file_id);
    let titles: BTreeSet<&str> = rows.iter().map(|row| row.title.as_str()).collect();
    for title in titles {
        let _ = writeln!(text, "  {title}");
    }
    if let Some(about) = &first.about {
        let _ = writeln!(text, "  {about}");
    }
    let clauses: BTreeSet<ClauseId> = rows.iter().flat_map(|row| row.clauses()).collect();
    let clauses = clauses
        .iter()
        .filter_map(|id| Contract::embedded().clause(id));
    text.push_str("\nproves:\n");
    for clause in clauses {
        let _ = writeln!(text, "  {} ({}): {}", clause.id, clause.level, clause.says);
    }
    let operations: BTreeSet<&str> = rows.iter().map(|row| row.step.operation.id()).collect();
    let operations: Vec<&str> = operations.into_iter().collect();
    let _ = writeln!(text, "\nthe client is asked for: {}", operations.join(", "));
    let _ = writeln!(text, "run it: originproof clients --case '{id}' -- COMMAND");
    let _ = writeln!(text, "\n{}", first.source.text.trim_end());
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

/// The sources of clauses and the verdicts of cases, each with its meaning.
const WORDS: &[(&str, &str)] = &[
    (
        "S0",
        "a source: the vendor's page on v2.batch_put, as plain text",
    ),
    (
        "S1",
        "a source: the vendor's Python page on v1.batch_upsert",
    ),
    ("S2", "a source: the vendor's HTTP page on v1.batch_upsert"),
    ("S3", "a source: the vendor's Python page on v2.batch_put"),
    ("S4", "a source: the vendor's TypeScript page on v1.upsert"),
    (
        "R",
        "a source: the vendor's public reference pages on the other operations",
    ),
    ("O", "a source: the vendor's OpenAPI document"),
    (
        "P",
        "a source: the vendor's pages on authentication and rate limits, for its whole platform",
    ),
    ("all", "a source: all of S0 to S4, R and O that speak of it"),
    (
        "conforms",
        "a verdict: every expectation of the case was met",
    ),
    ("violates", "a verdict: a must clause is broken"),
    (
        "deviates",
        "a verdict: a should clause is broken, and no must",
    ),
    (
        "expected",
        "a verdict: the case fails as the list of expected failures says",
    ),
    (
        "skipped",
        "a verdict: the case can't be arranged on this target; the report says why",
    ),
    ("not-run", "a verdict: the run ended before the case did"),
    (
        "inconclusive",
        "a verdict: the case could not be judged, and the report says what it saw",
    ),
    (
        "broken",
        "a verdict: the case file or originproof itself is at fault",
    ),
];

/// Explains a source, a verdict or a capability.
fn word(id: &str) -> Option<String> {
    let named = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(id));
    let capabilities = &Contract::embedded().capabilities;
    let capability = capabilities.iter().find(|one| one.name == id);
    let capability = capability.map(|one| format!("{}: a capability. {}\n", one.name, one.says));
    let mut text = named
        .map(|(word, says)| format!("{word}: {says}\n"))
        .or(capability)?;
    let cited = Contract::embedded().clauses.iter().filter(|clause| {
        let mut sources = clause.source.split(", ");
        sources.any(|source| source.eq_ignore_ascii_case(id))
    });
    let cited: Vec<&str> = cited.map(|clause| clause.id.as_str()).collect();
    if !cited.is_empty() {
        let _ = writeln!(text, "clauses from it: {}", cited.join(", "));
    }
    Some(text)
}

/// Explains an operation: its request, its promises and its error codes.
fn operation(id: &str) -> Option<String> {
    let operation = Operation::from_id(id)?;
    let row = operation.row();
    let mut text = format!("{id}: {} {}\n", row.method, row.path);
    let _ = writeln!(text, "\nit promises:");
    for (name, clause) in operation.promises().all() {
        let says = Contract::embedded().says(clause);
        let _ = writeln!(text, "  {name:<18} {clause:<12} {says}");
    }
    let codes = Contract::embedded().codes.iter();
    let codes = codes.filter(|row| row.operations.contains_key(&operation));
    let codes: BTreeSet<String> = codes.map(|row| row.code.to_string()).collect();
    if !codes.is_empty() {
        let codes: Vec<String> = codes.into_iter().collect();
        let _ = writeln!(text, "\nits error codes: {}", codes.join(", "));
    }
    Some(text)
}

/// Explains a cause by the clause with which its name begins.
fn cause(id: &str, library: &Library) -> Option<String> {
    let (first, rest) = id.split_once('_')?;
    let explained = clause(first, library)?;
    Some(format!(
        "a cause of failures: {first} is broken at {}\n`originproof replay {id} --run run.json` sends its simplest evidence again.\n\n{explained}",
        rest.replace('_', ", ")
    ))
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
