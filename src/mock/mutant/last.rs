//! Faults that show when a zone loses its last mapping.

use super::super::change::Change;
use super::super::handle::handle;
use super::super::refusal::Refusal;
use super::all::Mutant;
use super::bend::{is, without_effect};

/// A fault of the delete that takes the last mapping, for each generation.
macro_rules! last {
    ($v1:literal, $v2:literal, $from:literal, $fault:expr) => {
        [
            last!(@one $v1, "V1-DELETE-3", "v1.delete", $from, $fault),
            last!(@one $v2, "V2-DELETE-3", "v2.delete", $from, $fault),
        ]
    };
    (@one $name:literal, $breaks:literal, $operation:literal, $from:literal, $fault:expr) => {
        Mutant {
            name: $name,
            breaks: $breaks,
            from: $from,
            changes: &[Change::Handle(|rules, zone, call| {
                let fault: Fault = $fault;
                let is_last = is(call, $operation) && zone.mappings.len() == 1;
                if is_last { fault(rules, zone, call) } else { None }
            })],
        }
    };
}

type Fault = fn(
    &super::super::rules::Rules,
    &mut super::super::store::Zone,
    &super::super::call::Call,
) -> Option<super::super::call::Reply>;

const STAYS: [Mutant; 2] = last!(
    "v1-the-last-mapping-stays",
    "v2-the-last-mapping-stays",
    "an empty set that is taken for no change",
    |rules, zone, call| Some(without_effect(rules, zone, call))
);

const IS_UNKNOWN: [Mutant; 2] = last!(
    "v1-the-last-delete-is-404",
    "v2-the-last-delete-is-404",
    "a setting that is looked up again after its last value went",
    |rules, zone, call| {
        let reply = handle(rules, zone, call);
        Some(if reply.is_success() {
            Refusal::NotFound.reply(call.operation)
        } else {
            reply
        })
    }
);

pub(super) const MUTANTS: &[Mutant] = &[STAYS[0], STAYS[1], IS_UNKNOWN[0], IS_UNKNOWN[1]];
