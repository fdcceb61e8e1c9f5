//! The fifteen operations by generation and kind. Their methods, paths and schemas are data in
//! `schemas/contract.yaml`; this file only gives them names.

use std::fmt;

use serde::{Deserialize, Serialize};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// Whether the operation can change the zone.
    #[must_use]
    pub fn writes(self) -> bool {
        match self {
            Self::Create | Self::Upsert | Self::Delete | Self::BatchUpsert | Self::BatchDelete => {
                true
            }
            Self::List | Self::Get | Self::SupportedRegions => false,
        }
    }

    /// Whether its body is a list of items.
    #[must_use]
    pub fn is_batch(self) -> bool {
        matches!(self, Self::BatchUpsert | Self::BatchDelete)
    }
}

macro_rules! operations {
    ($($name:ident = $generation:ident $kind:ident $id:literal $doc:literal;)*) => {
        /// One of the fifteen operations of the contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Operation { $(#[doc = $doc] #[serde(rename = $id)] $name,)* }

        impl Operation {
            /// All operations, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The operation's name in cases, reports and the contract, such as `v2.put`.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// Its generation.
            #[must_use]
            pub fn generation(self) -> Generation {
                match self { $(Self::$name => Generation::$generation,)* }
            }

            /// What it does.
            #[must_use]
            pub fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind,)* }
            }
        }
    };
}

operations! {
    V1List = V1 List "v1.list" "Reads the whole set.";
    V1Create = V1 Create "v1.create" "Adds one mapping.";
    V1Upsert = V1 Upsert "v1.upsert" "Adds or overwrites one mapping and answers with the set.";
    V1Get = V1 Get "v1.get" "Reads one mapping.";
    V1Delete = V1 Delete "v1.delete" "Deletes one mapping.";
    V1BatchUpsert = V1 BatchUpsert "v1.batch_upsert" "Adds or overwrites up to 100 mappings.";
    V1BatchDelete = V1 BatchDelete "v1.batch_delete" "Deletes up to 100 mappings.";
    V1SupportedRegions = V1 SupportedRegions "v1.supported_regions" "Reads the catalogue.";
    V2List = V2 List "v2.list" "Reads a page of the set.";
    V2Get = V2 Get "v2.get" "Reads one mapping.";
    V2Put = V2 Upsert "v2.put" "Adds or replaces one mapping.";
    V2Delete = V2 Delete "v2.delete" "Deletes one mapping.";
    V2BatchPut = V2 BatchUpsert "v2.batch_put" "Adds or replaces up to 100 mappings.";
    V2BatchDelete = V2 BatchDelete "v2.batch_delete" "Deletes up to 100 mappings.";
    V2SupportedRegions = V2 SupportedRegions "v2.supported_regions" "Reads the catalogue.";
}

impl Operation {
    /// The operation with this name, if there is one.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|op| op.id() == id)
    }

    /// The operation of this generation and kind; v2 has no create.
    #[must_use]
    pub fn of(generation: Generation, kind: Kind) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|op| op.generation() == generation && op.kind() == kind)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
