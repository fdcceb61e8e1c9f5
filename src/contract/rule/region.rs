//! Judges REG-6 and REG-7: the names and colos of the catalogue. The form rule judges its form (REG-4).

use serde_json::Value;

use super::super::check::Subject;
use super::super::finding::Findings;
use crate::api::{ClauseId, Level};
use crate::contract::{MissingPart, What};
use crate::exchange::Kind;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.kind() != Kind::SupportedRegions || !subject.succeeded() {
        return;
    }
    let response = &subject.exchange.response;
    let complete = response.pointer("/result/obtained_codes") == Some(&Value::Bool(true));
    let vendors = response
        .pointer("/result/vendors")
        .and_then(Value::as_object);
    for (vendor, regions) in vendors.into_iter().flatten() {
        if !subject.contract.vendors.contains(vendor) {
            findings.add(
                (ClauseId::of("REG-6"), Level::Should),
                "/result/vendors",
                What::unexpected(subject.contract.vendors.join(", "), vendor),
            );
        }
        for (index, region) in regions.as_array().into_iter().flatten().enumerate() {
            let colos = region.get("upper_tier_colos").and_then(Value::as_array);
            if complete && colos.is_some_and(Vec::is_empty) {
                findings.add(
                    (ClauseId::of("REG-7"), Level::Should),
                    format!("/result/vendors/{vendor}/{index}/upper_tier_colos"),
                    What::missing(
                        "at least one colo, since `obtained_codes` is true",
                        MissingPart::Member,
                    ),
                );
            }
        }
    }
}
