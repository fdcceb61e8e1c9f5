//! What a lawful zone would hold after a walk. It follows from the requests alone, so that a seed draws the same walk
//! whatever the target answers.

use std::collections::{BTreeMap, BTreeSet};

use super::ask::{Argument, Ask, At, Item, Which};
use crate::case::Auth;
use crate::contract::Contract;
use crate::exchange::Kind;

/// The believed content of a zone.
#[derive(Debug, Clone, Default)]
pub(super) struct Shadow {
    mappings: BTreeMap<Which, usize>,
    /// Addresses that had a mapping once.
    deleted: BTreeSet<Which>,
}

/// What an address was believed to hold when a request named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Held {
    /// It never had a mapping.
    Never,
    Mapped,
    /// It had one, and it was deleted.
    Deleted,
}

impl Held {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Never => "new",
            Self::Mapped => "mapped",
            Self::Deleted => "deleted",
        }
    }
}

impl Shadow {
    pub(super) fn len(&self) -> usize {
        self.mappings.len()
    }

    pub(super) fn held(&self, which: Which) -> Held {
        if self.mappings.contains_key(&which) {
            Held::Mapped
        } else if self.deleted.contains(&which) {
            Held::Deleted
        } else {
            Held::Never
        }
    }

    /// The pair that an address is mapped to.
    pub(super) fn pair(&self, which: Which) -> Option<usize> {
        self.mappings.get(&which).copied()
    }

    /// All addresses that are believed to have a mapping.
    pub(super) fn mapped(&self) -> Vec<Which> {
        self.mappings.keys().copied().collect()
    }

    /// Takes a request in, as a lawful server carries it out.
    pub(super) fn take(&mut self, ask: &Ask) {
        if ask.auth != Auth::Token {
            return;
        }
        let limits = Contract::embedded().limits;
        match (ask.operation.kind(), &ask.argument) {
            (Kind::Create, Argument::Mapping(address, at, _))
                if self.held(address.which) != Held::Mapped =>
            {
                self.put(address.which, *at);
            }
            (Kind::Upsert, Argument::Mapping(address, at, None)) => self.put(address.which, *at),
            (Kind::Delete, Argument::Address(address)) => self.delete(address.which),
            (Kind::BatchUpsert, Argument::Items(items)) if ask.size() <= limits.batch => {
                let new = ask.addresses().into_iter().filter(|which| {
                    self.held(*which) != Held::Mapped && !matches!(which, Which::Odd(_))
                });
                if self.len() + new.count() > limits.zone {
                    return;
                }
                for item in items {
                    for which in Item::addresses(*item) {
                        self.put(which, item.at());
                    }
                }
            }
            (Kind::BatchDelete, Argument::Items(items)) if ask.size() <= limits.batch => {
                for which in items.iter().flat_map(|item| item.addresses()) {
                    self.delete(which);
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, which: Which, at: At) {
        let (At::Pair(pair), false) = (at, matches!(which, Which::Odd(_))) else {
            return;
        };
        let is_new = !self.mappings.contains_key(&which);
        if is_new && self.len() >= Contract::embedded().limits.zone {
            return;
        }
        self.mappings.insert(which, pair);
    }

    fn delete(&mut self, which: Which) {
        if self.mappings.remove(&which).is_some() {
            self.deleted.insert(which);
        }
    }
}
