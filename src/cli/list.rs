//! `originproof list`.

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::Value;

use originproof::client::reference;
use originproof::contract::Contract;
use originproof::coverage::Coverage;
use originproof::mock::{mutant, variation};

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::json::{self, Format};
use super::run::SelectionArgs;

/// Flags of `list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// What to list
    #[arg(value_enum, default_value_t = What::Cases)]
    what: What,
    /// Show which cases and rules prove each clause, and which codes are tested
    #[arg(long)]
    coverage: bool,
    /// The format of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Print JSON; the same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Print Markdown (with --coverage)
    #[arg(long, requires = "coverage", conflicts_with_all = ["json", "format"])]
    markdown: bool,
    #[command(flatten)]
    selection: SelectionArgs,
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Every case and row, with its title.
    Cases,
    /// Every clause, with its level and sentence.
    Clauses,
    /// The operations of the contract.
    Operations,
    /// The documented codes.
    Codes,
    /// The faulty mocks, with the clause that each breaks.
    Mutants,
    /// The lawful variations of the mock.
    Variations,
    /// The scenarios for clients.
    Scenarios,
    /// The faulty clients, with the clause that each breaks.
    ClientMutants,
    /// The lawful variations of the reference client.
    ClientVariations,
}

/// One row: columns for the text output, and an object for the JSON output.
struct Row {
    columns: Vec<String>,
    value: Value,
}

/// Runs the subcommand.
pub(crate) fn run(args: &ListArgs, console: &mut Console) -> Outcome {
    if args.format == Format::Schema {
        let schema = if args.coverage {
            json::schema::<Coverage>()?
        } else {
            json::schema::<Vec<json::Row>>()?
        };
        console.out(&schema)?;
        return Ok(Exit::Conforms);
    }
    let is_json = args.json || args.format == Format::Json;
    if args.coverage {
        let coverage = Coverage::of(&args.selection.library(console.colour)?);
        let text = if is_json {
            serde_json::to_string_pretty(&coverage).map_err(internal)? + "\n"
        } else if args.markdown {
            coverage.markdown()
        } else {
            coverage.text()
        };
        console.out(&text)?;
        return Ok(Exit::Conforms);
    }
    let rows = match args.what {
        What::Cases => cases(args, console)?,
        What::Clauses => clauses()?,
        What::Operations => operations()?,
        What::Codes => codes()?,
        What::Mutants => mutants(),
        What::Variations => variations(),
        What::Scenarios => scenarios(args, console)?,
        What::ClientMutants => client_mutants(),
        What::ClientVariations => client_variations(),
    };
    if is_json {
        let values: Vec<&Value> = rows.iter().map(|row| &row.value).collect();
        console.out(&json::text(&values)?)?;
        return Ok(Exit::Conforms);
    }
    let columns = rows.first().map_or(0, |row| row.columns.len());
    let width = |index: usize| {
        rows.iter()
            .map(move |row| row.columns[index].chars().count())
    };
    let widths: Vec<usize> = (0..columns)
        .map(|index| width(index).max().unwrap_or(0))
        .collect();
    for row in &rows {
        let cells: Vec<String> = row
            .columns
            .iter()
            .zip(&widths)
            .map(|(column, width)| format!("{column:<width$}"))
            .collect();
        console.out(&format!("{}\n", cells.join("  ").trim_end()))?;
    }
    Ok(Exit::Conforms)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn internal(error: serde_json::Error) -> Failure {
    Failure::Internal(error.to_string())
}

/// Creates a row from a row of the contract, which is also its JSON object.
fn documented(columns: Vec<String>, row: &impl Serialize) -> Result<Row, Failure> {
    let value = serde_json::to_value(row).map_err(internal)?;
    Ok(Row { columns, value })
}

fn cases(args: &ListArgs, console: &Console) -> Result<Vec<Row>, Failure> {
    let library = args.selection.library(console.colour)?;
    let plan = args.selection.plan(&library)?;
    let rows = plan.trials.iter().map(|(_, trial)| {
        let proves: Vec<String> = trial.proves().map(|clause| clause.to_string()).collect();
        Row {
            columns: vec![trial.id(), trial.case.title.clone(), proves.join(" ")],
            value: serde_json::json!({
                "id": trial.id(),
                "title": trial.case.title,
                "file": trial.case.source.path,
                "proves": proves,
                "needs": trial.needs(),
                "tags": trial.case.tags,
            }),
        }
    });
    Ok(rows.collect())
}

fn clauses() -> Result<Vec<Row>, Failure> {
    let contract = Contract::embedded();
    let all = contract.clauses.iter().chain(&contract.client_clauses);
    all.map(|clause| {
        let (id, level) = (clause.id.to_string(), clause.level.to_string());
        documented(vec![id, level, clause.says.clone()], clause)
    })
    .collect()
}

fn scenarios(args: &ListArgs, console: &Console) -> Result<Vec<Row>, Failure> {
    let all = args.selection.scenarios(console.colour)?;
    let rows = all.list.iter().map(|one| {
        let proves: Vec<String> = one.clauses().map(|clause| clause.to_string()).collect();
        Row {
            columns: vec![one.id(), one.title.clone(), proves.join(" ")],
            value: serde_json::json!({
                "id": one.id(),
                "title": one.title,
                "file": one.source.path,
                "proves": proves,
                "tags": one.tags,
            }),
        }
    });
    Ok(rows.collect())
}

fn client_mutants() -> Vec<Row> {
    let rows = reference::mutants().iter().map(|mutant| Row {
        columns: vec![mutant.clause.to_owned(), mutant.name.to_owned(), mutant.says.to_owned()],
        value: serde_json::json!({"name": mutant.name, "breaks": mutant.clause, "says": mutant.says}),
    });
    rows.collect()
}

fn client_variations() -> Vec<Row> {
    let rows = reference::habits().iter().map(|(_, name, why)| Row {
        columns: vec![(*name).to_owned(), (*why).to_owned()],
        value: serde_json::json!({"name": name, "allowed_by": why}),
    });
    rows.collect()
}

fn operations() -> Result<Vec<Row>, Failure> {
    Contract::embedded()
        .operations
        .iter()
        .map(|operation| {
            let (method, path) = (operation.method.clone(), operation.path.clone());
            documented(vec![operation.id.clone(), method, path], operation)
        })
        .collect()
}

fn codes() -> Result<Vec<Row>, Failure> {
    Contract::embedded()
        .codes
        .iter()
        .map(|row| {
            let operations: Vec<&str> = row.operations.keys().map(|o| o.id()).collect();
            let columns = vec![
                row.code.to_string(),
                row.status.0.clone(),
                operations.join(" "),
                row.text.clone().unwrap_or_default(),
            ];
            documented(columns, row)
        })
        .collect()
}

fn mutants() -> Vec<Row> {
    mutant::all()
        .map(|mutant| Row {
            columns: vec![
                mutant.breaks.clone(),
                mutant.name.clone(),
                mutant.from.to_owned(),
            ],
            value: serde_json::json!({"name": mutant.name, "breaks": mutant.breaks, "from": mutant.from}),
        })
        .collect()
}

fn variations() -> Vec<Row> {
    variation::all()
        .map(|variation| Row {
            columns: vec![
                variation.name.to_owned(),
                variation.allowed_by.to_owned(),
                variation.deviates.join(" "),
            ],
            value: serde_json::json!({
                "name": variation.name,
                "allowed_by": variation.allowed_by,
                "deviates": variation.deviates,
            }),
        })
        .collect()
}
