//! The slice of rules.

use super::super::check::Subject;
use super::super::finding::Findings;

/// A rule: what it can find broken, and how.
#[derive(Debug)]
pub struct Rule {
    /// Its name, as its file's.
    pub name: &'static str,
    /// The clauses that it can find broken; those with a generation are given for each.
    pub clauses: &'static [&'static str],
    /// Adds what it finds.
    pub check: fn(&Subject<'_>, &mut Findings),
}

/// All rules; the order is that of the findings.
pub const ALL: &[Rule] = &[
    Rule {
        name: "envelope",
        clauses: &["ENV-1", "ENV-2", "ENV-3", "ENV-4", "ENV-6"],
        check: super::envelope::check,
    },
    Rule {
        name: "form",
        clauses: &[
            "ENV-5",
            "V1-LIST-1",
            "V1-CREATE-1",
            "V1-UPSERT-1",
            "V1-GET-1",
            "V1-DELETE-1",
            "V1-BATCH-1",
            "V1-BDEL-1",
            "V2-LIST-1",
            "V2-GET-1",
            "V2-PUT-1",
            "V2-DELETE-1",
            "V2-BATCH-1",
            "V2-BDEL-1",
            "REG-4",
        ],
        check: super::form::check,
    },
    Rule {
        name: "code",
        clauses: &[
            "ENV-7",
            "HTTP-5",
            "V1-GET-2",
            "V2-GET-2",
            "V1-DELETE-2",
            "V2-DELETE-2",
            "V1-CREATE-2",
            "V1-CREATE-3",
            "V1-CREATE-4",
            "V1-CREATE-5",
            "V1-UPSERT-4",
            "V1-UPSERT-5",
            "V2-PUT-4",
            "V2-PUT-5",
            "V2-PUT-6",
            "V1-BATCH-8",
            "V2-BATCH-8",
            "V1-BATCH-9",
            "V1-BATCH-10",
            "V2-LIST-3",
        ],
        check: super::code::check,
    },
    Rule {
        name: "address",
        clauses: &[
            "IP-1", "IP-1a", "IP-1b", "IP-1c", "IP-1d", "IP-1e", "IP-1f", "IP-4",
        ],
        check: super::address::check,
    },
    Rule {
        name: "batch",
        clauses: &[
            "V1-BATCH-4",
            "V1-BATCH-5",
            "V1-BATCH-6",
            "V2-BATCH-4",
            "V2-BATCH-5",
            "V1-BDEL-1",
            "V2-BDEL-1",
            "V2-BDEL-5",
        ],
        check: super::batch::check,
    },
    Rule {
        name: "list",
        clauses: &[
            "V1-LIST-2",
            "V1-LIST-3",
            "V1-LIST-4",
            "V2-LIST-1",
            "V2-LIST-2",
            "V2-LIST-5",
            "V2-LIST-6",
            "IP-2",
        ],
        check: super::list::check,
    },
    Rule {
        name: "echo",
        clauses: &[
            "V1-CREATE-1",
            "V1-UPSERT-1",
            "V1-GET-1",
            "V1-DELETE-1",
            "V2-GET-1",
            "V2-PUT-1",
            "V2-DELETE-1",
        ],
        check: super::echo::check,
    },
    Rule {
        name: "region",
        clauses: &["REG-6", "REG-7"],
        check: super::region::check,
    },
    Rule {
        name: "time",
        clauses: &["HTTP-6"],
        check: super::time::check,
    },
    Rule {
        name: "border",
        clauses: &[
            "V1-BATCH-7",
            "V2-BATCH-7",
            "V1-BDEL-4",
            "V2-BDEL-4",
            "V2-LIST-3",
            "V2-LIST-4",
            "REG-9",
            "IP-5",
            "V2-PUT-4",
        ],
        check: super::border::check,
    },
    Rule {
        name: "refusal",
        clauses: &[
            "V2-LIST-1",
            "V2-LIST-3",
            "V1-BATCH-2",
            "V2-BATCH-2",
            "V1-BDEL-2",
            "V2-BDEL-2",
        ],
        check: super::refusal::check,
    },
];
