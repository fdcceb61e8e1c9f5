//! The place where an origin server runs.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A vendor and one of its regions, as a mapping names them.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The vendor, such as `aws`.
    pub vendor: String,
    /// The region, such as `us-east-1`.
    pub region: String,
}

impl Place {
    /// Returns whether both are equal except for letter case, which a target may change (REG-10).
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.vendor.eq_ignore_ascii_case(&other.vendor)
            && self.region.eq_ignore_ascii_case(&other.region)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.vendor, self.region)
    }
}
