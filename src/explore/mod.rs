//! Generated sequences: walks over a zone that are drawn from a seed and judged by the model of the zone. A walk that
//! fails is reduced.
//!
//! `ask` is one request, `script` is a sequence of requests in the terms of the case format, and `shadow` is the
//! content that a lawful zone would have after it. `generate` draws scripts from `motif`s, `batches`, `refusals` and
//! `bursts`, guided by `coverage`. `explorer` runs the scripts as cases against a target, `shrink` reduces a failing
//! script, and `story` describes the fault.

mod ask;
mod batches;
mod bursts;
mod coverage;
mod explorer;
mod generate;
mod limit;
mod motif;
mod refusals;
mod script;
mod shadow;
mod shrink;
mod story;

pub use self::coverage::Coverage;
pub use self::explorer::{Explored, Explorer, Limits};
pub use self::story::Story;
