//! Motifs: short sequences in which stateful servers often fail. Examples are a cacheable read before and after a
//! write, a mapping that is deleted and created again, and the same request after another change. Others are a zone
//! that is emptied and filled again, refused requests between lawful ones, and requests at the same time.

use super::ask::{Address, Argument, Ask, At, Item, Which};
use super::generate::{Generator, Theme};
use super::shadow::Held;
use crate::contract::Contract;
use crate::exchange::{Generation, Kind, Operation};

/// A way to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    Get(Generation),
    List(Generation),
    /// A page of the v2 list, with this number of entries on a page.
    Page(usize),
}

/// A way to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    /// A write by this operation. A batch may name other addresses as well.
    By(Operation),
    /// A write that must be refused.
    Refused,
}

/// The page sizes that are used, in entries.
const SIZES: [usize; 7] = [1, 2, 7, 20, 21, 50, 100];
/// The maximum number of pages when a whole list is read.
const PAGES: usize = 8;

impl Generator<'_> {
    /// Adds one motif.
    pub(super) fn motif(&mut self) {
        let is_large = self.shadow.len() > 30;
        let is_race = self.theme == Theme::Races;
        let is_full = self.theme == Theme::Full;
        let motifs: [(usize, fn(&mut Self)); 17] = [
            (if is_race { 4 } else { 0 }, Self::last_and_another),
            (
                if is_full && self.offer.clients > 1 {
                    12
                } else {
                    0
                },
                Self::beyond_the_limit,
            ),
            (if is_full { 12 } else { 0 }, Self::filled_up),
            (if is_race { 10 } else { 0 }, Self::overtaken),
            (4, Self::in_a_row),
            (7, Self::warm),
            (3, Self::revive),
            (3, Self::again),
            (3, Self::overwrite),
            (2, Self::single),
            (5, Self::batch),
            (4, Self::refused),
            (2, Self::look),
            (if is_large { 4 } else { 2 }, Self::pages),
            (1, Self::empty),
            (
                if self.filled > 0 { 3 } else { 0 },
                Self::out_of_the_filling,
            ),
            (
                match self.offer.clients {
                    0 | 1 => 0,
                    _ if is_race => 40,
                    _ => 2,
                },
                Self::burst,
            ),
        ];
        let all: usize = motifs.iter().map(|(weight, _)| weight).sum();
        let mut left = self.dice.usize(0..all);
        for (weight, motif) in motifs {
            if left < weight {
                motif(self);
                if self.dice.bool() {
                    self.read_all();
                }
                return;
            }
            left -= weight;
        }
    }

    /// Reads, writes, and then reads again in the same way.
    fn warm(&mut self) {
        let which = self.hot();
        let (write, read) = self.rarest_pair(which);
        let at = self.dice.usize(0..4);
        // Write to the same address, or to another one, which must not affect this one.
        let other = if at == 0 { self.hot() } else { which };
        self.read(read, which);
        if at == 1 {
            self.read(read, which);
        }
        self.write(write, other);
        self.read(read, which);
        if at == 2 {
            let form = self.read_form();
            self.read(form, which);
        }
    }

    /// Writes to two addresses with nothing between, and then reads both. What the first write left behind, the second
    /// one may disturb.
    fn in_a_row(&mut self) {
        let first = if self.dice.bool() {
            self.hot()
        } else {
            self.new_address()
        };
        let second = self.hot();
        let mut best: Option<(usize, String, Write, Write)> = None;
        for _ in 0..8 {
            let (one, other) = (self.write_form(first), self.write_form(second));
            let held = (self.shadow.held(first), self.shadow.held(second));
            let name = format!("in a row {one:?} {other:?} {held:?}");
            let count = self.coverage.count(&name);
            if best.as_ref().is_none_or(|(least, ..)| count < *least) {
                best = Some((count, name, one, other));
            }
        }
        let Some((_, name, one, other)) = best else {
            return;
        };
        self.coverage.again(name);
        self.write(one, first);
        self.write(other, second);
        for which in [first, second] {
            let form = self.read_form();
            self.read(form, which);
        }
        self.read_all();
    }

    /// Picks the rarest of some random pairs of a write and a read, for an address in this state.
    fn rarest_pair(&mut self, which: Which) -> (Write, Read) {
        let held = self.shadow.held(which);
        let mut best: Option<(usize, Write, Read)> = None;
        for _ in 0..8 {
            let (write, read) = (self.write_form(which), self.read_form());
            let count = self.coverage.count(&pair_name(write, read, held));
            if best.is_none_or(|(least, ..)| count < least) {
                best = Some((count, write, read));
            }
        }
        let (_, write, read) = best.unwrap_or((0, Write::Refused, Read::Page(20)));
        self.coverage.again(pair_name(write, read, held));
        (write, read)
    }

    pub(super) fn read_form(&mut self) -> Read {
        let generation = self.generation();
        match self.dice.usize(0..5) {
            0 | 1 => Read::Get(generation),
            2 => Read::List(generation),
            _ if self.offer.generations.contains(&Generation::V2) => {
                Read::Page(SIZES[self.dice.usize(0..SIZES.len())])
            }
            _ => Read::List(generation),
        }
    }

    /// Picks a write for an address, usually one that can succeed.
    pub(super) fn write_form(&mut self, which: Which) -> Write {
        if self.dice.usize(0..12) == 0 {
            return Write::Refused;
        }
        let is_mapped = self.shadow.held(which) == Held::Mapped;
        let kinds = [
            Kind::Create,
            Kind::Upsert,
            Kind::BatchUpsert,
            Kind::Delete,
            Kind::BatchDelete,
        ];
        let usual = if is_mapped { &kinds[1..] } else { &kinds[..3] };
        let unusual = self.dice.usize(0..6) == 0;
        let from = if unusual { &kinds[..] } else { usual };
        let all: Vec<Operation> = Operation::all()
            .filter(|one| self.offer.generations.contains(&one.generation()))
            .filter(|one| from.contains(&one.kind()))
            .collect();
        let index = self.dice.usize(0..all.len().max(1));
        all.get(index).map_or(Write::Refused, |one| Write::By(*one))
    }

    pub(super) fn write(&mut self, write: Write, which: Which) {
        match write {
            Write::Refused => self.refuse(which),
            Write::By(operation) => {
                let ask = self.written(operation, which);
                self.ask(ask);
            }
        }
    }

    /// Builds a lawful write to an address.
    pub(super) fn written(&mut self, operation: Operation, which: Which) -> Ask {
        let at = if self.dice.usize(0..5) == 0 {
            self.shadow.pair(which).map_or(At::Pair(0), At::Pair)
        } else {
            self.other_pair(which)
        };
        let argument = match operation.kind() {
            Kind::Delete => Argument::Address(self.spelled(which, true)),
            Kind::BatchUpsert | Kind::BatchDelete => {
                let mut items = vec![Item::One(self.spelled(which, false), at)];
                for _ in 0..self.dice.usize(0..3) {
                    let other = self.hot();
                    let address = self.spelled(other, false);
                    let is_there = |item: &Item| item.addresses().contains(&other);
                    if !items.iter().any(is_there) {
                        let at = self.other_pair(other);
                        items.push(Item::One(address, at));
                    }
                }
                self.dice.shuffle(&mut items);
                Argument::Items(items)
            }
            _ => {
                let body = self.spelled(which, false);
                // IP-8 leaves open whether path and body may spell an address differently, so both are spelled alike.
                Argument::Mapping(body, at, None)
            }
        };
        Ask::new(operation, argument)
    }

    pub(super) fn read(&mut self, read: Read, which: Which) {
        let (operation, argument) = match read {
            Read::Get(generation) => (
                Operation::of(generation, Kind::Get),
                Argument::Address(self.spelled(which, true)),
            ),
            Read::List(Generation::V1) => (
                Operation::of(Generation::V1, Kind::List),
                Argument::Page(None, None),
            ),
            Read::List(Generation::V2) => (
                Operation::of(Generation::V2, Kind::List),
                Argument::Page(None, None),
            ),
            Read::Page(size) => {
                let pages = self.shadow.len().div_ceil(size).max(1);
                let page = match self.dice.usize(0..4) {
                    0 => 1,
                    1 => pages,
                    2 => pages + 1,
                    _ => self.dice.usize(1..=pages),
                };
                (
                    Operation::of(Generation::V2, Kind::List),
                    Argument::Page(Some(page.to_string()), Some(size.to_string())),
                )
            }
        };
        if let Some(operation) = operation {
            self.ask(Ask::new(operation, argument));
        }
    }

    /// Creates and deletes a mapping several times.
    fn revive(&mut self) {
        let which = self.hot();
        let one_way = self.dice.bool();
        let writes = [Kind::Upsert, Kind::BatchUpsert, Kind::Create];
        let deletes = [Kind::Delete, Kind::BatchDelete, Kind::Delete];
        let (write, delete) = (self.one_of(writes, which), self.one_of(deletes, which));
        for round in 0..3 {
            for (kinds, same) in [(writes, write), (deletes, delete)] {
                let operation = if one_way {
                    same
                } else {
                    self.one_of(kinds, which)
                };
                if let Some(operation) = operation {
                    self.write(Write::By(operation), which);
                }
                if !one_way || round == 2 {
                    let form = self.read_form();
                    self.read(form, which);
                }
            }
        }
        if self.dice.bool() {
            if let Some(write) = write {
                self.write(Write::By(write), which);
            }
        } else if let Some(delete) = delete {
            self.write(Write::By(delete), which);
        }
        let generation = self.generation();
        self.read(Read::Get(generation), which);
        self.read_all();
    }

    /// Picks the operation of these kinds that was sent least often for an address in this state.
    pub(super) fn one_of(&mut self, kinds: [Kind; 3], which: Which) -> Option<Operation> {
        let held = self.shadow.held(which);
        let mut all: Vec<Operation> = Operation::all()
            .filter(|one| self.offer.generations.contains(&one.generation()))
            .filter(|one| kinds.contains(&one.kind()))
            .collect();
        self.dice.shuffle(&mut all);
        all.into_iter()
            .min_by_key(|one| self.coverage.count_of(*one, held))
    }

    /// Repeats a request after another change.
    fn again(&mut self) {
        let (which, other) = (self.hot(), self.hot());
        let Write::By(operation) = self.write_form(which) else {
            return;
        };
        let ask = self.written(operation, which);
        self.ask(ask.clone());
        let between = self.write_form(other);
        self.write(between, other);
        self.ask(ask);
        let form = self.read_form();
        self.read(form, which);
    }

    /// Maps one address to a first place, then to a second one, then to the first one again.
    fn overwrite(&mut self) {
        let which = self.hot();
        let first = self.pair();
        let second = At::Pair(match first {
            At::Pair(n) => (n + 1) % self.offer.pairs.max(1),
            _ => 0,
        });
        for at in [first, second, first] {
            let kinds = [Kind::Upsert, Kind::BatchUpsert, Kind::Upsert];
            let Some(operation) = self.one_of(kinds, which) else {
                return;
            };
            let address = self.spelled(which, false);
            let argument = if operation.kind().is_batch() {
                Argument::Items(vec![Item::One(address, at)])
            } else {
                Argument::Mapping(address, at, None)
            };
            self.ask(Ask::new(operation, argument));
        }
        for _ in 0..2 {
            let form = self.read_form();
            self.read(form, which);
        }
    }

    pub(super) fn single(&mut self) {
        let which = self.hot();
        let write = self.write_form(which);
        self.write(write, which);
        let form = self.read_form();
        self.read(form, which);
    }

    /// Reads the whole zone if one answer can show it.
    pub(super) fn read_all(&mut self) {
        let held = self.shadow.len();
        let v1 = self.offer.generations.contains(&Generation::V1);
        let v2 = self.offer.generations.contains(&Generation::V2);
        if v1 && held <= 300 && (!v2 || held > 100 || self.dice.bool()) {
            self.read(Read::List(Generation::V1), Which::V4(0));
        } else if let Some(operation) =
            Operation::of(Generation::V2, Kind::List).filter(|_| v2 && held <= 100)
        {
            let argument = Argument::Page(None, Some("100".to_owned()));
            self.ask(Ask::new(operation, argument));
        }
    }

    /// Reads hot addresses in several ways.
    pub(super) fn look(&mut self) {
        let which = self.hot();
        for generation in self.offer.generations.clone() {
            self.read(Read::Get(generation), which);
            if self.dice.bool() {
                self.read(Read::List(generation), which);
            }
        }
        let other = self.hot();
        let form = self.read_form();
        self.read(form, other);
    }

    /// Reads all pages of a list, or only some if there are too many.
    fn pages(&mut self) {
        let Some(operation) = Operation::of(Generation::V2, Kind::List)
            .filter(|one| self.offer.generations.contains(&one.generation()))
        else {
            self.look();
            return;
        };
        let held = self.shadow.len();
        let fits = |size: &&usize| held.div_ceil(**size) <= PAGES;
        let sizes: Vec<usize> = SIZES.iter().filter(fits).copied().collect();
        let Some(size) = sizes.get(self.dice.usize(0..sizes.len().max(1))).copied() else {
            // The zone is too large to read all pages: read the first one, the last one and the one after it.
            for page in [1, held.div_ceil(100), held.div_ceil(100) + 1] {
                let argument = Argument::Page(Some(page.to_string()), Some("100".to_owned()));
                self.ask(Ask::new(operation, argument));
            }
            return;
        };
        for page in 1..=held.div_ceil(size).max(1) {
            let argument = Argument::Page(Some(page.to_string()), Some(size.to_string()));
            self.ask(Ask::new(operation, argument));
        }
    }

    /// Empties the zone and fills it again.
    fn empty(&mut self) {
        let mapped = self.shadow.mapped();
        if mapped.is_empty() || mapped.len() > 150 {
            self.single();
            return;
        }
        let most = Contract::embedded().limits.batch;
        for chunk in mapped.chunks(most) {
            let items = chunk
                .iter()
                .map(|which| Item::One(Address::plain(*which), At::Pair(0)));
            let items: Vec<Item> = items.collect();
            let generation = self.generation();
            let single = Operation::of(generation, Kind::Delete).filter(|_| chunk.len() <= 3);
            if let Some(operation) = single {
                for which in chunk {
                    let address = self.spelled(*which, true);
                    self.ask(Ask::new(operation, Argument::Address(address)));
                }
            } else if let Some(operation) = Operation::of(generation, Kind::BatchDelete) {
                self.ask(Ask::new(operation, Argument::Items(items)));
            }
        }
        self.look();
        let size = self.filled.min(most);
        let from = 0;
        let at = self.pair();
        let generation = self.generation();
        if let Some(operation) = Operation::of(generation, Kind::BatchUpsert).filter(|_| size > 0) {
            let items = vec![Item::Fill {
                count: size,
                from,
                at,
            }];
            self.ask(Ask::new(operation, Argument::Items(items)));
        }
        self.single();
        self.look();
    }

    /// Writes to one mapping of the filling, and then reads it and the pages of the list.
    fn out_of_the_filling(&mut self) {
        let borders = [
            0,
            19,
            20,
            21,
            99,
            100,
            101,
            self.filled / 2,
            self.filled - 1,
        ];
        let n = borders[self.dice.usize(0..borders.len())].min(self.filled - 1);
        let which = Which::Fill(n);
        let write = self.write_form(which);
        self.write(write, which);
        let form = self.read_form();
        self.read(form, which);
        self.pages();
    }
}

fn pair_name(write: Write, read: Read, held: Held) -> String {
    let write = match write {
        Write::By(operation) => operation.id(),
        Write::Refused => "refused",
    };
    format!("{write} {read:?} {}", held.text())
}
