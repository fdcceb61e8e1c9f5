//! Batches of critical sizes, with invalid, repeated and unchanged items.

use super::ask::{Address, Argument, Ask, At, Item, Which};
use super::generate::{Generator, Theme};
use crate::exchange::{Kind, Operation};

/// The sizes of batches, in items.
const BATCHES: [usize; 8] = [0, 1, 2, 26, 50, 99, 100, 101];
/// Texts that no parser may accept as an address (IP-5).
pub(super) const ODD: [&str; 4] = [
    "192.0.2.300",
    "2001:db8::12345",
    "192.0.2.1.5",
    "2001:db8:::1",
];

impl Generator<'_> {
    /// Adds a batch of a critical size, with invalid, repeated and unchanged items.
    pub(super) fn batch(&mut self) {
        let batches = [Kind::BatchUpsert, Kind::BatchUpsert, Kind::BatchDelete];
        let kind = batches[self.dice.usize(0..3)];
        let deletes = kind == Kind::BatchDelete;
        let all = Operation::all()
            .filter(|one| self.offer.generations.contains(&one.generation()) && one.kind() == kind);
        let Some(operation) = all.min_by_key(|one| self.coverage.count(&format!("batch {one}")))
        else {
            return;
        };
        self.coverage.again(format!("batch {operation}"));
        let size = if self.theme != Theme::Full && self.dice.bool() {
            self.dice.usize(1..6)
        } else {
            BATCHES[self.dice.usize(0..BATCHES.len())]
        };
        let mut items: Vec<Item> = Vec::new();
        let mut left = size;
        let hot = self.hot.clone();
        for which in hot {
            if left > 0 && self.dice.bool() {
                let at = self.other_pair(which);
                items.push(Item::One(self.spelled(which, false), at));
                left -= 1;
            }
        }
        let is_full = self.theme == Theme::Full;
        if left > 0 {
            // The items are old mappings of the filling, new ones, or both.
            let from = match self.dice.usize(0..3) {
                _ if is_full => self.dice.usize(0..self.filled.saturating_sub(left).max(1)),
                0 => 0,
                1 => self.filled,
                _ => self.filled.saturating_sub(left / 2),
            };
            let at = self.pair();
            let hot = self.hot.clone();
            let is_free = |n: &usize| !hot.contains(&Which::Fill(*n));
            let run: Vec<usize> = (from..from + left).filter(is_free).collect();
            for run in run.chunk_by(|a, b| a + 1 == *b) {
                if let Some(from) = run.first() {
                    items.push(Item::Fill {
                        count: run.len(),
                        from: *from,
                        at,
                    });
                }
            }
            if !deletes && !is_full {
                self.filled = self.filled.max(from + left);
            }
        }
        if self.dice.bool() && size < 100 {
            let places = ["start", "middle", "end"];
            let name = |place: &&str| format!("wrong {operation} {place}");
            let place = places
                .into_iter()
                .min_by_key(|place| self.coverage.count(&name(place)))
                .unwrap_or("end");
            self.coverage.again(name(&place));
            let valid: usize = items.iter().map(|item| item.count()).sum();
            if valid < 2 {
                let from = self.filled + 2;
                let at = self.pair();
                items.push(Item::Fill { count: 2, from, at });
                self.filled = self.filled.max(from + 2);
            }
            let wrong = self.wrong_item(deletes, &items);
            match place {
                "start" => items.insert(0, wrong),
                "middle" => items.insert(items.len() / 2, wrong),
                _ => items.push(wrong),
            }
        }
        for n in 0..self.dice.usize(0..3) {
            if self.dice.bool() && items.len() < 90 {
                let odd = Address::plain(Which::Odd(ODD[(n + size) % ODD.len()]));
                let place = self.dice.usize(0..=items.len());
                items.insert(place, Item::One(odd, At::Pair(0)));
            }
        }
        if self.dice.usize(0..4) == 0 && size < 100 {
            self.repeat_an_item(&mut items);
        }
        let whole = items.clone();
        self.ask(Ask::new(operation, Argument::Items(items)));
        if self.dice.usize(0..4) == 0 {
            self.ask(Ask::new(operation, Argument::Items(whole)));
        }
        self.read_all();
        self.look();
    }

    /// Repeats an address of the batch, perhaps in another spelling and with another place.
    fn repeat_an_item(&mut self, items: &mut Vec<Item>) {
        let hot = self.hot.clone();
        let named = hot.into_iter().find(|which| {
            let mut items = items.iter();
            items.any(|item| item.addresses().contains(which))
        });
        if let Some(which) = named {
            let address = self.spelled(which, false);
            let at = self.pair();
            let place = self.dice.usize(0..=items.len());
            items.insert(place, Item::One(address, at));
        }
    }

    /// Returns an item that fails. Its address is not in any other item, since both items of a duplicate may fail.
    pub(super) fn wrong_item(&mut self, deletes: bool, others: &[Item]) -> Item {
        let odd = ODD[self.dice.usize(0..ODD.len())];
        if deletes || self.dice.bool() {
            return Item::One(Address::plain(Which::Odd(odd)), At::Pair(0));
        }
        let at = self.wrong_place();
        let is_free = |which: &&Which| !others.iter().any(|item| item.addresses().contains(which));
        let free = self.hot.iter().find(is_free).copied();
        Item::One(Address::plain(free.unwrap_or(Which::V4(40))), at)
    }

    pub(super) fn wrong_place(&mut self) -> At {
        match self.dice.usize(0..3) {
            0 => At::UnknownVendor,
            1 if self.offer.has_foreign => At::Foreign,
            _ => At::UnknownRegion,
        }
    }
}
