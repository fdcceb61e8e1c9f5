//! What goes wrong at a step.

use super::super::schedule::Fault;
use super::{Target, owners, place, tests};

/// What happens to the thing that is carried out in this step.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "any of the four can happen to one step, with any other"
)]
pub(super) struct Fate {
    /// The process ends before it.
    pub(super) crash_before: bool,
    /// The process ends after it.
    pub(super) crash_after: bool,
    pub(super) lost_answer: bool,
    pub(super) lost_request: bool,
}

impl Target<'_> {
    /// Lets everything happen that is due.
    pub(super) fn faults(&mut self) -> Fate {
        let mut fate = Fate::default();
        while let Some((step, fault)) = self.schedule.faults.get(self.next_fault).copied() {
            if step > self.step {
                break;
            }
            self.next_fault += 1;
            match fault {
                Fault::LostAnswer => {
                    self.meet("lost answers");
                    fate.lost_answer = true;
                }
                Fault::LostRequest => {
                    self.meet("lost requests");
                    fate.lost_request = true;
                }
                Fault::Unavailable(count) => {
                    self.meet("bursts of 503");
                    self.unavailable = count;
                }
                Fault::Throttled(wait, count) => {
                    self.meet("bursts of 429");
                    self.throttled = (wait, count);
                }
                Fault::V1Gone(count) => {
                    self.meet("v1 gone");
                    self.gone[1] = count;
                }
                Fault::V2Gone(count) => {
                    self.meet("v2 gone");
                    self.gone[0] = count;
                }
                Fault::Unreachable(count) => {
                    self.meet("target out of reach");
                    self.unreachable = count;
                }
                Fault::NoLongerAccepted(index) => {
                    self.meet("values no longer accepted");
                    let since = self.clock;
                    self.refused
                        .entry(format!("original-{index}"))
                        .or_insert(since);
                }
                Fault::OwnerWrites(index) => {
                    self.meet("writes of the owner");
                    self.owner_values += 1;
                    let value = place(&format!("owner-{}", self.owner_values));
                    self.somebody(0, owners(index), Some(value));
                }
                Fault::OwnerRepairs(index) => {
                    if let Some(value) = self.originals[0].get(&owners(index)).cloned() {
                        self.meet("repairs by the owner");
                        self.somebody(0, owners(index), Some(value));
                    }
                }
                Fault::OwnerDeletes(index) => {
                    if self.truth(0).contains_key(&owners(index)) {
                        self.meet("deletions of the owner");
                        self.somebody(0, owners(index), None);
                    }
                }
                Fault::OtherRunWrites(index, own) => {
                    self.meet("writes of another run");
                    self.owner_values += 1;
                    let value = match own {
                        Some(own) => format!("test-{own}"),
                        None => format!("other-{}", self.owner_values),
                    };
                    let value = place(&value);
                    self.somebody(0, tests(index), Some(value));
                }
                Fault::OtherRunDeletes(index) => {
                    if self.truth(0).contains_key(&tests(index)) {
                        self.meet("deletions of another run");
                        self.somebody(0, tests(index), None);
                    }
                }
                Fault::CrashBefore => {
                    self.meet("crashes");
                    fate.crash_before = true;
                }
                Fault::CrashAfter => {
                    self.meet("crashes");
                    fate.crash_after = true;
                }
                Fault::Spent => {
                    self.meet("spent budgets");
                    self.spent = true;
                }
                Fault::LossyWrite => {
                    self.meet("lossy writes");
                    self.lossy = true;
                }
                Fault::Late(by) => {
                    self.meet("writes that take effect late");
                    self.late = Some(by);
                }
                Fault::NotForNew(index) => {
                    self.meet("values not accepted for new mappings");
                    let since = self.clock;
                    self.not_for_new
                        .entry(format!("original-{index}"))
                        .or_insert(since);
                }
                Fault::Mangled(index) => {
                    self.meet("values that are mangled");
                    self.mangled.insert(format!("test-{index}"));
                }
                Fault::Tombstones => {
                    self.meet("addresses that can't be written after a deletion");
                    self.tombstones.get_or_insert(self.clock);
                }
                Fault::NoBatches(count) => {
                    self.meet("batches refused whole");
                    self.no_batches = count;
                }
                Fault::NoSingleReads(count) => {
                    self.meet("single reads refused");
                    self.no_single_reads = count;
                }
                Fault::UnreadableLists(count) => {
                    self.meet("unreadable lists");
                    self.unreadable_lists = count;
                }
                Fault::Undeletable(index) => {
                    self.meet("mappings that can't be deleted");
                    self.undeletable.insert(tests(index));
                }
            }
        }
        fate
    }
}
