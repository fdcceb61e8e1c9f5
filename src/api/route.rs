//! Finds the operations that a path can belong to.

use super::description::Contract;
use super::operation::Operation;

/// An operation whose path template matches a path.
#[derive(Debug, Clone, Copy)]
pub struct Route<'p> {
    /// The operation.
    pub operation: Operation,
    /// The method of the operation.
    pub method: &'static str,
    /// The zone as it is written in the path.
    pub zone: &'p str,
    /// The address as it is written in the path.
    pub address: Option<&'p str>,
}

/// Returns the operations whose template matches a path below the base URL. If the path is the literal path of an
/// operation, such as one that ends with `/batch`, its last segment is not taken as an address.
pub fn routes<'p>(contract: &'static Contract, below: &'p str) -> impl Iterator<Item = Route<'p>> {
    let is_literal = |template: &str| matches!(matched(template, below), Some((_, None)));
    let mut templates = contract.operations.iter().map(|row| row.path.as_str());
    let is_reserved = templates.any(is_literal);
    let all = contract.operations.iter().filter_map(move |description| {
        let (zone, address) = matched(&description.path, below)?;
        Some(Route {
            operation: description.operation,
            method: &description.method,
            zone,
            address,
        })
    });
    all.filter(move |route| !(is_reserved && route.address.is_some()))
}

/// Returns whether a path below the base URL is the path of an operation without an address, or continues such a path,
/// whatever the method.
#[must_use]
pub fn is_below_a_collection(contract: &Contract, below: &str) -> bool {
    let collections = contract.operations.iter().filter_map(|row| {
        let has_address = row.path.contains("{origin_ip}");
        (!has_address).then_some(row.path.as_str())
    });
    collections.into_iter().any(|template| {
        let length = template.split('/').count();
        let start: Vec<&str> = below.split('/').take(length).collect();
        matched(template, &start.join("/")).is_some()
    })
}

/// Returns the zone and the address of a path that matches a template.
fn matched<'p>(template: &str, path: &'p str) -> Option<(&'p str, Option<&'p str>)> {
    let (mut zone, mut address) = (None, None);
    let mut segments = path.split('/');
    for wanted in template.split('/') {
        let segment = segments.next()?;
        match wanted {
            "{zone_id}" => zone = Some(segment),
            "{origin_ip}" if !segment.is_empty() => address = Some(segment),
            _ if wanted == segment => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some((zone?, address))
}
