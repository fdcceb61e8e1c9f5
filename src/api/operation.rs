//! Operations as handles into the rows of `schemas/contract.yaml`, by generation and kind.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::description::{OperationDescription, rows};
use super::promises::Promises;

/// A generation of the API: its path prefix and the spelling of its members differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// `/zones/{zone_id}/cache/origin_cloud_regions`; the address is `origin-ip` in responses.
    V1,
    /// `/zones/{zone_id}/origin/cloud_regions`; the address is `origin_ip` everywhere.
    V2,
}

impl Generation {
    /// Both generations, oldest first.
    pub const ALL: [Self; 2] = [Self::V1, Self::V2];

    /// `v1` or `v2`, as in operation names and capabilities.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    /// `V1` or `V2`, as in clause ids.
    #[must_use]
    pub fn clause_prefix(self) -> &'static str {
        match self {
            Self::V1 => "V1",
            Self::V2 => "V2",
        }
    }

    /// The other generation.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::V1 => Self::V2,
            Self::V2 => Self::V1,
        }
    }

    /// The member that names the address in a request item.
    #[must_use]
    pub fn request_address(self) -> &'static str {
        match self {
            Self::V1 => "ip",
            Self::V2 => "origin_ip",
        }
    }

    /// The member that names the address in a response item.
    #[must_use]
    pub fn response_address(self) -> &'static str {
        match self {
            Self::V1 => "origin-ip",
            Self::V2 => "origin_ip",
        }
    }
}

/// What an operation does, regardless of its generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Reads all mappings (v2: a page of them).
    List,
    /// Adds one mapping and refuses an existing one (v1 only).
    Create,
    /// Adds or overwrites one mapping (`v1.upsert`, `v2.put`).
    Upsert,
    /// Reads one mapping.
    Get,
    /// Deletes one mapping.
    Delete,
    /// Adds or overwrites up to 100 mappings.
    BatchUpsert,
    /// Deletes up to 100 mappings.
    BatchDelete,
    /// Reads the catalogue of vendors and regions.
    SupportedRegions,
}

impl Kind {
    /// The operations that do this.
    pub fn operations(self) -> impl Iterator<Item = Operation> {
        Operation::all().filter(move |operation| operation.kind() == self)
    }

    /// Whether the operation can change the zone.
    #[must_use]
    pub fn writes(self) -> bool {
        self.operations()
            .any(|operation| operation.row().method != "GET")
    }

    /// What a request's body holds; in each generation the same.
    #[must_use]
    pub fn body(self) -> RequestBody {
        let mut operations = self.operations();
        operations
            .next()
            .map_or(RequestBody::Nothing, Operation::body)
    }

    /// Whether its body is a list of items.
    #[must_use]
    pub fn is_batch(self) -> bool {
        matches!(self.body(), RequestBody::Items | RequestBody::Addresses)
    }
}

/// What the body of a request holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestBody {
    /// There is none.
    #[default]
    Nothing,
    /// One mapping.
    Item,
    /// A list of mappings.
    Items,
    /// A list of addresses.
    Addresses,
}

/// An operation of the contract: a handle into its row.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operation(usize);

impl Operation {
    /// All operations, in the order of the contract.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..rows().len()).map(Self)
    }

    pub(super) fn at(index: usize) -> Self {
        Self(index)
    }

    /// The operation with this name, if there is one.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::all().find(|operation| operation.id() == id)
    }

    /// An operation that the code names.
    ///
    /// # Panics
    /// If the contract has no operation of this name.
    #[must_use]
    pub fn named(id: &'static str) -> Self {
        Self::from_id(id).unwrap_or_else(|| panic!("the contract has no operation {id}"))
    }

    /// The operation of this generation and kind; v2 has no create.
    #[must_use]
    pub fn of(generation: Generation, kind: Kind) -> Option<Self> {
        Self::all()
            .find(|operation| operation.generation() == generation && operation.kind() == kind)
    }

    /// Its place in the order of the contract, counted from 0.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }

    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static OperationDescription {
        &rows()[self.0]
    }

    /// The operation's name in cases, reports and the contract, such as `v2.put`.
    #[must_use]
    pub fn id(self) -> &'static str {
        &self.row().id
    }

    /// Its generation.
    #[must_use]
    pub fn generation(self) -> Generation {
        self.row().generation
    }

    /// What it does.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.row().kind
    }

    /// What a request's body holds.
    #[must_use]
    pub fn body(self) -> RequestBody {
        self.row().body
    }

    /// By which clauses it promises what.
    #[must_use]
    pub fn promises(self) -> &'static Promises {
        &self.row().promises
    }

    /// Whether it answers in pages.
    #[must_use]
    pub fn is_paged(self) -> bool {
        self.row().is_paged
    }

    /// Whether a success shows all mappings of the zone, or a page of them.
    #[must_use]
    pub fn shows_all(self) -> bool {
        self.row().shows_all
    }

    /// Whether its path ends with an address.
    #[must_use]
    pub fn has_address_in_path(self) -> bool {
        self.row().path.contains("{origin_ip}")
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        Self::from_id(&id).ok_or_else(|| de::Error::custom(format!("unknown operation `{id}`")))
    }
}
