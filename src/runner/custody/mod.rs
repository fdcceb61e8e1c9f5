//! Care for zones that hold somebody's data. The contents of a zone are recorded before the first change and put back
//! at the end. `docs/safety.md` states the promise.
//!
//! Decisions are procedures that use no clock, socket or file themselves (`desk`). `survey` reads a zone, `admit`
//! checks a case's write before it is sent, and `remove` deletes what a case left. `make_room` empties a zone,
//! `put_back` restores its contents, and `ending` is the result. The procedures read and change a `ledger`, which is
//! the sum of a journal's `record`s. `wire` carries them out on a real target, and `simulation` on a simulated one with
//! faults. `journal` and `lock` are files, and `seal` authenticates a journal. `keeper` takes care of one zone during a
//! run, and `restore` finishes what a run left.

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
