//! What a zone holds, by generation.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::super::mapping::{Place, State};
use crate::exchange::Generation;

/// Mappings by their address. An IPv4-mapped address is not folded here: a server may hold it beside its
/// IPv4 address, and both must come back.
pub(in crate::runner) type Mappings = BTreeMap<IpAddr, Place>;

/// One mapping as it stands in a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) ip: IpAddr,
    pub(super) vendor: String,
    pub(super) region: String,
}

/// What a zone holds through each generation that is routed. One store behind both is the rule; two are
/// lawful, so each generation is read, kept and put back by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    from = "BTreeMap<Generation, Vec<Row>>",
    into = "BTreeMap<Generation, Vec<Row>>"
)]
pub(in crate::runner) struct Holding {
    pub(super) by_generation: BTreeMap<Generation, Mappings>,
}

impl Holding {
    /// How many mappings, the most of any generation.
    pub(in crate::runner) fn len(&self) -> usize {
        self.by_generation
            .values()
            .map(Mappings::len)
            .max()
            .unwrap_or(0)
    }

    /// All of them as the cases compare mappings.
    pub(in crate::runner) fn state(&self) -> State {
        self.by_generation
            .values()
            .flatten()
            .map(|(ip, place)| (ip.to_canonical(), place.clone()))
            .collect()
    }
}

impl From<BTreeMap<Generation, Vec<Row>>> for Holding {
    fn from(rows: BTreeMap<Generation, Vec<Row>>) -> Self {
        let mapping = |row: Row| {
            let place = Place {
                vendor: row.vendor,
                region: row.region,
            };
            (row.ip, place)
        };
        let by_generation = rows
            .into_iter()
            .map(|(generation, rows)| (generation, rows.into_iter().map(mapping).collect()))
            .collect();
        Self { by_generation }
    }
}

impl From<Holding> for BTreeMap<Generation, Vec<Row>> {
    fn from(holding: Holding) -> Self {
        let row = |(ip, place): (IpAddr, Place)| Row {
            ip,
            vendor: place.vendor,
            region: place.region,
        };
        holding
            .by_generation
            .into_iter()
            .map(|(generation, mappings)| (generation, mappings.into_iter().map(row).collect()))
            .collect()
    }
}
