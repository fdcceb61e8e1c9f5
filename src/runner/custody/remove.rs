//! Deletes what a case left. If one way of deleting a mapping fails, others are tried that may work on a faulty server:
//! the spelling of the list, the canonical spelling, or a batch.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use super::around::Around;
use super::desk::{Answered, Ask, Desk, Durability, Form, Heard, Trouble};
use super::entry::{Entry, Mappings, Row, state};
use super::ledger::{Ledger, Standing};
use super::patience::{Patience, Rules};
use super::record::{Record, Seen};
use super::survey::{list, read};
use super::trial::learn_manglings;
use super::watch::Sign;
use crate::contract::Contract;
use crate::contract::Place;
use crate::exchange::Generation;
use crate::zone::State;

/// The most addresses that are deleted singly at first. More are deleted in batches from the start.
const FEW: usize = 3;
/// How long a deleted mapping may still be listed before the target is blamed for it.
const DOUBT: Duration = Duration::from_secs(2);
/// The number of undeletable mappings after which further ones are reported without a second look.
const DOUBTED: usize = 3;

/// What a case did in a zone, and what it had to avoid there.
#[derive(Debug, Clone, Default)]
pub(in crate::runner) struct Left {
    /// The generations through which it wrote.
    pub(in crate::runner) through: BTreeSet<Generation>,
    /// The addresses that its writes named.
    pub(in crate::runner) mine: BTreeSet<IpAddr>,
    /// The mappings that cases must avoid.
    pub(in crate::runner) around: Around,
}

/// A mapping that somebody else wrote, changed or deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::runner) struct Stranger {
    pub(in crate::runner) through: Generation,
    pub(in crate::runner) ip: IpAddr,
    pub(in crate::runner) was: Option<Place>,
    pub(in crate::runner) is: Option<Place>,
}

impl std::fmt::Display for Stranger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { ip, was, is, .. } = self;
        match (was, is) {
            (None, Some(is)) => write!(f, "{ip} {is} is new"),
            (Some(was), Some(is)) => write!(f, "{ip} was {was} and is {is} now"),
            (Some(was), None) => write!(f, "{ip} {was} is gone"),
            (None, None) => write!(f, "{ip} is gone"),
        }
    }
}

/// A test mapping that the target does not delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::runner) struct Stuck {
    pub(in crate::runner) through: Generation,
    pub(in crate::runner) ip: IpAddr,
    /// The address as the list spells it.
    pub(in crate::runner) spelled: String,
    pub(in crate::runner) place: Place,
    /// Whether a single read shows it too. If not, the list shows a mapping that is gone.
    pub(in crate::runner) is_read: bool,
}

impl Stuck {
    /// Returns the broken clause, either about a deletion that does not delete or about a list that shows a deleted
    /// mapping.
    pub(in crate::runner) fn clause(&self) -> &'static str {
        match (self.through, self.is_read) {
            (Generation::V1, true) => "V1-DELETE-1",
            (Generation::V2, true) => "V2-DELETE-1",
            (Generation::V1, false) => "V1-LIST-3",
            (Generation::V2, false) => "V2-LIST-5",
        }
    }
}

impl std::fmt::Display for Stuck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "test mapping {} {} is still listed after it was deleted in every way ({})",
            self.spelled,
            self.place,
            self.clause()
        )
    }
}

/// The result of tidying up.
#[derive(Debug, Clone, Default)]
pub(in crate::runner) struct Tidied {
    pub(in crate::runner) stuck: Vec<Stuck>,
    pub(in crate::runner) strangers: BTreeSet<Stranger>,
    /// The mappings that the zone showed, by generation.
    pub(super) listed: BTreeMap<Generation, State>,
    /// The clearest sign of another run.
    pub(in crate::runner) sign: Sign,
    /// The reason why a generation could not be tidied, if any.
    pub(in crate::runner) trouble: Option<String>,
}

/// Deletes what a case left, and compares the rest of the zone with what was there before. If one generation can't be
/// read, what the other one shows is still returned.
pub(super) async fn tidy(desk: Desk, ledger: &mut Ledger, rules: Rules, left: Left) -> Tidied {
    let mut tidied = Tidied::default();
    for through in left.through.iter().copied() {
        let mut patience = Patience::new(rules);
        let result = tidy_through(&desk, ledger, &mut patience, &left, through, &mut tidied).await;
        if patience.has_lost_a_write() {
            ledger.expect_late_effects();
        }
        if let Err(trouble) = result {
            tidied.trouble = Some(trouble.to_string());
        }
    }
    tidied
}

async fn tidy_through(
    desk: &Desk,
    ledger: &mut Ledger,
    patience: &mut Patience,
    left: &Left,
    through: Generation,
    tidied: &mut Tidied,
) -> Result<(), Trouble> {
    let rules = patience.rules();
    let listed = list(desk, patience, through).await?;
    tidied.listed.insert(through, state(&listed));
    let existing = left.around.through(through);
    let mut compared = Compared::of(ledger, through, &listed, &existing, &left.mine);
    let learned = learn_manglings(desk, patience, ledger, through, &compared.strangers).await;
    if learned.as_ref().is_ok_and(|learned| learned.has_found) {
        compared = Compared::of(ledger, through, &listed, &existing, &left.mine);
    }
    tidied.strangers.extend(compared.strangers);
    learned?;
    let mut own = compared.own;
    let mut telling = own.iter();
    if ledger.wants_proof()
        && let Some((ip, entry)) = telling.find(|(ip, _)| ledger.is_telling(through, **ip))
    {
        how_many_stores(desk, patience, ledger, through, *ip, &entry.place).await?;
    }
    let contested: Vec<IpAddr> = own
        .keys()
        .filter(|ip| ledger.is_contested(**ip))
        .copied()
        .collect();
    for ip in contested {
        let now = read(desk, patience, through, ip).await?;
        if now.as_ref().map(|entry| &entry.place) != own.get(&ip).map(|entry| &entry.place) {
            own.remove(&ip);
        }
    }
    // A delayed list does not show the latest writes.
    let mut blind = Vec::new();
    if !rules.settle.is_zero() {
        let shown: BTreeSet<IpAddr> = listed.keys().map(IpAddr::to_canonical).collect();
        let unlisted = left
            .mine
            .iter()
            .filter(|ip| !shown.contains(&ip.to_canonical()));
        // Both generations may share one store. So an address is not deleted blindly if either generation shows
        // somebody else's mapping there.
        let is_others = |ip: &IpAddr| tidied.strangers.iter().any(|one| one.ip == *ip);
        let is_free = |ip: &IpAddr| ledger.was_free(through, *ip) && !is_others(ip);
        blind.extend(unlisted.copied().filter(is_free));
    }
    // Mappings that were listed and deleted are gone. Everything else counts as left until the zone is put back, since
    // a list may be outdated.
    let gone: Vec<IpAddr> = own.keys().copied().collect();
    let (mut stuck, latest) = remove(desk, patience, ledger, through, own, blind).await?;
    let confirming = confirm(desk, patience, ledger, &mut stuck).await?;
    // Each list may show what somebody else wrote since the previous one.
    for latest in latest.into_iter().chain(confirming) {
        let compared = Compared::of(ledger, through, &latest, &existing, &left.mine);
        tidied.strangers.extend(compared.strangers);
    }
    ledger.is_removed(
        through,
        gone.into_iter()
            .filter(|ip| stuck.iter().all(|one| one.ip != *ip)),
    );
    for stuck in stuck {
        if stuck.is_read {
            ledger.is_stuck_at(stuck.ip, stuck.place.clone());
        }
        tidied.stuck.push(stuck);
    }
    Ok(())
}

/// Finds out with a test mapping whether the other generation shows what was written through this one.
async fn how_many_stores(
    desk: &Desk,
    patience: &mut Patience,
    ledger: &mut Ledger,
    through: Generation,
    ip: IpAddr,
    place: &Place,
) -> Result<(), Trouble> {
    let Some(other) = ledger
        .generations()
        .into_iter()
        .find(|other| *other != through)
    else {
        return Ok(());
    };
    let mut shown = Vec::new();
    // This generation is read last. A write or deletion by somebody else at this moment must not make one store look
    // like two.
    for generation in [other, through] {
        patience.settle(desk).await;
        match read(desk, patience, generation, ip).await {
            Ok(entry) => shown.push(entry.map(|entry| entry.place)),
            Err(Trouble::Over(why)) => return Err(Trouble::Over(why)),
            // The test is repeated after the next case.
            Err(_) => return Ok(()),
        }
    }
    let is_others = |(generation, now): (Generation, &Option<Place>)| {
        let now = now.as_ref().filter(|now| *now != place)?;
        let is_others = ledger.standing(generation, ip, Some(now)) != Standing::Ours;
        is_others.then(|| (generation, now.clone()))
    };
    let record = match [other, through].into_iter().zip(&shown).find_map(is_others) {
        Some((through, now)) => Record::Seen(Seen {
            through,
            found: vec![Row::new(ip, &now)],
            absent: Vec::new(),
        }),
        // An older value of this run, or a mapping that somebody else deleted at this moment, proves nothing.
        None if shown[1].as_ref() != Some(place) => return Ok(()),
        None if shown[0].as_ref().is_some_and(|now| now != place) => return Ok(()),
        None => Record::Shared(shown[0].is_some()),
    };
    ledger.apply(&record);
    desk.ask(Ask::Note(record, Durability::Lazy)).await;
    Ok(())
}

/// A list, compared with the mappings that cases must avoid.
struct Compared {
    /// The run's own mappings.
    own: Mappings,
    /// What somebody else did.
    strangers: Vec<Stranger>,
}

impl Compared {
    fn of(
        ledger: &Ledger,
        through: Generation,
        listed: &Mappings,
        existing: &State,
        mine: &BTreeSet<IpAddr>,
    ) -> Self {
        let (mut own, mut strangers) = (Mappings::new(), Vec::new());
        for (ip, entry) in listed {
            let was = existing.get(&ip.to_canonical());
            if was == Some(&entry.place) {
                continue;
            }
            if is_own(ledger, through, *ip, entry, mine) {
                own.insert(*ip, entry.clone());
            } else {
                strangers.push(Stranger {
                    through,
                    ip: *ip,
                    was: was.cloned(),
                    is: Some(entry.place.clone()),
                });
            }
        }
        let shown: BTreeSet<IpAddr> = listed.keys().map(IpAddr::to_canonical).collect();
        let gone = existing.iter().filter(|(ip, _)| !shown.contains(*ip));
        for (ip, place) in gone.filter(|(ip, _)| !ledger.stuck().contains_key(*ip)) {
            strangers.push(Stranger {
                through,
                ip: *ip,
                was: Some(place.clone()),
                is: None,
            });
        }
        Self { own, strangers }
    }
}

/// Keeps the mappings in `stuck` that are still listed after a pause, and returns the new list. After `DOUBTED`
/// undeletable mappings it does nothing: a target that deletes nothing would cost the pause every time.
async fn confirm(
    desk: &Desk,
    patience: &mut Patience,
    ledger: &Ledger,
    stuck: &mut Vec<Stuck>,
) -> Result<Option<Mappings>, Trouble> {
    let Some(through) = stuck.first().map(|stuck| stuck.through) else {
        return Ok(None);
    };
    if ledger.stuck().len() >= DOUBTED {
        return Ok(None);
    }
    desk.ask(Ask::Wait(DOUBT)).await;
    let listed = list(desk, patience, through).await?;
    stuck.retain(|stuck| listed.contains_key(&stuck.ip));
    Ok(Some(listed))
}

/// Returns whether a mapping is the run's own, which means that it holds a value that was sent.
fn is_own(
    ledger: &Ledger,
    through: Generation,
    ip: IpAddr,
    entry: &Entry,
    mine: &BTreeSet<IpAddr>,
) -> bool {
    let is_mine = mine.contains(&ip) || mine.contains(&ip.to_canonical());
    match ledger.standing(through, ip, Some(&entry.place)) {
        Standing::Ours => true,
        // A case may write the same value that was taken away from this address.
        Standing::AsBefore => is_mine && ledger.was_taken(through, ip) && !ledger.is_contested(ip),
        Standing::Others => false,
    }
}

/// Deletes mappings in every way that may work. Returns the mappings that are still listed, and the latest list. The
/// addresses in `blind` are deleted too, although no list shows them.
///
/// # Errors
/// Returns the reason why the zone can't be read.
pub(super) async fn remove(
    desk: &Desk,
    patience: &mut Patience,
    ledger: &mut Ledger,
    through: Generation,
    mut own: Mappings,
    blind: Vec<IpAddr>,
) -> Result<(Vec<Stuck>, Option<Mappings>), Trouble> {
    let rules = patience.rules();
    let as_listed: fn((&IpAddr, &Entry)) -> String = |(_, entry)| entry.spelled.clone();
    let canonical: fn((&IpAddr, &Entry)) -> String = |(ip, _)| ip.to_string();
    let first = if own.len() + blind.len() > FEW {
        Form::Batch
    } else {
        Form::Single
    };
    ledger.tidies(own.keys().chain(&blind).copied());
    let mut spelled: Vec<String> = own.iter().map(as_listed).collect();
    spelled.extend(blind.iter().map(ToString::to_string));
    // Two stores may hold different mappings at one address.
    let is_shared = ledger.is_proved_shared();
    let mut generations = ledger.generations().into_iter();
    let other = generations.find(|other| *other != through && is_shared);
    let ways = [
        (through, Form::Single, as_listed),
        (through, Form::Single, canonical),
        (through, Form::Batch, as_listed),
        (through, Form::Batch, canonical),
        (other.unwrap_or(through), Form::Single, canonical),
    ];
    // If no way has worked on this target so far, the other ways are not tried again and again.
    let most = if ledger.stuck().len() < DOUBTED {
        ways.len()
    } else {
        0
    };
    let mut rest = ways.into_iter().take(most);
    let (mut by, mut form) = (through, first);
    let mut latest = None;
    while !spelled.is_empty() {
        let deleted = delete(desk, patience, by, &spelled, form).await?;
        // A target with delayed lists is asked only once. Its answer is trusted until the zone is put back.
        if deleted.all_free && !rules.settle.is_zero() {
            return Ok((Vec::new(), None));
        }
        patience.settle(desk).await;
        let listed = list(desk, patience, through).await?;
        // A different value belongs to somebody else.
        own.retain(|ip, entry| listed.get(ip).is_some_and(|now| now.place == entry.place));
        latest = Some(listed);
        let Some((generation, next, spelling)) = rest.next() else {
            break;
        };
        (by, form) = (generation, next);
        spelled = own.iter().map(spelling).collect();
    }
    let mut stuck = Vec::new();
    for (ip, entry) in own {
        let mut is_read = false;
        let mut others = None;
        for spelling in [ip.to_string(), entry.spelled.clone()] {
            let heard = patience.ask(desk, Ask::Read(through, spelling)).await;
            let heard = match heard {
                Err(Trouble::Refused(_) | Trouble::Unreadable(_)) => None,
                heard => Some(heard?),
            };
            is_read |= !matches!(heard, Some(Heard::One(None)));
            if let Some(Heard::One(Some(now))) = heard
                && ledger.standing(through, ip, Some(&now.place)) == Standing::Others
            {
                others = Some(now.place);
            }
        }
        if let Some(place) = others {
            let seen = Seen {
                through,
                found: vec![Row::new(ip, &place)],
                absent: Vec::new(),
            };
            let record = Record::Seen(seen);
            ledger.apply(&record);
            desk.ask(Ask::Note(record, Durability::Lazy)).await;
            continue;
        }
        stuck.push(Stuck {
            through,
            ip,
            spelled: entry.spelled,
            place: entry.place,
            is_read,
        });
    }
    Ok((stuck, latest))
}

/// The result of deletions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deleted {
    /// The addresses where a mapping was deleted, as indexes into the request.
    pub(super) done: Vec<usize>,
    /// Whether the target answered that every address is free now.
    pub(super) all_free: bool,
}

/// Deletes addresses.
///
/// # Errors
/// Returns the reason why the target can't be asked. A refusal is not an error.
pub(super) async fn delete(
    desk: &Desk,
    patience: &mut Patience,
    through: Generation,
    spelled: &[String],
    form: Form,
) -> Result<Deleted, Trouble> {
    let size = match form {
        Form::Single => 1,
        Form::Batch => Contract::embedded().limits.batch,
    };
    let mut deleted = Deleted {
        done: Vec::new(),
        all_free: true,
    };
    for (number, chunk) in spelled.chunks(size).enumerate() {
        let ask = Ask::Delete(through, chunk.to_vec(), form);
        match patience.ask(desk, ask).await {
            Ok(Heard::Items(items)) => {
                let is_free = |item: &Answered| !matches!(item, Answered::Refused(_));
                let done = items.iter().enumerate();
                let done = done.filter(|(_, item)| **item == Answered::Done);
                deleted
                    .done
                    .extend(done.map(|(index, _)| number * size + index));
                deleted.all_free &= items.len() == chunk.len() && items.iter().all(is_free);
            }
            // A target without batches may still answer single deletions.
            Err(Trouble::Refused(_)) if form == Form::Batch => {
                let singly = Box::pin(delete(desk, patience, through, chunk, Form::Single)).await?;
                let done = singly.done.iter().map(|index| number * size + index);
                deleted.done.extend(done);
                deleted.all_free &= singly.all_free;
            }
            Ok(_) | Err(Trouble::Refused(_) | Trouble::Unreadable(_)) => deleted.all_free = false,
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(deleted)
}
