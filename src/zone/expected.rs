//! A zone as a case expects it to be: what it should hold, what requests named, and which write was accepted last. It
//! tells how a reading differs, what to read next to find out whose fault that is, and which clause is broken.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::contract::address::meant;
use crate::contract::{
    Answer, ClauseId, Evidence, Item, Level, Place, Promises, What, request_items,
};
use crate::exchange::{Exchange, Generation, Kind, Operation};

/// How many addresses are read one by one.
const SINGLE_READS: usize = 8;

/// Mappings by their address itself, never by its spelling.
pub type State = BTreeMap<IpAddr, Place>;

/// A zone as a case expects it to be.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// What it should hold, as far as it was last asserted.
    pub state: State,
    /// Addresses that requests named.
    pub named: BTreeSet<IpAddr>,
    /// The last write that was answered with 200, and the addresses that it named.
    last_write: Option<(Operation, BTreeSet<IpAddr>)>,
}

/// A difference between what is expected and what a reading shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The address.
    pub ip: IpAddr,
    /// Its expected mapping.
    pub expected: Option<Place>,
    /// The mapping that is shown.
    pub found: Option<Place>,
}

impl Difference {
    /// The difference as it is reported.
    #[must_use]
    pub fn what(&self, evidence: Evidence) -> What {
        What::mapping(
            self.ip,
            self.expected.as_ref(),
            self.found.as_ref(),
            evidence,
        )
    }
}

/// Who is to blame for an address that is shown otherwise than it is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blame {
    /// Both readings show what is expected.
    Nobody,
    /// The list alone shows it wrongly.
    List(ClauseId),
    /// The single read alone shows it wrongly.
    Get(ClauseId),
    /// It is not as it should be, by the clause that the step is about.
    Step,
    /// The last write changed what it did not name.
    LastWrite(ClauseId),
}

/// How two states differ, by address.
#[must_use]
pub fn differences(expected: &State, found: &State) -> Vec<Difference> {
    let all: BTreeSet<&IpAddr> = expected.keys().chain(found.keys()).collect();
    all.into_iter()
        .filter(|ip| expected.get(*ip) != found.get(*ip))
        .map(|ip| Difference {
            ip: *ip,
            expected: expected.get(ip).cloned(),
            found: found.get(ip).cloned(),
        })
        .collect()
}

impl Expected {
    /// Takes in the addresses that a request names.
    pub fn names(&mut self, addresses: impl IntoIterator<Item = IpAddr>) {
        self.named.extend(addresses);
    }

    /// Takes in a write that was answered with 200; other exchanges change nothing here.
    pub fn take(&mut self, exchange: &Exchange) {
        let writes = |operation: &Operation| operation.kind().writes();
        let Some(operation) = exchange.operation.filter(writes) else {
            return;
        };
        if exchange.response.status == 200 {
            self.last_write = Some((operation, named_by(exchange)));
        }
    }

    /// What is read one by one: whatever a list shows wrongly, then a sample of what requests named.
    #[must_use]
    pub fn to_read<'a>(&self, wrong: impl IntoIterator<Item = &'a IpAddr>) -> Vec<IpAddr> {
        let mut all: Vec<IpAddr> = wrong.into_iter().copied().take(SINGLE_READS).collect();
        // The last named addresses are the likeliest to be touched; fillings are only sampled.
        let (gone, kept): (Vec<IpAddr>, Vec<IpAddr>) = self
            .named
            .iter()
            .partition(|ip| !self.state.contains_key(ip));
        let sample = |ips: &[IpAddr], most: usize| -> Vec<IpAddr> {
            let stride = ips.len().div_ceil(most.max(1)).max(1);
            ips.iter().copied().step_by(stride).collect()
        };
        all.extend(sample(&gone, SINGLE_READS / 2));
        all.extend(sample(&kept, SINGLE_READS / 2));
        let mut seen = BTreeSet::new();
        all.retain(|ip| seen.insert(*ip));
        all
    }

    /// Whose fault it is that a list and a single read through a generation show this of an address.
    #[must_use]
    pub fn blame(
        &self,
        generation: Generation,
        ip: IpAddr,
        in_list: Option<&Place>,
        single: Option<&Place>,
    ) -> Blame {
        let wanted = self.state.get(&ip);
        match (in_list == wanted, single == wanted) {
            (true, true) => Blame::Nobody,
            (false, true) => Blame::List(list_clause(generation)),
            (true, false) => Blame::Get(get_clause(generation, wanted)),
            // What vanished though the last write did not name it is that write's fault, whatever the step is about.
            (false, false) => {
                let vanished = wanted.is_some() && in_list.is_none();
                let clause = self.left_alone(ip).filter(|_| vanished);
                clause.map_or(Blame::Step, Blame::LastWrite)
            }
        }
    }

    /// The clause by which the last write must leave alone what it does not name; `None` where it named the address, or
    /// no write was accepted.
    fn left_alone(&self, ip: IpAddr) -> Option<ClauseId> {
        let (operation, named) = self.last_write.as_ref()?;
        let others = operation.promises().others.clone();
        others.filter(|_| !named.contains(&ip))
    }
}

/// The addresses that a request names in its path and its body.
fn named_by(exchange: &Exchange) -> BTreeSet<IpAddr> {
    let json = exchange.request.json.as_ref();
    let items = match (exchange.operation, json) {
        (Some(operation), Some(json)) => request_items(operation, json),
        _ => Vec::new(),
    };
    let texts = items.iter().filter_map(|item| item.address);
    texts
        .chain(exchange.request.address.as_deref())
        .filter_map(meant)
        .collect()
}

/// A clause that a generation's list or single read promises.
fn promised(
    generation: Generation,
    kind: Kind,
    promise: impl Fn(&Promises) -> &Option<ClauseId>,
) -> ClauseId {
    let operation = Operation::of(generation, kind);
    let clause = operation.and_then(|operation| promise(operation.promises()).clone());
    clause.unwrap_or(ClauseId::of("ENV-5"))
}

/// The clause that a list breaks which is not answered as one.
#[must_use]
pub fn list_answer(generation: Generation) -> (ClauseId, Level) {
    let clause = promised(generation, Kind::List, |promises| &promises.form);
    (clause, Level::Must)
}

/// The clause that a wrong list breaks.
fn list_clause(generation: Generation) -> ClauseId {
    promised(generation, Kind::List, |promises| &promises.shown)
}

/// The clause that a wrong single read breaks.
#[must_use]
pub fn get_clause(generation: Generation, expected: Option<&Place>) -> ClauseId {
    promised(generation, Kind::Get, |promises| match expected {
        Some(_) => &promises.shown,
        None => &promises.absent,
    })
}

/// The entries of a success, by address; `None` if the answer is no success.
#[must_use]
pub fn entries_of(exchange: &Exchange) -> Option<Vec<(IpAddr, Place)>> {
    let operation = exchange.operation?;
    let body = exchange.response.value()?;
    if !exchange.response.is_success() {
        return None;
    }
    let answer = Answer::read(operation, body);
    let entries = answer.entries.iter().filter_map(|item| {
        let place = Place {
            vendor: item.vendor.unwrap_or_default().to_owned(),
            region: item.region.unwrap_or_default().to_owned(),
        };
        Some((meant_by(item)?, place))
    });
    Some(entries.collect())
}

/// The address that a server means by an item.
#[must_use]
pub fn meant_by(item: &Item<'_>) -> Option<IpAddr> {
    item.identity().or_else(|| meant(item.address?))
}

/// Whether an answer says that nothing was applied: a refusal, or a batch without a succeeded item.
#[must_use]
pub fn nothing_applied(exchange: &Exchange) -> bool {
    let (Some(operation), Some(body)) = (exchange.operation, exchange.response.value()) else {
        return true;
    };
    let answer = Answer::read(operation, body);
    !exchange.response.is_success() || (operation.kind().is_batch() && answer.succeeded.is_empty())
}
