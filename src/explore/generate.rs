//! Draws a walk. It first sets a theme (the size of the zone and the focus of the walk), and then adds motifs (`motif`)
//! until the walk is long enough.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::ask::{Address, Argument, Ask, At, Item, Which};
use super::coverage::Coverage;
use super::script::{Script, Turn};
use super::shadow::{Held, Shadow};
use crate::case::Spelling;
use crate::contract::Contract;
use crate::exchange::{Generation, Kind, Operation};

/// The features of a target that walks can use.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub(super) generations: Vec<Generation>,
    /// The number of pairs of vendor and region that walks use.
    pub(super) pairs: usize,
    /// True if a request can name a region of another vendor.
    pub(super) has_foreign: bool,
    /// The number of concurrent clients.
    pub(super) clients: usize,
    /// True if a zone can be filled to its limit.
    pub(super) can_fill: bool,
}

/// The size of the zone and the focus of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Theme {
    /// A few addresses that are used again and again.
    Few,
    /// A zone with around this number of mappings.
    Around(usize),
    /// Requests at the same time.
    Races,
    /// A zone with around the maximum number of mappings.
    Full,
}

/// The themes of walks, in turn.
const THEMES: [Theme; 12] = [
    Theme::Few,
    Theme::Races,
    Theme::Around(20),
    Theme::Races,
    Theme::Few,
    Theme::Around(100),
    Theme::Races,
    Theme::Full,
    Theme::Races,
    Theme::Around(6),
    Theme::Few,
    Theme::Around(260),
];

/// The minimum length of a walk in requests, not counting those that fill its zone.
const LENGTH: usize = 60;

/// The number of mappings by which a zone of the theme `Full` is short of the limit at first.
const SHORT_OF_FULL: usize = 3;

/// A walk, and the expected state of each request's address.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) script: Script,
    /// The expected states, by turn and request.
    pub(super) held: Vec<Vec<Held>>,
}

/// The generator of one walk.
#[derive(Debug)]
pub(super) struct Generator<'a> {
    pub(super) dice: Rng,
    pub(super) offer: &'a Offer,
    pub(super) coverage: &'a mut Coverage,
    pub(super) theme: Theme,
    pub(super) shadow: Shadow,
    /// Addresses that are used again and again.
    pub(super) hot: Vec<Which>,
    /// The number of addresses of the filling that are in use.
    pub(super) filled: usize,
    turns: Vec<Turn>,
    held: Vec<Vec<Held>>,
    last: BTreeMap<Which, Operation>,
    requests: usize,
}

/// Returns the theme of the walk with this number.
pub(super) fn theme(number: usize, offer: &Offer) -> Theme {
    match THEMES[number % THEMES.len()] {
        Theme::Races if offer.clients < 2 => Theme::Few,
        Theme::Full if !offer.can_fill => Theme::Around(100),
        theme => theme,
    }
}

/// Draws the walk with this number.
pub(super) fn walk(seed: u64, number: usize, offer: &Offer, coverage: &mut Coverage) -> Walk {
    let number_bits = u64::try_from(number).unwrap_or(0);
    let mut dice = Rng::with_seed(seed ^ number_bits.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut own = offer.clone();
    // Half of the walks use only one generation, since each must conform by itself.
    if own.generations.len() > 1 && dice.bool() {
        let kept = usize::from(dice.usize(0..5) > 1);
        own.generations = vec![own.generations[kept]];
    }
    let offer = &own;
    let mut generator = Generator {
        dice,
        offer,
        coverage,
        theme: theme(number, offer),
        shadow: Shadow::default(),
        hot: Vec::new(),
        filled: 0,
        turns: Vec::new(),
        held: Vec::new(),
        last: BTreeMap::new(),
        requests: 0,
    };
    generator.begin();
    let begun = generator.requests;
    while generator.requests < begun + LENGTH {
        generator.motif();
    }
    Walk {
        script: Script(generator.turns),
        held: generator.held,
    }
}

impl Generator<'_> {
    fn begin(&mut self) {
        let limit = Contract::embedded().limits.zone;
        let size = match self.theme {
            Theme::Few => 0,
            Theme::Races => self.dice.usize(0..6),
            Theme::Around(size) => (size + self.dice.usize(0..4)).saturating_sub(2),
            Theme::Full => limit - SHORT_OF_FULL,
        };
        let shift = self.dice.usize(0..2);
        self.hot = vec![
            Which::V4(shift),
            Which::V4(shift + 1),
            Which::V6(shift),
            Which::V6(15 + shift),
        ];
        self.fill(size);
        if size > 0 {
            let border = [0, 19, 20, 99, 100, size / 2, size - 1];
            let border = border.into_iter().filter(|n| *n < size);
            let mut border: Vec<usize> = border.collect();
            self.dice.shuffle(&mut border);
            self.hot.extend(border.into_iter().take(2).map(Which::Fill));
        }
    }

    /// Writes this number of new mappings of the filling, in batches.
    pub(super) fn fill(&mut self, size: usize) {
        let most = Contract::embedded().limits.batch;
        let mut left = size;
        while left > 0 {
            let count = left.min(most);
            let generation = self.generation();
            let at = self.pair();
            let from = self.filled;
            self.filled += count;
            left -= count;
            if let Some(operation) = Operation::of(generation, Kind::BatchUpsert) {
                let items = vec![Item::Fill { count, from, at }];
                self.ask(Ask::new(operation, Argument::Items(items)));
            }
        }
    }

    pub(super) fn generation(&mut self) -> Generation {
        let generations = &self.offer.generations;
        let index = self.dice.usize(0..generations.len().max(1));
        generations.get(index).copied().unwrap_or(Generation::V2)
    }

    pub(super) fn pair(&mut self) -> At {
        At::Pair(self.dice.usize(0..self.offer.pairs.max(1)))
    }

    /// Picks a pair other than the one that an address is mapped to, if possible.
    pub(super) fn other_pair(&mut self, which: Which) -> At {
        let pairs = self.offer.pairs.max(1);
        match self.shadow.pair(which) {
            Some(pair) if pairs > 1 => At::Pair((pair + self.dice.usize(1..pairs)) % pairs),
            _ => self.pair(),
        }
    }

    pub(super) fn hot(&mut self) -> Which {
        let index = self.dice.usize(0..self.hot.len().max(1));
        self.hot.get(index).copied().unwrap_or(Which::V4(0))
    }

    /// Spells an address in one of several ways.
    pub(super) fn spelled(&mut self, which: Which, in_path: bool) -> Address {
        let mut address = Address::plain(which);
        if matches!(which, Which::V6(_)) && self.dice.usize(0..3) == 0 {
            let spellings = [
                Spelling::Upper,
                Spelling::Expanded,
                Spelling::ExpandedUpper,
                Spelling::Uncompressed,
                Spelling::Percent,
            ];
            let count = spellings.len() - usize::from(!in_path);
            address.spelling = spellings[self.dice.usize(0..count)];
        }
        address
    }

    /// Adds a request to the walk.
    pub(super) fn ask(&mut self, ask: Ask) {
        let held = self.note(&ask);
        self.shadow.take(&ask);
        self.add(Turn::One(ask), vec![held]);
    }

    /// Adds requests that are sent at the same time.
    pub(super) fn together(&mut self, asks: Vec<Ask>) {
        let held = asks.iter().map(|ask| self.note(ask)).collect();
        for ask in &asks {
            self.shadow.take(ask);
        }
        self.add(Turn::Together(asks), held);
    }

    fn note(&mut self, ask: &Ask) -> Held {
        let addresses = ask.addresses();
        let first = addresses.first().copied();
        let held = first.map_or(Held::Never, |which| self.shadow.held(which));
        let before = first.and_then(|which| self.last.get(&which).copied());
        self.coverage.sent(ask, held, before);
        if addresses.len() <= 4 {
            self.last
                .extend(addresses.into_iter().map(|which| (which, ask.operation)));
        }
        held
    }

    fn add(&mut self, turn: Turn, held: Vec<Held>) {
        self.requests += turn.asks().len();
        self.turns.push(turn);
        self.held.push(held);
        self.coverage.size(self.shadow.len());
    }
}
