//! Requests at the same time, and reads of their effects.

use super::ask::{Address, Argument, Ask, At, Item, Which};
use super::generate::Generator;
use super::motif::{Read, Write};
use super::shadow::Held;
use crate::exchange::{Kind, Operation};

/// The number of the first IPv4 address that is new to most walks.
pub(super) const NEW: usize = 20;
/// The number of such new addresses.
const NEW_ONES: usize = 30;

fn deletes(operation: Operation) -> bool {
    matches!(operation.kind(), Kind::Delete | Kind::BatchDelete)
}

fn reads(operation: Operation) -> bool {
    !operation.kind().writes()
}

impl Generator<'_> {
    /// Sends two operations at the same time, with one address or with several.
    pub(super) fn burst(&mut self) {
        let Some((first, second, is_spread)) = self.rarest_burst() else {
            return;
        };
        let most = self.offer.clients.clamp(2, 8);
        let clients = if self.dice.bool() {
            most
        } else {
            self.dice.usize(2..=most)
        };
        let operations: Vec<Operation> = (0..clients)
            .map(|client| if client % 2 == 0 { first } else { second })
            .collect();
        let addresses = if is_spread {
            self.one_for_each(&operations)
        } else {
            vec![self.one_for(first); clients]
        };
        self.make_ready(&operations, &addresses);
        let asks = operations.iter().zip(&addresses);
        let asks: Vec<Ask> = asks.map(|(one, which)| self.asked(*one, *which)).collect();
        self.together(asks);
        let mut seen = addresses;
        seen.sort_unstable();
        seen.dedup();
        self.dice.shuffle(&mut seen);
        // Repeat the concurrent read in the same way, since its answer may have been cached.
        if reads(second) {
            let again = self.asked(second, seen[0]);
            self.ask(again);
        }
        for which in seen.iter().take(2) {
            let reader = if self.dice.bool() { first } else { second };
            self.read(Read::Get(reader.generation()), *which);
        }
        if self.dice.bool() {
            self.read(Read::List(second.generation()), Which::V4(0));
        }
        self.read_all();
        // Concurrent requests may have a hidden effect that only the next write shows.
        if self.dice.usize(0..3) == 0 {
            for which in seen.into_iter().take(2) {
                let write = [first, second]
                    .into_iter()
                    .find(|one| !reads(*one) && !deletes(*one));
                let write = write.map_or_else(|| self.write_form(which), Write::By);
                self.write(write, which);
                self.read(Read::Get(first.generation()), which);
            }
        }
    }

    /// Reads a mapping several times while it is written, and again afterwards: a read that a write overtakes must leave
    /// nothing behind.
    pub(super) fn overtaken(&mut self) {
        let generation = self.generation();
        let Some(read) = Operation::of(generation, Kind::Get) else {
            return;
        };
        let which = self.hot();
        self.make_ready(&[read], &[which]);
        let writes: Vec<Operation> = self
            .operations()
            .filter(|one| one.kind().writes() && one.kind() != Kind::Create)
            .filter(|one| one.generation() == generation)
            .collect();
        let Some(write) = self.rarest(&writes, "overtaken") else {
            return;
        };
        let asked = self.asked(read, which);
        let clients = self.offer.clients.clamp(2, 8);
        let mut asks = vec![asked.clone(); clients - 1];
        let place = self.dice.usize(1..clients);
        let written = self.asked(write, which);
        asks.insert(place, written);
        self.together(asks);
        self.ask(asked);
        self.read(Read::List(generation), which);
    }

    /// Deletes the last mapping of a zone and adds another one at the same time.
    pub(super) fn last_and_another(&mut self) {
        let mapped = self.shadow.mapped();
        let (Some((last, others)), true) = (mapped.split_first(), mapped.len() <= 60) else {
            return self.burst();
        };
        let generation = self.generation();
        let of = |kind| Operation::of(generation, kind);
        let (Some(delete), Some(batch), Some(write)) =
            (of(Kind::Delete), of(Kind::BatchDelete), of(Kind::Upsert))
        else {
            return;
        };
        if !others.is_empty() {
            let items = others
                .iter()
                .map(|which| Item::One(Address::plain(*which), At::Pair(0)));
            self.ask(Ask::new(batch, Argument::Items(items.collect())));
        }
        let delete = if self.dice.bool() { delete } else { batch };
        let other = self.new_address();
        let at = self.pair();
        let asks = vec![
            Ask::new(
                delete,
                match delete.kind() {
                    Kind::Delete => Argument::Address(Address::plain(*last)),
                    _ => Argument::Items(vec![Item::One(Address::plain(*last), At::Pair(0))]),
                },
            ),
            Ask::new(write, Argument::Mapping(Address::plain(other), at, None)),
        ];
        self.together(asks);
        self.read(Read::Get(generation), other);
        self.read_all();
    }

    pub(super) fn operations(&self) -> impl Iterator<Item = Operation> + use<> {
        let generations = self.offer.generations.clone();
        Operation::all().filter(move |one| generations.contains(&one.generation()))
    }

    /// Picks the operation that was used least often for a purpose.
    pub(super) fn rarest(&mut self, all: &[Operation], purpose: &str) -> Option<Operation> {
        let name = |one: &Operation| format!("{purpose} {one}");
        let rarest = all
            .iter()
            .min_by_key(|one| self.coverage.count(&name(one)))
            .copied();
        if let Some(one) = rarest {
            self.coverage.again(name(&one));
        }
        rarest
    }

    /// Returns an address without a mapping, if there is one.
    pub(super) fn new_address(&mut self) -> Which {
        let start = self.dice.usize(0..NEW_ONES);
        let all = (0..NEW_ONES).map(|n| Which::V4(NEW + (start + n) % NEW_ONES));
        let mut free = all.filter(|which| self.shadow.held(*which) != Held::Mapped);
        free.next().unwrap_or(Which::V4(NEW + start))
    }

    /// Picks the address for requests that share one address.
    fn one_for(&mut self, first: Operation) -> Which {
        let is_new = first.kind() == Kind::Create || self.dice.usize(0..3) == 0;
        let mut hot = self.hot.clone();
        self.dice.shuffle(&mut hot);
        let fits = |which: &&Which| {
            let is_mapped = self.shadow.held(**which) == Held::Mapped;
            is_mapped != is_new
        };
        let found = hot.iter().find(fits).copied();
        found.unwrap_or_else(|| self.new_address())
    }

    /// Picks a different address for each request.
    fn one_for_each(&mut self, operations: &[Operation]) -> Vec<Which> {
        let mut free = self.hot.clone();
        self.dice.shuffle(&mut free);
        let mut found: Vec<Which> = Vec::new();
        for operation in operations {
            let wants_new = operation.kind() == Kind::Create;
            let fits = |which: &Which| !wants_new || self.shadow.held(*which) != Held::Mapped;
            let which = match free.iter().position(fits) {
                Some(place) => free.remove(place),
                None => self.new_address(),
            };
            let which = if found.contains(&which) {
                Which::V4(NEW + NEW_ONES + found.len())
            } else {
                which
            };
            found.push(which);
        }
        found
    }

    /// Writes missing mappings that are about to be deleted or read.
    fn make_ready(&mut self, operations: &[Operation], addresses: &[Which]) {
        let wanting = operations.iter().zip(addresses);
        let wanting = wanting.filter(|(one, which)| {
            let needs = deletes(**one) || one.kind() == Kind::Get;
            needs && self.shadow.held(**which) != Held::Mapped
        });
        let mut missing: Vec<Which> = wanting.map(|(_, which)| *which).collect();
        missing.sort_unstable();
        missing.dedup();
        let generation = self.generation();
        let Some(operation) = Operation::of(generation, Kind::BatchUpsert) else {
            return;
        };
        // Sometimes the delete or read should meet an address without a mapping.
        if missing.is_empty() || self.dice.usize(0..6) == 0 {
            return;
        }
        let at = self.pair();
        let items = missing
            .into_iter()
            .map(|which| Item::One(Address::plain(which), at));
        let argument = Argument::Items(items.collect());
        self.ask(Ask::new(operation, argument));
    }

    fn asked(&mut self, operation: Operation, which: Which) -> Ask {
        match operation.kind() {
            Kind::Get => {
                let address = self.spelled(which, true);
                Ask::new(operation, Argument::Address(address))
            }
            Kind::List if operation.is_paged() => {
                let argument = Argument::Page(None, Some("100".to_owned()));
                Ask::new(operation, argument)
            }
            Kind::List => Ask::new(operation, Argument::Page(None, None)),
            _ => self.written(operation, which),
        }
    }

    /// Picks the rarest of some random bursts: two operations, and whether they use several addresses. The first
    /// operation always writes.
    fn rarest_burst(&mut self) -> Option<(Operation, Operation, bool)> {
        let writes: Vec<Operation> = self
            .operations()
            .filter(|one| one.kind().writes())
            .collect();
        let reads: Vec<Operation> = self
            .operations()
            .filter(|one| matches!(one.kind(), Kind::Get | Kind::List))
            .collect();
        let name = |first: Operation, second: Operation, is_spread: bool| {
            format!("burst {first} {second} {is_spread}")
        };
        let mut best: Option<(usize, Operation, Operation, bool)> = None;
        for _ in 0..8 {
            let first = *writes.get(self.dice.usize(0..writes.len().max(1)))?;
            let second = match self.dice.usize(0..10) {
                0..3 => first,
                3..6 => *writes.get(self.dice.usize(0..writes.len()))?,
                _ => *reads.get(self.dice.usize(0..reads.len().max(1)))?,
            };
            let is_spread = self.dice.bool();
            let count = self.coverage.count(&name(first, second, is_spread));
            if best.as_ref().is_none_or(|(least, ..)| count < *least) {
                best = Some((count, first, second, is_spread));
            }
        }
        let (_, first, second, is_spread) = best?;
        self.coverage.again(name(first, second, is_spread));
        Some((first, second, is_spread))
    }
}
