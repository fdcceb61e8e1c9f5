//! Reduces a failing script on the live target: fewer turns, fewer items, one client, simpler addresses. Each attempt
//! runs on a zone of its own.

use super::ask::{Address, Argument, Ask, At, Item, Which};
use super::script::{Script, Turn};

/// A test whether a script still fails.
pub(super) trait Probe {
    /// Runs the script. Returns the turn that fails, counted from 1, or `None` if it does not fail in the same way or
    /// no more requests may be sent.
    async fn fails(&mut self, script: &Script) -> Option<usize>;
    /// Returns whether more attempts can be made.
    fn can_go_on(&self) -> bool;
}

/// Returns the smallest script that was found to fail in the same way.
pub(super) async fn shrink(script: Script, probe: &mut impl Probe) -> Script {
    let mut script = script;
    // Most faults do not need requests at the same time, and the next steps are simpler without them.
    let one_by_one = script.0.iter().flat_map(Turn::asks).cloned().map(Turn::One);
    let one_by_one = Script(one_by_one.collect());
    if one_by_one != script
        && let Some(smaller) = attempt(one_by_one, probe).await
    {
        script = smaller;
    }
    loop {
        let before = script.clone();
        script = without_turns(script, probe).await;
        script = with_simpler_turns(script, probe).await;
        script = with_simpler_addresses(script, probe).await;
        if script == before || !probe.can_go_on() {
            return script;
        }
    }
}

/// Tries a script. If it fails, returns it without the turns after the one that shows the fault.
async fn attempt(candidate: Script, probe: &mut impl Probe) -> Option<Script> {
    if candidate.0.is_empty() || !probe.can_go_on() {
        return None;
    }
    let turn = probe.fails(&candidate).await?;
    let mut script = candidate;
    script.0.truncate(turn.max(1));
    Some(script)
}

/// Removes halves, quarters and so on down to single turns, from the end.
async fn without_turns(mut script: Script, probe: &mut impl Probe) -> Script {
    let mut size = script.0.len().div_ceil(2);
    loop {
        let mut end = script.0.len();
        while end > 0 {
            let start = end.saturating_sub(size);
            let mut candidate = script.clone();
            candidate.0.drain(start..end.min(candidate.0.len()));
            if let Some(smaller) = attempt(candidate, probe).await {
                script = smaller;
            }
            end = start.min(script.0.len());
        }
        if size <= 1 {
            return script;
        }
        size = size.div_ceil(2).min(script.0.len().max(1));
    }
}

/// Replaces turns with simpler ones until no simpler turn still fails.
async fn with_simpler_turns(mut script: Script, probe: &mut impl Probe) -> Script {
    let mut index = 0;
    while index < script.0.len() {
        let mut is_simpler = false;
        for turns in simpler(&script.0[index]) {
            let mut candidate = script.clone();
            candidate.0.splice(index..=index, turns);
            if let Some(smaller) = attempt(candidate, probe).await {
                script = smaller;
                is_simpler = true;
                break;
            }
        }
        if !is_simpler {
            index += 1;
        }
    }
    script
}

/// Replaces the addresses with the simplest ones that still fail.
async fn with_simpler_addresses(mut script: Script, probe: &mut impl Probe) -> Script {
    let simple = [
        Which::V4(0),
        Which::V4(1),
        Which::V4(2),
        Which::V6(0),
        Which::V6(1),
    ];
    for from in named(&script) {
        let used = named(&script);
        if matches!(from, Which::Odd(_)) || simple.first() == Some(&from) {
            continue;
        }
        let free = simple
            .iter()
            .take_while(|to| **to != from)
            .find(|to| !used.contains(to));
        if let Some(to) = free
            && let Some(renamed) = renamed(&script, from, *to)
            && let Some(smaller) = attempt(renamed, probe).await
        {
            script = smaller;
        }
    }
    script
}

/// Returns the addresses that a script names individually.
fn named(script: &Script) -> Vec<Which> {
    let mut named = Vec::new();
    for ask in script.0.iter().flat_map(Turn::asks) {
        let single = match &ask.argument {
            Argument::Items(items) => items
                .iter()
                .filter(|item| matches!(item, Item::One(..)))
                .flat_map(|item| item.addresses())
                .collect(),
            _ => ask.addresses(),
        };
        for which in single {
            if !named.contains(&which) {
                named.push(which);
            }
        }
    }
    named
}

fn renamed(script: &Script, from: Which, to: Which) -> Option<Script> {
    let rename = |address: &mut Address| {
        if address.which == from {
            *address = Address::plain(to);
        }
    };
    let mut script = script.clone();
    for turn in &mut script.0 {
        let asks = match turn {
            Turn::One(ask) => std::slice::from_mut(ask),
            Turn::Together(asks) => asks.as_mut_slice(),
        };
        for ask in asks {
            match &mut ask.argument {
                Argument::Page(..) => {}
                Argument::Address(address) => rename(address),
                Argument::Mapping(address, _, path) => {
                    rename(address);
                    path.iter_mut().for_each(rename);
                }
                Argument::Items(items) => {
                    for item in items {
                        match item {
                            Item::One(address, _) => rename(address),
                            // A filling that contains the address would no longer collide with it.
                            Item::Fill { .. } if item.addresses().contains(&from) => return None,
                            Item::Fill { .. } => {}
                        }
                    }
                }
            }
        }
    }
    Some(script)
}

/// Returns replacements for a turn, the simplest first.
fn simpler(turn: &Turn) -> Vec<Vec<Turn>> {
    match turn {
        Turn::One(ask) => {
            let asks = simpler_ask(ask).into_iter();
            asks.map(|ask| vec![Turn::One(ask)]).collect()
        }
        Turn::Together(asks) => {
            let mut all: Vec<Vec<Turn>> = Vec::new();
            all.push(asks.iter().cloned().map(Turn::One).collect());
            for index in (0..asks.len()).rev() {
                let mut fewer = asks.clone();
                fewer.remove(index);
                all.push(vec![Turn::Together(fewer)]);
            }
            for (index, ask) in asks.iter().enumerate() {
                for simpler in simpler_ask(ask) {
                    let mut others = asks.clone();
                    others[index] = simpler;
                    all.push(vec![Turn::Together(others)]);
                }
            }
            all.retain(
                |turns| !matches!(turns.as_slice(), [Turn::Together(asks)] if asks.is_empty()),
            );
            all
        }
    }
}

fn simpler_ask(ask: &Ask) -> Vec<Ask> {
    let with = |argument| Ask::new(ask.operation, argument).with(ask.auth);
    match &ask.argument {
        Argument::Page(None, None) => Vec::new(),
        Argument::Page(page, per_page) => {
            let mut all = vec![with(Argument::Page(None, None))];
            if page.is_some() && per_page.is_some() {
                all.push(with(Argument::Page(page.clone(), None)));
                all.push(with(Argument::Page(None, per_page.clone())));
            }
            all
        }
        Argument::Address(address) => plainer(*address)
            .map(|address| with(Argument::Address(address)))
            .collect(),
        Argument::Mapping(address, at, path) => {
            let addresses =
                plainer(*address).map(|address| with(Argument::Mapping(address, *at, *path)));
            let places = lower(*at).map(|at| with(Argument::Mapping(*address, at, *path)));
            addresses.chain(places).collect()
        }
        Argument::Items(items) => simpler_items(items)
            .into_iter()
            .map(|items| with(Argument::Items(items)))
            .collect(),
    }
}

/// Returns the address in its canonical spelling, if it is spelled differently.
fn plainer(address: Address) -> impl Iterator<Item = Address> {
    let plain = Address::plain(address.which);
    (plain != address).then_some(plain).into_iter()
}

fn lower(at: At) -> impl Iterator<Item = At> {
    let lower = match at {
        At::Pair(n) if n > 0 => 0..n.min(2),
        At::Pair(_) | At::UnknownRegion | At::UnknownVendor | At::Foreign => 0..0,
    };
    lower.map(At::Pair)
}

fn simpler_items(items: &[Item]) -> Vec<Vec<Item>> {
    let mut all = Vec::new();
    let half = items.len() / 2;
    if items.len() > 3 {
        all.push(items[half..].to_vec());
        all.push(items[..half].to_vec());
    }
    for index in (0..items.len()).rev() {
        if items.len() > 1 {
            let mut fewer = items.to_vec();
            fewer.remove(index);
            all.push(fewer);
        }
        let mut replace = |item: Item| {
            let mut others = items.to_vec();
            others[index] = item;
            all.push(others);
        };
        match items[index] {
            Item::One(address, at) => {
                plainer(address).for_each(|address| replace(Item::One(address, at)));
                lower(at).for_each(|at| replace(Item::One(address, at)));
            }
            Item::Fill { count, from, at } => {
                for count in [1, count / 4, count / 2, count.saturating_sub(1)] {
                    if count > 0 {
                        replace(Item::Fill { count, from, at });
                    }
                }
                lower(at).for_each(|at| replace(Item::Fill { count, from, at }));
            }
        }
    }
    all.retain(|fewer| fewer.as_slice() != items);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Operation;

    /// A probe that fails if a script contains all of these requests in this order.
    struct Needs {
        order: Vec<Ask>,
        attempts: usize,
    }

    impl Probe for Needs {
        async fn fails(&mut self, script: &Script) -> Option<usize> {
            self.attempts += 1;
            let mut left = self.order.as_slice();
            for (index, turn) in script.0.iter().enumerate() {
                for ask in turn.asks() {
                    if left.first() == Some(ask) {
                        left = &left[1..];
                    }
                }
                if left.is_empty() {
                    return Some(index + 1);
                }
            }
            None
        }

        fn can_go_on(&self) -> bool {
            self.attempts < 1_000
        }
    }

    fn get(n: usize) -> Ask {
        let address = Address::plain(Which::V4(n));
        Ask::new(Operation::named("v2.get"), Argument::Address(address))
    }

    #[tokio::test]
    async fn what_does_not_matter_is_taken_out() {
        let order = vec![get(0), get(1), get(0)];
        let mut script = Script((0..50).map(|n| Turn::One(get(n + 5))).collect());
        for (place, ask) in [3, 20, 41].into_iter().zip(&order) {
            script.0[place] = Turn::One(ask.clone());
        }
        let mut probe = Needs {
            order: order.clone(),
            attempts: 0,
        };
        let small = shrink(script, &mut probe).await;
        let expected = Script(order.into_iter().map(Turn::One).collect());
        assert_eq!(small, expected);
    }

    #[tokio::test]
    async fn a_burst_that_need_not_be_one_becomes_a_sequence() {
        let order = vec![get(0), get(1)];
        let script = Script(vec![Turn::Together(vec![get(7), get(0), get(1), get(8)])]);
        let mut probe = Needs {
            order: order.clone(),
            attempts: 0,
        };
        let small = shrink(script, &mut probe).await;
        let expected = Script(order.into_iter().map(Turn::One).collect());
        assert_eq!(small, expected);
    }
}
