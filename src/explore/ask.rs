//! One request of a walk, in the terms of the case format.

use serde_json::{Map, Value, json};

use crate::case::{Auth, Spelling};
use crate::exchange::{Operation, RequestBody};

/// An address of a walk. It is reserved for documentation (RFC 5737, RFC 3849), or it is not an address at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Which {
    V4(usize),
    V6(usize),
    /// The n-th address of the filling, the mappings that are added in bulk.
    Fill(usize),
    /// A text that is not an address.
    Odd(&'static str),
}

/// An address with its spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) which: Which,
    pub(super) spelling: Spelling,
}

/// A vendor and region, by the name that case files use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// The n-th pair that the target lists.
    Pair(usize),
    UnknownRegion,
    UnknownVendor,
    Foreign,
}

/// One item of a batch, or a run of items from the filling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    One(Address, At),
    Fill { count: usize, from: usize, at: At },
}

/// The argument of a request's operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Argument {
    /// `page` and `per_page` of a list.
    Page(Option<String>, Option<String>),
    Address(Address),
    /// A mapping, and the address of the path if it differs from the mapping's.
    Mapping(Address, At, Option<Address>),
    /// The items of a batch. Batch deletes send only their addresses.
    Items(Vec<Item>),
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) operation: Operation,
    pub(super) argument: Argument,
    /// The credentials: the run's own, or others that must be refused (AUTH-1, AUTH-2).
    pub(super) auth: Auth,
}

impl Address {
    pub(super) fn plain(which: Which) -> Self {
        Self {
            which,
            spelling: Spelling::Canonical,
        }
    }

    /// Formats the address as a template of a case file.
    fn text(self) -> String {
        let spelling = match self.spelling {
            Spelling::Canonical => "",
            Spelling::Upper => ".upper",
            Spelling::Expanded => ".expanded",
            Spelling::ExpandedUpper => ".expanded-upper",
            Spelling::Uncompressed => ".uncompressed",
            Spelling::Percent => ".percent",
        };
        match self.which {
            Which::V4(n) => format!("{{{{v4.{n}}}}}"),
            Which::V6(n) => format!("{{{{v6.{n}{spelling}}}}}"),
            Which::Fill(n) => format!("{{{{fill.{n}}}}}"),
            Which::Odd(text) => text.to_owned(),
        }
    }

    /// Returns the address for use in a path. A percent-encoded address is sent raw, without a second encoding.
    fn in_path(self) -> Value {
        if self.spelling == Spelling::Percent {
            json!({"raw": self.text()})
        } else {
            json!(self.text())
        }
    }
}

impl At {
    fn name(self) -> String {
        match self {
            Self::Pair(n) => format!("pair.{n}"),
            Self::UnknownRegion => "unknown-region".to_owned(),
            Self::UnknownVendor => "unknown-vendor".to_owned(),
            Self::Foreign => "foreign".to_owned(),
        }
    }
}

impl Item {
    /// Returns the number of items that this stands for.
    pub(super) fn count(self) -> usize {
        match self {
            Self::One(..) => 1,
            Self::Fill { count, .. } => count,
        }
    }

    /// Returns the addresses that the item names.
    pub(super) fn addresses(self) -> Vec<Which> {
        match self {
            Self::One(address, _) => vec![address.which],
            Self::Fill { count, from, .. } => (from..from + count).map(Which::Fill).collect(),
        }
    }

    pub(super) fn at(self) -> At {
        match self {
            Self::One(_, at) | Self::Fill { at, .. } => at,
        }
    }

    fn json(self, deletes: bool) -> Value {
        let mut json = match self {
            Self::One(address, _) if deletes => return json!(address.text()),
            Self::One(address, _) => json!({"ip": address.text()}),
            Self::Fill { count, from, .. } => json!({"fill": count, "from": from}),
        };
        if !deletes {
            json["at"] = json!(self.at().name());
        }
        json
    }
}

impl Ask {
    pub(super) fn new(operation: Operation, argument: Argument) -> Self {
        Self {
            operation,
            argument,
            auth: Auth::Token,
        }
    }

    /// Returns the same request with other credentials.
    pub(super) fn with(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// Returns the argument in the form of a case file.
    pub(super) fn json(&self) -> Value {
        match &self.argument {
            Argument::Page(page, per_page) => {
                let pairs = [("page", page), ("per_page", per_page)].into_iter();
                let pairs = pairs.filter_map(|(name, text)| {
                    let text = text.as_ref()?;
                    let value = text
                        .parse::<i64>()
                        .map_or_else(|_| json!(text), Value::from);
                    Some((name.to_owned(), value))
                });
                Value::Object(pairs.collect::<Map<_, _>>())
            }
            Argument::Address(address) => address.in_path(),
            Argument::Mapping(address, at, path) => {
                let mut json = json!({"ip": address.text(), "at": at.name()});
                if let Some(path) = path {
                    json["path"] = path.in_path();
                }
                json
            }
            Argument::Items(items) => {
                let deletes = self.operation.body() == RequestBody::Addresses;
                items.iter().map(|item| item.json(deletes)).collect()
            }
        }
    }

    /// Returns the addresses that the request names, including duplicates.
    pub(super) fn addresses(&self) -> Vec<Which> {
        match &self.argument {
            Argument::Page(..) => Vec::new(),
            Argument::Address(address) => vec![address.which],
            Argument::Mapping(address, _, path) => {
                let path = path.iter().map(|path| path.which);
                std::iter::once(address.which).chain(path).collect()
            }
            Argument::Items(items) => items.iter().flat_map(|item| item.addresses()).collect(),
        }
    }

    /// Returns the number of items of a batch, or 1 for other requests.
    pub(super) fn size(&self) -> usize {
        match &self.argument {
            Argument::Items(items) => items.iter().map(|item| item.count()).sum(),
            Argument::Page(..) | Argument::Address(_) | Argument::Mapping(..) => 1,
        }
    }
}
