//! Faults of authentication and of the isolation of zones (AUTH, ZONE).

use super::bend::of_other_zones;
use super::fault::Fault;
use crate::exchange::{Kind, Operation};
use crate::mock::{Call, Change, On, handle};

fn is_anonymous(call: &Call) -> bool {
    call.credentials.token.is_none() && call.credentials.key.is_none()
}

fn has_token(call: &Call) -> bool {
    call.credentials.token.is_some()
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "list-is-public",
        breaks: "AUTH-1",
        from: "a read route that was mounted outside the guard",
        on: On::V2(&[Kind::List]),
        change: Change::Admit(is_anonymous),
    },
    Fault {
        name: "batch-delete-is-public",
        breaks: "AUTH-1",
        from: "a new route without the guard",
        on: On::V1(&[Kind::BatchDelete]),
        change: Change::Admit(is_anonymous),
    },
    Fault {
        name: "create-is-public",
        breaks: "AUTH-1",
        from: "a guard by method that forgot POST",
        on: On::V1(&[Kind::Create]),
        change: Change::Admit(is_anonymous),
    },
    Fault {
        name: "regions-are-public",
        breaks: "AUTH-1",
        from: "a catalogue that was thought to be harmless",
        on: On::V2(&[Kind::SupportedRegions]),
        change: Change::Admit(is_anonymous),
    },
    Fault {
        name: "any-token-reads",
        breaks: "AUTH-2",
        from: "a token that is looked for and not looked up",
        on: On::Both(&[Kind::Get]),
        change: Change::Admit(has_token),
    },
    Fault {
        name: "any-token-writes-batches",
        breaks: "AUTH-2",
        from: "a token that is looked for and not looked up",
        on: On::V2(&[Kind::BatchUpsert]),
        change: Change::Admit(has_token),
    },
    Fault {
        name: "any-key-deletes",
        breaks: "AUTH-2",
        from: "the older scheme checked by its presence only",
        on: On::Both(&[Kind::Delete]),
        change: Change::Admit(|call| call.credentials.key.is_some()),
    },
    Fault {
        name: "any-scheme-reads",
        breaks: "AUTH-2",
        from: "a guard that looks for the header and not for its scheme",
        on: On::Both(&[Kind::Get]),
        change: Change::Admit(|call| {
            let field = call.credentials.authorization.as_deref();
            field.is_some_and(|field| field.starts_with("Basic"))
        }),
    },
    Fault {
        name: "an-address-is-enough",
        breaks: "AUTH-1",
        from: "a key that is compared only where it is given",
        on: On::Both(&[Kind::List]),
        change: Change::Admit(|call| {
            call.credentials.email.is_some() && call.credentials.key.is_none()
        }),
    },
    Fault {
        name: "empty-token-deletes",
        breaks: "AUTH-1",
        from: "a token that is split off and never measured",
        on: On::Both(&[Kind::Delete]),
        change: Change::Admit(|call| {
            let field = call.credentials.authorization.as_deref();
            field.is_some_and(|field| field.trim() == "Bearer")
        }),
    },
    Fault {
        name: "key-by-its-start",
        breaks: "AUTH-2",
        from: "a comparison that ends with the shorter text",
        on: On::Every,
        change: Change::Admit(|call| {
            let key = call.credentials.key.as_deref().unwrap_or_default();
            key.len() > 4 && "mock-key".starts_with(key)
        }),
    },
    Fault {
        name: "zones-by-their-end",
        breaks: "ZONE-1",
        from: "a shard that is chosen by a part of the id and then searched without it",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.zone_key = |_, zone| zone.chars().skip(24).collect();
        }),
    },
    Fault {
        name: "zones-share-v2-list",
        breaks: "ZONE-1",
        from: "a list query without its zone",
        on: On::Every,
        change: Change::Handle(|rules, zone, call| {
            let is_list = call.operation == Operation::named("v2.list");
            let others = of_other_zones(rules, zone, call, is_list);
            is_list.then(|| {
                let mut all = zone.clone();
                all.mappings.extend(others);
                handle(rules, &mut all, call)
            })
        }),
    },
    Fault {
        name: "one-store-for-all-zones",
        breaks: "ZONE-1",
        from: "the zone is routed and never used",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.zone_key = |_, zone| zone.chars().take(16).collect();
        }),
    },
    Fault {
        name: "batch-deletes-in-any-zone",
        breaks: "ZONE-1",
        from: "a query without its zone",
        on: On::V1(&[Kind::BatchDelete]),
        change: Change::Rules(|rules| {
            rules.zone_key = |_, zone| format!("{}0000", zone.get(..28).unwrap_or(zone));
        }),
    },
];
