//! Whether a trial can run on a target and in a zone at all.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::custody::Keeper;
use super::zone::{Pool, expects_a_whole_list};
use crate::case::Trial;

/// What only cases in an empty zone can prove.
pub(super) const EMPTY_ZONE: &str = "empty-zone";

pub(super) fn needs_empty_zone(trial: &Trial) -> bool {
    trial.case.needs.iter().any(|need| need == EMPTY_ZONE) || expects_a_whole_list(trial)
}

/// What a zone holds that a trial can't work around.
pub(super) fn obstacle(trial: &Trial, named: &BTreeSet<IpAddr>, keeper: &Keeper) -> Option<String> {
    let existing = keeper.existing();
    if needs_empty_zone(trial) && !existing.is_empty() {
        let count = existing.len();
        return Some(format!(
            "it needs an empty zone, and the given one holds {count} mapping(s)"
        ));
    }
    let taken = named.iter().find(|ip| existing.contains_key(ip));
    taken.map(|ip| format!("it uses the address {ip}, which the zone holds already"))
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
