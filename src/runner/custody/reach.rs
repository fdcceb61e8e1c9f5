//! All addresses that a server may read in a request. Most servers refuse odd spellings, but some accept them. So the
//! addresses that such a request may touch must be known in advance.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

use crate::contract::address::meant;

/// Collects the addresses that any part of a JSON value may mean.
pub(in crate::runner) fn addresses_of(value: &Value, into: &mut BTreeSet<IpAddr>) {
    match value {
        Value::String(text) => addresses_in(text, into),
        Value::Number(number) => {
            let number = number
                .as_u64()
                .and_then(|number| u32::try_from(number).ok());
            into.extend(number.map(|number| IpAddr::from(Ipv4Addr::from(number))));
        }
        Value::Array(items) => items.iter().for_each(|item| addresses_of(item, into)),
        Value::Object(members) => members
            .values()
            .for_each(|member| addresses_of(member, into)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Collects the addresses that a text may mean, as a whole and in each address-like part.
pub(in crate::runner) fn addresses_in(text: &str, into: &mut BTreeSet<IpAddr>) {
    into.extend(meant(text));
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.');
    for part in text
        .split(|c| !is_part(c))
        .filter(|part| part.contains([':', '.']))
    {
        into.extend(meant(part));
        into.extend(ipv4_of_the_old_kind(part));
        // An address with a port.
        if let Some((host, _)) = part.rsplit_once(':') {
            into.extend(meant(host));
            into.extend(ipv4_of_the_old_kind(host));
        }
    }
}

/// Parses an IPv4 address as `inet_aton` does: also with fewer than four parts, octal after a zero, and hexadecimal
/// after `0x`.
fn ipv4_of_the_old_kind(text: &str) -> Option<IpAddr> {
    let parts: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, leading) = parts.split_last()?;
    if leading.len() > 3 || leading.iter().any(|part| *part > 255) {
        return None;
    }
    let mut address = *last;
    for (index, part) in (0_u32..).zip(leading) {
        address |= part << (24 - 8 * index);
    }
    Some(Ipv4Addr::from(address).into())
}

fn number(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    if let Some(digits) = lower.strip_prefix("0x") {
        u32::from_str_radix(digits, 16).ok()
    } else if lower.len() > 1 && lower.starts_with('0') {
        u32::from_str_radix(&lower, 8).ok()
    } else {
        lower.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use test_case::test_case;

    #[test_case(json!("192.0.2.1"), "192.0.2.1"; "plain")]
    #[test_case(json!("192.0.2.010"), "192.0.2.8"; "octal")]
    #[test_case(json!("192.0.2.010"), "192.0.2.10"; "leading zero taken as decimal")]
    #[test_case(json!("0xC0.0.2.1"), "192.0.2.1"; "hexadecimal")]
    #[test_case(json!("192.0.513"), "192.0.2.1"; "three parts")]
    #[test_case(json!(3_221_225_985_u32), "192.0.2.1"; "a number")]
    #[test_case(json!("192.0.2.1:80"), "192.0.2.1"; "with a port")]
    #[test_case(json!("192.0.2.1/24"), "192.0.2.1"; "with a prefix length")]
    #[test_case(json!("[2001:DB8::1]:80"), "2001:db8::1"; "in brackets")]
    #[test_case(json!("2001:db8::1%eth0"), "2001:db8::1"; "with a zone index")]
    #[test_case(json!({"deep": [{"ip": " 192.0.2.1 "}]}), "192.0.2.1"; "below")]
    #[test_case(json!("{\"ip\": \"192.0.2.1\", "), "192.0.2.1"; "in broken JSON")]
    fn what_a_server_may_read_is_in_reach(sent: impl Into<Value>, address: &str) {
        let sent = sent.into();
        let mut found = BTreeSet::new();
        addresses_of(&sent, &mut found);
        let address: IpAddr = address.parse().unwrap_or_else(|error| panic!("{error}"));
        assert!(found.contains(&address), "{found:?}");
    }
}
