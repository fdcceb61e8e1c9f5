//! The requests of the reference client.

use std::net::{IpAddr, Ipv6Addr};

use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::{Habit, Reference, plain_error};
use crate::client::protocol::{Ask, ClientError};
use crate::contract::Contract;
use crate::contract::address::parse;
use crate::exchange::{Operation, RequestBody};

/// A request before credentials and common fields are added.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) method: String,
    /// The path and query below the base URL.
    pub(super) target: String,
    pub(super) body: Option<Value>,
}

impl Draft {
    /// Returns the request for a page.
    pub(super) fn page(reference: &Reference, ask: &Ask, page: u64, per_page: u64) -> Self {
        let mut draft = single(reference, Operation::named("v2.list"), ask);
        draft.target = format!("{}?page={page}&per_page={per_page}", draft.target);
        if reference.is(Fault::MoreParameters) {
            draft.target.push_str("&order=asc");
        }
        draft
    }

    /// Returns the request for the list of the operation's generation.
    pub(super) fn list_of(operation: Operation, ask: &Ask) -> Self {
        let list =
            Operation::of(operation.generation(), crate::exchange::Kind::List).unwrap_or(operation);
        single(&Reference::default(), list, ask)
    }
}

/// Returns the requests of an operation: one, or the parts of a batch that is split.
pub(super) fn drafts(
    reference: &Reference,
    operation: Operation,
    ask: &Ask,
) -> Result<Vec<Draft>, ClientError> {
    let mut draft = single(reference, operation, ask);
    if operation.kind() == crate::exchange::Kind::List
        && let Some(page) = ask.arguments.page
    {
        let per_page = ask.arguments.per_page;
        draft.target = format!("{}?page={page}", draft.target);
        if let Some(per_page) = per_page {
            draft.target = format!("{}&per_page={per_page}", draft.target);
        }
    }
    let own = operation.generation().request_address();
    let item =
        |address: &str, vendor: &str, region: &str| item(reference, own, [address, vendor, region]);
    let most = Contract::embedded().limits.batch;
    let mut items: Vec<Value> = match operation.body() {
        RequestBody::Nothing => {
            if reference.is(Fault::BodyWithGet) && draft.method == "GET" {
                draft.body = Some(json!({}));
            }
            return Ok(vec![draft]);
        }
        RequestBody::Item => {
            let arguments = &ask.arguments;
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let mut address = text(&arguments.address);
            if reference.is(Fault::OtherAddressInBody) && operation.has_address_in_path() {
                address = next(&address);
            }
            let one = item(&address, &text(&arguments.vendor), &text(&arguments.region));
            draft.body = Some(if reference.is(Fault::ItemAsList) {
                json!([one])
            } else {
                one
            });
            return Ok(vec![draft]);
        }
        RequestBody::Items => {
            let items = ask.arguments.items.iter().flatten();
            let items = items.map(|one| {
                if reference.is(Fault::SwappedPlace) {
                    item(&one.address, &one.region, &one.vendor)
                } else {
                    item(&one.address, &one.vendor, &one.region)
                }
            });
            items.collect()
        }
        RequestBody::Addresses => {
            let addresses = ask.arguments.addresses.iter().flatten();
            addresses
                .map(|address| Value::from(spelled(reference, address)))
                .collect()
        }
    };
    if reference.is(Fault::DropsTheLastItem) {
        items.pop();
    }
    if operation.body() == RequestBody::Addresses && reference.is(Fault::NoBodyForBatchDelete) {
        return Ok(vec![draft]);
    }
    if reference.has(Habit::RefusesLargeBatches) && items.len() > most {
        return Err(plain_error("refused", "a batch has at most 100 items"));
    }
    let size = if reference.is(Fault::BatchOfAnySize) {
        usize::MAX
    } else if reference.has(Habit::SplitsBatches) {
        25
    } else {
        most
    };
    let part = |items: &[Value]| Draft {
        body: Some(if reference.is(Fault::BatchAsObject) {
            json!({"items": items})
        } else {
            json!(items)
        }),
        ..draft.clone()
    };
    if items.is_empty() {
        return Ok(vec![part(&[])]);
    }
    Ok(items.chunks(size).map(part).collect())
}

/// Returns a request without a body.
fn single(reference: &Reference, operation: Operation, ask: &Ask) -> Draft {
    let operation = match operation.id() {
        "v1.create" if reference.is(Fault::UpsertForCreate) => Operation::named("v1.upsert"),
        _ => operation,
    };
    let row = operation.row();
    let zone = if reference.is(Fault::UpperCaseZone) {
        ask.zone.to_uppercase()
    } else {
        ask.zone.clone()
    };
    let mut address = ask.arguments.address.clone().unwrap_or_default();
    if reference.is(Fault::NextAddress) && row.method == "DELETE" {
        address = next(&address);
    }
    let mut segment = encoded(&spelled(reference, &address));
    if reference.has(Habit::EncodesColons) {
        segment = segment.replace(':', "%3A");
    } else if reference.has(Habit::EncodesColonsInLowerCase) {
        segment = segment.replace(':', "%3a");
    } else if reference.is(Fault::BracketsInThePath) && segment.contains(':') {
        segment = format!("[{segment}]");
    }
    let mut target = row
        .path
        .replace("{zone_id}", &zone)
        .replace("{origin_ip}", &segment);
    if reference.is(Fault::SingularPath) {
        target = target.replace("cloud_regions", "cloud_region");
    }
    let is_post = reference.is(Fault::PostForPut) && row.method == "PUT";
    Draft {
        method: if is_post {
            "POST".to_owned()
        } else {
            row.method.clone()
        },
        target,
        body: None,
    }
}

/// Returns a text as a segment of a path; colons stay.
fn encoded(text: &str) -> String {
    let text = crate::transport::encode_segment(text);
    text.replace("%3A", ":")
}

fn item(reference: &Reference, own: &str, [address, vendor, region]: [&str; 3]) -> Value {
    let name = match own {
        "origin_ip" if reference.is(Fault::NameOfV1) => "ip",
        "ip" if reference.is(Fault::NameOfV2) => "origin_ip",
        "ip" if reference.is(Fault::NameOfAnswers) => "origin-ip",
        own => own,
    };
    let mut members = Map::new();
    let mut address = spelled(reference, address);
    if reference.is(Fault::PrefixLength) {
        address.push_str("/32");
    }
    members.insert(name.to_owned(), json!(address));
    if !reference.is(Fault::NoVendor) {
        members.insert("vendor".to_owned(), json!(vendor));
    }
    let region = if reference.is(Fault::NullRegion) {
        Value::Null
    } else {
        json!(region)
    };
    members.insert("region".to_owned(), region);
    if reference.is(Fault::MoreMembers) {
        members.insert("id".to_owned(), json!("origin_public_cloud_region"));
    }
    Value::Object(members)
}

/// Returns an address as the client spells it.
fn spelled(reference: &Reference, address: &str) -> String {
    let parsed = parse(address);
    match parsed {
        Some(ip) if reference.has(Habit::CanonicalAddresses) => ip.to_string(),
        Some(IpAddr::V6(ip)) if reference.has(Habit::ExpandedAddresses) => {
            let groups = ip.segments().map(|group| format!("{group:04x}"));
            groups.join(":")
        }
        _ => address.to_owned(),
    }
}

/// Returns the neighbour of an address.
fn next(address: &str) -> String {
    match parse(address) {
        Some(IpAddr::V4(ip)) => {
            std::net::Ipv4Addr::from_bits(ip.to_bits().wrapping_add(1)).to_string()
        }
        Some(IpAddr::V6(ip)) => Ipv6Addr::from_bits(ip.to_bits().wrapping_add(1)).to_string(),
        None => address.to_owned(),
    }
}
