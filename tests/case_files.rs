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

const TAIL: &str = "    expect: { V2-PUT-1: { status: 4xx } }\n";

#[test_case("host", "steps:\n  - request: { path: \"@127.0.0.1:9/evil\" }\n", "leaves the target", "4:22"; "another host")]
#[test_case("zone-of-others", "steps:\n  - request: { path: /zones/0f/x }\n", "`0f` is not a zone of this case", "4:22"; "another zone")]
#[test_case("slashes", "steps:\n  - request: { path: //evil/zones/x }\n", "must begin with `/zones/`", "4:22"; "two slashes")]
#[test_case("whole", "steps:\n  - request: { path: \"HTTP://evil/zones/x/y\" }\n", "leaves the target", "4:22"; "a whole url")]
#[test_case("dots", "steps:\n  - request: { path: \"/zones/{zone}/%2e%2e/0f/x\" }\n", "`.` or `..`", "4:22"; "encoded dots")]
#[test_case("fragment", "steps:\n  - request: { path: \"/zones/{zone}/x#y\" }\n", "fragment", "4:22"; "a fragment")]
#[test_case("tab", "steps:\n  - request: { path: \"/zones/{zone}/x\\ty\" }\n", "not sent as it is written", "4:22"; "a tab")]
#[test_case("whole-zone", "steps:\n  - request: { method: DELETE, path: \"/zones/{zone}\" }\n", "must begin with `/zones/`", "4:38"; "the zone as a whole")]
#[test_case("connect", "steps:\n  - request: { method: CONNECT, path: \"/zones/{zone}/x\" }\n", "`CONNECT` is not a method", "4:24"; "a tunnel")]
#[test_case("in-part", "steps:\n  - request: { path: \"@evil/{{v4.0}}\" }\n", "leaves the target", "4:22"; "another host before a variable")]
#[test_case("row", "table:\n  - { row: good, way: \"/zones/{zone}/x\" }\n  - { row: bad, way: \"/zones/{zone}/../0f/x\" }\nsteps:\n  - request: { path: \"{{way}}\" }\n", "`.` or `..`", "5:22"; "a row of the table")]
#[test_case("raw", "steps:\n  - v2.get: { raw: \"../../../0f/x\" }\n", "must be one path segment", "4:20"; "a raw address of several segments")]
#[test_case("raw-encoded", "steps:\n  - v2.delete: { raw: \"..%2F0f\" }\n", "`.` or `..`", "4:23"; "a raw address with encoded slashes")]
#[test_case("raw-query", "steps:\n  - v2.delete: { raw: \"192.0.2.1?x\" }\n", "must be one path segment", "4:23"; "a raw address with a query")]
#[test_case("raw-put", "steps:\n  - v2.put: { ip: x, path: { raw: \"a/b\" } }\n", "must be one path segment", "4:35"; "a raw address of a write")]
#[test_case("plain", "steps:\n  - v2.delete: \"..\"\n", "`.` or `..`", "4:16"; "an address of dots")]
#[test_case("nested", "steps:\n  - repeat:\n      times: 2\n      steps:\n        - parallel:\n            count: 2\n            step: { request: { path: /user } }\n", "must begin with `/zones/`", "9:38"; "within repeat and parallel")]
#[test_case("field", "steps:\n  - request: { path: \"/zones/{zone}/x\" }\n    headers: { Host: evil.example }\n", "the field `Host`", "5:16"; "a field that names another host")]
fn a_request_that_leaves_the_zones_of_its_case_is_a_fault_with_its_place(
    name: &str,
    rest: &str,
    says: &str,
    place: &str,
) {
    let text = faults(&format!("bounds-{name}"), &format!("{HEAD}{rest}{TAIL}"));
    for part in ["could leave the zones of the case", says] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    assert!(
        text.contains(&format!("case.yaml:{place}")),
        "{place} is not in:\n{text}"
    );
}

#[test_case("own", "steps:\n  - request: { path: \"/zones/{zone}/origin/cloud_regionz?page=1\" }\n"; "an unknown path of the zone")]
#[test_case("variable", "steps:\n  - request: { path: \"/zones/{{zone}}/x/{{v6.0}}\" }\n"; "variables")]
#[test_case("long", "steps:\n  - request: { path: /zones/0123456789abcdef0123456789abcdef0/x }\n"; "an id that no zone can have")]
#[test_case("cidr", "steps:\n  - v2.get: 192.0.2.0/24\n"; "an address with a slash, which is encoded")]
#[test_case("raw", "steps:\n  - v2.get: { raw: \"192.0.2.0%2F24\" }\n"; "a raw address with an encoded slash")]
fn a_request_within_the_zones_of_its_case_is_no_fault(name: &str, rest: &str) {
    let text = format!("{HEAD}{rest}{TAIL}");
    let folder = Folder::with(&format!("within-{name}"), &text);
    let library = Library::from_folder(&folder.0);
    assert!(library.is_ok(), "{library:?}");
}

#[test_case("steps:\n  - v2.put: { ip: 192.0.2.1, at: pair0 }\n", "there is no place `pair0`", "4:34"; "a misspelled place")]
#[test_case("table: [{ row: a, where: pear.0 }]\nsteps:\n  - v2.put: { ip: 192.0.2.1, at: \"{{where}}\" }\n", "there is no place `pear.0`", "3:26"; "a misspelled place in a row")]
#[test_case("steps:\n  - v2.put: { ip: 192.0.2.1, at: current }\n", "only in a `repeat`", "4:34"; "the place of a round outside of one")]
#[test_case("steps:\n  - v2.put: { ip: \"{{v4.0\", at: pair.0 }\n", "has a `{{` without its `}}`", "4:19"; "a template that is not closed")]
#[test_case("steps:\n  - v2.put: { ip: \"{{ }}\", at: pair.0 }\n", "a template without a name", "4:19"; "a template without a name")]
#[test_case("steps:\n  - v2.put: { ip: \"{{v4.0}}\", vendor: \"{{vendor}}\", region: x }\n", "`vendor` has a value only in a `repeat`", "4:39"; "the vendor of a round outside of one")]
#[test_case("steps:\n  - v2.get: \"{{kept}}\"\n  - v2.put: { ip: 192.0.2.1, at: pair.0 }\n    capture: { kept: result.origin_ip }\n", "`kept` is used before it is kept", "4:13"; "a capture used too early")]
#[test_case("steps:\n  - v2.put: { ip: 192.0.2.1, at: pair.0 }\n    capture: { kept: result.orign_ip }\n  - v2.get: \"{{kept}}\"\n", "v2.put answers without `orign_ip`", "5:22"; "a capture of what no answer has")]
#[test_case("steps:\n  - v2.put: { ip: 192.0.2.1, at: pair.0 }\n    capture: { kept: reslt.origin_ip }\n  - v2.get: \"{{kept}}\"\n", "there is no member of an answer `reslt`", "5:22"; "a capture from no member of an answer")]
#[test_case("steps:\n  - v2.list: {}\n    expect: { V2-PUT-1: { mappings: { count: three } } }\n", "`count` expects a number, found `three`", "5:46"; "a count in words")]
#[test_case("table: [{ row: a, n: 3 }, { row: b, n: many }]\nsteps:\n  - v2.list: {}\n    expect: { V2-PUT-1: { mappings: { count: \"{{n}}\" } } }\n", "`count` expects a number, found `many`", "3:40"; "a count in words in a row")]
#[test_case("given: [{ fill: some }]\nsteps:\n  - v2.list: {}\n", "`fill` expects a number, found `some`", "3:17"; "a filling in words")]
#[test_case("given: [{ ip: no-address }]\nsteps:\n  - v2.list: {}\n", "a zone can only hold mappings of IP addresses", "3:15"; "a zone with no address")]
#[test_case("steps:\n  - v2.batch_put: [{ ip: 192.0.2.1, from: first }]\n", "`from` expects a number", "4:43"; "the number of a filling in words")]
#[test_case("steps:\n  - v2.batch_put: [{ chunk: true }]\n", "`chunk` has items only in a `repeat`", "4:29"; "a chunk outside of a round")]
#[test_case("steps:\n  - v2.batch_delete: { no-body: please }\n", "`no-body` expects `true`", "4:33"; "a body that is left out by another word")]
#[test_case("steps:\n  - pages: ten\n    proves: V2-PUT-1\n", "`pages` expects a number, found `ten`", "4:12"; "pages in words")]
#[test_case("steps:\n  - v2.put: { ip: 192.0.2.1, omit: region }\n", "`omit` expects a list of members", "4:36"; "members to leave out that are no list")]
#[test_case("steps:\n  - v2.get: 192.0.2.1\n    expect: { V2-PUT-1: { mapping: { ip: 192.0.2.1, region: { one-of: [a] } } } }\n", "`region` expects a text", "5:61"; "a matcher inside a mapping")]
#[test_case("steps:\n  - v2.get: 192.0.2.1\n    expect: { V2-PUT-1: { result.regoin: x } }\n", "v2.get answers without `regoin`", "5:27"; "an expectation of what no answer has")]
#[test_case("steps:\n  - v2.list: {}\n    expect: { V2-PUT-1: { mappings: { lacks: 192.0.2.1 } } }\n", "`lacks` expects a list of addresses", "5:46"; "absent addresses that are no list")]
#[test_case("generations: [v1, v2]\nsteps:\n  - create: { ip: 192.0.2.1, at: pair.0 }\n", "v2 has no `create`", "5:5"; "an operation that a generation lacks")]
#[test_case("steps:\n  - repeat: { times: 0, steps: [{ v2.list: {} }] }\n", "`times` expects a number, found `0`", "4:22"; "a round that never comes")]
fn a_value_that_means_nothing_is_a_fault_of_the_case_with_its_place(
    rest: &str,
    says: &str,
    place: &str,
) {
    let name = format!("value-{}", says.len() * 1000 + rest.len());
    let text = faults(&name, &format!("{HEAD}{rest}"));
    assert!(text.contains(says), "{says:?} is not in:\n{text}");
    assert!(
        text.contains(&format!("case.yaml:{place}")),
        "{place} is not in:\n{text}"
    );
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
