//! No lawful variation of the mock is accused, and each really varies.

use originproof::case::Library;
use originproof::contract::Level;
use originproof::event::Verdict;
use originproof::mock::variation::{self, Variation};
use originproof::mutation::try_variation;
use originproof::runner::{Plan, Selection};

async fn accusations(variation: &Variation, plan: &Plan) -> Vec<String> {
    let reports = try_variation(variation.changes, plan)
        .await
        .unwrap_or_else(|error| panic!("{}: {error}", variation.name));
    let mut accusations = Vec::new();
    for report in reports {
        if matches!(report.verdict, Verdict::Inconclusive | Verdict::Broken) {
            accusations.push(format!(
                "{}: {} {:?}",
                variation.name, report.id, report.reason
            ));
        }
        for reported in &report.findings {
            let finding = &reported.finding;
            let is_excused = finding.level != Level::Must
                && variation.deviates.contains(&finding.clause.as_str());
            if !is_excused {
                accusations.push(format!("{}: {}: {finding}", variation.name, report.id));
            }
        }
    }
    accusations
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lawful_variation_is_accused() {
    let library = Library::embedded().unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::select(&library, &Selection::default()).unwrap_or_else(|e| panic!("{e}"));
    let mut all = Vec::new();
    for variation in variation::all() {
        all.extend(accusations(variation, &plan).await);
    }
    assert!(
        all.is_empty(),
        "{} accusations:\n{}",
        all.len(),
        all.join("\n")
    );
}
