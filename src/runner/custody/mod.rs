//! Care for zones that belong to somebody: what a zone held is written down before the first change, and put back
//! afterwards. `docs/safety.md` states the promise.
//!
//! Decisions are procedures without clock, socket or file (`desk`): `survey` reads a zone, `admit` lets a case's write
//! go out, `remove` takes away what a case left, `make_room` empties a zone, `put_back` makes it what it was, and `ending`
//! is what came of it. They read and change a `ledger`, the sum of a journal's `record`s. `wire` carries them out on a
//! target, `simulation` on anything that can go wrong. `journal`, `lock` and `seal` are files; `keeper` is one zone in a
//! run's care; `restore` finishes what a run left.

mod admit;
mod around;
mod config;
mod desk;
mod ending;
mod entry;
mod journal;
mod keeper;
mod ledger;
mod lock;
mod make_room;
mod patience;
mod put_back;
mod reach;
mod record;
mod remove;
mod restore;
mod seal;
#[cfg(test)]
mod simulation;
mod survey;
mod trial;
mod watch;
mod wire;

pub(super) use admit::{Effect, Effects, NotAdmitted};
pub(super) use around::Around;
pub use config::{CustodyConfig, Permit, user_folder};
pub use entry::Row;
pub use journal::{JournalError, pending};
pub(super) use keeper::Keeper;
pub use make_room::requests_to_empty;
pub(super) use reach::{addresses_in, addresses_of};
pub(super) use remove::{Stranger, Tidied};
pub use restore::{Closed, Waiting, WriteBack, restore, waiting};
pub(super) use seal::Seal;
pub(super) use watch::{Sign, Traces};
