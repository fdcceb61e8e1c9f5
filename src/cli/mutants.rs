//! `originproof mutants`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use originproof::case::Library;
use originproof::diagnostic::visible::shown;
use originproof::event::EffortRecord;
use originproof::mock::mutant::history;
use originproof::mock::mutant::{self, Mutant};
use originproof::mutation::{Breadth, Caught, explore_mutant, measure, table, try_mutants};
use originproof::power::{Effort, Power, TrialPower, choose};
use originproof::runner::{PROBING, Plan, Selection, plannable};

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};

/// Flags of `mutants`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
pub(crate) struct MutantsArgs {
    /// Try only these mutants (repeatable); by default all
    #[arg(long, value_name = "NAME")]
    mutant: Vec<String>,
    /// Try every case on every mutant, not only those that cite its clause
    #[arg(long)]
    every_case: bool,
    /// Explore the faults that need a history instead, and tell how many requests it takes to find each
    #[arg(long, conflicts_with = "every_case")]
    history: bool,
    /// With --history: number of seeds for each fault
    #[arg(long, value_name = "N", default_value_t = 3, requires = "history")]
    seeds: u64,
    /// With --history: number of requests for each seed
    #[arg(long, value_name = "N", default_value_t = 3_000, requires = "history")]
    requests: usize,
    /// Try every case on every mutant, and write what each case catches and costs to this file: schemas/power.json, by
    /// which runs with a budget choose their cases
    #[arg(long, value_name = "FILE", conflicts_with_all = ["mutant", "history"])]
    save: Option<PathBuf>,
    /// With --save: measure only the requests again, and keep what the built-in numbers say about the mutants
    #[arg(long, requires = "save")]
    costs_only: bool,
    /// Print a table of what each effort finds: its requests, the mutants that it catches, and the must clauses that it
    /// proves
    #[arg(long, conflicts_with_all = ["mutant", "history", "save", "every_case"])]
    efforts: bool,
    /// Try the cases that a run with this number of requests would choose
    #[arg(long, value_name = "REQUESTS", conflicts_with_all = ["history", "save", "efforts"])]
    budget: Option<usize>,
    /// Number of mutants to try at a time
    #[arg(long, short = 'j', value_name = "N", default_value_t = 4)]
    jobs: usize,
    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// The format of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// Markdown tables.
    Markdown,
    /// JSON.
    Json,
}

/// Returns the mutant with this name, or an error with the nearest name.
///
/// # Errors
/// Returns [`Failure::Usage`] for an unknown name.
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
    if args.history {
        return explore(args, console);
    }
    let mutants: Vec<&'static Mutant> = if args.mutant.is_empty() {
        mutant::all().collect()
    } else {
        args.mutant
            .iter()
            .map(|name| named(name))
            .collect::<Result<_, _>>()?
    };
    let library = Library::embedded()?;
    let mut plan = Plan::select(&library, &Selection::default())?;
    if let Some(path) = &args.save {
        let measured = if args.costs_only { Vec::new() } else { mutants };
        return save(path, measured, &plan, args.jobs, console);
    }
    if args.efforts {
        return efforts(&mutants, &plan, args.jobs, console);
    }
    if let Some(budget) = args.budget {
        plan = chosen(&plan, Some(budget)).0;
    }
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

/// Returns the cases that a run with a number of requests chooses, and what they prove.
fn chosen(plan: &Plan, budget: Option<usize>) -> (Plan, EffortRecord) {
    let price = |_: &_, power: &TrialPower| power.requests;
    let choose = |budget: Option<usize>| {
        let trials = plan.trials.clone();
        choose(
            Power::embedded(),
            trials,
            |_| false,
            &price,
            budget.map(|budget| plannable(budget, PROBING)),
        )
    };
    let chosen = choose(budget);
    let record = chosen.record("", &choose(None));
    let plan = Plan {
        trials: chosen.trials,
        ..Plan::default()
    };
    (plan, record)
}

/// Tries each effort on the mutants, and prints a Markdown table.
fn efforts(
    mutants: &[&'static Mutant],
    plan: &Plan,
    jobs: usize,
    console: &mut Console,
) -> Outcome {
    let runtime = super::runtime()?;
    console.out(
        "| effort | requests | cases | mutants caught by their own clause | must clauses proved | as fully as by all |\n|---|---:|---:|---:|---:|---:|\n",
    )?;
    let efforts = [
        ("quick", Effort::Quick),
        ("standard", Effort::Standard),
        ("full", Effort::Full),
    ];
    for (name, effort) in efforts {
        let (part, record) = chosen(plan, effort.budget());
        console.begin(mutants.len());
        let tried = try_mutants(mutants.to_vec(), &part, Breadth::Citing, jobs, |result| {
            console.under_way(&result.name);
            console.advance();
        });
        let matrix = runtime.block_on(tried);
        console.end();
        let matrix = matrix?;
        let (caught, all) = (matrix.count(Caught::ByItsClause), matrix.results.len());
        console.out(&format!(
            "| {name} | {} | {} | {caught} of {all} ({:.1} %) | {} of {} | {} |\n",
            record.requests,
            record.cases,
            percent(caught, all),
            record.touched,
            record.touched_of,
            record.fully,
        ))?;
        for result in &matrix.results {
            if result.caught != Caught::ByItsClause {
                console.say(&format!(
                    "{name} misses {} ({})",
                    result.name, result.breaks
                ));
            }
        }
    }
    Ok(Exit::Conforms)
}

fn percent(part: usize, whole: usize) -> f64 {
    let number = |number: usize| u32::try_from(number).map_or(f64::MAX, f64::from);
    100.0 * number(part) / number(whole.max(1))
}

/// Measures what each case catches and costs, and writes it to a file.
fn save(
    path: &Path,
    mutants: Vec<&'static Mutant>,
    plan: &Plan,
    jobs: usize,
    console: &mut Console,
) -> Outcome {
    console.begin(mutants.len());
    let measured = measure(mutants, plan, jobs, |name| {
        console.under_way(name);
        console.advance();
    });
    let power = super::runtime()?.block_on(measured);
    console.end();
    let mut power = power?;
    if power.mutants.is_empty() {
        power.keep_catches(Power::embedded());
    }
    std::fs::write(path, power.text())
        .map_err(|error| Failure::Usage(format!("can't write {}: {error}", shown(path))))?;
    console.say(&format!("wrote {}", shown(path)));
    Ok(Exit::Conforms)
}

/// Explores the mutants that need a history.
fn explore(args: &MutantsArgs, console: &mut Console) -> Outcome {
    let is_chosen = |name: &String| args.mutant.is_empty() || args.mutant.contains(name);
    let mutants: Vec<_> = history::all()
        .filter(|one| is_chosen(&one.mutant.name))
        .collect();
    let runtime = super::runtime()?;
    let mut explored = Vec::new();
    console.begin(mutants.len());
    for mutant in mutants {
        console.under_way(&mutant.mutant.name);
        let tried = explore_mutant(mutant, 1..=args.seeds, args.requests);
        explored.push(runtime.block_on(tried)?);
        console.advance();
    }
    console.end();
    console.out(&table(&explored))?;
    let is_found = |one: &&originproof::mutation::Explored| {
        let found = one.found_after();
        found.get(found.len() / 2).is_some_and(Option::is_some)
    };
    let count = explored.iter().filter(is_found).count();
    console.out(&format!(
        "{count} of {} are found by a right clause from most seeds\n",
        explored.len()
    ))?;
    Ok(match (explored.len(), count) {
        (0, _) => Exit::NothingRan,
        (all, found) if all == found => Exit::Conforms,
        _ => Exit::Violates,
    })
}
