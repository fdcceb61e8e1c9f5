//! Requests at the same time.

use super::ask::{Argument, Ask, Which};
use super::generate::Generator;
use super::motif::{Read, Write};
use super::shadow::{Held, Shadow};
use crate::exchange::{Kind, Operation};

impl Generator<'_> {
    /// Requests at the same time, and what they left: two operations, at one address or at several.
    pub(super) fn burst(&mut self) {
        let clients = self.dice.usize(2..=self.offer.clients.clamp(2, 8));
        let Some((first, second, is_spread)) = self.rarest_burst() else {
            return;
        };
        let mut addresses: Vec<Which> = self.hot.clone();
        self.dice.shuffle(&mut addresses);
        let deletes = |one: Operation| matches!(one.kind(), Kind::Delete | Kind::BatchDelete);
        let reads = |one: Operation| one.kind() == Kind::Get;
        // What deletes or reads wants a mapping, what creates wants none.
        let wants = |shadow: &Shadow, one: Operation, which: Which| {
            let is_mapped = shadow.held(which) == Held::Mapped;
            is_mapped == (deletes(one) || reads(one)) || one.kind() == Kind::Upsert
        };
        let mut free = addresses.clone();
        let one = addresses
            .iter()
            .copied()
            .find(|which| wants(&self.shadow, first, *which))
            .unwrap_or(addresses[0]);
        let mut asks = Vec::new();
        for client in 0..clients {
            let operation = if client % 2 == 0 { first } else { second };
            let which = if is_spread {
                let fits = free
                    .iter()
                    .position(|which| wants(&self.shadow, operation, *which));
                match fits {
                    Some(place) => free.remove(place),
                    None => Which::V4(20 + client),
                }
            } else {
                one
            };
            let ask = if reads(operation) {
                let address = self.spelled(which, true);
                Ask::new(operation, Argument::Address(address))
            } else {
                self.written(operation, which)
            };
            asks.push(ask);
        }
        let touched: Vec<Which> = asks.iter().flat_map(Ask::addresses).collect();
        self.together(asks);
        let mut seen = Vec::new();
        for which in touched {
            if !seen.contains(&which) && seen.len() < 4 {
                seen.push(which);
                self.read(Read::Get(first.generation()), which);
            }
        }
        self.read(Read::List(second.generation()), one);
        self.read_all();
        // What came together may have left something behind that only the next write meets.
        if self.dice.bool() {
            for which in seen.into_iter().take(2) {
                let write = if reads(first) || deletes(first) {
                    second
                } else {
                    first
                };
                let write = if reads(write) {
                    self.write_form(which)
                } else {
                    Write::By(write)
                };
                self.write(write, which);
                self.read(Read::Get(first.generation()), which);
            }
        }
    }

    /// Two operations to send at the same time, and whether at several addresses: what came least often.
    fn rarest_burst(&mut self) -> Option<(Operation, Operation, bool)> {
        let all: Vec<Operation> = Operation::all()
            .filter(|one| self.offer.generations.contains(&one.generation()))
            .filter(|one| one.kind().writes() || one.kind() == Kind::Get)
            .collect();
        let name = |first: Operation, second: Operation, is_spread: bool| {
            format!("burst {first} {second} {is_spread}")
        };
        let mut best: Option<(usize, Operation, Operation, bool)> = None;
        for _ in 0..6 {
            let first = *all.get(self.dice.usize(0..all.len().max(1)))?;
            let second = match self.dice.usize(0..3) {
                0 => first,
                _ => *all.get(self.dice.usize(0..all.len()))?,
            };
            if !first.kind().writes() && !second.kind().writes() {
                continue;
            }
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
