//! One simulated life: a run with its cases, crashes between any two steps, and `restore` as often as needed. After
//! each process that ended by itself, the promises are checked against what the target really holds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::admit::{Effect, Effects, NotAdmitted, admit};
use super::super::around::Around;
use super::super::desk::{Ask, Durability, Form, Heard, Procedure, Step, Trouble};
use super::super::ending::Ending;
use super::super::entry::Row;
use super::super::journal::VERSION;
use super::super::ledger::Ledger;
use super::super::make_room::make_room;
use super::super::patience::Rules;
use super::super::put_back::put_back;
use super::super::record::{Opening, Record};
use super::super::remove::{Left, tidy};
use super::super::survey::survey;
use super::promises::{Truth, not_back};
use super::schedule::{Case, Schedule};
use super::target::{Crashed, Target, place, tests};
use crate::exchange::Generation;

/// The most requests that one process may send. Patience, rounds and batches limit them.
const MOST_REQUESTS: u64 = 1_200;
/// How many times a process may end by itself and leave its journal to `restore`.
const HEALED: usize = 3;

/// The events that must have happened in a hundred thousand lives.
pub(super) const MUST_HAPPEN: [&str; 31] = [
    "addresses that can't be written after a deletion",
    "batches refused whole",
    "bursts of 429",
    "bursts of 503",
    "crashes",
    "deletions of another run",
    "deletions of the owner",
    "journals released",
    "journals removed",
    "lists that are behind",
    "lists that show nothing",
    "lossy writes",
    "lost answers",
    "lost requests",
    "mappings lost by a write",
    "mappings that can't be deleted",
    "repairs by the owner",
    "single reads refused",
    "single reads that are behind",
    "spent budgets",
    "target out of reach",
    "unreadable lists",
    "v1 gone",
    "v2 gone",
    "values no longer accepted",
    "values not accepted for new mappings",
    "values that are mangled",
    "writes of another run",
    "writes that take effect late",
    "writes of the owner",
    "zones emptied",
];

/// Runs a schedule, and returns a description of each step.
pub(super) fn told(schedule: &Schedule) -> String {
    let mut target = Target::new(schedule);
    target.tells();
    let result = lived(schedule, &mut target);
    format!("{}{result:?}", target.told())
}

/// Runs a schedule. Returns the events that happened, or the promise that was broken.
pub(super) fn live(schedule: &Schedule) -> Result<BTreeMap<&'static str, u64>, String> {
    let mut target = Target::new(schedule);
    lived(schedule, &mut target)?;
    Ok(target.met)
}

fn lived(schedule: &Schedule, target: &mut Target<'_>) -> Result<(), String> {
    let mut life = Life {
        schedule,
        target,
        rules: Rules {
            settle: Duration::from_millis(schedule.setting.settle),
            patience: Duration::from_secs(3),
        },
    };
    let mut ended = life.run();
    let mut healed = 0;
    while !life.target.journal().is_empty() && healed < HEALED {
        if ended.is_ok() {
            // If the process ended but its journal stays, `restore` waits until the faults are over.
            healed += 1;
            if healed == 2 {
                life.target.heal();
            }
        }
        life.target.new_process();
        if is_released(life.target.journal()) {
            break;
        }
        ended = life.restore();
        life.check_bounds()?;
    }
    if target.broken.is_none() {
        target.broken = not_back(target);
    }
    target.broken.clone().map_or(Ok(()), Err)
}

fn is_released(journal: &[Record]) -> bool {
    matches!(journal.last(), Some(Record::Released(_)))
}

struct Life<'t, 's> {
    schedule: &'t Schedule,
    target: &'t mut Target<'s>,
    rules: Rules,
}

impl Life<'_, '_> {
    fn drive<T>(&mut self, mut procedure: Procedure<'_, T>) -> Result<T, Crashed> {
        self.target.begin();
        let mut heard = None;
        loop {
            match procedure.resume(heard.take()) {
                Step::Done(verdict) => return Ok(verdict),
                Step::Ask(ask) => heard = Some(self.target.perform(&ask)?),
            }
        }
    }

    fn check_bounds(&mut self) -> Result<(), String> {
        if self.target.requests > MOST_REQUESTS {
            return Err(format!(
                "one process sent {} requests",
                self.target.requests
            ));
        }
        self.target.broken.clone().map_or(Ok(()), Err)
    }

    /// Simulates a run, from its survey to putting back.
    fn run(&mut self) -> Result<(), Crashed> {
        let (rules, generations) = (self.rules, self.target.generations());
        let surveyed = self.drive(Procedure::new(|desk| survey(desk, rules, generations)))?;
        let Ok(holding) = surveyed else {
            return Ok(());
        };
        let mut ledger = Ledger::of(holding.clone(), &[]);
        let opening = Opening {
            originproof_journal: VERSION,
            holding: holding.clone(),
            ..Opening::default()
        };
        self.target
            .perform(&Ask::Note(Record::Opening(opening), Durability::Synced))?;
        let mut around = Around::all_of(&holding);
        let mut may_empty = self.schedule.setting.takes_away && holding.len() > 0;
        for case in &self.schedule.setting.cases {
            self.case(case, &mut ledger, &mut around, &mut may_empty)?;
        }
        self.target.begin_putting_back();
        let ending = self.drive(Procedure::new(|desk| put_back(desk, &mut ledger, rules)))?;
        self.end(&ledger, &ending)
    }

    fn case(
        &mut self,
        case: &Case,
        ledger: &mut Ledger,
        around: &mut Around,
        may_empty: &mut bool,
    ) -> Result<(), Crashed> {
        let rules = self.rules;
        if case.needs_room && *may_empty && !around.taken().is_empty() {
            self.target.begin_emptying();
            let result = self.drive(Procedure::new(|desk| make_room(desk, ledger, rules)))?;
            match result {
                Ok(left) => {
                    *self.target.met.entry("zones emptied").or_default() += 1;
                    *around = Around::left(&left);
                }
                Err(why) => {
                    *may_empty = false;
                    around.learn_why(&why);
                    if ledger.stake() > 0 {
                        let ending =
                            self.drive(Procedure::new(|desk| put_back(desk, ledger, rules)))?;
                        around.learn_of(&ending.kept);
                    }
                }
            }
        }
        let mut left = Left {
            around: around.clone(),
            ..Left::default()
        };
        for (index, value, is_v1, deletes) in &case.writes {
            let ip = tests(*index);
            if around.taken().contains(&ip) {
                continue;
            }
            let through = if *is_v1 {
                Generation::V1
            } else {
                Generation::V2
            };
            let value = place(&format!("test-{value}"));
            let effect = if *deletes {
                Effect::Delete
            } else {
                Effect::Write(value.clone())
            };
            let effects = Effects::from([(ip, BTreeSet::from([effect]))]);
            let admitted = self.drive(Procedure::new(|desk| {
                admit(desk, ledger, rules, through, effects)
            }))?;
            left.through.insert(through);
            if let Err(NotAdmitted::Hidden(ip, place)) = &admitted {
                around.hid(through, *ip, place.clone());
                left.around.hid(through, *ip, place.clone());
            }
            if admitted.is_err() {
                continue;
            }
            left.mine.insert(ip);
            let ask = if *deletes {
                Ask::Delete(through, vec![ip.to_string()], Form::Single)
            } else {
                Ask::Write(through, vec![Row::new(ip, &value)])
            };
            let heard = self.target.perform(&ask)?;
            if matches!(heard, Heard::Trouble(Trouble::Failed(_))) {
                ledger.expect_late_effects();
            }
        }
        let tidied = self.drive(Procedure::new(|desk| tidy(desk, ledger, rules, left)))?;
        around.learn(&tidied);
        Ok(())
    }

    fn restore(&mut self) -> Result<(), Crashed> {
        let mut ledger = Ledger::default();
        for record in self.target.journal() {
            ledger.apply(record);
        }
        let rules = self.rules;
        self.target.begin_putting_back();
        let ending = self.drive(Procedure::new(|desk| put_back(desk, &mut ledger, rules)))?;
        self.end(&ledger, &ending)
    }

    /// Checks what the process says at its end against the truth.
    fn end(&mut self, ledger: &Ledger, ending: &Ending) -> Result<(), Crashed> {
        if self.target.broken.is_none() {
            self.target.broken = Truth {
                schedule: self.schedule,
                target: self.target,
                ledger,
                ending,
            }
            .false_word();
        }
        if ending.is_whole() {
            if ending.stuck.is_empty() {
                *self.target.met.entry("journals removed").or_default() += 1;
                self.target.remove_journal();
            } else {
                *self.target.met.entry("journals released").or_default() += 1;
                let rows = ending
                    .stuck
                    .iter()
                    .map(|stuck| Row::new(stuck.ip, &stuck.place));
                let record = Record::Released(rows.collect());
                self.target
                    .perform(&Ask::Note(record, Durability::Synced))?;
            }
        }
        Ok(())
    }
}
