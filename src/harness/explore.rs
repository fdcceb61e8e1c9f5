//! Exploring as tests, one test per seed, such as `explore::seed-1`.

use std::sync::{Arc, PoisonError};

use libtest_mimic::{Completion, Failed, Trial as Test};

use super::{Session, text};
use crate::contract::Level;
use crate::event::Verdict;
use crate::explore::{Explorer, Limits};

/// The distance between the zone numbers of seeds. The zones of the first seed begin at this number, so that they never
/// coincide with the zones of the suite's cases.
const ZONES: usize = 1_000_000;
/// The number of concurrent clients.
const CLIENTS: usize = 4;

/// Returns a test for each seed that the settings name.
pub(super) fn tests(session: &Arc<Session>) -> Vec<Test> {
    let (seeds, requests) = session.settings.explore.clone();
    let seeds = seeds.into_iter().enumerate();
    let tests = seeds.map(|(place, seed)| {
        let session = Arc::clone(session);
        Test::ignorable_test(format!("explore::seed-{seed}"), move || {
            judge(&session, seed, requests, (place + 1) * ZONES)
        })
    });
    tests.collect()
}

fn judge(
    session: &Session,
    seed: u64,
    requests: usize,
    zones_from: usize,
) -> Result<Completion, Failed> {
    let runner = session.runner()?;
    let limits = Limits {
        requests,
        time: None,
        clients: CLIENTS,
        only: session.settings.only,
        stop_at: None,
        cases: None,
        zones_from,
    };
    let explorer = Explorer::new(runner, seed, limits);
    let (explored, mut reports) = session.runtime.block_on(explorer.reports());
    if let Some(tally) = &session.tally {
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        for report in &mut reports {
            tally.judge(report);
        }
    }
    let mut ran = session.ran.lock().unwrap_or_else(PoisonError::into_inner);
    ran.extend(reports.iter().cloned());
    drop(ran);
    let failed: Vec<_> = reports
        .into_iter()
        .filter(|report| report.verdict == Verdict::Violates)
        .collect();
    if failed.is_empty() {
        return Ok(Completion::Completed);
    }
    let mut why = String::new();
    let is_must = |level: Level| level == Level::Must;
    for story in explored.stories.iter().filter(|story| is_must(story.level)) {
        why.push_str(&story.text);
        why.push('\n');
    }
    for report in failed {
        why.push_str(&text(report, session.is_exact));
    }
    Err(why.into())
}
