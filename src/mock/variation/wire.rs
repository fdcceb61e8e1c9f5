//! Freedoms of HTTP.

use std::time::Duration;

use super::super::change::Change;
use super::all::Variation;

pub(super) const VARIATIONS: &[Variation] = &[
    Variation {
        name: "media-type-with-parameters",
        allowed_by: "ENV-1 names the media type, not its parameters",
        deviates: &[],
        changes: &[Change::Wire(|wire| {
            wire.content_type = "application/json; charset=utf-8";
        })],
    },
    Variation {
        name: "media-type-in-capitals",
        allowed_by: "media types have no letter case",
        deviates: &[],
        changes: &[Change::Wire(|wire| {
            wire.content_type = "Application/JSON;charset=UTF-8";
        })],
    },
    Variation {
        name: "compressed",
        allowed_by: "a client that accepts gzip may get it",
        deviates: &[],
        changes: &[Change::Wire(|wire| wire.gzip = true)],
    },
    Variation {
        name: "chunked",
        allowed_by: "a body may come without its length",
        deviates: &[],
        changes: &[Change::Wire(|wire| wire.chunked = true)],
    },
    Variation {
        name: "connection-closed-each-time",
        allowed_by: "a server may close a connection",
        deviates: &[],
        changes: &[Change::Wire(|wire| wire.close = true)],
    },
    Variation {
        name: "slow",
        allowed_by: "no clause speaks of time",
        deviates: &[],
        changes: &[Change::Wire(|wire| wire.delay = Duration::from_millis(2))],
    },
    Variation {
        name: "throttled-now-and-then",
        allowed_by: "a 429 with retry-after may come at any time",
        deviates: &[],
        changes: &[Change::Wire(|wire| wire.throttle = Some((97, 0)))],
    },
];
