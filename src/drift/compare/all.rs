//! The whole comparison, operation by operation.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::description::Description;
use super::super::difference::{Breaks, Difference, Drift};
use super::super::endpoint::{Endpoint, bare, endpoints};
use super::super::error::DriftError;
use super::super::kind::Kind;
use super::super::pairing::pair;
use super::super::published::{self, Published};
use super::super::shelf::{Place, Shelf};
use crate::contract::{Contract, OperationDescription};
use crate::exchange::Operation;

/// The inputs and findings of a comparison.
#[derive(Debug)]
pub(super) struct Comparison<'d> {
    pub(super) shelf: Shelf<'d>,
    pub(super) published: Published,
    pub(super) contract: &'static Contract,
    pub(super) found: Vec<Difference>,
    /// Codes that an operation's examples no longer show.
    pub(super) not_shown: BTreeMap<i64, Vec<Operation>>,
}

/// One operation in our contract and in the vendor's description.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'c> {
    pub(super) ours: &'c OperationDescription,
    pub(super) theirs: &'c Endpoint,
    /// The operation's value in the vendor's description.
    pub(super) value: &'c Value,
}

/// The operation, the part and the places in which a difference is seen.
#[derive(Debug, Clone)]
pub(super) struct Seen<'s> {
    pub(super) operation: Operation,
    pub(super) part: &'s str,
    pub(super) theirs: String,
    pub(super) ours: String,
}

impl Comparison<'_> {
    /// Notes a difference.
    pub(super) fn note(&mut self, seen: Seen<'_>, breaks: Breaks, what: Kind) {
        self.found.push(Difference {
            breaks,
            operations: vec![seen.operation],
            part: seen.part.to_owned(),
            what,
            theirs: seen.theirs,
            ours: seen.ours,
        });
    }
}

/// Returns the place of an operation in our contract.
pub(super) fn site(operation: &OperationDescription) -> String {
    format!(
        "schemas/contract.yaml#/operations/{}",
        operation.operation.index()
    )
}

/// Returns every difference between a description and the embedded contract.
///
/// # Errors
/// [`DriftError::NoneOfOurs`] for the description of another API. [`DriftError::Dangling`], [`DriftError::External`],
/// [`DriftError::Tangled`] and [`DriftError::Form`] if a part that is needed can't be read.
pub fn compare(description: &Description) -> Result<Drift, DriftError> {
    let (published, json) = Published::embedded();
    let shelf = Shelf::new(description, json);
    let theirs = endpoints(description, &shelf, &published)?;
    let contract = Contract::embedded();
    let pairing = pair(contract.operations, theirs);
    if pairing.ours.iter().all(|(_, theirs)| theirs.is_none()) {
        return Err(DriftError::NoneOfOurs {
            paths: description.paths().count(),
        });
    }
    let mut comparison = Comparison {
        shelf,
        published,
        contract,
        found: Vec::new(),
        not_shown: BTreeMap::new(),
    };
    comparison.bases(&pairing.ours);
    for (ours, theirs) in &pairing.ours {
        match theirs {
            Some(theirs) => comparison.operation(ours, theirs)?,
            None => {
                let seen = Seen {
                    operation: ours.operation,
                    part: "operation",
                    theirs: "#/paths".to_owned(),
                    ours: site(ours),
                };
                comparison.note(seen, Breaks::Clients, Kind::OperationGone);
            }
        }
    }
    comparison.not_shown();
    for endpoint in pairing.new {
        let prefix = endpoint.generation.map_or("", |generation| generation.id());
        comparison.found.push(Difference {
            breaks: Breaks::Servers,
            operations: Vec::new(),
            part: "operation".to_owned(),
            theirs: endpoint.at.to_string(),
            ours: format!("{}#/prefixes/{prefix}", published::PATH),
            what: Kind::OperationNew {
                method: endpoint.method,
                path: endpoint.path,
            },
        });
    }
    Ok(Drift::of(comparison.found))
}

impl Comparison<'_> {
    /// Notes the vendor's paths that begin with another base than ours.
    fn bases(&mut self, pairs: &[(&OperationDescription, Option<Endpoint>)]) {
        for (ours, theirs) in pairs {
            let Some(theirs) = theirs else { continue };
            let base = &self.published.base;
            if theirs.bases.is_empty() || theirs.bases.contains(base) {
                continue;
            }
            let what = Kind::Base {
                ours: base.clone(),
                theirs: theirs.bases.join(" or "),
            };
            self.found.push(Difference {
                breaks: Breaks::Both,
                operations: vec![ours.operation],
                part: "servers".to_owned(),
                what,
                theirs: "#/servers".to_owned(),
                ours: format!("{}#/base", published::PATH),
            });
        }
    }

    /// Notes all codes that no example shows, as one difference.
    fn not_shown(&mut self) {
        let not_shown = std::mem::take(&mut self.not_shown);
        if not_shown.is_empty() {
            return;
        }
        self.found.push(Difference {
            breaks: Breaks::Neither,
            operations: not_shown.values().flatten().copied().collect(),
            part: "codes".to_owned(),
            what: Kind::CodesNotShown {
                codes: not_shown.into_keys().collect(),
            },
            theirs: "#/components/examples".to_owned(),
            ours: "schemas/contract.yaml#/codes".to_owned(),
        });
    }

    fn operation(
        &mut self,
        ours: &OperationDescription,
        theirs: &Endpoint,
    ) -> Result<(), DriftError> {
        let value = self.shelf.get(&theirs.at)?.unwrap_or_default();
        let pair = Pair {
            ours,
            theirs,
            value: &value,
        };
        let seen = Seen {
            operation: ours.operation,
            part: "operation",
            theirs: theirs.at.to_string(),
            ours: site(ours),
        };
        if theirs.method != ours.method || theirs.bare() != bare(&ours.path) {
            let moved = Kind::Moved {
                method: theirs.method.clone(),
                path: theirs.path.clone(),
            };
            self.note(seen.clone(), Breaks::Both, moved);
        }
        let was_deprecated = self
            .published
            .deprecated
            .contains(&ours.operation.generation());
        let is_deprecated = value.get("deprecated") == Some(&Value::Bool(true));
        if is_deprecated != was_deprecated {
            let (what, at) = if is_deprecated {
                (Kind::Deprecated, theirs.at.child("deprecated"))
            } else {
                (Kind::Undeprecated, theirs.at.clone())
            };
            let seen = Seen {
                theirs: at.to_string(),
                ours: format!("{}#/deprecated", published::PATH),
                ..seen
            };
            self.note(seen, Breaks::Neither, what);
        }
        self.parameters(pair)?;
        self.body(pair)?;
        self.answers(pair)?;
        self.codes(pair)?;
        self.prose(pair);
        self.extensions(pair);
        self.security(pair)
    }

    /// Returns the value at a place, which must be an object if it is present.
    pub(super) fn object(&self, place: &Place) -> Result<Option<(Place, Value)>, DriftError> {
        let found = self.shelf.resolved(place)?;
        match found {
            Some((at, value)) if !value.is_object() => Err(DriftError::Form {
                at: at.pointer,
                expected: "an object",
            }),
            found => Ok(found),
        }
    }
}
