//! Faults of addresses (IP).

use std::net::{IpAddr, Ipv6Addr};

use serde_json::json;

use super::super::call::Body;
use super::super::change::Change;
use super::super::handle::handle;
use super::all::Mutant;
use super::bend::{is, is_kind, sent_address};
use crate::exchange::Kind;

/// Groups as text, joined; `gap` is replaced by `::`.
fn joined(ip: Ipv6Addr, gap: Option<(usize, usize)>, group: fn(u16) -> String) -> String {
    let groups: Vec<String> = ip.segments().iter().map(|g| group(*g)).collect();
    match gap {
        None => groups.join(":"),
        Some((start, length)) => {
            format!(
                "{}::{}",
                groups[..start].join(":"),
                groups[start + length..].join(":")
            )
        }
    }
}

/// The runs of zero groups: start and length.
fn runs(ip: Ipv6Addr) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
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

/// Shows IPv6 in a way of its own, IPv4 as ever.
macro_rules! shows {
    ($write:expr) => {
        &[Change::Rules(|rules| {
            rules.show = |ip, _| match ip {
                IpAddr::V6(ip) => {
                    let write: fn(Ipv6Addr) -> String = $write;
                    write(ip)
                }
                IpAddr::V4(ip) => ip.to_string(),
            };
        })]
    };
}

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "shows-addresses-as-sent",
        breaks: "IP-1",
        from: "normalized for the key, kept raw for display",
        changes: &[Change::Rules(|rules| {
            rules.show = |_, mapping| mapping.sent_as.clone();
        })],
    },
    Mutant {
        name: "upper-case-hex",
        breaks: "IP-1a",
        from: "a formatter that prints %X",
        changes: shows!(|ip| ip.to_string().to_uppercase()),
    },
    Mutant {
        name: "groups-of-four-digits",
        breaks: "IP-1b",
        from: "a formatter that prints %04x",
        changes: shows!(|ip| {
            let longest = runs(ip)
                .into_iter()
                .rev()
                .max_by_key(|run| run.1)
                .filter(|run| run.1 > 1);
            joined(ip, longest, |group| format!("{group:04x}"))
        }),
    },
    Mutant {
        name: "never-shortened",
        breaks: "IP-1c",
        from: "groups joined by colons and no more",
        changes: shows!(|ip| joined(ip, None, short)),
    },
    Mutant {
        name: "first-run-shortened-though-shorter",
        breaks: "IP-1c",
        from: "the first pair of zero groups found, not the longest run",
        changes: shows!(|ip| {
            let first = runs(ip).into_iter().find(|run| run.1 > 1);
            joined(ip, first, short)
        }),
    },
    Mutant {
        name: "last-of-equal-runs-shortened",
        breaks: "IP-1d",
        from: "`>=` in place of `>` in the search for the longest run",
        changes: shows!(|ip| {
            let last = runs(ip)
                .into_iter()
                .max_by_key(|run| run.1)
                .filter(|run| run.1 > 1);
            joined(ip, last, short)
        }),
    },
    Mutant {
        name: "single-zero-shortened",
        breaks: "IP-1e",
        from: "a formatter older than RFC 5952",
        changes: shows!(|ip| {
            let longest = runs(ip).into_iter().rev().max_by_key(|run| run.1);
            joined(ip, longest, short)
        }),
    },
    Mutant {
        name: "run-shortened-in-part",
        breaks: "IP-1f",
        from: "a gap that ends one group early",
        changes: shows!(|ip| {
            let longest = runs(ip)
                .into_iter()
                .rev()
                .max_by_key(|run| run.1)
                .filter(|run| run.1 > 1);
            joined(
                ip,
                longest.map(|(start, length)| (start, (length - 1).max(1))),
                short,
            )
        }),
    },
    Mutant {
        name: "create-compares-raw-text",
        breaks: "IP-2",
        from: "a conflict looked for before normalization",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v1.create") {
                return None;
            }
            let sent = sent_address(call)?;
            let ip: IpAddr = sent.parse().ok()?;
            if zone.mappings.get(&ip)?.sent_as == sent {
                return None;
            }
            zone.mappings.remove(&ip);
            Some(handle(rules, zone, call))
        })],
    },
    Mutant {
        name: "batch-delete-compares-raw-text",
        breaks: "IP-2",
        from: "normalized on write and not on delete",
        changes: &[Change::Ask(|call| {
            if is_kind(call, Kind::BatchDelete)
                && let Body::Json(items) = &mut call.body
            {
                for item in items.as_array_mut().into_iter().flatten() {
                    let is_canonical = item
                        .as_str()
                        .and_then(|text| Some((text, text.parse::<IpAddr>().ok()?)))
                        .is_none_or(|(text, ip)| text == ip.to_string());
                    if !is_canonical {
                        *item = json!("2001:db8:dead::1");
                    }
                }
            }
        })],
    },
    Mutant {
        name: "get-compares-raw-text",
        breaks: "IP-3",
        from: "normalized on write and not on read",
        changes: &[Change::Rules(|rules| {
            rules.read_path = |text| {
                let ip: IpAddr = text.parse().ok()?;
                let is_canonical = ip.to_string() == text;
                Some(if is_canonical {
                    ip
                } else {
                    Ipv6Addr::LOCALHOST.into()
                })
            };
        })],
    },
    Mutant {
        name: "path-is-not-decoded",
        breaks: "IP-3",
        from: "a router that hands out raw segments",
        changes: &[Change::Ask(|call| call.address = call.raw_address.clone())],
    },
    Mutant {
        name: "lower-case-escapes-are-not-decoded",
        breaks: "IP-3",
        from: "a decoder by hand that knows %3A and not %3a",
        changes: &[Change::Ask(|call| {
            if let Some(raw) = call.raw_address.as_ref().filter(|raw| raw.contains("%3a")) {
                call.address = Some(raw.replace("%3A", ":"));
            }
        })],
    },
    Mutant {
        name: "delete-path-in-upper-case-is-not-found",
        breaks: "IP-3",
        from: "a delete by text, a read by address",
        changes: &[Change::Ask(|call| {
            let has_upper = call
                .address
                .as_ref()
                .is_some_and(|text| text.chars().any(|c| c.is_ascii_uppercase()));
            if is_kind(call, Kind::Delete) && has_upper {
                call.address = Some("2001:db8:dead::1".into());
            }
        })],
    },
    Mutant {
        name: "ipv4-shown-as-mapped",
        breaks: "IP-4",
        from: "all addresses kept in sixteen bytes",
        changes: &[Change::Rules(|rules| {
            rules.show = |ip, _| match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped().to_string(),
                IpAddr::V6(ip) => ip.to_string(),
            };
        })],
    },
    Mutant {
        name: "ipv4-shown-with-zeros",
        breaks: "IP-4",
        from: "octets printed with three digits",
        changes: &[Change::Rules(|rules| {
            rules.show = |ip, _| match ip {
                IpAddr::V4(ip) => ip.octets().map(|octet| format!("{octet:03}")).join("."),
                IpAddr::V6(ip) => ip.to_string(),
            };
        })],
    },
    Mutant {
        name: "an-octet-of-256-wraps",
        breaks: "IP-5",
        from: "octets read into a byte without a check",
        changes: &[Change::Rules(|rules| {
            rules.read_address = |text| text.replace("256", "0").parse().ok();
        })],
    },
    Mutant {
        name: "batch-with-a-bad-address-is-refused",
        breaks: "IP-5",
        from: "the body checked by a schema before the items are",
        changes: &[Change::Answer(|call, reply| {
            let failed = super::bend::list(call, reply, "failed").map_or(0, |items| {
                items
                    .iter()
                    .filter(|item| {
                        item["error"]
                            .as_str()
                            .is_some_and(|e| e.contains("origin IP"))
                    })
                    .count()
            });
            if is_kind(call, Kind::BatchUpsert) && failed > 0 {
                *reply = super::super::refusal::Refusal::Shape.reply(call.operation);
            }
        })],
    },
    Mutant {
        name: "create-without-address-is-1157",
        breaks: "IP-5",
        from: "checks in another order, and one code for all of them",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.create") && reply.body.pointer("/errors/0/code") == Some(&json!(1146)) {
                reply.body["errors"][0]["code"] = json!(1157);
            }
        })],
    },
];
