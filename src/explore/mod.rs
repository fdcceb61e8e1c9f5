//! Sequences that nobody wrote: walks over a zone, drawn from a seed, judged by the model of the zone, and made small
//! once one fails.
//!
//! `ask` is one request, `script` a sequence of them in the words of the case format, `shadow` what a lawful zone would
//! hold after it. `generate` draws scripts from `motif`s, `batches`, `refusals`
//! and `bursts`, steered by `coverage`; `explorer` runs them as cases against a target,
//! `shrink` makes one that fails smaller, and `story` tells it.

mod ask;
mod batches;
mod bursts;
mod coverage;
mod explorer;
mod generate;
mod motif;
mod refusals;
mod script;
mod shadow;
mod shrink;
mod story;

pub use self::coverage::Coverage;
pub use self::explorer::{Explored, Explorer, Limits};
pub use self::story::Story;
