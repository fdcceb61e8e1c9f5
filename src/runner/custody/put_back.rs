//! Makes a zone again what it was, and verifies it by reading.
//!
//! What the run touched is its own to undo. What it never touched is somebody else's: such a mapping is kept
//! and reported. What was there and is gone comes back in any case.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use serde_json::{Value, json};

use super::super::call::batch_item;
use super::super::error::TargetError;
use super::super::mapping::{Place, Wanted};
use super::super::target::{Target, path_of};
use super::CustodyConfig;
use super::holding::{Holding, Mappings};
use super::journal::{Journal, ZoneLock};
use super::survey::read_all;
use crate::contract::Contract;
use crate::event::PutBack;
use crate::exchange::{Generation, Kind, Operation};

/// How often a zone is read and mended until it is as it was.
const ROUNDS: usize = 4;
/// The most items of a batch.
const BATCH: usize = 100;

/// What has to be done to a zone, and what is somebody else's.
#[derive(Debug, Default)]
struct Repair {
    delete: Vec<IpAddr>,
    write: Vec<(IpAddr, Place)>,
    kept: Vec<String>,
}

impl Repair {
    fn of(original: &Mappings, current: &Mappings, is_touched: impl Fn(IpAddr) -> bool) -> Self {
        let mut repair = Self::default();
        for (ip, place) in current {
            if original.contains_key(ip) {
                continue;
            }
            if is_touched(*ip) {
                repair.delete.push(*ip);
            } else {
                repair
                    .kept
                    .push(format!("{ip} {place} is new, and the run never wrote it"));
            }
        }
        for (ip, place) in original {
            match current.get(ip) {
                Some(now) if now == place => {}
                Some(now) if !is_touched(*ip) => repair.kept.push(format!(
                    "{ip} was {place} and is {now} now, and the run never wrote it"
                )),
                _ => repair.write.push((*ip, place.clone())),
            }
        }
        repair
    }

    fn is_done(&self) -> bool {
        self.delete.is_empty() && self.write.is_empty()
    }
}

/// Whether an address is among those that the run touched, whatever form it is kept in.
pub(super) fn touches(touched: &BTreeSet<IpAddr>, ip: IpAddr) -> bool {
    touched.contains(&ip) || touched.contains(&ip.to_canonical())
}

/// Puts a zone back.
pub(super) async fn put_back(
    target: &Target,
    zone: &str,
    original: &Holding,
    touched: &BTreeSet<IpAddr>,
) -> Result<PutBack, TargetError> {
    let mut done = PutBack {
        zone: zone.to_owned(),
        ..PutBack::default()
    };
    let mut left = String::new();
    for round in 0..ROUNDS {
        let mut is_done = true;
        done.kept.clear();
        for (generation, original) in &original.by_generation {
            let current = read_all(target, *generation, zone).await?;
            let repair = Repair::of(original, &current, |ip| touches(touched, ip));
            done.mappings = current.len();
            for kept in &repair.kept {
                if !done.kept.contains(kept) {
                    done.kept.push(kept.clone());
                }
            }
            if repair.is_done() {
                continue;
            }
            is_done = false;
            left = format!(
                "{} mapping(s) to delete, {} to write",
                repair.delete.len(),
                repair.write.len()
            );
            done.deleted += repair.delete.len();
            done.written += repair.write.len();
            // A target whose batches fail may still carry out single requests.
            let size = if round == 0 { BATCH } else { 1 };
            delete(target, *generation, zone, &repair.delete, size).await?;
            write(target, *generation, zone, &repair.write, size).await?;
        }
        if is_done {
            return Ok(done);
        }
    }
    Err(TargetError::NotPutBack {
        zone: zone.to_owned(),
        why: left,
    })
}

/// Deletes addresses, so many a request; whether it worked is for the next reading to tell.
pub(super) async fn delete(
    target: &Target,
    generation: Generation,
    zone: &str,
    addresses: &[IpAddr],
    size: usize,
) -> Result<(), TargetError> {
    for chunk in addresses.chunks(size.max(1)) {
        match chunk {
            [ip] => send(target, (generation, Kind::Delete), zone, Some(*ip), None).await?,
            many => {
                let body = json!(many);
                send(
                    target,
                    (generation, Kind::BatchDelete),
                    zone,
                    None,
                    Some(body),
                )
                .await?;
            }
        }
    }
    Ok(())
}

async fn write(
    target: &Target,
    generation: Generation,
    zone: &str,
    mappings: &[(IpAddr, Place)],
    size: usize,
) -> Result<(), TargetError> {
    let item = |(ip, place): &(IpAddr, Place)| {
        let wanted = Wanted {
            ip: ip.to_string(),
            vendor: Some(place.vendor.clone()),
            region: Some(place.region.clone()),
        };
        batch_item(generation, &wanted)
    };
    for chunk in mappings.chunks(size.max(1)) {
        match chunk {
            [one] => {
                send(
                    target,
                    (generation, Kind::Upsert),
                    zone,
                    Some(one.0),
                    Some(item(one)),
                )
                .await?;
            }
            many => {
                let body = Value::Array(many.iter().map(item).collect());
                send(
                    target,
                    (generation, Kind::BatchUpsert),
                    zone,
                    None,
                    Some(body),
                )
                .await?;
            }
        }
    }
    Ok(())
}

async fn send(
    target: &Target,
    (generation, kind): (Generation, Kind),
    zone: &str,
    address: Option<IpAddr>,
    body: Option<Value>,
) -> Result<(), TargetError> {
    let Some(operation) = Operation::of(generation, kind) else {
        return Ok(());
    };
    let address = address.map(|ip| ip.to_string()).unwrap_or_default();
    let method = &Contract::embedded().operation(operation).method;
    let path = path_of(operation, zone, &address);
    target.send(Some(operation), method, &path, body).await?;
    Ok(())
}

/// Finishes what an interrupted run left: puts the zone of a journal back and removes the journal. The target
/// must be the journal's own.
///
/// # Errors
/// [`TargetError::Journal`] if the journal can't be read, is of another target, or another run is at work;
/// [`TargetError::NotPutBack`] and the errors of reaching the target, after which the journal is still there.
pub async fn restore(
    target: &Target,
    path: &Path,
    config: &CustodyConfig,
) -> Result<PutBack, TargetError> {
    let (opening, journal) = Journal::reopen(path)?;
    let zone = &opening.zone;
    let _lock = ZoneLock::take(
        &config.state_dir,
        &opening.target,
        zone,
        config.wait_for_lock,
    )?;
    let done = put_back(target, zone, &opening.holding, journal.touched()).await?;
    journal.close()?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(region: &str) -> Place {
        Place {
            vendor: "aws".into(),
            region: region.into(),
        }
    }

    fn ip(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn the_run_undoes_its_own_and_leaves_what_it_never_touched() {
        let original = Mappings::from([
            (ip(1), place("a")),
            (ip(2), place("a")),
            (ip(3), place("a")),
        ]);
        let current = Mappings::from([
            (ip(1), place("b")),
            (ip(2), place("b")),
            (ip(4), place("a")),
            (ip(5), place("a")),
        ]);
        let touched = BTreeSet::from([ip(1), ip(4)]);
        let repair = Repair::of(&original, &current, |ip| touches(&touched, ip));
        assert_eq!(repair.delete, [ip(4)]);
        assert_eq!(repair.write, [(ip(1), place("a")), (ip(3), place("a"))]);
        assert_eq!(repair.kept.len(), 2);
    }
}
