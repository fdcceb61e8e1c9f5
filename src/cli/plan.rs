//! `originproof run --plan`: what a run would do.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use originproof::mock::{Mock, MockConfig};
use originproof::runner::{Keep, Plan, RunConfig, Runner, Target, TargetConfig};
use originproof::transport::Rate;

use super::exit::Failure;

/// What a run would do, as text.
///
/// # Errors
/// If the embedded mock, on which requests are counted, can't be started.
pub(crate) async fn text(runner: &Runner, plan: &Plan, rates: &[Rate]) -> Result<String, Failure> {
    let target = runner.target();
    let mut text = format!("target: {}\ncapabilities:\n", target.base_url);
    for (name, source) in &target.capabilities {
        let _ = writeln!(text, "  {name:<18} {source}");
    }
    for note in &target.notes {
        let _ = writeln!(text, "note: {note}");
    }
    let (mut will_run, mut skipped) = (plan.clone(), BTreeMap::<String, Vec<String>>::new());
    will_run
        .trials
        .retain(|(_, trial)| match runner.obstacle(trial) {
            None => true,
            Some(reason) => {
                skipped.entry(reason).or_default().push(trial.id());
                false
            }
        });
    let _ = writeln!(
        text,
        "\n{} of {} cases will run:",
        will_run.trials.len(),
        plan.trials.len()
    );
    for (_, trial) in &will_run.trials {
        let _ = writeln!(text, "  {}", trial.id());
    }
    for (reason, ids) in skipped {
        let _ = writeln!(text, "\n{} will not run, {reason}:", ids.len());
        for id in ids {
            let _ = writeln!(text, "  {id}");
        }
    }
    let requests = counted(&will_run, runner.zones_in_care()).await?;
    let least = rates
        .iter()
        .map(|rate| rate.least_time(requests))
        .max()
        .unwrap_or(Duration::ZERO);
    let _ = writeln!(
        text,
        "\nrequests: about {requests} (counted on the embedded mock)"
    );
    if rates.is_empty() {
        let _ = writeln!(text, "pacing: none");
    } else {
        let rates: Vec<String> = rates.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "pacing: {}; at least {} s",
            rates.join(" and "),
            least.as_secs()
        );
    }
    Ok(text)
}

/// How many requests a plan sends: the same cases, sent to a mock.
async fn counted(plan: &Plan, zones_in_care: usize) -> Result<u64, Failure> {
    let mock = MockConfig::default();
    let access = mock.access.clone();
    let running = Mock::new(mock).serve(([127, 0, 0, 1], 0).into()).await?;
    let config = TargetConfig {
        base_url: running.base_url(),
        credentials: access.into(),
        ..TargetConfig::default()
    };
    let target = Target::probe(config, 1).await?;
    let config = RunConfig {
        jobs: 16,
        seed: 1,
        keep: Keep::Findings,
    };
    let runner = Runner::new(target, config).await?;
    let summary = runner.run(plan, |_| {}).await;
    running.stop().await;
    let mut requests = u64::try_from(summary.requests).unwrap_or(u64::MAX);
    if zones_in_care > 0 {
        // Each case in a given zone is tidied up after: a list, a batch, a list.
        requests += 3 * u64::try_from(plan.trials.len()).unwrap_or(0);
    }
    Ok(requests)
}
