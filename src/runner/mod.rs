//! Runs trials against a target and judges them.
//!
//! `probe` finds out what the target can do, `plan` selects trials, `execute` sends a trial's steps, `expect` compares
//! answers with expectations, `reading` verifies the state of a zone. `run` schedules all of this and emits
//! [`crate::event::Event`]s, `trial` runs one trial in its zones, `forecast` predicts what a run would do.

mod addresses;
mod arrange;
mod bounds;
mod budget;
mod call;
mod care;
mod contact;
pub mod custody;
mod error;
mod execute;
mod expect;
mod fitness;
mod forecast;
mod halt;
mod judgement;
mod log;
mod mapping;
mod outcome;
mod parallel;
mod plan;
mod probe;
mod reading;
mod refit;
mod regions;
mod relief;
mod routing;
mod run;
mod scope;
mod send;
mod target;
mod trial;
mod zone;

pub use budget::{PROBING, plannable};
pub use error::TargetError;
pub use plan::{Plan, PlanError, Selection, Shard};
pub use run::{Keep, Label, Planned, RunConfig, Runner, new_seed};
pub use target::{Credentials, Target, TargetConfig};
