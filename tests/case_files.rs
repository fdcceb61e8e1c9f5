//! Faulty case files: each fault is reported with its place and what would be right, all faults of a
//! file at once.

use std::path::PathBuf;

use originproof::case::{Library, LibraryError};
use test_case::test_case;

/// A folder that is removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn with(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("originproof-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap_or_else(|error| panic!("{error}"));
        std::fs::write(path.join("case.yaml"), text).unwrap_or_else(|error| panic!("{error}"));
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn faults(name: &str, text: &str) -> String {
    let folder = Folder::with(name, text);
    match Library::from_folder(&folder.0) {
        Err(error @ LibraryError::Faulty(_)) => error.to_string(),
        other => panic!("expected faults, got {other:?}"),
    }
}

const HEAD: &str = "title: A case\nproves: [V2-PUT-1]\n";

#[test_case("key", "titel: x\n", &["titel", "did you mean `title`?", "1:1"]; "a misspelled key of the file")]
#[test_case("operation", "steps:\n  - v2.putt: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["v2.putt", "did you mean `v2.put`?", "4:5"]; "a misspelled operation")]
#[test_case("clause", "steps:\n  - v2.put: { ip: x, at: pair.0 }\n    expect: { V2-PUTT-1: { status: 200 } }\n", &["V2-PUTT-1", "did you mean `V2-PUT-1`?"]; "a misspelled clause")]
#[test_case("expectation", "steps:\n  - v2.put: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { sttaus: 200 } }\n", &["sttaus", "did you mean `status`?"]; "a misspelled expectation")]
#[test_case("argument", "steps:\n  - v2.put: { ipp: x, at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["ipp", "did you mean `ip`?"]; "a misspelled argument")]
#[test_case("variable", "steps:\n  - v2.put: { ip: \"{{v44.0}}\", at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["v44.0", "there is no variable"]; "an unknown variable")]
#[test_case("capture", "steps:\n  - v2.put: { ip: x, at: pair.0 }\n    capture: { kept: result }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["`kept` is kept and never read"]; "a capture that nobody reads")]
#[test_case("column", "table: [{ row: a, unused: 1 }]\nsteps:\n  - v2.put: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["the column `unused` is never used"]; "a column that nobody uses")]
#[test_case("status", "steps:\n  - v2.put: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { status: ok } }\n", &["`ok` is no status"]; "a status that is none")]
#[test_case("matcher", "steps:\n  - v2.put: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { result: { length: many } } }\n", &["`length` takes a number"]; "a matcher with a wrong argument")]
#[test_case("cited", "steps:\n  - v2.get: x\n    expect: { V2-GET-1: { status: 200 } }\n", &["`V2-GET-1` is expected but not cited"]; "a clause that is not cited")]
#[test_case("two", "steps:\n  - v2.get: x\n    v2.put: { ip: x }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["a step does one thing"]; "two actions in a step")]
#[test_case("nothing", "steps:\n  - expect: { V2-PUT-1: { status: 200 } }\n", &["the step does nothing"]; "a step without action")]
#[test_case("none", "steps: []\n", &["the case has no steps"]; "no steps")]
#[test_case("capability", "needs: [v3]\nsteps:\n  - v2.put: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["there is no capability `v3`"]; "an unknown capability")]
#[test_case("zone", "steps:\n  - v2.put: { ip: x, at: pair.0 }\n    zone: other\n    expect: { V2-PUT-1: { status: 200 } }\n", &["there is no zone `other`"]; "an unknown zone")]
#[test_case("general", "steps:\n  - upsert: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["needs `generations`"]; "a general operation without generations")]
#[test_case("rows", "table: [{ row: a, x: 1 }, { row: a, x: 2 }]\nsteps:\n  - v2.put: { ip: \"{{x}}\", at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["two rows are called `a`"]; "two rows of one name")]
#[test_case("proves", "steps:\n  - holds: []\n", &["`holds` needs `proves`"]; "a check without its clause")]
fn a_fault_is_reported_with_its_place_and_what_is_right(name: &str, rest: &str, says: &[&str]) {
    let text = faults(name, &format!("{HEAD}{rest}"));
    for part in says {
        let part = part.replace("1:1", "3:1");
        assert!(text.contains(&part), "{part:?} is not in:\n{text}");
    }
}

#[test_case("not-yaml", "title: [", "this is not YAML"; "not yaml")]
#[test_case("empty", "", "the file is empty"; "an empty file")]
#[test_case("list", "- a\n", "a case is a mapping"; "a list")]
#[test_case("twice", "title: a\ntitle: b\n", "`title` is given twice"; "a key twice")]
#[test_case("alias", "title: &a x\nabout: *a\n", "anchors and tags are not used here"; "an anchor")]
fn what_is_no_case_at_all_is_said_so(name: &str, text: &str, says: &str) {
    let found = faults(name, text);
    assert!(found.contains(says), "{found}");
}

#[test]
fn all_faults_of_a_file_are_reported_at_once() {
    let text = faults(
        "many",
        "titel: x\nproves: [V2-PUT-99]\nsteps:\n  - v2.putt: {}\n    expect: { V2-PUT-1: { bodyy: 1 } }\n  - v2.get: x\n    expect: { V2-GET-1: { sttaus: 1 } }\n",
    );
    for part in ["titel", "V2-PUT-99", "v2.putt", "bodyy", "sttaus"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn a_folder_without_cases_or_that_is_not_there_is_an_error_of_its_own() {
    let folder = std::env::temp_dir().join(format!("originproof-{}-none", std::process::id()));
    assert!(matches!(
        Library::from_folder(&folder),
        Err(LibraryError::Unreadable(..))
    ));
    std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{error}"));
    let empty = Library::from_folder(&folder);
    let _ = std::fs::remove_dir_all(&folder);
    assert!(matches!(empty, Err(LibraryError::Empty(_))));
}
