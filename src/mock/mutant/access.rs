//! Faults of access and of the walls between zones (AUTH, ZONE).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Mutex;

use super::super::change::Change;
use super::super::store::Mapping;
use super::all::Mutant;
use crate::exchange::{Kind, Operation};

/// What the zones hold, for the mutant that mixes them up.
static SEEN: Mutex<BTreeMap<String, BTreeMap<IpAddr, Mapping>>> = Mutex::new(BTreeMap::new());

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "list-is-public",
        breaks: "AUTH-1",
        from: "a read route that was mounted outside the guard",
        changes: &[Change::Admit(|call| {
            call.operation == Operation::named("v2.list")
                && call.credentials.token.is_none()
                && call.credentials.key.is_none()
        })],
    },
    Mutant {
        name: "batch-delete-is-public",
        breaks: "AUTH-1",
        from: "a new route without the guard",
        changes: &[Change::Admit(|call| {
            call.operation == Operation::named("v1.batch_delete")
                && call.credentials.token.is_none()
                && call.credentials.key.is_none()
        })],
    },
    Mutant {
        name: "create-is-public",
        breaks: "AUTH-1",
        from: "a guard by method that forgot POST",
        changes: &[Change::Admit(|call| {
            call.operation == Operation::named("v1.create")
                && call.credentials.token.is_none()
                && call.credentials.key.is_none()
        })],
    },
    Mutant {
        name: "regions-are-public",
        breaks: "AUTH-1",
        from: "a catalogue that was thought to be harmless",
        changes: &[Change::Admit(|call| {
            call.operation == Operation::named("v2.supported_regions")
                && call.credentials.token.is_none()
                && call.credentials.key.is_none()
        })],
    },
    Mutant {
        name: "any-token-reads",
        breaks: "AUTH-2",
        from: "a token that is looked for and not looked up",
        changes: &[Change::Admit(|call| {
            call.credentials.token.is_some() && call.operation.kind() == Kind::Get
        })],
    },
    Mutant {
        name: "any-token-writes-batches",
        breaks: "AUTH-2",
        from: "a token that is looked for and not looked up",
        changes: &[Change::Admit(|call| {
            call.credentials.token.is_some() && call.operation == Operation::named("v2.batch_put")
        })],
    },
    Mutant {
        name: "any-key-deletes",
        breaks: "AUTH-2",
        from: "the older scheme checked by its presence only",
        changes: &[Change::Admit(|call| {
            call.credentials.key.is_some() && call.operation.kind() == Kind::Delete
        })],
    },
    Mutant {
        name: "any-scheme-reads",
        breaks: "AUTH-2",
        from: "a guard that looks for the header and not for its scheme",
        changes: &[Change::Admit(|call| {
            let field = call.credentials.authorization.as_deref();
            field.is_some_and(|field| field.starts_with("Basic"))
                && call.operation.kind() == Kind::Get
        })],
    },
    Mutant {
        name: "an-address-is-enough",
        breaks: "AUTH-1",
        from: "a key that is compared only where it is given",
        changes: &[Change::Admit(|call| {
            call.credentials.email.is_some()
                && call.credentials.key.is_none()
                && call.operation.kind() == Kind::List
        })],
    },
    Mutant {
        name: "empty-token-deletes",
        breaks: "AUTH-1",
        from: "a token that is split off and never measured",
        changes: &[Change::Admit(|call| {
            let field = call.credentials.authorization.as_deref();
            field.is_some_and(|field| field.trim() == "Bearer")
                && call.operation.kind() == Kind::Delete
        })],
    },
    Mutant {
        name: "key-by-its-start",
        breaks: "AUTH-2",
        from: "a comparison that ends with the shorter text",
        changes: &[Change::Admit(|call| {
            let key = call.credentials.key.as_deref().unwrap_or_default();
            key.len() > 4 && "mock-key".starts_with(key)
        })],
    },
    Mutant {
        name: "zones-by-their-end",
        breaks: "ZONE-1",
        from: "a shard that is chosen by a part of the id and then searched without it",
        changes: &[Change::Rules(|rules| {
            rules.zone_key = |_, zone| zone.chars().skip(24).collect();
        })],
    },
    Mutant {
        name: "zones-share-v2-list",
        breaks: "ZONE-1",
        from: "a list query without its zone",
        changes: &[Change::Handle(|rules, zone, call| {
            if !call.operation.kind().writes() && call.operation != Operation::named("v2.list") {
                return None;
            }
            let mut seen = SEEN
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if call.operation == Operation::named("v2.list") {
                let mut all = zone.clone();
                // Zones that belong to one case share the beginning of their ids.
                for (key, mappings) in seen
                    .iter()
                    .filter(|(key, _)| key.get(..28) == call.zone.get(..28))
                {
                    if *key != call.zone {
                        all.mappings.extend(mappings.clone());
                    }
                }
                return Some(super::super::handle::handle(rules, &mut all, call));
            }
            let reply = super::super::handle::handle(rules, zone, call);
            seen.insert(call.zone.clone(), zone.mappings.clone());
            Some(reply)
        })],
    },
    Mutant {
        name: "one-store-for-all-zones",
        breaks: "ZONE-1",
        from: "the zone is routed and never used",
        changes: &[Change::Rules(|rules| {
            rules.zone_key = |_, zone| zone.chars().take(16).collect();
        })],
    },
    Mutant {
        name: "batch-deletes-in-any-zone",
        breaks: "ZONE-1",
        from: "a query without its zone",
        changes: &[Change::Rules(|rules| {
            rules.zone_key = |operation, zone| match operation.id() {
                "v1.batch_delete" => {
                    format!("{}0000", zone.get(..28).unwrap_or(zone))
                }
                _ => zone.to_owned(),
            };
        })],
    },
];
