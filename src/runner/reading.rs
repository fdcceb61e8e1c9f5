//! Verifies what a zone holds by reading it in every way, and tells a wrong state from a reader that
//! shows it wrongly.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::json;

use super::arrange::plain_call;
use super::care::own_key;
use super::execute::{Execution, Flow, Stop};
use super::mapping::{State, meant, meant_by};
use crate::case::{ClauseKey, Step};
use crate::contract::Place;
use crate::contract::{
    Answer, ClauseId, Contract, Evidence, Finding, Framing, Level, MissingPart, Promises, What,
    mapped,
};
use crate::exchange::{Exchange, Generation, Kind, Operation, whole_number};

/// How many addresses are read one by one.
const SINGLE_READS: usize = 8;
/// Zones with more mappings are not read through the other generation as well.
const OTHER_GENERATION_LIMIT: usize = 300;
/// More pages than a full zone has at 100 a page.
const PAGES_LIMIT: u64 = 60;

/// A difference between what is expected and what a reader shows.
struct Difference {
    ip: IpAddr,
    expected: Option<Place>,
    found: Option<Place>,
}

impl Difference {
    fn what(&self, evidence: Evidence) -> What {
        What::mapping(
            self.ip,
            self.expected.as_ref(),
            self.found.as_ref(),
            evidence,
        )
    }
}

fn differences(expected: &State, found: &State) -> Vec<Difference> {
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

/// The clause that a wrong list breaks.
fn list_clause(generation: Generation) -> ClauseId {
    promised(generation, Kind::List, |promises| &promises.shown)
}

/// The clause that a wrong single read breaks.
fn get_clause(generation: Generation, expected: Option<&Place>) -> ClauseId {
    promised(generation, Kind::Get, |promises| match expected {
        Some(_) => &promises.shown,
        None => &promises.absent,
    })
}

impl Execution<'_> {
    /// The whole list through a generation; `None` if it was not answered as a list.
    pub(super) async fn read_list(
        &mut self,
        line: usize,
        generation: Generation,
        zone: &str,
    ) -> Flow<Option<State>> {
        let Some(operation) = Operation::of(generation, Kind::List) else {
            return Ok(None);
        };
        let most = Contract::embedded().limits.page;
        let mut state = State::new();
        self.listed = 0;
        for page in 1..=PAGES_LIMIT {
            let argument = match generation {
                Generation::V1 => json!({}),
                Generation::V2 => json!({"page": page, "per_page": most}),
            };
            let outgoing = self.prepare(&plain_call(operation, argument), zone)?;
            let index = self.send(line, &outgoing, Framing::Promised).await?;
            let Some(entries) = self
                .exchanges
                .get(index)
                .and_then(|exchange| entries_of(exchange))
            else {
                return Ok(None);
            };
            let is_last =
                generation == Generation::V1 || self.is_last_page(index, page, entries.len());
            self.listed += entries.len();
            state.extend(entries);
            if is_last {
                break;
            }
        }
        self.saw(zone, generation, &state);
        Ok(Some(state))
    }

    fn is_last_page(&self, index: usize, page: u64, entries: usize) -> bool {
        let total = self.exchanges.get(index).and_then(|exchange| {
            exchange
                .response
                .pointer("/result_info/total_pages")
                .and_then(whole_number)
        });
        let page = i64::try_from(page).unwrap_or(i64::MAX);
        entries == 0 || total.is_none_or(|total| page >= total)
    }

    /// One mapping through a generation: `Some(None)` if the target says that there is none, `None` if
    /// its answer can't be understood.
    pub(super) async fn read_one(
        &mut self,
        line: usize,
        generation: Generation,
        zone: &str,
        ip: IpAddr,
    ) -> Flow<Option<Option<Place>>> {
        let Some(operation) = Operation::of(generation, Kind::Get) else {
            return Ok(None);
        };
        let outgoing = self.prepare(&plain_call(operation, json!(ip.to_string())), zone)?;
        let index = self.send(line, &outgoing, Framing::Promised).await?;
        let Some(exchange) = self.exchanges.get(index) else {
            return Ok(None);
        };
        if exchange.response.status == 404 {
            return Ok(Some(None));
        }
        let place = entries_of(exchange).and_then(|mut entries| entries.pop());
        Ok(place.map(|(_, place)| Some(place)))
    }

    /// Expects the zone to hold exactly its model.
    pub(super) async fn holds(&mut self, step: &Step, clause: &ClauseKey, zone: &str) -> Flow {
        let Some(clause) = self.known_clause(clause) else {
            return Ok(());
        };
        let expected = self.models.get(zone).cloned().unwrap_or_default();
        let line = step.line;
        let listed = self.read_list(line, self.generation, zone).await?;
        let list_index = self.exchanges.len().saturating_sub(1);
        let Some(listed) = listed else {
            let what = What::missing("the list", MissingPart::List);
            let finding = Finding::new(list_answer(self.generation), "", what);
            self.add(line, Some(list_index), finding);
            return Err(Stop::Violated);
        };
        let wrong: BTreeMap<IpAddr, Difference> = self
            .own_differences(zone, &expected, &listed)
            .into_iter()
            .map(|difference| (difference.ip, difference))
            .collect();
        let mut is_wrong = self.listed > listed.len();
        if is_wrong {
            let what = What::count("mappings, each once", listed.len(), self.listed);
            self.add(
                line,
                Some(list_index),
                Finding::new(clause.clone(), "/result", what),
            );
        }
        for ip in self.to_read(zone, &expected, &wrong) {
            let single = self.read_one(line, self.generation, zone, ip).await?;
            let single_index = self.exchanges.len().saturating_sub(1);
            let wanted = expected.get(&ip);
            let in_list = listed.get(&ip);
            let Some(single) = single else {
                let clause = get_clause(self.generation, wanted);
                let wanted = mapped(ip, wanted);
                let what = What::missing(wanted, MissingPart::Answer);
                let finding = Finding::new((clause, Level::Must), "", what);
                self.add_own(line, Some(single_index), finding);
                is_wrong = true;
                continue;
            };
            let (list_is_right, single_is_right) = (in_list == wanted, single.as_ref() == wanted);
            let (blamed, at, found) = match (list_is_right, single_is_right) {
                (true, true) => continue,
                // What vanished though the last write did not name it is that write's fault, whatever the
                // step is about.
                (false, false) => {
                    let vanished = wanted.is_some() && in_list.is_none();
                    let others = self.leaves_others_alone(zone, &ip).filter(|_| vanished);
                    (
                        others.unwrap_or_else(|| clause.clone()),
                        list_index,
                        in_list,
                    )
                }
                (false, true) => (
                    (list_clause(self.generation), Level::Must),
                    list_index,
                    in_list,
                ),
                (true, false) => (
                    (get_clause(self.generation, wanted), Level::Must),
                    single_index,
                    single.as_ref(),
                ),
            };
            let what = What::mapping(ip, wanted, found, Evidence::Case);
            self.add_own(
                line,
                Some(at),
                Finding::new(blamed.clone(), "/result", what),
            );
            is_wrong = is_wrong || blamed.1 == Level::Must;
        }
        if is_wrong {
            return Err(Stop::Violated);
        }
        self.other_generation(line, zone, &listed).await
    }

    /// What is read one by one: whatever the list shows wrongly, then what requests named.
    fn to_read(
        &self,
        zone: &str,
        expected: &State,
        wrong: &BTreeMap<IpAddr, Difference>,
    ) -> Vec<IpAddr> {
        let mut all: Vec<IpAddr> = wrong.keys().copied().take(SINGLE_READS).collect();
        let used = self.used.get(zone);
        // The last named addresses are the likeliest to be touched; fillings are only sampled.
        let named = used.into_iter().flatten().copied();
        let (gone, kept): (Vec<IpAddr>, Vec<IpAddr>) =
            named.partition(|ip| !expected.contains_key(ip));
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

    /// the other generation shows the same. Only where both its readers say otherwise is it the
    /// store that differs.
    async fn other_generation(&mut self, line: usize, zone: &str, expected: &State) -> Flow {
        let other = self.generation.other();
        if !self.target.has(other.id()) || expected.len() > OTHER_GENERATION_LIMIT {
            return Ok(());
        }
        let Some(listed) = self.read_list(line, other, zone).await? else {
            return Ok(());
        };
        let index = self.exchanges.len().saturating_sub(1);
        let mut all = differences(expected, &listed).into_iter();
        // What the zone held before is not this case's: each generation may have a store of its own.
        let first = all.find(|difference| !self.may_be_a_strangers(zone, &difference.ip));
        let Some(first) = first else {
            return Ok(());
        };
        let single = self.read_one(line, other, zone, first.ip).await?;
        if single.is_some_and(|single| single == first.found) {
            let clause = (ClauseId::of("X-1"), Level::Should);
            let what = first.what(Evidence::OtherGeneration);
            self.add(
                line,
                Some(index),
                Finding::new(clause.clone(), "/result", what),
            );
        }
        Ok(())
    }

    /// Walks the pages of `v2.list` and expects the model, each mapping once.
    pub(super) async fn pages(
        &mut self,
        step: &Step,
        per_page: u64,
        clause: &ClauseKey,
        zone: &str,
    ) -> Flow {
        let Some(clause) = self.known_clause(clause) else {
            return Ok(());
        };
        let mut expected = self.models.get(zone).cloned().unwrap_or_default();
        if self.generation != Generation::V2 {
            expected.retain(|ip, _| !self.may_be_a_strangers(zone, ip));
            expected.extend(self.existing_in(zone, Generation::V2));
        }
        let size = u64::try_from(expected.len()).unwrap_or(u64::MAX);
        let pages = size.div_ceil(per_page.max(1)).max(1);
        let mut seen: BTreeMap<IpAddr, u64> = BTreeMap::new();
        let mut state = State::new();
        let mut wrong: Vec<(usize, What)> = Vec::new();
        for page in 1..=pages {
            let argument = json!({"page": page, "per_page": per_page});
            let call = plain_call(Operation::named("v2.list"), argument);
            let outgoing = self.prepare(&call, zone)?;
            let index = self.send(step.line, &outgoing, Framing::Promised).await?;
            let Some(entries) = self
                .exchanges
                .get(index)
                .and_then(|exchange| entries_of(exchange))
            else {
                let what = What::missing(format!("page {page}"), MissingPart::List);
                self.add(
                    step.line,
                    Some(index),
                    Finding::new(clause.clone(), "", what),
                );
                return Err(Stop::Violated);
            };
            for (ip, place) in entries {
                if let Some(before) = seen.insert(ip, page) {
                    let found = format!("{ip} on page {page} and on page {before}");
                    wrong.push((index, What::repeated("each mapping on one page", found)));
                }
                state.insert(ip, place);
            }
            let total = |name: &str| {
                let pointer = format!("/result_info/{name}");
                self.exchanges
                    .get(index)
                    .and_then(|e| whole_number(e.response.pointer(&pointer)?))
                    .and_then(|number| u64::try_from(number).ok())
            };
            for (name, right) in [("total_count", size), ("total_pages", pages)] {
                let is_empty_zone = size == 0 && name == "total_pages";
                if let Some(found) = total(name)
                    && found != right
                    && !is_empty_zone
                {
                    let expected = format!("{name} {right} on page {page}");
                    wrong.push((index, What::value(expected, found.to_string())));
                }
            }
        }
        let last = self.exchanges.len().saturating_sub(1);
        for difference in self
            .own_differences(zone, &expected, &state)
            .into_iter()
            .take(5)
        {
            wrong.push((last, difference.what(Evidence::Pages)));
        }
        let is_wrong = !wrong.is_empty();
        for (index, what) in wrong {
            self.add(
                step.line,
                Some(index),
                Finding::new(clause.clone(), "/result", what),
            );
        }
        if is_wrong {
            Err(Stop::Violated)
        } else {
            Ok(())
        }
    }

    /// Expects no more mappings than this.
    pub(super) async fn at_most(
        &mut self,
        step: &Step,
        most: usize,
        clause: &ClauseKey,
        zone: &str,
    ) -> Flow {
        let Some(clause) = self.known_clause(clause) else {
            return Ok(());
        };
        let Some(listed) = self.read_list(step.line, self.generation, zone).await? else {
            return Err(Stop::Inconclusive(
                "the zone could not be listed".to_owned(),
            ));
        };
        let there_before = self.existing_in(zone, self.generation).len();
        let count = self.listed.max(listed.len());
        let most = most + there_before;
        if count > most {
            let index = self.exchanges.len().saturating_sub(1);
            let what = What::too_many("mappings", most, count);
            self.add(
                step.line,
                Some(index),
                Finding::new(clause.clone(), "/result", what),
            );
            return Err(Stop::Violated);
        }
        Ok(())
    }

    /// Expects an address to hold one of these mappings; where the last write applied nothing, also what it held before.
    pub(super) async fn one_of(
        &mut self,
        step: &Step,
        items: &serde_json::Value,
        clause: &ClauseKey,
        zone: &str,
    ) -> Flow {
        let Some(clause) = self.known_clause(clause) else {
            return Ok(());
        };
        let filled = self.fill(items)?;
        let wanted = self.variables.items(&filled, true)?;
        let Some(ip) = wanted.first().and_then(|wanted| meant(&wanted.ip)) else {
            let why = "`one-of` needs an address".to_owned();
            return Err(Stop::Broken(why, None));
        };
        let last_write = self.exchanges.iter().rev().find(|exchange| {
            exchange
                .operation
                .is_some_and(|operation| operation.kind().writes())
        });
        let was_refused = last_write.is_none_or(|exchange| nothing_applied(exchange));
        let single = self.read_one(step.line, self.generation, zone, ip).await?;
        let Some(mut place) = single else {
            return Ok(());
        };
        let index = self.exchanges.len().saturating_sub(1);
        // Whatever was given or was there before may be there if nothing was applied.
        let before = self.models.get(zone).and_then(|model| model.get(&ip));
        if was_refused && (place.is_none() || before == place.as_ref()) {
            return Ok(());
        }
        if place.is_none() {
            // A single read that misses it is another clause's.
            let listed = self.read_list(step.line, self.generation, zone).await?;
            place = listed.and_then(|mut listed| listed.remove(&ip));
        }
        let is_one = wanted.iter().any(|wanted| {
            place.as_ref().is_some_and(|place| {
                wanted.vendor.as_ref() == Some(&place.vendor)
                    && wanted.region.as_ref() == Some(&place.region)
            })
        });
        if is_one {
            return Ok(());
        }
        let lawful: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        let what = What::value(lawful.join(" or "), mapped(ip, place.as_ref()));
        self.add(
            step.line,
            Some(index),
            Finding::new(clause.clone(), "/result", what),
        );
        Err(Stop::Violated)
    }

    /// The differences at addresses that requests of this case named. The others are somebody else's doing, and noted.
    fn own_differences(&mut self, zone: &str, expected: &State, found: &State) -> Vec<Difference> {
        let (strange, own): (Vec<Difference>, Vec<Difference>) = differences(expected, found)
            .into_iter()
            .partition(|difference| self.may_be_a_strangers(zone, &difference.ip));
        for difference in &strange {
            let (was, is) = (difference.expected.as_ref(), difference.found.as_ref());
            self.differs(difference.ip, was, is);
        }
        own
    }

    /// Adds a finding about mappings that the case itself wrote.
    pub(super) fn add_own(&mut self, line: usize, step: Option<usize>, finding: Finding) {
        self.own_findings.insert(own_key(line, &finding));
        self.add(line, step, finding);
    }

    /// The clause of a key with the level of the part that is meant.
    pub(super) fn known_clause(&self, key: &ClauseKey) -> Option<(ClauseId, Level)> {
        let clause = key.clause(self.trial.generation)?;
        let own = Contract::embedded().clause(&clause)?.level;
        Some((clause, key.level.unwrap_or(own)))
    }
}

/// The clause of a list that was not answered as one.
fn list_answer(generation: Generation) -> (ClauseId, Level) {
    let clause = promised(generation, Kind::List, |promises| &promises.form);
    (clause, Level::Must)
}

/// The entries of a success, by address; `None` if the answer is no success.
fn entries_of(exchange: &Exchange) -> Option<Vec<(IpAddr, Place)>> {
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

/// Whether an answer says that nothing was applied: a refusal, or a batch without a succeeded item.
fn nothing_applied(exchange: &Exchange) -> bool {
    let (Some(operation), Some(body)) = (exchange.operation, exchange.response.value()) else {
        return true;
    };
    let answer = Answer::read(operation, body);
    !exchange.response.is_success() || (operation.kind().is_batch() && answer.succeeded.is_empty())
}
