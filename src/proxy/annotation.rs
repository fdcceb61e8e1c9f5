//! The findings of an exchange as a field of its response.

use std::collections::BTreeSet;
use std::fmt::Write;

use http::{HeaderName, HeaderValue};

use crate::contract::Finding;

/// The name of the field.
pub(super) const FIELD: HeaderName = HeaderName::from_static("originproof-findings");
/// The longest value, in bytes. Common servers take 8 KiB for all fields together; half of that is left to the other
/// fields.
const LONGEST: usize = 4_000;

/// Returns a value that lists the broken clauses, each once; `None` if there are none.
pub(super) fn annotation(findings: &[Finding]) -> Option<HeaderValue> {
    let clauses: BTreeSet<&str> = findings
        .iter()
        .map(|finding| finding.clause.as_str())
        .collect();
    let mut value = String::new();
    for (index, clause) in clauses.iter().enumerate() {
        if value.len() + clause.len() + 2 > LONGEST {
            let more = clauses.len() - index;
            // Writing into memory does not fail.
            let _ = write!(value, ", and {more} more");
            break;
        }
        if index > 0 {
            value.push_str(", ");
        }
        value.push_str(clause);
    }
    (!value.is_empty())
        .then(|| HeaderValue::try_from(value).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ClauseId, Level, What};

    fn findings(clauses: impl Iterator<Item = String>) -> Vec<Finding> {
        clauses
            .map(|clause| {
                let clause = ClauseId::from(clause.as_str());
                Finding::new((clause, Level::Must), "", What::value("", ""))
            })
            .collect()
    }

    #[test]
    fn each_clause_is_named_once_and_no_finding_makes_no_field() {
        let twice = ["B-1", "A-1", "B-1"].map(str::to_owned);
        let value = annotation(&findings(twice.into_iter()));
        assert_eq!(value, Some(HeaderValue::from_static("A-1, B-1")));
        assert_eq!(annotation(&[]), None);
    }

    #[test]
    fn a_long_list_is_cut_below_four_kibibytes() {
        let many = (0..2_000).map(|number| format!("CLAUSE-{number:04}"));
        let value = annotation(&findings(many)).unwrap_or_else(|| panic!("no field"));
        let text = value.to_str().unwrap_or_default();
        assert!(text.len() < 4_096 && text.ends_with(" more"), "{text}");
    }
}
