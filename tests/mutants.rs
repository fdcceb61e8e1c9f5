//! Mutation tests of the suite: every mutant is caught by the clause that it breaks, and every case catches a mutant
//! or states why it can't.

use std::collections::BTreeSet;

use originproof::case::Library;
use originproof::mock::mutant;
use originproof::mutation::{Breadth, Caught, try_mutants};
use originproof::runner::{Plan, Selection};

#[tokio::test(flavor = "multi_thread")]
async fn every_mutant_is_caught_by_its_clause_and_every_case_catches_one() {
    let library = Library::embedded().unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::select(&library, &Selection::default()).unwrap_or_else(|e| panic!("{e}"));
    let matrix = try_mutants(mutant::all().collect(), &plan, Breadth::Citing, 4, |_| {})
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let escaped: Vec<String> = matrix
        .results
        .iter()
        .filter(|result| result.caught != Caught::ByItsClause)
        .map(|result| format!("{} ({}): {:?}", result.name, result.breaks, result.clauses))
        .collect();
    assert!(
        escaped.is_empty(),
        "not caught by their own clause:\n{}",
        escaped.join("\n")
    );
    let killers = matrix.killers();
    let idle: BTreeSet<&str> = library
        .cases
        .iter()
        .filter(|case| case.unkillable.is_none())
        .map(|case| case.id.as_str())
        .filter(|id| !killers.contains(id))
        .collect();
    assert!(
        idle.is_empty(),
        "cases that catch no mutant and do not say why: {idle:#?}"
    );
}
