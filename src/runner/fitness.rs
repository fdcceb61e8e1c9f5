//! Checks whether a trial can run on a target and in a zone at all.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::addresses::Addresses;
use super::custody::Keeper;
use super::zone::{Pool, expects_a_whole_list, only_reads};
use crate::case::Trial;
use crate::contract::Contract;

/// The capability of a target to provide an empty zone, which some cases need.
pub(super) const EMPTY_ZONE: &str = "empty-zone";

/// The room in mappings that a case may need in a zone that is not empty: the largest filling and later writes.
const ROOM: usize = 1_300;

pub(super) fn needs_empty_zone(trial: &Trial) -> bool {
    trial.case.needs.iter().any(|need| need == EMPTY_ZONE) || expects_a_whole_list(trial)
}

/// Returns the reason why a trial can't work around what a zone holds, if there is one.
pub(super) fn obstacle(trial: &Trial, named: &BTreeSet<IpAddr>, keeper: &Keeper) -> Option<String> {
    let taken = keeper.taken();
    if !only_reads(trial) || !trial.case.given.is_empty() {
        let room = Contract::embedded().limits.zone.saturating_sub(taken.len());
        if room < ROOM && !taken.is_empty() {
            return Some(format!(
                "the given zone has room for {room} more mappings, which is too little to work around what it holds"
            ));
        }
        if Addresses::around(&taken, 0).are_short {
            return Some(
                "the given zone holds nearly all documentation addresses, which cases use"
                    .to_owned(),
            );
        }
    }
    // Fillings do not use 198.51.100.0/24 if the zone holds any address of it.
    let is_filling =
        |ip: &IpAddr| matches!(ip, IpAddr::V4(ip) if ip.octets()[..3] == [198, 51, 100]);
    if named.iter().any(is_filling) && taken.iter().any(is_filling) {
        return Some(
            "it uses addresses of 198.51.100.0/24, of which the zone holds some".to_owned(),
        );
    }
    if needs_empty_zone(trial) && !taken.is_empty() {
        let count = taken.len();
        return Some(format!(
            "it needs an empty zone, and the given one holds {count} mapping(s)"
        ));
    }
    let first = named.iter().find(|ip| taken.contains(ip));
    first.map(|ip| format!("it uses the address {ip}, which the zone holds already"))
}

pub(super) fn too_few_zones(trial: &Trial, pool: &Pool) -> String {
    let wanted = trial.case.zones.len();
    format!("it needs {wanted} zones, {} given", pool.count())
}

pub(super) fn lacks(missing: &[String]) -> String {
    if missing.iter().all(|need| need == EMPTY_ZONE) {
        "it needs an empty zone: give one, or --allow-empty-zone to have it emptied and put back"
            .to_owned()
    } else {
        format!("the target lacks {}", missing.join(", "))
    }
}
