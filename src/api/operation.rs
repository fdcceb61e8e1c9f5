//! Operations as handles to the rows of `schemas/contract.yaml`, and their generations and kinds.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::clause::ClauseId;
use super::description::{OperationDescription, rows};
use super::promises::Promises;

/// A generation of the API. Generations differ in their paths and in the names of members.
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

    /// Returns `v1` or `v2`, as in operation names and capabilities.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    /// Returns `V1` or `V2`, as in clause ids.
    #[must_use]
    pub fn clause_prefix(self) -> &'static str {
        match self {
            Self::V1 => "V1",
            Self::V2 => "V2",
        }
    }

    /// Returns the other generation.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::V1 => Self::V2,
            Self::V2 => Self::V1,
        }
    }

    /// Returns the name of the member that holds the address in a request item.
    #[must_use]
    pub fn request_address(self) -> &'static str {
        match self {
            Self::V1 => "ip",
            Self::V2 => "origin_ip",
        }
    }

    /// Returns the name of the member that holds the address in a response item.
    #[must_use]
    pub fn response_address(self) -> &'static str {
        match self {
            Self::V1 => "origin-ip",
            Self::V2 => "origin_ip",
        }
    }
}

/// The kind of an operation, regardless of its generation.
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
    /// Returns the operations of this kind.
    pub fn operations(self) -> impl Iterator<Item = Operation> {
        Operation::all().filter(move |operation| operation.kind() == self)
    }

    /// Returns whether an operation of this kind can change the zone.
    #[must_use]
    pub fn writes(self) -> bool {
        self.operations()
            .any(|operation| operation.row().method != "GET")
    }

    /// Returns the content of a request's body, which is the same in each generation.
    #[must_use]
    pub fn body(self) -> RequestBody {
        let mut operations = self.operations();
        operations
            .next()
            .map_or(RequestBody::Nothing, Operation::body)
    }

    /// Returns whether the body is a list of items.
    #[must_use]
    pub fn is_batch(self) -> bool {
        matches!(self.body(), RequestBody::Items | RequestBody::Addresses)
    }
}

/// The content of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestBody {
    /// There is no body.
    #[default]
    Nothing,
    /// One mapping.
    Item,
    /// A list of mappings.
    Items,
    /// A list of addresses.
    Addresses,
}

/// An operation of the contract: a handle to its row.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operation(usize);

impl Operation {
    /// Returns all operations, in the order of the contract.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..rows().len()).map(Self)
    }

    pub(super) fn at(index: usize) -> Self {
        Self(index)
    }

    /// Returns the operation with this name, if there is one.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::all().find(|operation| operation.id() == id)
    }

    /// Returns an operation that the code names.
    ///
    /// # Panics
    /// Panics if the contract has no operation with this name.
    #[must_use]
    pub fn named(id: &'static str) -> Self {
        Self::from_id(id).unwrap_or_else(|| panic!("the contract has no operation {id}"))
    }

    /// Returns the operation of this generation and kind, if there is one; v2 has no create.
    #[must_use]
    pub fn of(generation: Generation, kind: Kind) -> Option<Self> {
        Self::all()
            .find(|operation| operation.generation() == generation && operation.kind() == kind)
    }

    /// Returns its index in the order of the contract, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }

    /// Returns its row.
    #[must_use]
    pub fn row(self) -> &'static OperationDescription {
        &rows()[self.0]
    }

    /// Returns its name in cases, reports and the contract, such as `v2.put`.
    #[must_use]
    pub fn id(self) -> &'static str {
        &self.row().id
    }

    /// Returns its generation.
    #[must_use]
    pub fn generation(self) -> Generation {
        self.row().generation
    }

    /// Returns its kind.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.row().kind
    }

    /// Returns the content of a request's body.
    #[must_use]
    pub fn body(self) -> RequestBody {
        self.row().body
    }

    /// Returns the clauses that state its promises.
    #[must_use]
    pub fn promises(self) -> &'static Promises {
        &self.row().promises
    }

    /// Returns the operations that promise a clause.
    pub fn promising(clause: &ClauseId) -> impl Iterator<Item = Self> {
        Self::all().filter(move |operation| operation.promises().has(clause))
    }

    /// Returns whether it answers in pages.
    #[must_use]
    pub fn is_paged(self) -> bool {
        self.row().is_paged
    }

    /// Returns whether a success shows all mappings of the zone, or a page of them.
    #[must_use]
    pub fn shows_all(self) -> bool {
        self.row().shows_all
    }

    /// Returns whether its path contains an address.
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
