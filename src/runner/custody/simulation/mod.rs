//! A simulation of the whole care for a zone under hostile schedules: with a target in memory and a virtual clock,
//! without sockets and sleeping. Each seed is first turned into a [`schedule::Schedule`]. So a schedule that breaks a
//! property can be shrunk to the few faults that matter, and printed.
//!
//! `SIMULATION_SCHEDULES=1000000 cargo test --release --lib simulation` runs more schedules. `SIMULATION_SEED=N` begins
//! at another seed.

mod life;
mod promises;
mod schedule;
mod target;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

use schedule::Schedule;

/// Prints the tally of events, which `--nocapture` makes visible.
#[expect(
    clippy::print_stdout,
    reason = "the test runner keeps what a test prints"
)]
fn show(tally: &BTreeMap<&'static str, u64>) {
    for (what, times) in tally {
        println!("{times:>9} {what}");
    }
}

/// The number of schedules in an ordinary test run.
const SCHEDULES: u64 = 100_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn nothing_that_was_there_is_lost_in_any_schedule() {
    let first = number("SIMULATION_SEED").unwrap_or(0);
    let count = number("SIMULATION_SCHEDULES").unwrap_or(SCHEDULES);
    let threads = thread::available_parallelism().map_or(2, usize::from);
    let threads = u64::try_from(threads).unwrap_or(2);
    let tally: Mutex<BTreeMap<&'static str, u64>> = Mutex::default();
    let broken: Mutex<Vec<u64>> = Mutex::default();
    thread::scope(|scope| {
        for thread in 0..threads {
            let (tally, broken) = (&tally, &broken);
            scope.spawn(move || {
                let mut own: BTreeMap<&'static str, u64> = BTreeMap::new();
                for seed in
                    (first + thread..first + count).step_by(usize::try_from(threads).unwrap_or(1))
                {
                    let schedule = Schedule::of(seed);
                    match life::live(&schedule) {
                        Ok(met) => {
                            for (what, times) in met {
                                *own.entry(what).or_default() += times;
                            }
                        }
                        Err(_) => {
                            broken.lock().unwrap_or_else(|e| panic!("{e}")).push(seed);
                            return;
                        }
                    }
                }
                let mut tally = tally.lock().unwrap_or_else(|e| panic!("{e}"));
                for (what, times) in own {
                    *tally.entry(what).or_default() += times;
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap_or_else(|e| panic!("{e}"));
    if let Some(seed) = broken.iter().min() {
        let schedule = Schedule::of(*seed).shrunk(|schedule| life::live(schedule).is_err());
        let why = life::live(&schedule).err().unwrap_or_default();
        panic!(
            "seed {seed}: {why}\n{schedule:?}\n{}",
            life::told(&schedule)
        );
    }
    let tally = tally.into_inner().unwrap_or_else(|e| panic!("{e}"));
    show(&tally);
    // If an event never happens, the simulation proves nothing about it.
    for what in life::MUST_HAPPEN {
        let times = tally.get(what).copied().unwrap_or(0);
        assert!(count < SCHEDULES || times > 0, "{what} never happened");
    }
}
