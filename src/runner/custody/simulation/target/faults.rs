//! The faults that happen at a step.

use std::net::IpAddr;

use super::super::schedule::Fault;
use super::{Target, owners, place, tests};

/// What happens to the request, record or pause of this step.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "any of the four can happen to one step, with any other"
)]
pub(super) struct Fate {
    /// Whether the process ends before it.
    pub(super) crash_before: bool,
    /// Whether the process ends after it.
    pub(super) crash_after: bool,
    pub(super) lost_answer: bool,
    pub(super) lost_request: bool,
}

/// Returns the name of a fault in the tally of events.
fn name(fault: Fault) -> &'static str {
    match fault {
        Fault::LostAnswer => "lost answers",
        Fault::LostRequest => "lost requests",
        Fault::Unavailable(_) => "bursts of 503",
        Fault::Throttled(..) => "bursts of 429",
        Fault::V1Gone(_) => "v1 gone",
        Fault::V2Gone(_) => "v2 gone",
        Fault::Unreachable(_) => "target out of reach",
        Fault::NoLongerAccepted(_) => "values no longer accepted",
        Fault::OwnerWrites(_) => "writes of the owner",
        Fault::OwnerRepairs(_) => "repairs by the owner",
        Fault::OwnerDeletes(_) => "deletions of the owner",
        Fault::OtherRunWrites(..) => "writes of another run",
        Fault::OtherRunDeletes(_) => "deletions of another run",
        Fault::CrashBefore | Fault::CrashAfter => "crashes",
        Fault::Spent => "spent budgets",
        Fault::LossyWrite => "lossy writes",
        Fault::Late(_) => "writes that take effect late",
        Fault::NotForNew(_) => "values not accepted for new mappings",
        Fault::Mangled(_) => "values that are mangled",
        Fault::Tombstones => "addresses that can't be written after a deletion",
        Fault::NoBatches(_) => "batches refused whole",
        Fault::NoSingleReads(_) => "single reads refused",
        Fault::UnreadableLists(_) => "unreadable lists",
        Fault::Undeletable(_) => "mappings that can't be deleted",
    }
}

impl Target<'_> {
    /// Applies all faults that are due.
    pub(super) fn faults(&mut self) -> Fate {
        let mut fate = Fate::default();
        while let Some((step, fault)) = self.schedule.faults.get(self.next_fault).copied() {
            if step > self.step {
                break;
            }
            self.next_fault += 1;
            let since = self.clock;
            match fault {
                Fault::LostAnswer => fate.lost_answer = true,
                Fault::LostRequest => fate.lost_request = true,
                Fault::Unavailable(count) => self.unavailable = count,
                Fault::Throttled(wait, count) => self.throttled = (wait, count),
                Fault::V1Gone(count) => self.gone[1] = count,
                Fault::V2Gone(count) => self.gone[0] = count,
                Fault::Unreachable(count) => self.unreachable = count,
                Fault::NoLongerAccepted(index) => {
                    let value = format!("original-{index}");
                    self.refused.entry(value).or_insert(since);
                }
                Fault::OwnerWrites(index) => {
                    self.owner_values += 1;
                    let value = place(&format!("owner-{}", self.owner_values));
                    self.somebody(0, owners(index), Some(value));
                }
                Fault::OwnerRepairs(index) => {
                    let Some(value) = self.originals[0].get(&owners(index)).cloned() else {
                        continue;
                    };
                    self.somebody(0, owners(index), Some(value));
                }
                Fault::OwnerDeletes(index) => {
                    if !self.delete_by_somebody(owners(index)) {
                        continue;
                    }
                }
                Fault::OtherRunWrites(index, own) => {
                    self.owner_values += 1;
                    let value = match own {
                        Some(own) => format!("test-{own}"),
                        None => format!("other-{}", self.owner_values),
                    };
                    self.somebody(0, tests(index), Some(place(&value)));
                }
                Fault::OtherRunDeletes(index) => {
                    if !self.delete_by_somebody(tests(index)) {
                        continue;
                    }
                }
                Fault::CrashBefore => fate.crash_before = true,
                Fault::CrashAfter => fate.crash_after = true,
                Fault::Spent => self.spent = true,
                Fault::LossyWrite => self.lossy = true,
                Fault::Late(by) => self.late = Some(by),
                Fault::NotForNew(index) => {
                    let value = format!("original-{index}");
                    self.not_for_new.entry(value).or_insert(since);
                }
                Fault::Mangled(index) => {
                    self.mangled.insert(format!("test-{index}"));
                }
                Fault::Tombstones => {
                    self.tombstones.get_or_insert(since);
                }
                Fault::NoBatches(count) => self.no_batches = count,
                Fault::NoSingleReads(count) => self.no_single_reads = count,
                Fault::UnreadableLists(count) => self.unreadable_lists = count,
                Fault::Undeletable(index) => {
                    self.undeletable.insert(tests(index));
                }
            }
            self.meet(name(fault));
        }
        fate
    }

    /// Deletes a mapping in the role of somebody else. Returns whether there was one.
    fn delete_by_somebody(&mut self, ip: IpAddr) -> bool {
        let is_there = self.truth(0).contains_key(&ip);
        if is_there {
            self.somebody(0, ip, None);
        }
        is_there
    }
}
