//! Combinations of many freedoms.

use super::super::change::Change;
use super::all::Variation;
use super::{form, logic};

pub(super) const VARIATIONS: &[Variation] = &[
    Variation {
        name: "many-forms-at-once",
        allowed_by: "each by itself is lawful, and none excludes another",
        deviates: &[],
        changes: &[
            Change::Answer(form::messages),
            Change::Answer(form::second_error),
            Change::Answer(form::no_entry_times),
            Change::Answer(form::failed_without_values),
            form::REVERSED,
            Change::Answer(form::extra_members),
            Change::Wire(|wire| wire.content_type = "application/json; charset=utf-8"),
        ],
    },
    Variation {
        name: "many-choices-at-once",
        allowed_by: "each by itself is lawful, and none excludes another",
        deviates: &[],
        changes: &[
            Change::Rules(logic::surplus_fails),
            Change::Rules(logic::few_regions),
            Change::Rules(|rules| rules.empty_batch_refused = true),
            Change::Answer(logic::unprocessable),
        ],
    },
    Variation {
        name: "all-at-once",
        allowed_by: "each by itself is lawful, and none excludes another",
        deviates: &[],
        changes: &[
            Change::Rules(logic::surplus_fails),
            Change::Rules(logic::few_regions),
            Change::Rules(|rules| rules.empty_batch_refused = true),
            Change::Answer(logic::unprocessable),
            Change::Answer(form::messages),
            Change::Answer(form::second_error),
            Change::Answer(form::no_times),
            Change::Answer(form::failed_without_values),
            form::REVERSED,
            Change::Answer(form::extra_members),
            Change::Wire(|wire| {
                wire.content_type = "application/json; charset=utf-8";
                wire.gzip = true;
                wire.chunked = true;
            }),
        ],
    },
];
