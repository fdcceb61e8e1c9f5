//! Verifies what a zone holds by reading it in every way, and distinguishes a wrong state from a read operation that
//! shows it wrongly.

use std::net::IpAddr;

use serde_json::json;

use super::arrange::plain_call;
use super::execute::{Execution, Flow, Stop};
use super::mapping::Wanted;
use crate::case::{ClauseKey, Reading, Step};
use crate::contract::Place;
use crate::contract::address::meant;
use crate::contract::{
    ClauseId, Contract, Evidence, Finding, Framing, Level, MissingPart, What, mapped,
};
use crate::exchange::{Generation, Kind, Operation, whole_number};
use crate::zone::{
    Blame, Difference, State, Walk, differences, entries_of, list_answer, reader_clause,
};

/// The number of mappings above which a zone is not also read through the other generation.
const OTHER_GENERATION_LIMIT: usize = 300;
/// The maximum number of pages to read. A full zone has fewer pages of 100 mappings.
const PAGES_LIMIT: u64 = 60;

/// A list as it was read.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) state: State,
    /// The number of entries. An address that is listed twice counts twice.
    pub(super) entries: usize,
    /// The number of the last exchange.
    pub(super) index: usize,
}

impl Execution<'_> {
    /// Reads the whole list through a generation. Returns the number of the exchange if an answer is not a list.
    pub(super) async fn read_list(
        &mut self,
        line: usize,
        generation: Generation,
        zone: &str,
    ) -> Flow<Result<Listed, usize>> {
        let Some(operation) = Operation::of(generation, Kind::List) else {
            let why = format!("there is no list in {}", generation.id());
            return Err(Stop::Broken(why, None));
        };
        if let Some(listed) = self.listed_before(generation, zone) {
            return Ok(Ok(listed));
        }
        let most = Contract::embedded().limits.page;
        let mut listed = Listed {
            state: State::new(),
            entries: 0,
            index: 0,
        };
        for page in 1..=PAGES_LIMIT {
            let argument = match generation {
                Generation::V1 => json!({}),
                Generation::V2 => json!({"page": page, "per_page": most}),
            };
            let outgoing = self.prepare(&plain_call(operation, argument), zone)?;
            let index = self.send(line, &outgoing, Framing::Promised).await?;
            let entries = self
                .log
                .get(index)
                .and_then(|exchange| entries_of(exchange));
            let Some(entries) = entries else {
                return Ok(Err(index));
            };
            listed.index = index;
            let is_last =
                generation == Generation::V1 || self.is_last_page(index, page, entries.len());
            listed.entries += entries.len();
            listed.state.extend(entries);
            if is_last {
                break;
            }
        }
        self.care.saw(zone, generation, &listed.state);
        self.last_list = Some((zone.to_owned(), generation, listed.clone()));
        Ok(Ok(listed))
    }

    /// Returns the last list, if it is of this zone and only reads followed it. It serves a second check of one moment.
    fn listed_before(&self, generation: Generation, zone: &str) -> Option<Listed> {
        let may_change = !self.target.settle.is_zero() || self.care.is_needed();
        if may_change || self.judges_history() {
            return None;
        }
        let (of, through, listed) = self.last_list.as_ref()?;
        let mut since = self.log.iter().skip(listed.index);
        let is_current = of == zone
            && *through == generation
            && since.all(|exchange| exchange.request.method == "GET");
        is_current.then(|| listed.clone())
    }

    fn is_last_page(&self, index: usize, page: u64, entries: usize) -> bool {
        let total = self.log.get(index).and_then(|exchange| {
            exchange
                .response
                .pointer("/result_info/total_pages")
                .and_then(whole_number)
        });
        let page = i64::try_from(page).unwrap_or(i64::MAX);
        entries == 0 || total.is_none_or(|total| page >= total)
    }

    /// Reads one mapping through a generation. Returns it with the number of the exchange: `Some(None)` if the target
    /// says that there is none, `None` if the answer can't be understood.
    pub(super) async fn read_one(
        &mut self,
        line: usize,
        generation: Generation,
        zone: &str,
        ip: IpAddr,
    ) -> Flow<(Option<Option<Place>>, usize)> {
        let Some(operation) = Operation::of(generation, Kind::Get) else {
            let why = format!("there are no single reads in {}", generation.id());
            return Err(Stop::Broken(why, None));
        };
        let outgoing = self.prepare(&plain_call(operation, json!(ip.to_string())), zone)?;
        let index = self.send(line, &outgoing, Framing::Promised).await?;
        let Some(exchange) = self.log.get(index) else {
            return Ok((None, index));
        };
        if exchange.response.status == 404 {
            return Ok((Some(None), index));
        }
        let place = entries_of(exchange).and_then(|mut entries| entries.pop());
        Ok((place.map(|(_, place)| Some(place)), index))
    }

    /// Checks that the zone holds exactly the expected mappings.
    pub(super) async fn holds(&mut self, step: &Step, clause: &ClauseKey, zone: &str) -> Flow {
        let Some(clause) = self.known_clause(clause) else {
            return Ok(());
        };
        let (line, generation) = (step.line, self.generation);
        let listed = match self.read_list(line, generation, zone).await? {
            Ok(listed) => listed,
            Err(index) => {
                let what = What::missing("the list", MissingPart::List);
                let finding = Finding::new(list_answer(generation), "", what);
                self.add(line, Some(index), finding);
                return Err(Stop::Violated);
            }
        };
        let expected = self.state(zone);
        let wrong = self.own_differences(zone, &expected, &listed.state);
        let mut is_wrong = listed.entries > listed.state.len();
        if is_wrong {
            let what = What::count("mappings, each once", listed.state.len(), listed.entries);
            let list = (reader_clause(generation, Kind::List, true), Level::Must);
            let finding = Finding::new(list, "/result", what);
            self.add(line, Some(listed.index), finding);
        }
        let wrong = wrong.iter().map(|difference| &difference.ip);
        let reading = self.trial.reading;
        let singly = match reading {
            Reading::EveryWay => self.model(zone).to_read(wrong),
            Reading::List => wrong.copied().collect(),
        };
        for ip in singly {
            let wanted = expected.get(&ip);
            let (single, single_index) = self.read_one(line, generation, zone, ip).await?;
            let Some(single) = single else {
                let clause = reader_clause(generation, Kind::Get, wanted.is_some());
                let clause = (clause, Level::Must);
                let what = What::missing(mapped(ip, wanted), MissingPart::Answer);
                self.add_own(line, Some(single_index), Finding::new(clause, "", what));
                is_wrong = true;
                continue;
            };
            let in_list = listed.state.get(&ip);
            let by_list = (listed.index, in_list);
            let must = |clause| (clause, Level::Must);
            let (clause, (index, found)) =
                match self
                    .model(zone)
                    .blame(generation, ip, in_list, single.as_ref())
                {
                    Blame::Nobody => continue,
                    Blame::Step => {
                        let writer = self.writer_clause(&clause.0, zone, (ip, wanted, in_list));
                        (writer.map_or_else(|| clause.clone(), must), by_list)
                    }
                    Blame::LastWrite(clause) | Blame::List(clause) => (must(clause), by_list),
                    Blame::Get(clause) => (must(clause), (single_index, single.as_ref())),
                };
            is_wrong = is_wrong || clause.1 == Level::Must;
            let what = What::mapping(ip, wanted, found, Evidence::Case);
            self.add_own(line, Some(index), Finding::new(clause, "/result", what));
        }
        if is_wrong {
            return Err(Stop::Violated);
        }
        match reading {
            Reading::EveryWay => self.other_generation(line, zone, &listed.state).await,
            Reading::List => Ok(()),
        }
    }

    /// Checks X-1: the other generation shows the same mappings. It is broken only if both the list and the single read
    /// of the other generation differ.
    async fn other_generation(&mut self, line: usize, zone: &str, expected: &State) -> Flow {
        let other = self.generation.other();
        if !self.target.has(other.id()) || expected.len() > OTHER_GENERATION_LIMIT {
            return Ok(());
        }
        let Ok(listed) = self.read_list(line, other, zone).await? else {
            return Ok(());
        };
        let mut all = differences(expected, &listed.state).into_iter();
        // Existing mappings are not this case's concern, since each generation may have its own store.
        let first = all.find(|difference| !self.may_be_a_strangers(zone, &difference.ip));
        let Some(first) = first else {
            return Ok(());
        };
        let (single, _) = self.read_one(line, other, zone, first.ip).await?;
        if single.is_some_and(|single| single == first.found) {
            let clause = (ClauseId::of("X-1"), Level::Should);
            let what = first.what(Evidence::OtherGeneration);
            let finding = Finding::new(clause, "/result", what);
            self.add(line, Some(listed.index), finding);
        }
        Ok(())
    }

    /// Walks the pages of `v2.list` and expects the mappings of the model, each exactly once.
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
        let mut expected = self.state(zone);
        if self.generation != Generation::V2 {
            expected.retain(|ip, _| !self.may_be_a_strangers(zone, ip));
            expected.extend(self.care.existing_in(zone, Generation::V2));
        }
        let mut walk = Walk::new(&expected, per_page);
        let mut wrong: Vec<(usize, What)> = Vec::new();
        let mut last = None;
        for page in 1..=walk.pages {
            let argument = json!({"page": page, "per_page": per_page});
            let call = plain_call(Operation::named("v2.list"), argument);
            let outgoing = self.prepare(&call, zone)?;
            let index = self.send(step.line, &outgoing, Framing::Promised).await?;
            let read = self
                .log
                .get(index)
                .and_then(|exchange| walk.take(page, exchange));
            let Some(found) = read else {
                let what = What::missing(format!("page {page}"), MissingPart::List);
                self.add(step.line, Some(index), Finding::new(clause, "", what));
                return Err(Stop::Violated);
            };
            wrong.extend(found.into_iter().map(|what| (index, what)));
            last = Some(index);
        }
        let (found, strange) = walk.end(|ip| self.may_be_a_strangers(zone, ip));
        if let Some(last) = last
            && self
                .is_lost_by_a_write((step.line, last), &clause.0, zone, &found)
                .await?
        {
            return Err(Stop::Violated);
        }
        wrong.extend(
            found
                .iter()
                .map(|difference| difference.what(Evidence::Pages))
                .zip(last.into_iter().cycle())
                .map(|(what, index)| (index, what)),
        );
        self.note_strange(&strange);
        let is_wrong = !wrong.is_empty();
        for (index, what) in wrong {
            let finding = Finding::new(clause.clone(), "/result", what);
            self.add(step.line, Some(index), finding);
        }
        if is_wrong {
            Err(Stop::Violated)
        } else {
            Ok(())
        }
    }

    /// Expects at most this number of mappings.
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
        let most = most + self.care.existing_in(zone, self.generation).len();
        if self.ends_before(step.line, most, zone).await? {
            return Ok(());
        }
        let Ok(listed) = self.read_list(step.line, self.generation, zone).await? else {
            return Err(Stop::Inconclusive(
                "the zone could not be listed".to_owned(),
            ));
        };
        let count = listed.entries;
        if count > most {
            let what = What::too_many("mappings", most, count);
            let finding = Finding::new(clause, "/result", what);
            self.add(step.line, Some(listed.index), finding);
            return Err(Stop::Violated);
        }
        Ok(())
    }

    /// Returns whether `v2.list` ends at this number of mappings or before: the page after them is empty, and the total
    /// is not above it. That takes one request; a whole list would take one for each 100 mappings.
    async fn ends_before(&mut self, line: usize, most: usize, zone: &str) -> Flow<bool> {
        let per_page = Contract::embedded().limits.page;
        if self.generation != Generation::V2 || !most.is_multiple_of(per_page) {
            return Ok(false);
        }
        let argument = json!({"page": most / per_page + 1, "per_page": per_page});
        let call = plain_call(Operation::named("v2.list"), argument);
        let outgoing = self.prepare(&call, zone)?;
        let index = self.send(line, &outgoing, Framing::Promised).await?;
        let Some(exchange) = self.log.get(index) else {
            return Ok(false);
        };
        let total = exchange.response.pointer("/result_info/total_count");
        let total = total.and_then(whole_number);
        let is_within = total.is_some_and(|total| usize::try_from(total).is_ok_and(|n| n <= most));
        Ok(is_within && entries_of(exchange).is_some_and(|entries| entries.is_empty()))
    }

    /// Expects an address to hold one of these mappings, or its earlier mapping if the last write applied nothing.
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
        let (single, mut index) = self.read_one(step.line, self.generation, zone, ip).await?;
        let Some(mut place) = single else {
            return Ok(());
        };
        let given: Vec<Place> = wanted.iter().filter_map(Wanted::place).collect();
        if self.model(zone).may_hold(ip, &given, place.as_ref()) {
            return Ok(());
        }
        if place.is_none() {
            // Another clause covers a single read that misses the mapping.
            match self.read_list(step.line, self.generation, zone).await? {
                Ok(mut listed) => {
                    index = listed.index;
                    place = listed.state.remove(&ip);
                }
                Err(last) => index = last,
            }
        }
        if self.model(zone).may_hold(ip, &given, place.as_ref()) {
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

    /// Returns the differences at addresses that this case answers for, and notes the others as changes by somebody
    /// else.
    fn own_differences(&mut self, zone: &str, expected: &State, found: &State) -> Vec<Difference> {
        let (strange, own): (Vec<Difference>, Vec<Difference>) = differences(expected, found)
            .into_iter()
            .partition(|difference| self.may_be_a_strangers(zone, &difference.ip));
        self.note_strange(&strange);
        own
    }

    /// Notes changes that only somebody else can have made.
    fn note_strange(&mut self, strange: &[Difference]) {
        for difference in strange {
            let (was, is) = (difference.expected.as_ref(), difference.found.as_ref());
            self.care.differs(self.generation, difference.ip, was, is);
        }
    }

    /// Returns the clause of a key, with the level of the part that is meant.
    pub(super) fn known_clause(&self, key: &ClauseKey) -> Option<(ClauseId, Level)> {
        let clause = key.clause(self.trial.generation)?;
        let own = Contract::embedded().clause(&clause)?.level;
        Some((clause, key.level.unwrap_or(own)))
    }
}
