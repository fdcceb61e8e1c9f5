//! The coverage of walks: operations by the state of their address and by outcome, pairs of consecutive operations on
//! one address, and sizes. The generator uses it to prefer rare sequences.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::ask::Ask;
use super::shadow::Held;
use crate::exchange::{Generation, Operation};

/// The sizes of a zone that walks should reach, each a minimum number of mappings.
const SIZES: [usize; 8] = [0, 1, 20, 21, 100, 101, 200, 3_499];

/// The coverage of walks.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// The number of times each operation was sent for an address in this state.
    sent: BTreeMap<(Operation, Held), usize>,
    /// The number of times each pair of operations was sent in a row for one address.
    pairs: BTreeMap<(Operation, Operation), usize>,
    /// The number of times each named kind of sequence was drawn.
    kept_warm: BTreeMap<String, usize>,
    /// The number of answers by operation, state of the address and status.
    outcomes: BTreeMap<(Operation, Held, u16), usize>,
    /// The sizes of a zone that were reached.
    sizes: BTreeSet<usize>,
    /// The sizes of batches that were sent, in items.
    batches: BTreeSet<usize>,
}

impl Coverage {
    /// Records a request before it is sent, with the previous operation on its address.
    pub(super) fn sent(&mut self, ask: &Ask, held: Held, before: Option<Operation>) {
        *self.sent.entry((ask.operation, held)).or_default() += 1;
        if let Some(before) = before {
            *self.pairs.entry((before, ask.operation)).or_default() += 1;
        }
        if ask.operation.kind().is_batch() {
            self.batches.insert(ask.size());
        }
    }

    /// Records the size of a zone.
    pub(super) fn size(&mut self, mappings: usize) {
        let reached = SIZES.iter().rev().find(|size| **size <= mappings);
        self.sizes.extend(reached);
    }

    /// Records an answer.
    pub(super) fn answered(&mut self, operation: Operation, held: Held, status: u16) {
        *self.outcomes.entry((operation, held, status)).or_default() += 1;
    }

    /// Records a kind of sequence by its name, and returns how often it was recorded before.
    pub(super) fn again(&mut self, name: String) -> usize {
        let count = self.kept_warm.entry(name).or_default();
        *count += 1;
        *count - 1
    }

    /// Returns how often a kind of sequence was recorded.
    pub(super) fn count(&self, name: &str) -> usize {
        self.kept_warm.get(name).copied().unwrap_or(0)
    }

    /// Returns how often an operation was sent for an address in this state.
    pub(super) fn count_of(&self, operation: Operation, held: Held) -> usize {
        self.sent.get(&(operation, held)).copied().unwrap_or(0)
    }

    /// Summarizes in a few lines what was covered and what was not. `generations` are those that the walks could use.
    #[must_use]
    pub fn text(&self, generations: &[Generation]) -> String {
        if self.outcomes.is_empty() {
            return "covered: nothing, since no walk was carried out".to_owned();
        }
        let all = || Operation::all().filter(|one| generations.contains(&one.generation()));
        let at_addresses = |one: &Operation| one.has_address_in_path() || one.kind().writes();
        let held = [Held::Never, Held::Mapped, Held::Deleted];
        let cells: Vec<(Operation, Held)> = all()
            .filter(at_addresses)
            .flat_map(|one| held.map(|held| (one, held)))
            .collect();
        let reached = cells.iter().filter(|cell| self.sent.contains_key(cell));
        let outcomes = self.outcomes.len();
        let mut text = format!(
            "covered: {} of {} operations at addresses that are new, mapped or deleted, with {outcomes} outcomes",
            reached.count(),
            cells.len(),
        );
        let own: Vec<Operation> = all().filter(at_addresses).collect();
        let pairs = own.len() * own.len();
        let found = self.pairs.keys();
        let found = found
            .filter(|(a, b)| own.contains(a) && own.contains(b))
            .count();
        let sizes: Vec<String> = self.sizes.iter().map(ToString::to_string).collect();
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "\n         {found} of {pairs} pairs of operations in a row at one address; zones of {} mappings and more; batches of {}",
            sizes.join(", "),
            self.batches_text(),
        );
        let missing: Vec<String> = cells
            .iter()
            .filter(|cell| !self.sent.contains_key(cell))
            .map(|(operation, held)| format!("{operation} at a {} address", held.text()))
            .chain(
                SIZES
                    .iter()
                    .filter(|size| !self.sizes.contains(size))
                    .map(|size| format!("zones of {size} mappings")),
            )
            .collect();
        if !missing.is_empty() {
            let _ = write!(text, "\nnot reached: {}", missing.join(", "));
        }
        text
    }

    fn batches_text(&self) -> String {
        let sizes: Vec<String> = self.batches.iter().map(ToString::to_string).collect();
        match sizes.as_slice() {
            [] => "no items".to_owned(),
            sizes if sizes.len() <= 12 => format!("{} items", sizes.join(", ")),
            [first, .., last] => format!("{} sizes from {first} to {last} items", sizes.len()),
            [one] => format!("{one} items"),
        }
    }
}
