//! Files that are not a recording, or only a part of one, are refused with the place of the fault.

use std::path::Path;

use originproof::audit::{AuditError, Recorded, read};
use test_case::test_case;

use crate::{Scratch, audited};

fn refused(bytes: &[u8]) -> String {
    let file = Scratch::new("broken.har", bytes);
    let error = read(&file.0, |_: Recorded| {}).err();
    error.map(|error| error.to_string()).unwrap_or_default()
}

#[test_case(b"", "it is empty"; "empty")]
#[test_case(b"\0\0\0\0", "line 1 column 1"; "zeros")]
#[test_case(b"not json", "neither HAR nor JSON Lines"; "words")]
#[test_case(b"[]", "neither HAR nor JSON Lines"; "a list")]
#[test_case(b"{}", "no `log.entries`"; "an empty object")]
#[test_case(b"{\"log\": {}}", "no `log.entries`"; "no entries")]
#[test_case(b"{\"log\": []}", "line 1 column"; "log is a list")]
#[test_case(b"{\"log\": null}", "`log` is not"; "log is null")]
#[test_case(b"{\"log\": {\"entries\": {}}}", "line 1 column"; "entries is an object")]
#[test_case(b"{\"log\": {\"entries\": 7}}", "line 1 column"; "entries is a number")]
#[test_case(b"\x1f\x8bgarbage", "broken.har"; "broken gzip")]
#[test_case(b"{\"method\": \"GET\"}", "missing field"; "a line without its url")]
#[test_case(b"{\"method\": \"GET\", \"url\": \"x\", \"status\": 200, \"statuz\": 1}", "unknown field `statuz`"; "a line with an unknown member")]
fn a_broken_file_is_refused_with_its_place(bytes: &[u8], says: &str) {
    let error = refused(bytes);
    assert!(
        error.contains(says) && error.contains("broken.har"),
        "{error}"
    );
}

#[test]
fn deep_nesting_in_what_is_passed_over_does_no_harm() {
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    let deep = format!("{{\"log\": {{\"x\": {open}1{close}, \"entries\": []}}}}");
    assert_eq!(audited(deep.as_bytes()).0, Vec::<String>::new());
}

#[test]
fn a_folder_and_a_missing_file_are_named() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for path in [folder, Path::new("no/such/file.har")] {
        let error = read(path, |_: Recorded| {}).err();
        assert!(matches!(error, Some(AuditError::Io { .. })), "{error:?}");
    }
}

#[test]
fn a_sparse_file_of_five_gibibytes_is_refused_at_once() {
    let scratch = Scratch::new("sparse.har", b"");
    let file = std::fs::File::options()
        .write(true)
        .open(&scratch.0)
        .unwrap_or_else(|e| panic!("{e}"));
    file.set_len(5 << 30)
        .unwrap_or_else(|error| panic!("{error}"));
    let error = read(&scratch.0, |_: Recorded| {})
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    assert!(error.contains("line 1 column 1"), "{error}");
}
