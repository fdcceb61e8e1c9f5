//! The events of a run, as data. The runner and the reports share nothing else.

mod cause;
mod effort;
mod profile;
mod record;
mod report;
mod verdict;

pub use cause::{Cause, Symptom, Witness};
pub use effort::EffortRecord;
pub use profile::{AnswerShape, Profile};
pub use record::{exchange_record, step_record};
pub use report::{
    Event, ExchangeRecord, Location, Observation, PutBack, ReportedFinding, RunHeader, StepRecord,
    Summary, TrialReport, ZoneLeft,
};
pub use verdict::Verdict;
