//! `originproof clients --mutants`: which client mutants the scenarios catch, and whether a lawful client is accused.

use std::collections::BTreeSet;
use std::fmt::Write;

use originproof::client::reference::{Mutant, Reference, habits, mutants};
use originproof::client::scenario::{Scenario, Scenarios};
use originproof::client::{Client, Run, RunConfig};
use originproof::event::{Event, RunHeader, Verdict};

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};

/// What a run showed of a client.
#[derive(Default)]
struct Shown {
    clauses: BTreeSet<String>,
    accused: Vec<String>,
    unjudged: Vec<String>,
}

async fn tried(client: Reference, config: &RunConfig, scenarios: Vec<Scenario>) -> Shown {
    let mut shown = Shown::default();
    let run = Run::new(Client::Reference(client), config.clone(), scenarios);
    run.events(RunHeader::default(), |event| {
        let Event::TrialFinished(trial) = event else {
            return;
        };
        if !matches!(
            trial.verdict,
            Verdict::Conforms | Verdict::Skipped | Verdict::Violates | Verdict::Deviates
        ) {
            let reason = trial.reason.clone().unwrap_or_default();
            shown.unjudged.push(format!("{}: {reason}", trial.id));
        }
        for reported in &trial.findings {
            let finding = &reported.finding;
            shown.clauses.insert(finding.clause.to_string());
            let what = &finding.what;
            let text = format!(
                "{} in {}: expected {}, found {}",
                finding.clause,
                trial.id,
                what.expected(),
                what.found()
            );
            shown.accused.push(text);
        }
    })
    .await;
    shown
}

/// Runs the mutants on the scenarios of their clauses, and the lawful clients on all.
pub(super) fn run(scenarios: &Scenarios, config: &RunConfig, console: &mut Console) -> Outcome {
    let mut text = String::new();
    let (mut missed, mut accused) = (0, 0);
    super::runtime()?.block_on(async {
        for mutant in mutants() {
            let own = of_clause(scenarios, mutant);
            let shown = tried(Reference::mutant(mutant), config, own).await;
            let is_caught = shown.clauses.contains(mutant.clause);
            missed += usize::from(!is_caught);
            let others: Vec<&str> = shown
                .clauses
                .iter()
                .map(String::as_str)
                .filter(|id| *id != mutant.clause)
                .collect();
            let others = if others.is_empty() {
                String::new()
            } else {
                format!(" (and {})", others.join(", "))
            };
            let word = if is_caught { "caught" } else { "MISSED" };
            // Writing into memory does not fail.
            let _ = writeln!(
                text,
                "{word:<7} {:<30} {}{others}",
                mutant.name, mutant.clause
            );
        }
        let lawful = habits()
            .iter()
            .map(|(habit, name, _)| (*name, Reference::default().with(*habit)));
        for (name, client) in std::iter::once(("reference", Reference::default())).chain(lawful) {
            let shown = tried(client, config, scenarios.list.clone()).await;
            let faults: Vec<String> = shown.accused.into_iter().chain(shown.unjudged).collect();
            accused += usize::from(!faults.is_empty());
            let word = if faults.is_empty() {
                "lawful"
            } else {
                "ACCUSED"
            };
            let _ = writeln!(text, "{word:<7} {name}");
            for fault in faults {
                let _ = writeln!(text, "        {fault}");
            }
        }
        Ok::<_, Failure>(())
    })?;
    let _ = writeln!(
        text,
        "{} of {} mutants caught by their own clause; {} of {} lawful clients accused",
        mutants().len() - missed,
        mutants().len(),
        accused,
        habits().len() + 1
    );
    console.out(&text)?;
    Ok(if missed + accused == 0 {
        Exit::Conforms
    } else {
        Exit::Violates
    })
}

/// Returns the scenarios that touch the mutant's clause.
fn of_clause(scenarios: &Scenarios, mutant: &Mutant) -> Vec<Scenario> {
    let all = scenarios.list.iter();
    let own = all.filter(|one| one.clauses().any(|id| id.as_str() == mutant.clause));
    own.cloned().collect()
}
