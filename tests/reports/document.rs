//! The run document: reading it back, cut and damaged documents, and its schema.

use originproof::event::Verdict;
use originproof::mock::mutant;
use originproof::report::{DocumentError, Run, VERSION, schema};
use serde_json::Value;

use crate::fixed::{interrupted, whole, written};
use crate::real::Wanted;

fn read(text: &[u8]) -> Run {
    Run::read(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_document_read_and_written_again_is_the_same() {
    for run in [whole(), interrupted()] {
        let text = written(&run, "json");
        let again = read(text.as_bytes());
        assert_eq!(format!("{run:?}"), format!("{again:?}"));
        assert_eq!(text, written(&again, "json"));
    }
    assert!(!interrupted().is_complete());
}

#[test]
fn a_document_cut_anywhere_is_never_complete_and_never_misread() {
    let text = written(&whole(), "json").into_bytes();
    let all: Vec<String> = whole()
        .trials
        .iter()
        .map(|trial| format!("{trial:?}"))
        .collect();
    let begun = text.windows(12).position(|w| w == b",\"events\":[\n");
    let begun = begun.map_or(0, |at| at + ",\"events\":[".len());
    // The document is complete even without the line feed at its end.
    let end = text.len() - 1;
    for length in 0..end {
        match Run::read(&text[..length]) {
            Ok(run) => {
                assert!(length >= begun, "{length} bytes have no whole header");
                assert!(
                    !run.is_complete() && run.summary.is_none(),
                    "{length} bytes"
                );
                for (trial, whole) in run.trials.iter().zip(&all) {
                    assert_eq!(&format!("{trial:?}"), whole);
                }
            }
            Err(error) => assert!(length < begun, "{length} bytes: {error}"),
        }
    }
    assert!(read(&text[..end]).summary.is_some());
}

#[test]
fn what_is_no_document_of_this_version_is_refused() {
    let text = written(&whole(), "json");
    let refused = |text: &str| Run::read(text.as_bytes()).err();
    assert!(matches!(refused("{}"), Some(DocumentError::NotOne)));
    let other = text.replacen(
        &format!("\"originproof_run\":{VERSION},"),
        "\"originproof_run\":99,",
        1,
    );
    assert!(matches!(refused(&other), Some(DocumentError::Version(99))));
    // Damage in the middle is not treated as an early end.
    let mut lines: Vec<&str> = text.lines().collect();
    lines[3] = ",{\"event\":";
    let damaged = refused(&lines.join("\n"));
    assert!(
        matches!(damaged, Some(DocumentError::Line { line: 4, .. })),
        "{damaged:?}"
    );
    let unknown = text.replacen("\"seed\":", "\"weed\":1,\"seed\":", 1);
    assert!(matches!(
        refused(&unknown),
        Some(DocumentError::Line { line: 2, .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_fit_the_schema_and_the_schema_is_the_committed_one() {
    let committed = std::fs::read_to_string("schemas/run.schema.json").unwrap_or_default();
    let committed: Value =
        serde_json::from_str(&committed).unwrap_or_else(|error| panic!("{error}"));
    assert!(
        committed == schema(),
        "write it anew: originproof report --schema"
    );
    let validator = jsonschema::validator_for(&schema()).unwrap_or_else(|error| panic!("{error}"));
    let mutant = mutant::by_name("v2-batch-replaces-the-collection")
        .unwrap_or_else(|| panic!("the mutant is gone"));
    let real = Wanted::of("^batch/merges").on(&mutant.changes).run().await;
    assert!(real.counts().count(Verdict::Violates) > 0);
    for run in [whole(), interrupted(), real] {
        let document: Value =
            serde_json::from_str(&written(&run, "json")).unwrap_or_else(|error| panic!("{error}"));
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}
