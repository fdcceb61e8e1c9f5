//! The plan of one simulated life.

/// A generator of pseudo-random numbers from a seed (`SplitMix64`).
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1))
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end.max(1)
    }

    pub(super) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn size(&mut self, end: u64) -> usize {
        usize::try_from(self.below(end)).unwrap_or(0)
    }
}

/// A fault at a certain step. A step is one request, one record or one pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The answer is lost, but a write took effect.
    LostAnswer,
    /// The request is lost on its way.
    LostRequest,
    /// An edge answers 503 for this many requests.
    Unavailable(u64),
    /// The target asks to wait this many milliseconds, for this many requests.
    Throttled(u64, u64),
    /// `v1` is not routed for this many requests.
    V1Gone(u64),
    /// `v2` is not routed for this many requests.
    V2Gone(u64),
    /// The target does not answer for this many requests.
    Unreachable(u64),
    /// The region of this original mapping is no longer accepted.
    NoLongerAccepted(usize),
    /// The owner writes a new value at this address.
    OwnerWrites(usize),
    /// The owner writes back what was there at first.
    OwnerRepairs(usize),
    /// The owner deletes what is there.
    OwnerDeletes(usize),
    /// A run on another machine writes a test mapping: with a value of its own, or with this value of cases.
    OtherRunWrites(usize, Option<usize>),
    /// A run on another machine deletes a test mapping.
    OtherRunDeletes(usize),
    /// The process ends before the request goes out, or before the record is written.
    CrashBefore,
    /// The process ends after the request took effect, or the record was written.
    CrashAfter,
    /// This process may send no more requests.
    Spent,
    /// The next write loses a mapping that it does not name.
    LossyWrite,
    /// The next write is never answered, and takes effect this many milliseconds later.
    Late(u64),
    /// The region of this original mapping is accepted for existing mappings, and refused for new ones.
    NotForNew(usize),
    /// From here on the target keeps another region in place of this test value.
    Mangled(usize),
    /// From here on, deletions of this address do nothing, whatever the answer says.
    Undeletable(usize),
    /// From here on, a deleted address can't be written again.
    Tombstones,
    /// This many batches are refused as a whole.
    NoBatches(u64),
    /// This many single reads are refused.
    NoSingleReads(u64),
    /// This many list pages can't be understood.
    UnreadableLists(u64),
}

/// The stores behind the generations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stores {
    /// One store.
    One,
    /// Two stores, which hold the same at the start.
    Alike,
    /// Two stores, which hold different things.
    Apart,
}

/// The properties of the target and the run.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// The number of mappings at the start.
    pub(super) originals: usize,
    pub(super) stores: Stores,
    /// Whether `v1` is routed at all.
    pub(super) has_v1: bool,
    /// The delay of lists, in milliseconds.
    pub(super) list_lag: u64,
    /// The delay of single reads, in milliseconds.
    pub(super) read_lag: u64,
    /// The delay that the user configured, in milliseconds.
    pub(super) settle: u64,
    /// The number of steps for which the lists of `v2` and of `v1` show nothing.
    pub(super) blind_until: [u64; 2],
    /// Whether the mappings may be taken away.
    pub(super) takes_away: bool,
    /// Cases, each with its writes.
    pub(super) cases: Vec<Case>,
}

/// One case: addresses to write and delete.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// Whether the zone is emptied before it.
    pub(super) needs_room: bool,
    /// The writes: test address, value, whether through `v1`, and whether it is a deletion.
    pub(super) writes: Vec<(usize, usize, bool, bool)>,
}

/// One simulated life.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    pub(super) setting: Setting,
    /// The faults by step.
    pub(super) faults: Vec<(u64, Fault)>,
}

/// The number of addresses that the owner may write to: three of the zone and two others.
pub(super) const OWNERS: usize = 5;
/// The number of addresses that cases write to. The first may be the owner's.
pub(super) const TESTS: usize = 4;

impl Schedule {
    /// Returns the schedule of a seed.
    pub(super) fn of(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let setting = Setting::draw(&mut random);
        let length = 30 + random.below(220);
        let count = random.below(7);
        let mut faults: Vec<(u64, Fault)> = (0..count)
            .map(|_| (random.below(length), Fault::draw(&mut random)))
            .collect();
        faults.sort_by_key(|(step, _)| *step);
        // If neither lists nor single reads show a mapping, nothing can.
        let is_unreadable = |fault: &Fault| matches!(fault, Fault::UnreadableLists(_));
        let is_blind =
            setting.blind_until != [0, 0] || faults.iter().any(|(_, fault)| is_unreadable(fault));
        faults.retain(|(_, fault)| !(is_blind && matches!(fault, Fault::NoSingleReads(_))));
        Self { setting, faults }
    }

    /// Returns the schedule with as few faults and cases as possible that still breaks a promise.
    pub(super) fn shrunk(mut self, breaks: impl Fn(&Self) -> bool) -> Self {
        loop {
            let without_faults = (0..self.faults.len()).map(|index| {
                let mut smaller = self.clone();
                smaller.faults.remove(index);
                smaller
            });
            let without_cases = (0..self.setting.cases.len()).map(|index| {
                let mut smaller = self.clone();
                smaller.setting.cases.remove(index);
                smaller
            });
            let Some(smaller) = without_faults.chain(without_cases).find(&breaks) else {
                return self;
            };
            self = smaller;
        }
    }
}

impl Setting {
    /// Returns whether reads are delayed by more than the user configured. Then the only promise is that nothing is
    /// lost.
    pub(super) fn is_behind_unsaid(&self) -> bool {
        self.settle < self.list_lag.max(self.read_lag)
    }

    fn draw(random: &mut Random) -> Self {
        let originals = random.size(4);
        let has_v1 = !random.one_in(3);
        let lags = [0, 0, 300, 1_500];
        let (list_lag, read_lag) = (lags[random.size(4)], lags[random.size(4)]);
        let settle = match list_lag.max(read_lag) {
            0 => 0,
            // The user does not know of the delay.
            _ if random.one_in(6) => 0,
            lag => lag * 2,
        };
        Self {
            originals,
            stores: match random.below(8) {
                0 | 1 if has_v1 => Stores::Apart,
                2 if has_v1 => Stores::Alike,
                _ => Stores::One,
            },
            has_v1,
            list_lag,
            read_lag,
            settle,
            blind_until: match random.below(16) {
                0 => [random.below(40), 0],
                1 => [0, random.below(40)],
                2 => [random.below(40); 2],
                _ => [0, 0],
            },
            takes_away: originals > 0 && !random.one_in(3),
            cases: (0..=random.below(3))
                .map(|_| Case::draw(random, has_v1))
                .collect(),
        }
    }
}

impl Case {
    fn draw(random: &mut Random, has_v1: bool) -> Self {
        let writes = (0..=random.below(3)).map(|_| {
            (
                random.size(TESTS as u64),
                random.size(2),
                has_v1 && random.one_in(2),
                random.one_in(4),
            )
        });
        let writes = writes.collect();
        Self {
            needs_room: random.one_in(2),
            writes,
        }
    }
}

impl Fault {
    fn draw(random: &mut Random) -> Self {
        let long = |random: &mut Random| match random.below(3) {
            0 => 1 + random.below(3),
            1 => 5 + random.below(40),
            _ => u64::MAX,
        };
        match random.below(27) {
            0 | 1 => Self::LostAnswer,
            2 => Self::LostRequest,
            3 => Self::Unavailable(1 + random.below(30)),
            4 => Self::Throttled(random.below(90_000), 1 + random.below(4)),
            5 => Self::V1Gone(long(random)),
            6 => Self::V2Gone(long(random)),
            7 => Self::Unreachable(long(random)),
            8 => Self::NoLongerAccepted(random.size(3)),
            9 => Self::OwnerWrites(random.size(OWNERS as u64)),
            10 => Self::OwnerRepairs(random.size(3)),
            11 => Self::OwnerDeletes(random.size(OWNERS as u64)),
            12 => Self::OtherRunWrites(
                random.size(TESTS as u64),
                random.one_in(4).then(|| random.size(2)),
            ),
            13 => Self::OtherRunDeletes(random.size(TESTS as u64)),
            14 | 15 => Self::CrashBefore,
            16 | 17 => Self::CrashAfter,
            18 if random.one_in(2) => Self::Spent,
            18 => Self::LossyWrite,
            19 => Self::Late(1 + random.below(2_500)),
            20 => Self::NotForNew(random.size(3)),
            21 => Self::Mangled(random.size(2)),
            22 => Self::Undeletable(random.size(TESTS as u64)),
            23 => Self::Tombstones,
            24 => Self::NoBatches(long(random)),
            25 => Self::NoSingleReads(long(random)),
            _ => Self::UnreadableLists(long(random)),
        }
    }
}
