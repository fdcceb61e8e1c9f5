//! Faults that show when requests arrive at the same time (CONC).

use std::time::Duration;

use super::fault::Fault;
use crate::exchange::Kind;
use crate::mock::{Change, Locking, On, Rules};

/// The pause of a faulty server between reading and writing. Requests that a client sends at the same time must all
/// arrive within it, even on a busy machine.
const PAUSE: Duration = Duration::from_millis(20);

fn copied_back(rules: &mut Rules) {
    rules.locking = Locking::CopiedBack(PAUSE);
}

pub(super) fn decided_early(rules: &mut Rules) {
    rules.locking = Locking::DecidedEarly(PAUSE);
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "upserts-write-back-the-whole-set",
        breaks: "CONC-1",
        from: "read, await, write back",
        on: On::Both(&[Kind::Upsert]),
        change: Change::Rules(copied_back),
    },
    Fault {
        name: "batches-write-back-the-whole-set",
        breaks: "CONC-1",
        from: "read, await, write back",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Rules(copied_back),
    },
    Fault {
        name: "creates-write-back-the-whole-set",
        breaks: "CONC-1",
        from: "read, await, write back",
        on: On::V1(&[Kind::Create]),
        change: Change::Rules(copied_back),
    },
    Fault {
        name: "upserts-count-before-they-wait",
        breaks: "CONC-2",
        from: "the limit checked, then awaited, then written",
        on: On::Both(&[Kind::Upsert]),
        change: Change::Rules(decided_early),
    },
    Fault {
        name: "batches-count-before-they-wait",
        breaks: "CONC-2",
        from: "the limit checked, then awaited, then written",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Rules(decided_early),
    },
    Fault {
        name: "no-write-counts-after-it-waits",
        breaks: "CONC-2",
        from: "the limit checked by a service in front of the store",
        on: On::Every,
        change: Change::Rules(decided_early),
    },
    Fault {
        name: "creates-look-before-they-wait",
        breaks: "CONC-3",
        from: "the conflict looked for, then awaited, then written",
        on: On::V1(&[Kind::Create]),
        change: Change::Rules(decided_early),
    },
];
