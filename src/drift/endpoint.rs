//! The operations of the description that concern us: those under our prefixes, and others that speak of cloud
//! regions, where one of ours may have moved to.

use super::description::Description;
use super::error::DriftError;
use super::published::Published;
use super::shelf::{Place, Shelf};
use crate::exchange::Generation;

/// The methods that a path item can have.
const METHODS: &[&str] = &[
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];
/// What a path of this API has been called so far, wherever it stood.
const TELLTALE: &str = "cloud_regions";

/// An operation of the description.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    /// In upper case.
    pub(super) method: String,
    /// As it stands.
    pub(super) path: String,
    /// The path item, references followed.
    pub(super) item: Place,
    /// The operation itself.
    pub(super) at: Place,
    /// Whose prefix it has, if any.
    pub(super) generation: Option<Generation>,
}

impl Endpoint {
    /// The path without the names of its parameters.
    pub(super) fn bare(&self) -> String {
        bare(&self.path)
    }
}

/// A path template with `{}` for each parameter, and without a slash at its end.
pub(super) fn bare(path: &str) -> String {
    let segments: Vec<&str> = path
        .trim_end_matches('/')
        .split('/')
        .map(|segment| {
            if segment.starts_with('{') && segment.ends_with('}') {
                "{}"
            } else {
                segment
            }
        })
        .collect();
    segments.join("/")
}

/// The endpoints, in the order of their paths and methods.
pub(super) fn endpoints(
    description: &Description,
    shelf: &Shelf<'_>,
    published: &Published,
) -> Result<Vec<Endpoint>, DriftError> {
    let mut endpoints = Vec::new();
    for path in description.paths() {
        if !path.contains(TELLTALE) {
            continue;
        }
        let bare_path = bare(&path);
        let generation = Generation::ALL.into_iter().find(|&generation| {
            let rest = bare_path.strip_prefix(&bare(published.prefix(generation)));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let item = Place::theirs("/paths").child(&path);
        let Some((item, value)) = shelf.resolved(&item)? else {
            continue;
        };
        let Some(members) = value.as_object() else {
            return Err(DriftError::Form {
                at: item.pointer,
                expected: "a path item",
            });
        };
        for method in METHODS {
            let Some(operation) = members.get(*method) else {
                continue;
            };
            let at = item.child(method);
            if !operation.is_object() {
                return Err(DriftError::Form {
                    at: at.pointer,
                    expected: "an operation",
                });
            }
            endpoints.push(Endpoint {
                method: method.to_ascii_uppercase(),
                path: path.clone(),
                item: item.clone(),
                at,
                generation,
            });
        }
    }
    Ok(endpoints)
}
