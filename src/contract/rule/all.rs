//! The table of rules.

use std::collections::BTreeSet;

use super::super::check::Subject;
use super::super::finding::Findings;
use crate::api::{ClauseId, Contract, Operation, Promises};

/// A rule, with the clauses that it can find broken.
#[derive(Debug)]
pub struct Rule {
    /// Its name, which is also the name of its file.
    pub name: &'static str,
    /// The clauses that it can find broken, whatever the operation.
    general: &'static [&'static str],
    /// The clauses of an operation's promises that it can find broken.
    promised: fn(Operation) -> Vec<&'static ClauseId>,
    /// The function that adds its findings.
    pub check: fn(&Subject<'_>, &mut Findings),
}

impl Rule {
    /// Returns the clauses that it can find broken.
    #[must_use]
    pub fn clauses(&self) -> BTreeSet<ClauseId> {
        let general = self.general.iter().map(|id| ClauseId::of(id));
        let promised = Operation::all().flat_map(|operation| (self.promised)(operation));
        general.chain(promised.cloned()).collect()
    }
}

/// Returns the clauses of some promises of an operation.
fn some<const N: usize>(
    operation: Operation,
    pick: impl Fn(&'static Promises) -> [&'static Option<ClauseId>; N],
) -> Vec<&'static ClauseId> {
    let picked = pick(operation.promises()).into_iter();
    picked.flatten().collect()
}

/// Returns the clauses that document the codes of an operation.
fn of_codes(operation: Operation) -> Vec<&'static ClauseId> {
    let rows = Contract::embedded().codes.iter();
    rows.filter_map(|row| row.operations.get(&operation))
        .collect()
}

/// All rules, in the order of their findings.
pub const ALL: &[Rule] = &[
    Rule {
        name: "envelope",
        general: &["ENV-1", "ENV-2", "ENV-3", "ENV-4", "ENV-6"],
        promised: |_| Vec::new(),
        check: super::envelope::check,
    },
    Rule {
        name: "form",
        general: &["ENV-5"],
        promised: |operation| some(operation, |p| [&p.form, &p.one_by_one]),
        check: super::form::check,
    },
    Rule {
        name: "code",
        general: &["ENV-7", "HTTP-5"],
        promised: of_codes,
        check: super::code::check,
    },
    Rule {
        name: "address",
        general: &[
            "IP-1", "IP-1a", "IP-1b", "IP-1c", "IP-1d", "IP-1e", "IP-1f", "IP-4",
        ],
        promised: |_| Vec::new(),
        check: super::address::check,
    },
    Rule {
        name: "batch",
        general: &["ENV-5"],
        promised: |operation| {
            let mut all = some(operation, |p| {
                [&p.each_once, &p.item_error, &p.item_values, &p.applied_time]
            });
            if operation.kind().is_batch() {
                all.extend(some(operation, |p| [&p.deleted_values]));
            }
            all
        },
        check: super::batch::check,
    },
    Rule {
        name: "list",
        general: &["IP-2"],
        promised: |operation| {
            let lists = operation.shows_all() && !operation.kind().writes();
            let all = some(operation, |p| {
                [&p.form, &p.shown, &p.empty, &p.set_time, &p.page_defaults]
            });
            all.into_iter().filter(|_| lists).collect()
        },
        check: super::list::check,
    },
    Rule {
        name: "echo",
        general: &[],
        promised: |operation| {
            let all = some(operation, |p| [&p.form]);
            all.into_iter()
                .filter(|_| super::echo::echoes(operation))
                .collect()
        },
        check: super::echo::check,
    },
    Rule {
        name: "region",
        general: &["REG-6", "REG-7"],
        promised: |_| Vec::new(),
        check: super::region::check,
    },
    Rule {
        name: "time",
        general: &["HTTP-6"],
        promised: |_| Vec::new(),
        check: super::time::check,
    },
    Rule {
        name: "border",
        general: &[],
        promised: |operation| some(operation, |p| [&p.size, &p.page_size, &p.page_number]),
        check: super::border::check,
    },
    Rule {
        name: "unfit",
        general: &[
            "HTTP-1", "HTTP-2", "IP-5", "IP-7", "REG-1", "REG-2", "REG-9",
        ],
        promised: |operation| some(operation, |p| [&p.differs, &p.no_body]),
        check: super::unfit::check,
    },
    Rule {
        name: "refusal",
        general: &[],
        promised: |operation| {
            let mut all = some(operation, |p| {
                [&p.one_by_one, &p.page_size, &p.page_past_the_end]
            });
            if operation.is_paged() {
                all.extend(some(operation, |p| [&p.form]));
            }
            all
        },
        check: super::refusal::check,
    },
];
