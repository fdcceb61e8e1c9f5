//! All documents that schemas are read from, the vendor's and ours, with one type for places in them.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;

use serde_json::Value;

use super::description::Description;
use super::error::DriftError;
use super::pointer;
use super::published;
use super::schema_files;
use crate::contract::Contract;

/// The maximum number of values that one comparison reads. Our contract takes some hundreds. Reading stops at this
/// number if the references of a description branch without end.
const MAX_STEPS: usize = 100_000;

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Book {
    /// The vendor's description.
    Theirs,
    /// One of our files, given by its path.
    Ours(String),
}

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) book: Book,
    pub(super) pointer: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.book {
            Book::Theirs => write!(f, "#{}", self.pointer),
            Book::Ours(path) => write!(f, "{path}#{}", self.pointer),
        }
    }
}

impl Place {
    pub(super) fn theirs(pointer: impl Into<String>) -> Self {
        Self {
            book: Book::Theirs,
            pointer: pointer.into(),
        }
    }

    pub(super) fn ours(path: &str, pointer: impl Into<String>) -> Self {
        Self {
            book: Book::Ours(path.to_owned()),
            pointer: pointer.into(),
        }
    }

    /// Returns the place one step further down.
    pub(super) fn child(&self, token: &str) -> Self {
        Self {
            book: self.book.clone(),
            pointer: pointer::join(&self.pointer, token),
        }
    }
}

/// All documents.
#[derive(Debug)]
pub(super) struct Shelf<'d> {
    description: &'d Description,
    ours: HashMap<String, Value>,
    steps: Cell<usize>,
}

impl<'d> Shelf<'d> {
    /// Collects the vendor's description and all of our files that the contract names.
    pub(super) fn new(description: &'d Description, published: Value) -> Self {
        let mut ours = HashMap::from([(published::PATH.to_owned(), published)]);
        let contract = Contract::embedded();
        let requests = contract.operations.iter().filter_map(|operation| {
            let stem = operation.request.as_ref()?;
            Some(format!("schemas/request/{stem}.json"))
        });
        let results = contract
            .operations
            .iter()
            .map(|operation| format!("schemas/result/{}.json", operation.result));
        let others = ["envelope", "result-info"].map(|stem| format!("schemas/{stem}.json"));
        for path in requests.chain(results).chain(others) {
            let text = schema_files::text(&path).unwrap_or_default();
            // The contract has already compiled each of these files.
            let value = serde_json::from_str(text).unwrap_or_default();
            ours.insert(path, value);
        }
        Self {
            description,
            ours,
            steps: Cell::new(0),
        }
    }

    /// Returns whether members beside a reference count in this document.
    pub(super) fn has_neighbours(&self, book: &Book) -> bool {
        match book {
            Book::Theirs => self.description.is_3_1(),
            Book::Ours(_) => true,
        }
    }

    /// Returns the value at a place, if there is one.
    pub(super) fn get(&self, place: &Place) -> Result<Option<Value>, DriftError> {
        let steps = self.steps.get() + 1;
        if steps > MAX_STEPS {
            return Err(tangled(place));
        }
        self.steps.set(steps);
        match &place.book {
            Book::Theirs => self.description.get(&place.pointer),
            Book::Ours(path) => {
                let whole = self.ours.get(path);
                Ok(whole.and_then(|value| value.pointer(&place.pointer).cloned()))
            }
        }
    }

    /// Returns the value at a place after following references, and the place where they end.
    pub(super) fn resolved(&self, place: &Place) -> Result<Option<(Place, Value)>, DriftError> {
        let mut place = place.clone();
        let mut seen = Vec::new();
        loop {
            let Some(value) = self.get(&place)? else {
                return Ok(None);
            };
            let Some(next) = Self::target(&place, &value)? else {
                return Ok(Some((place, value)));
            };
            if seen.contains(&next) {
                return Err(tangled(&place));
            }
            if self.get(&next)?.is_none() {
                return Err(dangling(&place, &value));
            }
            seen.push(std::mem::replace(&mut place, next));
        }
    }

    /// Returns the target of a value's `$ref`, if it has one.
    pub(super) fn target(place: &Place, value: &Value) -> Result<Option<Place>, DriftError> {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
            return Ok(None);
        };
        let Some(pointer) = reference.strip_prefix('#') else {
            return Err(DriftError::External {
                at: place.pointer.clone(),
                reference: reference.to_owned(),
            });
        };
        let decoded = percent_encoding::percent_decode_str(pointer).decode_utf8_lossy();
        Ok(Some(Place {
            book: place.book.clone(),
            pointer: decoded.into_owned(),
        }))
    }
}

pub(super) fn tangled(place: &Place) -> DriftError {
    DriftError::Tangled {
        at: place.pointer.clone(),
        most: MAX_STEPS,
    }
}

pub(super) fn dangling(place: &Place, value: &Value) -> DriftError {
    let reference = value.get("$ref").and_then(Value::as_str);
    DriftError::Dangling {
        at: place.pointer.clone(),
        reference: reference.unwrap_or_default().to_owned(),
    }
}
