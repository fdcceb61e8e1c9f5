//! The content that a lawful zone would have after a walk. It depends on the requests alone, so a seed draws the same
//! walk whatever the target answers.

use std::collections::{BTreeMap, BTreeSet};

use super::ask::{Argument, Ask, At, Item, Which};
use crate::case::Auth;
use crate::contract::Contract;
use crate::exchange::Kind;

/// The expected content of a zone.
#[derive(Debug, Clone, Default)]
pub(super) struct Shadow {
    mappings: BTreeMap<Which, usize>,
    /// Addresses whose mapping was deleted at least once.
    deleted: BTreeSet<Which>,
}

/// The expected state of an address when a request names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Held {
    /// The address never had a mapping.
    Never,
    Mapped,
    /// The address had a mapping that was deleted.
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

    /// Returns the pair that an address is mapped to.
    pub(super) fn pair(&self, which: Which) -> Option<usize> {
        self.mappings.get(&which).copied()
    }

    /// Returns all addresses that are expected to have a mapping.
    pub(super) fn mapped(&self) -> Vec<Which> {
        self.mappings.keys().copied().collect()
    }

    /// Applies a request as a lawful server would.
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
