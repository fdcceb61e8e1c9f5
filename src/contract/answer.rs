//! Reads the entries and batch items of a response, in the same terms for both generations. It reads leniently; the
//! schemas judge the form.

use std::fmt;
use std::net::IpAddr;

use serde_json::Value;

use super::address;
use crate::exchange::{Exchange, Generation, Operation};

/// The maximum number of items of one list that are read; no zone holds even a third of that number.
const MOST: usize = 10_000;

/// The JSON Pointer to an item in a response body. It becomes a text only where something is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemPlace<'a> {
    /// The pointer to the operation's entries.
    entries: &'a str,
    /// The rest of the pointer to the item's list.
    part: &'static str,
    /// The number in the list; `None` for a single item.
    index: Option<usize>,
}

impl fmt::Display for ItemPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.entries, self.part)?;
        self.index.map_or(Ok(()), |index| write!(f, "/{index}"))
    }
}

/// One mapping or batch item of a response.
#[derive(Debug, Clone)]
pub struct Item<'a> {
    /// The address as the response spells it.
    pub address: Option<&'a str>,
    /// The parsed address, if it has a standard spelling.
    pub ip: Option<IpAddr>,
    /// The vendor.
    pub vendor: Option<&'a str>,
    /// The region.
    pub region: Option<&'a str>,
    /// The item itself.
    pub value: &'a Value,
    /// The place of the item in the response body.
    pub at: ItemPlace<'a>,
}

impl<'a> Item<'a> {
    fn read(generation: Generation, value: &'a Value, at: ItemPlace<'a>) -> Self {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        Self {
            address: text(generation.response_address()),
            ip: None,
            vendor: text("vendor"),
            region: text("region"),
            value,
            at,
        }
    }

    /// Returns the address for comparison, like [`address::identity`].
    #[must_use]
    pub fn identity(&self) -> Option<IpAddr> {
        self.ip.map(|ip| ip.to_canonical())
    }

    /// Returns the JSON Pointer to the item's address.
    #[must_use]
    pub fn address_at(&self, generation: Generation) -> String {
        format!("{}/{}", self.at, generation.response_address())
    }
}

/// The parts of a success result; a part that the operation does not have is empty.
#[derive(Debug, Clone, Default)]
pub struct Answer<'a> {
    /// The entries of a list, or the one entry of a single operation.
    pub entries: Vec<Item<'a>>,
    /// A batch's succeeded items.
    pub succeeded: Vec<Item<'a>>,
    /// A batch's failed items.
    pub failed: Vec<Item<'a>>,
}

impl<'a> Answer<'a> {
    /// Reads the `result` of an exchange. Returns `None` if the exchange is outside the contract, or its body is not JSON.
    #[must_use]
    pub fn of(exchange: &'a Exchange) -> Option<Self> {
        let operation = exchange.operation?;
        let mut answer = Self::read(operation, exchange.response.value()?);
        let parsed = exchange.response.addresses(|| {
            let items = answer.lists().into_iter().flatten();
            let addresses = items.map(|item| item.address.and_then(address::parse));
            addresses.collect()
        });
        let lists = [
            &mut answer.entries,
            &mut answer.succeeded,
            &mut answer.failed,
        ];
        for (item, ip) in lists.into_iter().flatten().zip(parsed) {
            item.ip = *ip;
        }
        Some(answer)
    }

    fn lists(&self) -> [&[Item<'a>]; 3] {
        [&self.entries, &self.succeeded, &self.failed]
    }

    fn read(operation: Operation, body: &'a Value) -> Self {
        let generation = operation.generation();
        let Some(place) = operation.row().entries.as_deref() else {
            return Self::default();
        };
        let Some(value) = body.pointer(place) else {
            return Self::default();
        };
        let at = |part: &'static str, index: Option<usize>| ItemPlace {
            entries: place,
            part,
            index,
        };
        let all = |value: Option<&'a Value>, part: &'static str| -> Vec<Item<'a>> {
            let items = value.and_then(Value::as_array).into_iter().flatten();
            let numbered = items.take(MOST).enumerate();
            numbered
                .map(|(index, item)| Item::read(generation, item, at(part, Some(index))))
                .collect()
        };
        if operation.kind().is_batch() {
            return Self {
                entries: Vec::new(),
                succeeded: all(value.get("succeeded"), "/succeeded"),
                failed: all(value.get("failed"), "/failed"),
            };
        }
        let entries = if value.is_array() {
            all(Some(value), "")
        } else if value.is_object() {
            vec![Item::read(generation, value, at("", None))]
        } else {
            Vec::new()
        };
        Self {
            entries,
            ..Self::default()
        }
    }
}

/// One item of a request body.
#[derive(Debug, Clone, Copy)]
pub struct RequestItem<'a> {
    /// The address as sent.
    pub address: Option<&'a str>,
    /// The vendor as sent.
    pub vendor: Option<&'a str>,
    /// The region as sent.
    pub region: Option<&'a str>,
}

/// Returns the items of a request body: all items of a batch, or the one item of a single write.
#[must_use]
pub fn request_items(operation: Operation, body: &Value) -> Vec<RequestItem<'_>> {
    match body {
        Value::Array(items) => items
            .iter()
            .take(MOST)
            .map(|v| read_request_item(operation, v))
            .collect(),
        Value::Object(_) => vec![read_request_item(operation, body)],
        _ => Vec::new(),
    }
}

fn read_request_item(operation: Operation, value: &Value) -> RequestItem<'_> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    RequestItem {
        address: value
            .as_str()
            .or_else(|| text(operation.generation().request_address())),
        vendor: text("vendor"),
        region: text("region"),
    }
}
