//! Faults that show when requests come at the same time (CONC).

use std::time::Duration;

use super::super::change::Change;
use super::super::rules::Locking;
use super::all::Mutant;
use crate::exchange::Kind;

/// How long a faulty server looks away between reading and writing. Requests that a client sends at the same time must
/// all arrive within it, also on a machine that is busy.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "upserts-write-back-the-whole-set",
        breaks: "CONC-1",
        from: "read, await, write back",
        changes: &[Change::Rules(|rules| {
            rules.locking = |operation| match operation.kind() {
                Kind::Upsert => Locking::CopiedBack(PAUSE),
                _ => Locking::Held,
            };
        })],
    },
    Mutant {
        name: "batches-write-back-the-whole-set",
        breaks: "CONC-1",
        from: "read, await, write back",
        changes: &[Change::Rules(|rules| {
            rules.locking = |operation| match operation.kind() {
                Kind::BatchUpsert => Locking::CopiedBack(PAUSE),
                _ => Locking::Held,
            };
        })],
    },
    Mutant {
        name: "creates-write-back-the-whole-set",
        breaks: "CONC-1",
        from: "read, await, write back",
        changes: &[Change::Rules(|rules| {
            rules.locking = |operation| match operation.id() {
                "v1.create" => Locking::CopiedBack(PAUSE),
                _ => Locking::Held,
            };
        })],
    },
    Mutant {
        name: "upserts-count-before-they-wait",
        breaks: "CONC-2",
        from: "the limit checked, then awaited, then written",
        changes: &[Change::Rules(|rules| {
            rules.locking = |operation| match operation.kind() {
                Kind::Upsert => Locking::DecidedEarly(PAUSE),
                _ => Locking::Held,
            };
        })],
    },
    Mutant {
        name: "batches-count-before-they-wait",
        breaks: "CONC-2",
        from: "the limit checked, then awaited, then written",
        changes: &[Change::Rules(|rules| {
            rules.locking = |operation| match operation.kind() {
                Kind::BatchUpsert => Locking::DecidedEarly(PAUSE),
                _ => Locking::Held,
            };
        })],
    },
    Mutant {
        name: "no-write-counts-after-it-waits",
        breaks: "CONC-2",
        from: "the limit checked by a service in front of the store",
        changes: &[Change::Rules(|rules| {
            rules.locking = |_| Locking::DecidedEarly(PAUSE);
        })],
    },
    Mutant {
        name: "creates-look-before-they-wait",
        breaks: "CONC-3",
        from: "the conflict looked for, then awaited, then written",
        changes: &[Change::Rules(|rules| {
            rules.locking = |operation| match operation.id() {
                "v1.create" => Locking::DecidedEarly(PAUSE),
                _ => Locking::Held,
            };
        })],
    },
];
