//! Faults of addresses (IP).

use std::net::{IpAddr, Ipv6Addr};

use serde_json::json;

use super::bend::{each, ip, recode, sent_address};
use super::fault::Fault;
use crate::exchange::Kind;
use crate::mock::{Body, Change, On, Refusal, handle};

/// A run of groups: the index of its first group, and its length in groups.
type Run = (usize, usize);

/// Returns the runs of zero groups.
fn runs(ip: Ipv6Addr) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (index, group) in ip.segments().iter().enumerate() {
        if *group == 0 {
            match runs.last_mut() {
                Some((start, length)) if *start + *length == index => *length += 1,
                _ => runs.push((index, 1)),
            }
        }
    }
    runs
}

fn short(group: u16) -> String {
    format!("{group:x}")
}

/// Returns the longest run of at least two zero groups, and the first one if several are equally long.
fn longest(ip: Ipv6Addr) -> Option<Run> {
    let runs = runs(ip).into_iter().rev();
    runs.max_by_key(|run| run.1).filter(|run| run.1 > 1)
}

/// Formats an IPv6 address with `::` in place of `gap`, and an IPv4 address as usual.
fn shown(ip: IpAddr, gap: fn(Ipv6Addr) -> Option<Run>, group: fn(u16) -> String) -> String {
    let IpAddr::V6(ip) = ip else {
        return ip.to_string();
    };
    let groups = ip.segments().map(group);
    match gap(ip) {
        None => groups.join(":"),
        Some((start, length)) => {
            let (head, tail) = (&groups[..start], &groups[start + length..]);
            format!("{}::{}", head.join(":"), tail.join(":"))
        }
    }
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "shows-addresses-as-sent",
        breaks: "IP-1",
        from: "normalized for the key, kept raw for display",
        on: On::Every,
        change: Change::Rules(|rules| rules.show = |_, mapping| mapping.sent_as.clone()),
    },
    Fault {
        name: "upper-case-hex",
        breaks: "IP-1a",
        from: "a formatter that prints %X",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.show = |ip, _| ip.to_string().to_uppercase();
        }),
    },
    Fault {
        name: "groups-of-four-digits",
        breaks: "IP-1b",
        from: "a formatter that prints %04x",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.show = |ip, _| shown(ip, longest, |group| format!("{group:04x}"));
        }),
    },
    Fault {
        name: "never-shortened",
        breaks: "IP-1c",
        from: "groups joined by colons and no more",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.show = |ip, _| shown(ip, |_| None, short);
        }),
    },
    Fault {
        name: "first-run-shortened-though-shorter",
        breaks: "IP-1c",
        from: "the first pair of zero groups found, not the longest run",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.show = |ip, _| {
                let first = |ip| runs(ip).into_iter().find(|run| run.1 > 1);
                shown(ip, first, short)
            };
        }),
    },
    Fault {
        name: "last-of-equal-runs-shortened",
        breaks: "IP-1d",
        from: "`>=` in place of `>` in the search for the longest run",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.show = |ip, _| {
                let last = |ip| {
                    let longest = runs(ip).into_iter().max_by_key(|run| run.1);
                    longest.filter(|run| run.1 > 1)
                };
                shown(ip, last, short)
            };
        }),
    },
    Fault {
        name: "single-zero-shortened",
        breaks: "IP-1e",
        from: "a formatter older than RFC 5952",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.show = |ip, _| {
                let any = |ip| runs(ip).into_iter().rev().max_by_key(|run| run.1);
                shown(ip, any, short)
            };
        }),
    },
    Fault {
        name: "run-shortened-in-part",
        breaks: "IP-1f",
        from: "a gap that ends one group early",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.show = |ip, _| {
                let part = |ip| longest(ip).map(|(start, length)| (start, (length - 1).max(1)));
                shown(ip, part, short)
            };
        }),
    },
    Fault {
        name: "create-compares-raw-text",
        breaks: "IP-2",
        from: "a conflict looked for before normalization",
        on: On::V1(&[Kind::Create]),
        change: Change::Handle(|rules, zone, call| {
            let sent = sent_address(call)?;
            let ip: IpAddr = sent.parse().ok()?;
            if zone.mappings.get(&ip)?.sent_as == sent {
                return None;
            }
            zone.mappings.remove(&ip);
            Some(handle(rules, zone, call))
        }),
    },
    Fault {
        name: "batch-delete-compares-raw-text",
        breaks: "IP-2",
        from: "normalized on write and not on delete",
        on: On::Both(&[Kind::BatchDelete]),
        change: Change::Ask(|call| {
            if let Body::Json(items) = &mut call.body {
                for item in items.as_array_mut().into_iter().flatten() {
                    if ip(item).is_some_and(|ip| *item != json!(ip.to_string())) {
                        *item = json!("2001:db8:dead::1");
                    }
                }
            }
        }),
    },
    Fault {
        name: "get-compares-raw-text",
        breaks: "IP-3",
        from: "normalized on write and not on read",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.read_path = |text| {
                let ip: IpAddr = text.parse().ok()?;
                let is_canonical = ip.to_string() == text;
                Some(if is_canonical {
                    ip
                } else {
                    Ipv6Addr::LOCALHOST.into()
                })
            };
        }),
    },
    Fault {
        name: "path-is-not-decoded",
        breaks: "IP-3",
        from: "a router that hands out raw segments",
        on: On::Every,
        change: Change::Ask(|call| call.address = call.raw_address.clone()),
    },
    Fault {
        name: "lower-case-escapes-are-not-decoded",
        breaks: "IP-3",
        from: "a decoder by hand that knows %3A and not %3a",
        on: On::Every,
        change: Change::Ask(|call| {
            if let Some(raw) = call.raw_address.as_ref().filter(|raw| raw.contains("%3a")) {
                call.address = Some(raw.replace("%3A", ":"));
            }
        }),
    },
    Fault {
        name: "delete-path-in-upper-case-is-not-found",
        breaks: "IP-3",
        from: "a delete by text, a read by address",
        on: On::Both(&[Kind::Delete]),
        change: Change::Ask(|call| {
            let text = call.address.as_deref().unwrap_or_default();
            if text.chars().any(|c| c.is_ascii_uppercase()) {
                call.address = Some("2001:db8:dead::1".into());
            }
        }),
    },
    Fault {
        name: "ipv4-shown-as-mapped",
        breaks: "IP-4",
        from: "all addresses kept in sixteen bytes",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.show = |ip, _| match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped().to_string(),
                IpAddr::V6(ip) => ip.to_string(),
            };
        }),
    },
    Fault {
        name: "ipv4-shown-with-zeros",
        breaks: "IP-4",
        from: "octets printed with three digits",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.show = |ip, _| match ip {
                IpAddr::V4(ip) => ip.octets().map(|octet| format!("{octet:03}")).join("."),
                IpAddr::V6(ip) => ip.to_string(),
            };
        }),
    },
    Fault {
        name: "an-octet-of-256-wraps",
        breaks: "IP-5",
        from: "octets read into a byte without a check",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.read_address = |text| text.replace("256", "0").parse().ok();
        }),
    },
    Fault {
        name: "batch-with-a-bad-address-is-refused",
        breaks: "IP-5",
        from: "the body checked by a schema before the items are",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Answer(|call, reply| {
            let has_bad = each(call, reply, "failed")
                .filter_map(|item| item["error"].as_str())
                .any(|error| error.contains("origin IP"));
            if has_bad {
                *reply = Refusal::SHAPE.reply(call.operation);
            }
        }),
    },
    Fault {
        name: "create-without-address-is-1157",
        breaks: "IP-5",
        from: "checks in another order, and one code for all of them",
        on: On::V1(&[Kind::Create]),
        change: Change::Answer(|_, reply| recode(reply, 1146, 1157)),
    },
];
