//! Requests that must be refused, between lawful ones.

use super::ask::{Address, Argument, Ask, Item, Which};
use super::batches::ODD;
use super::generate::Generator;
use super::motif::{Read, Write};
use super::shadow::Held;
use crate::case::Auth;
use crate::contract::Contract;
use crate::exchange::{Generation, Kind, Operation};

/// The reasons to refuse a request.
const REFUSED: [&str; 7] = [
    "place",
    "exists",
    "address",
    "path",
    "size",
    "delete",
    "credentials",
];

impl Generator<'_> {
    /// Adds a request that must be refused, between two reads.
    pub(super) fn refused(&mut self) {
        let which = self.hot();
        let form = self.read_form();
        let form = if self.dice.bool() {
            Read::Get(self.generation())
        } else {
            form
        };
        self.read(form, which);
        self.refuse(which);
        self.read(form, which);
        for generation in self.offer.generations.clone() {
            self.read(Read::Get(generation), which);
        }
        if self.dice.bool() {
            // The refused request may have a hidden effect that the next lawful write shows.
            let write = self.write_form(which);
            self.write(write, which);
        }
        self.read_all();
    }

    /// Adds the rarest request that must be refused.
    pub(super) fn refuse(&mut self, which: Which) {
        let mut best: Option<(usize, &'static str, Ask)> = None;
        for name in REFUSED {
            let Some(ask) = self.refused_for(name, which) else {
                continue;
            };
            let key = format!(
                "{name} {} {}",
                ask.operation.id(),
                self.shadow.held(which).text()
            );
            let count = self.coverage.count(&key) * 4 + self.dice.usize(0..4);
            if best.as_ref().is_none_or(|(least, ..)| count < *least) {
                best = Some((count, name, ask));
            }
        }
        if let Some((_, name, ask)) = best {
            let key = format!(
                "{name} {} {}",
                ask.operation.id(),
                self.shadow.held(which).text()
            );
            self.coverage.again(key);
            self.ask(ask);
        }
    }

    /// Builds a request that must be refused for this reason, or returns `None` if it is not possible here.
    fn refused_for(&mut self, reason: &'static str, which: Which) -> Option<Ask> {
        let generation = self.generation();
        let of = |kind| Operation::of(generation, kind);
        let address = self.spelled(which, false);
        let at = self.other_pair(which);
        let odd = Address::plain(Which::Odd(ODD[self.dice.usize(0..ODD.len())]));
        let (operation, argument) = match reason {
            "place" => {
                let at = self.wrong_place();
                let creates = self.dice.usize(0..3) == 0;
                let kind = if creates { Kind::Create } else { Kind::Upsert };
                (
                    of(kind).or(of(Kind::Upsert))?,
                    Argument::Mapping(address, at, None),
                )
            }
            "exists" if self.shadow.held(which) == Held::Mapped => {
                (of(Kind::Create)?, Argument::Mapping(address, at, None))
            }
            "address" => (of(Kind::Upsert)?, Argument::Mapping(odd, at, None)),
            "path" if generation == Generation::V2 => {
                let other = self.hot.iter().find(|other| **other != which).copied()?;
                let path = Some(Address::plain(which));
                (
                    of(Kind::Upsert)?,
                    Argument::Mapping(Address::plain(other), at, path),
                )
            }
            "size" => {
                let deletes = self.dice.usize(0..3) == 0;
                let kind = if deletes {
                    Kind::BatchDelete
                } else {
                    Kind::BatchUpsert
                };
                let most = Contract::embedded().limits.batch;
                let mut items = vec![Item::One(address, at)];
                items.push(Item::Fill {
                    count: most,
                    from: 0,
                    at,
                });
                if matches!(which, Which::Fill(n) if n < most) {
                    items.remove(0);
                    items.push(Item::Fill {
                        count: 1,
                        from: most,
                        at,
                    });
                }
                (of(kind)?, Argument::Items(items))
            }
            "credentials" => {
                let Write::By(operation) = self.write_form(which) else {
                    return None;
                };
                let auths = [Auth::None, Auth::WrongToken];
                let auth = auths[self.dice.usize(0..auths.len())];
                return Some(self.written(operation, which).with(auth));
            }
            "delete" => (of(Kind::Delete)?, Argument::Address(odd)),
            _ => return None,
        };
        Some(Ask::new(operation, argument))
    }
}
