//! Cases: declarative YAML files that say what to send and what each clause promises of the answer.
//!
//! [`Library`] holds the loaded [`CaseFile`]s (embedded, or from a folder) and expands them into trials: one for each
//! generation and table row. `cases/README.md` describes the format on one page.

pub mod format;
mod library;
pub(crate) mod load;
pub mod matcher;
mod model;
mod schema;
mod template;
mod variable;

pub use library::{Library, LibraryError, Reading, Trial, scenario_sources};
pub use model::{
    Action, Auth, CallSpec, CaseFile, Check, ClauseKey, Expectation, OperationName, Over, Set,
    StatusSpec, Step,
};
pub use schema::json_schema;
pub use template::{Scope, Unfilled, resolve};
pub use variable::{Member, Spelling, V4_ADDRESSES, Variable, is_builtin};
