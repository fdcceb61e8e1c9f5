//! A trial's record of zones in care: the addresses that its writes may touch, and changes by somebody else.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::Value;

use super::custody::{
    Around, Effect, Effects, Keeper, NotAdmitted, Permit, Sign, Stranger, Tidied, addresses_in,
    addresses_of,
};
use super::execute::{Execution, Flow, Stop};
use super::halt::HaltReason;
use super::run::Runner;
use crate::contract::Place;
use crate::contract::{ClauseId, Evidence, Finding, Level, What};
use crate::event::ReportedFinding;
use crate::exchange::{Generation, Kind, Operation};
use crate::transport::Outgoing;
use crate::zone::State;

/// Signs of somebody else that a trial saw in its zones.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    /// Descriptions of mappings that somebody else wrote, changed or deleted.
    pub(super) changes: BTreeSet<String>,
    /// Whether a test mapping was seen that this run did not write.
    pub(super) has_sign: bool,
    /// Whether another run is certainly at work.
    is_at_work: bool,
}

/// A trial's zones in care, by the case's names for them.
#[derive(Debug, Default)]
pub(super) struct Care {
    keepers: HashMap<String, Arc<Keeper>>,
    /// The state of each zone before the case.
    around: HashMap<String, Around>,
    /// The addresses that writes may touch, by zone.
    mine: HashMap<String, BTreeSet<IpAddr>>,
    /// The generations through which the trial wrote.
    wrote: BTreeSet<Generation>,
    /// The signs of somebody else that the trial saw.
    strangers: Strangers,
}

impl Care {
    /// Returns the care for zones with these keepers.
    pub(super) fn of(keepers: HashMap<String, Arc<Keeper>>) -> Self {
        let around = keepers.iter();
        let around = around.map(|(name, keeper)| (name.clone(), keeper.around()));
        Self {
            around: around.collect(),
            keepers,
            ..Self::default()
        }
    }

    /// Returns whether any zone is in care.
    pub(super) fn is_needed(&self) -> bool {
        !self.keepers.is_empty()
    }

    /// Returns whether this zone is in care.
    pub(super) fn has(&self, zone: &str) -> bool {
        self.keepers.contains_key(zone)
    }

    /// Returns the keepers of the zones.
    pub(super) fn keepers(&self) -> impl Iterator<Item = &Arc<Keeper>> {
        self.keepers.values()
    }

    /// Returns the addresses at which the zones hold mappings.
    pub(super) fn taken(&self) -> BTreeSet<IpAddr> {
        self.keepers().flat_map(|keeper| keeper.taken()).collect()
    }

    /// Looks for mappings of somebody else in a list.
    pub(super) fn saw(&mut self, zone: &str, generation: Generation, listed: &State) {
        if let Some(keeper) = self.keepers.get(zone) {
            let sign = keeper.saw(generation, listed);
            self.note_sign(sign);
        }
    }

    /// Notes that a mapping has changed, although no request of this case named it.
    pub(super) fn differs(
        &mut self,
        through: Generation,
        ip: IpAddr,
        was: Option<&Place>,
        is: Option<&Place>,
    ) {
        let stranger = Stranger {
            through,
            ip,
            was: was.cloned(),
            is: is.cloned(),
        };
        self.strangers.changes.insert(stranger.to_string());
    }

    /// Returns what a zone held before the case, as a generation showed it.
    pub(super) fn existing_in(&self, zone: &str, generation: Generation) -> State {
        let around = self.around.get(zone);
        around
            .map(|around| around.through(generation))
            .unwrap_or_default()
    }

    fn note_sign(&mut self, sign: Sign) {
        match sign {
            Sign::None => {}
            Sign::There => self.strangers.has_sign = true,
            Sign::AtWork => self.strangers.is_at_work = true,
        }
    }
}

impl Execution<'_> {
    /// Asks the keeper of the zone to admit a write. The keeper reads and journals the addresses that the write may
    /// touch before it is sent.
    pub(super) async fn admit(&mut self, zone: &str, outgoing: &Outgoing) -> Flow {
        let Some(keeper) = self.care.keepers.get(zone).cloned() else {
            return Ok(());
        };
        let writes = match outgoing.operation {
            Some(operation) => operation.kind().writes(),
            None => outgoing.method != "GET" && outgoing.method != "HEAD",
        };
        if !writes {
            return Ok(());
        }
        let effects = effects(outgoing);
        let through = outgoing
            .operation
            .map_or(self.generation, Operation::generation);
        self.care.wrote.insert(through);
        let mine = self.care.mine.entry(zone.to_owned()).or_default();
        mine.extend(effects.keys().copied());
        let refused = match keeper.admit(self.target, through, effects).await {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        let existing: BTreeSet<IpAddr> = keeper.taken();
        if let Some(mine) = self.care.mine.get_mut(zone) {
            mine.retain(|ip| !existing.contains(ip));
        }
        Err(match refused {
            NotAdmitted::Taken(ip) => {
                Stop::Skip(format!("it would write to {ip}, which the zone holds"))
            }
            NotAdmitted::Hidden(ip, place) => {
                let why = format!(
                    "the zone holds {ip} {place}, which its list did not show when the run began"
                );
                self.care.strangers.changes.insert(why.clone());
                if self.target.custody.permit == Permit::EmptyOnly {
                    let why = format!("{why}: an empty zone was expected, so the run ends here");
                    self.target.halt.set(HaltReason::Zone(why));
                }
                Stop::Inconclusive(why)
            }
            NotAdmitted::Unknown(ip, why) => match self.target.look_again_at(through).await {
                Some(switched_off) => Stop::Inconclusive(switched_off),
                None => Stop::Inconclusive(format!(
                    "nothing is written to {ip}, since it can't be read beforehand: {why}"
                )),
            },
            NotAdmitted::Journal(why) => {
                self.target.halt.set(HaltReason::Journal(why.clone()));
                Stop::Inconclusive(why)
            }
            NotAdmitted::Over(why) => {
                if self.target.halt.reason().is_none() {
                    self.target.look_again().await;
                }
                Stop::Inconclusive(why)
            }
        })
    }

    /// Returns whether somebody else may have caused a difference: the zone is in care, and no request of this case
    /// named the address.
    pub(super) fn may_be_a_strangers(&self, zone: &str, ip: &IpAddr) -> bool {
        self.care.has(zone) && !self.has_named(zone, ip)
    }

    /// Drops findings that may rest on changes by somebody else, and makes the trial inconclusive if needed. Findings
    /// about mappings that the case itself wrote are kept, unless another run is certainly at work.
    pub(super) fn without_strangers(&mut self, end: Flow) -> Flow {
        let strangers = &self.care.strangers;
        let (log, judgement) = (&self.log, &self.judgement);
        if strangers.changes.is_empty() && !strangers.is_at_work {
            return end;
        }
        let rests_on_the_whole = |reported: &ReportedFinding| {
            let exchange = reported.step.and_then(|step| log.get(step));
            let operation = exchange.and_then(|exchange| exchange.operation);
            let lists = operation.is_some_and(Operation::shows_all);
            lists && !judgement.is_about_own(reported)
        };
        let kept = judgement.findings.iter();
        let kept = kept.filter(|reported| !strangers.is_at_work && !rests_on_the_whole(reported));
        let kept: Vec<ReportedFinding> = kept.cloned().collect();
        let has_dropped = kept.len() < judgement.findings.len();
        self.judgement.findings = kept;
        let is_violated = self.judgement.is_violated_since(0);
        let is_unharmed = matches!(end, Ok(())) && !has_dropped && !strangers.is_at_work;
        if is_violated || is_unharmed {
            return end;
        }
        let changes: Vec<&str> = strangers
            .changes
            .iter()
            .take(3)
            .map(String::as_str)
            .collect();
        Err(Stop::Inconclusive(format!(
            "somebody else writes in this zone: {}",
            changes.join("; ")
        )))
    }
}

/// Returns what a write may do, by address. This includes odd spellings, which most servers refuse and some understand.
fn effects(outgoing: &Outgoing) -> Effects {
    let mut effects = Effects::new();
    let mut add = |addresses: BTreeSet<IpAddr>, effect: &Effect| {
        for ip in addresses {
            effects.entry(ip).or_default().insert(effect.clone());
        }
    };
    let deletes = match outgoing.operation.map(Operation::kind) {
        Some(kind) => matches!(kind, Kind::Delete | Kind::BatchDelete),
        None => outgoing.method == "DELETE",
    };
    let mut in_path = BTreeSet::new();
    if let Some(address) = &outgoing.address {
        addresses_in(address, &mut in_path);
    }
    if outgoing.operation.is_none() {
        addresses_in(&outgoing.url, &mut in_path);
    }
    if deletes {
        add(in_path, &Effect::Delete);
        let mut named = BTreeSet::new();
        match (outgoing.json.as_deref(), &outgoing.body) {
            (Some(json), _) => addresses_of(json, &mut named),
            (None, Some(body)) => addresses_in(&String::from_utf8_lossy(body), &mut named),
            (None, None) => {}
        }
        add(named, &Effect::Delete);
        return effects;
    }
    let mut value_in_path = Effect::WriteAny;
    match (outgoing.json.as_deref(), &outgoing.body) {
        (Some(Value::Array(items)), _) => {
            for item in items {
                let mut named = BTreeSet::new();
                addresses_of(item, &mut named);
                add(named, &effect_of(item));
            }
        }
        (Some(json), _) => {
            let mut named = BTreeSet::new();
            addresses_of(json, &mut named);
            value_in_path = effect_of(json);
            add(named, &value_in_path);
        }
        (None, Some(body)) => {
            let mut named = BTreeSet::new();
            addresses_in(&String::from_utf8_lossy(body), &mut named);
            add(named, &Effect::WriteAny);
        }
        (None, None) => {}
    }
    add(in_path, &value_in_path);
    effects
}

/// Returns the value that an item writes, if it is known.
fn effect_of(item: &Value) -> Effect {
    let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
    match (text("vendor"), text("region")) {
        (Some(vendor), Some(region)) => Effect::Write(Place { vendor, region }),
        _ => Effect::WriteAny,
    }
}

impl Runner {
    /// Deletes what a trial left in its zones. Returns whether all of it is gone, as far as is known.
    pub(super) async fn tidy(
        &self,
        execution: &mut Execution<'_>,
        keepers: &HashMap<String, Arc<Keeper>>,
    ) -> bool {
        let mut is_tidy = true;
        for (name, keeper) in keepers {
            // A halted run restores its zones as a whole.
            if self.target().halt.reason().is_some() {
                is_tidy = false;
                continue;
            }
            let mine = execution.care.mine.get(name).cloned().unwrap_or_default();
            let tidied = keeper
                .tidy(&self.target, execution.care.wrote.clone(), mine)
                .await;
            is_tidy &= tidied.stuck.is_empty() && tidied.trouble.is_none();
            execution.tidied(&tidied);
            if tidied.trouble.is_some() {
                self.target.look_again().await;
                for generation in &execution.care.wrote {
                    self.target.look_again_at(*generation).await;
                }
            }
            self.look_for_others(execution, keeper).await;
            if execution.proves_losses() {
                keeper.is_lossy().await;
            }
        }
        is_tidy
    }

    /// Checks for another run in the zone, after a sign of one and before a violation is reported. Ends this run if
    /// there is one.
    async fn look_for_others(&self, execution: &mut Execution<'_>, keeper: &Keeper) {
        let mut findings = execution.judgement.findings.iter();
        let is_accused = findings.any(|reported| reported.finding.level == Level::Must);
        let strangers = &mut execution.care.strangers;
        if strangers.has_sign || is_accused || strangers.is_at_work {
            let is_certain = strangers.is_at_work;
            strangers.is_at_work = keeper.is_anybody_at_work(&self.target, is_certain).await;
        }
        if strangers.is_at_work {
            let why = format!(
                "somebody else writes test addresses in zone {}, perhaps a run on another machine: this run ends and takes back what it wrote",
                keeper.zone
            );
            strangers.changes.insert(why.clone());
            self.target.halt.set(HaltReason::Zone(why));
        }
    }
}

impl Execution<'_> {
    fn tidied(&mut self, tidied: &Tidied) {
        for stranger in &tidied.strangers {
            self.care.strangers.changes.insert(stranger.to_string());
        }
        self.care.note_sign(tidied.sign);
        for stuck in &tidied.stuck {
            let clause = (ClauseId::of(stuck.clause()), Level::Must);
            let what = What::mapping(stuck.ip, None, Some(&stuck.place), Evidence::Deleted);
            let finding = Finding::new(clause, "/result", what);
            let line = self.trial.case.steps.last().map_or(1, |step| step.line);
            self.add(line, None, finding);
        }
    }

    /// Returns whether the trial proved that a write loses mappings that it does not name.
    fn proves_losses(&self) -> bool {
        self.judgement.findings.iter().any(|reported| {
            reported.finding.level == Level::Must
                && self.judgement.is_about_own(reported)
                && protects_others(&reported.finding.clause)
        })
    }
}

/// Returns whether a clause protects the mappings that a write does not name.
fn protects_others(clause: &ClauseId) -> bool {
    let mut operations = Operation::all();
    operations.any(|operation| operation.promises().others.as_ref() == Some(clause))
}
