//! Motifs of a zone that is full, or nearly so.

use super::ask::{Address, Argument, Ask, Item, Which};
use super::bursts::NEW;
use super::generate::Generator;
use super::motif::Write;
use crate::contract::Contract;
use crate::exchange::{Kind, Operation};

impl Generator<'_> {
    /// Changes the zone in a way that a counter of its mappings may miss, fills the zone up, and adds one mapping more.
    pub(super) fn filled_up(&mut self) {
        let which = Which::Fill(self.dice.usize(0..self.filled.max(1)));
        let held = self.shadow.held(which);
        let mut best: Option<(usize, String, Write)> = None;
        for _ in 0..8 {
            let write = self.write_form(which);
            let name = format!("counted {write:?} {held:?}");
            let count = self.coverage.count(&name);
            if best.as_ref().is_none_or(|(least, ..)| count < *least) {
                best = Some((count, name, write));
            }
        }
        if let Some((_, name, write)) = best {
            self.coverage.again(name);
            self.write(write, which);
        }
        let limit = Contract::embedded().limits.zone;
        let room = limit.saturating_sub(self.shadow.len());
        self.fill(room.saturating_sub(1));
        let all = self.adding();
        let purposes = ["last place", "beyond"];
        for purpose in purposes.into_iter().skip(usize::from(room == 0)) {
            let Some(operation) = self.rarest(&all, purpose) else {
                return;
            };
            let ask = self.one_more(operation);
            self.ask(ask);
        }
    }

    /// Returns the operations that can add a mapping.
    fn adding(&self) -> Vec<Operation> {
        let adding = [Kind::Upsert, Kind::Create, Kind::BatchUpsert];
        let all = self.operations();
        all.filter(|one| adding.contains(&one.kind())).collect()
    }

    /// Builds a request that adds one mapping.
    fn one_more(&mut self, operation: Operation) -> Ask {
        let address = Address::plain(self.new_address());
        let at = self.pair();
        let argument = if operation.kind().is_batch() {
            Argument::Items(vec![Item::One(address, at)])
        } else {
            Argument::Mapping(address, at, None)
        };
        Ask::new(operation, argument)
    }

    /// Adds more new mappings at the same time than the zone has room for (CONC-2).
    pub(super) fn beyond_the_limit(&mut self) {
        let limit = Contract::embedded().limits.zone;
        let room = limit.saturating_sub(self.shadow.len());
        if room > 1 {
            self.fill(room - 1);
        } else if room == 0 {
            let filled = Which::Fill(self.dice.usize(0..self.filled.max(1)));
            let generation = self.generation();
            if let Some(operation) = Operation::of(generation, Kind::Delete) {
                self.write(Write::By(operation), filled);
            }
        }
        if self.dice.bool() {
            // Deleting an address without a mapping must not change the count.
            let which = self.new_address();
            let deletes = [Kind::Delete, Kind::BatchDelete];
            let all: Vec<Operation> = self
                .operations()
                .filter(|one| deletes.contains(&one.kind()))
                .collect();
            if let Some(operation) = self.rarest(&all, "absent") {
                self.write(Write::By(operation), which);
            }
        }
        let all = self.adding();
        let mut asks = Vec::new();
        let is_uniform = self.dice.bool();
        let mut operation = self.rarest(&all, "limit");
        for _ in 0..self.offer.clients.clamp(2, 8) {
            let Some(one) = operation else { return };
            asks.push(self.one_more(one));
            if !is_uniform {
                operation = self.rarest(&all, "limit");
            }
        }
        self.together(asks);
        let form = self.read_form();
        self.read(form, Which::V4(NEW));
    }
}
