//! Faulty case files: each fault is reported with its place and a correction, and all faults of a file are reported
//! at once. Also checks that no two case files of the suite are nearly the same.

use originproof::case::{Action, Library, LibraryError, Trial};
use originproof::diagnostic::SourceFile;
use originproof::mutation::try_variation;
use originproof::runner::{Plan, Selection};
use regex::Regex;
use similar::TextDiff;
use test_case::test_case;

#[path = "fuzz/case_file.rs"]
mod fuzz_input;

/// Returns the faults of a folder that contains only this case.
fn faults(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    std::fs::write(folder.path().join("case.yaml"), text).unwrap_or_else(|error| panic!("{error}"));
    match Library::from_folder(folder.path()) {
        Err(error @ LibraryError::Faulty(_)) => error.to_string(),
        other => panic!("expected faults, got {other:?}"),
    }
}

/// Checks that a case is reported as faulty for this reason at this place.
#[track_caller]
fn expect_fault(text: &str, says: &str, place: &str) {
    let text = faults(text);
    for part in [says, &format!("case.yaml:{place}")] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

/// Returns a library that consists of one file.
fn library(text: impl Into<String>) -> Result<Library, LibraryError> {
    let file = SourceFile::new("case.yaml", text);
    Library::from_sources(vec![("case".to_owned(), file)])
}

const HEAD: &str = "title: A case\nproves: [V2-PUT-1]\n";

#[test_case("titel: x\n", &["titel", "did you mean `title`?", "1:1"]; "a misspelled key of the file")]
#[test_case("steps:\n  - v2.putt: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["v2.putt", "did you mean `v2.put`?", "4:5"]; "a misspelled operation")]
#[test_case("steps:\n  - v2.put: { ip: x, at: pair.0 }\n    expect: { V2-PUTT-1: { status: 200 } }\n", &["V2-PUTT-1", "did you mean `V2-PUT-1`?"]; "a misspelled clause")]
#[test_case("steps:\n  - v2.put: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { sttaus: 200 } }\n", &["sttaus", "did you mean `status`?"]; "a misspelled expectation")]
#[test_case("steps:\n  - v2.put: { ipp: x, at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["ipp", "did you mean `ip`?"]; "a misspelled argument")]
#[test_case("steps:\n  - v2.put: { ip: \"{{v44.0}}\", at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["v44.0", "there is no variable"]; "an unknown variable")]
#[test_case("steps:\n  - v2.put: { ip: x, at: pair.0 }\n    capture: { kept: result }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["`kept` is kept and never read"]; "a capture that nobody reads")]
#[test_case("table: [{ row: a, unused: 1 }]\nsteps:\n  - v2.put: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["the column `unused` is never used"]; "a column that nobody uses")]
#[test_case("steps:\n  - v2.put: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { status: ok } }\n", &["`ok` is not a status"]; "a status that is none")]
#[test_case("steps:\n  - v2.put: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { result: { length: many } } }\n", &["`length` takes a number"]; "a matcher with a wrong argument")]
#[test_case("steps:\n  - v2.get: x\n    expect: { V2-GET-1: { status: 200 } }\n", &["`V2-GET-1` is expected but not cited"]; "a clause that is not cited")]
#[test_case("steps:\n  - v2.get: x\n    v2.put: { ip: x }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["a step does one thing"]; "two actions in a step")]
#[test_case("steps:\n  - expect: { V2-PUT-1: { status: 200 } }\n", &["the step does nothing"]; "a step without action")]
#[test_case("steps: []\n", &["the case has no steps"]; "no steps")]
#[test_case("needs: [v3]\nsteps:\n  - v2.put: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["there is no capability `v3`"]; "an unknown capability")]
#[test_case("steps:\n  - v2.put: { ip: x, at: pair.0 }\n    zone: other\n    expect: { V2-PUT-1: { status: 200 } }\n", &["there is no zone `other`"]; "an unknown zone")]
#[test_case("steps:\n  - upsert: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["needs `generations`"]; "a general operation without generations")]
#[test_case("table: [{ row: a, x: 1 }, { row: a, x: 2 }]\nsteps:\n  - v2.put: { ip: \"{{x}}\", at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", &["two rows are called `a`"]; "two rows of one name")]
#[test_case("steps:\n  - holds: []\n", &["`holds` needs `proves`"]; "a check without its clause")]
fn a_fault_is_reported_with_its_place_and_what_is_right(rest: &str, says: &[&str]) {
    let text = faults(&format!("{HEAD}{rest}"));
    for part in says {
        let part = part.replace("1:1", "3:1");
        assert!(text.contains(&part), "{part:?} is not in:\n{text}");
    }
}

const TAIL: &str = "    expect: { V2-PUT-1: { status: 4xx } }\n";

#[test_case("steps:\n  - request: { path: \"@127.0.0.1:9/evil\" }\n", "leaves the target", "4:22"; "another host")]
#[test_case("steps:\n  - request: { path: /zones/0f/x }\n", "`0f` is not a zone of this case", "4:22"; "another zone")]
#[test_case("steps:\n  - request: { path: //evil/zones/x }\n", "must begin with `/zones/`", "4:22"; "two slashes")]
#[test_case("steps:\n  - request: { path: \"HTTP://evil/zones/x/y\" }\n", "leaves the target", "4:22"; "a whole url")]
#[test_case("steps:\n  - request: { path: \"/zones/{zone}/%2e%2e/0f/x\" }\n", "`.` or `..`", "4:22"; "encoded dots")]
#[test_case("steps:\n  - request: { path: \"/zones/{zone}/x#y\" }\n", "fragment", "4:22"; "a fragment")]
#[test_case("steps:\n  - request: { path: \"/zones/{zone}/x\\ty\" }\n", "not sent as it is written", "4:22"; "a tab")]
#[test_case("steps:\n  - request: { method: DELETE, path: \"/zones/{zone}\" }\n", "must begin with `/zones/`", "4:38"; "the zone as a whole")]
#[test_case("steps:\n  - request: { method: CONNECT, path: \"/zones/{zone}/x\" }\n", "`CONNECT` is not a method", "4:24"; "a tunnel")]
#[test_case("steps:\n  - request: { path: \"@evil/{{v4.0}}\" }\n", "leaves the target", "4:22"; "another host before a variable")]
#[test_case("table:\n  - { row: good, way: \"/zones/{zone}/x\" }\n  - { row: bad, way: \"/zones/{zone}/../0f/x\" }\nsteps:\n  - request: { path: \"{{way}}\" }\n", "`.` or `..`", "5:22"; "a row of the table")]
#[test_case("steps:\n  - v2.get: { raw: \"../../../0f/x\" }\n", "must be one path segment", "4:20"; "a raw address of several segments")]
#[test_case("steps:\n  - v2.delete: { raw: \"..%2F0f\" }\n", "`.` or `..`", "4:23"; "a raw address with encoded slashes")]
#[test_case("steps:\n  - v2.delete: { raw: \"192.0.2.1?x\" }\n", "must be one path segment", "4:23"; "a raw address with a query")]
#[test_case("steps:\n  - v2.put: { ip: x, path: { raw: \"a/b\" } }\n", "must be one path segment", "4:35"; "a raw address of a write")]
#[test_case("steps:\n  - v2.delete: \"..\"\n", "`.` or `..`", "4:16"; "an address of dots")]
#[test_case("steps:\n  - repeat:\n      times: 2\n      steps:\n        - parallel:\n            count: 2\n            step: { request: { path: /user } }\n", "must begin with `/zones/`", "9:38"; "within repeat and parallel")]
#[test_case("steps:\n  - request: { path: \"/zones/{zone}/x\" }\n    headers: { Host: evil.example }\n", "the field `Host`", "5:16"; "a field that names another host")]
fn a_request_that_leaves_the_zones_of_its_case_is_a_fault_with_its_place(
    rest: &str,
    says: &str,
    place: &str,
) {
    let text = format!("{HEAD}{rest}{TAIL}");
    expect_fault(&text, "could leave the zones of the case", place);
    expect_fault(&text, says, place);
}

#[test_case("steps:\n  - request: { path: \"/zones/{zone}/origin/cloud_regionz?page=1\" }\n"; "an unknown path of the zone")]
#[test_case("steps:\n  - request: { path: \"/zones/{{zone}}/x/{{v6.0}}\" }\n"; "variables")]
#[test_case("steps:\n  - request: { path: /zones/0123456789abcdef0123456789abcdef0/x }\n"; "an id that no zone can have")]
#[test_case("steps:\n  - v2.get: 192.0.2.0/24\n"; "an address with a slash, which is encoded")]
#[test_case("steps:\n  - v2.get: { raw: \"192.0.2.0%2F24\" }\n"; "a raw address with an encoded slash")]
fn a_request_within_the_zones_of_its_case_is_no_fault(rest: &str) {
    let library = library(format!("{HEAD}{rest}{TAIL}"));
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
    expect_fault(&format!("{HEAD}{rest}"), says, place);
}

/// A table whose rows differ in the operation, the clause, the credentials and the method.
const WORDS: &str =
    "title: A case\ngenerations: \"{{generations}}\"\nproves: [\"{{clause}}\"]\ntable:\n";
const WORD_STEPS: &str = "steps:\n  - \"{{write}}\": { ip: \"{{v4.0}}\", at: pair.0 }\n    auth: \"{{auth}}\"\n    expect: { \"{{clause}}\": { status: 4xx } }\n";
const GOOD_ROW: &str =
    "  - { row: a, generations: [], write: v2.put, clause: V2-PUT-1, auth: none }\n";

#[test_case("  - { row: b, generations: [v1, v2], write: upsert, clause: Vn-BATCH-1, auth: wrong-token }\n", &["case/a", "case/v1/b", "case/v2/b"]; "operations clauses generations and credentials from columns")]
#[test_case("  - { row: b, generations: [], write: v1.create, clause: \"V1-{{auth}}-1\", auth: key }\n", &[]; "a cell that uses another column, with a faulty outcome")]
fn words_of_the_format_come_from_columns(row: &str, ids: &[&str]) {
    let text = format!("{WORDS}{GOOD_ROW}{row}{WORD_STEPS}");
    match library(text) {
        Ok(library) => {
            let trials: Vec<String> = library.trials().iter().map(Trial::id).collect();
            assert_eq!(trials, ids);
            assert_eq!(library.files().count(), 1);
        }
        Err(error) => {
            let text = error.to_string();
            assert!(ids.is_empty(), "{text}");
            assert!(text.contains("there is no clause `V1-key-1`"), "{text}");
        }
    }
}

#[test_case("  - { row: b, generations: [], write: v2.putt, clause: V2-PUT-1, auth: none }\n", "there is no step key `v2.putt`", "6:39"; "an unknown operation")]
#[test_case("  - { row: b, generations: [], write: v2.put, clause: V2-PUTT-1, auth: none }\n", "there is no clause `V2-PUTT-1`", "6:55"; "an unknown clause")]
#[test_case("  - { row: b, generations: [], write: v2.put, clause: V2-PUT-1, auth: nobody }\n", "there is no auth `nobody`", "6:71"; "an unknown word for credentials")]
#[test_case("  - { row: b, generations: [v3], write: upsert, clause: V2-PUT-1, auth: none }\n", "there is no generation `v3`", "6:29"; "an unknown generation")]
#[test_case("  - { row: b, generations: [], write: upsert, clause: V2-PUT-1, auth: none }\n", "a general operation needs `generations`", "6:39"; "a general operation without generations")]
#[test_case("  - { row: b, generations: [v2], write: create, clause: V2-PUT-1, auth: none }\n", "v2 has no `create`", "6:41"; "an operation that the generation lacks")]
#[test_case("  - { row: b, generations: [], write: [v2.put], clause: V2-PUT-1, auth: none }\n", "the column `write` stands for a part of a text", "6:39"; "a list as a key")]
#[test_case("  - { row: b, generations: [], write: auth, clause: V2-PUT-1, auth: none }\n", "`auth` is given twice", "9:5"; "a key that is there already")]
#[test_case("  - { row: b, generations: [], write: v2.put, clause: V2-PUT-1 }\n", "all rows have the same columns", "6:5"; "a row that lacks a column")]
#[test_case("  - { row: b, generations: [], write: \"{{write}}\", clause: V2-PUT-1, auth: none }\n", "there is no column `write`", "8:5"; "a cell that uses itself")]
fn a_cell_that_means_nothing_is_a_fault_with_its_place(row: &str, says: &str, place: &str) {
    expect_fault(&format!("{WORDS}{GOOD_ROW}{row}{WORD_STEPS}"), says, place);
}

#[test_case("table: [{ row: a, auth: none }]\nsteps:\n  - v2.get: x\n    auth: \"{{auht}}\"\n", "there is no column `auht`", "6:11"; "credentials from no column")]
#[test_case("table: [{ row: a, write: v2.put }]\nsteps:\n  - \"{{wriet}}\": { ip: x, at: pair.0 }\n", "there is no column `wriet`", "5:5"; "an operation from no column")]
#[test_case("steps:\n  - v2.put: { json: { \"{{v4.0}}\": 1 } }\n", "there is no column `v4.0`", "4:23"; "a key of a body from no column")]
#[test_case("about: For {{v4.0}}\nsteps:\n  - v2.put: { ip: x, at: pair.0 }\n", "there is no column `v4.0`", "3:8"; "a variable in a sentence")]
#[test_case("table: [{ row: a, method: \"GE T\" }]\nsteps:\n  - request: { method: \"{{method}}\", path: \"/zones/{zone}/x\" }\n", "`GE T` is not a method", "3:27"; "a method that is not a token")]
#[test_case("table: [[{ row: a, x: 1 }], [{ row: b, x: 2 }]]\nsteps:\n  - v2.get: \"{{x}}\"\n", "two tables have the column `x`", "3:29"; "a column of two tables")]
#[test_case("table: [[{ row: a.b, x: 1 }, { row: a, x: 2 }], [{ row: c, y: 3 }, { row: b.c, y: 4 }]]\nsteps:\n  - v2.get: \"{{x}}{{y}}\"\n", "two combinations of rows are called `a.b.c`", "3:49"; "combinations of one name")]
#[test_case("table: [[{ row: a, x: 1 }], { row: b, y: 2 }]\nsteps:\n  - v2.get: \"{{x}}\"\n", "each of several tables is a list", "3:29"; "a row beside a table")]
#[test_case("table: [{ row: a, x: none }]\nsteps:\n  - v2.put: { ip: \"{{xx}}\", at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n", "there is no variable `xx`", "5:19"; "a value from no column")]
#[test_case("steps:\n  - v2.get: \"2001:db8::{{round}}\"\n", "`round` has a value only in a `repeat`", "4:13"; "the number of a round outside of one")]
#[test_case("steps:\n  - v2.batch_put: [{ fill: 100, from: \"{{round.100}}\" }]\n", "`round.100` has a value only in a `repeat`", "4:39"; "a multiple of a round outside of one")]
#[test_case("steps:\n  - repeat: { times: 2, steps: [{ v2.get: \"{{round.ten}}\" }] }\n    expect: { V2-PUT-1: { status: 200 } }\n", "there is no variable `round.ten`", "4:43"; "a multiple in words")]
fn a_variable_that_can_not_stand_there_is_a_fault_with_its_place(
    rest: &str,
    says: &str,
    place: &str,
) {
    expect_fault(&format!("{HEAD}{rest}"), says, place);
}

#[test]
fn columns_that_would_take_all_memory_are_faults() {
    let doubled: Vec<String> = (0..30)
        .map(|n| format!("c{n}: \"{{{{c{}}}}}{{{{c{}}}}}\"", n + 1, n + 1))
        .collect();
    let wide: Vec<String> = (0..5)
        .map(|n| format!("d{n}: \"{}\"", format!("{{{{d{}}}}}", n + 1).repeat(60)))
        .collect();
    let rows: Vec<String> = (0..40).map(|n| format!("{{ row: r{n} }}")).collect();
    let rows = rows.join(", ");
    for (table, says) in [
        (
            format!(
                "[{{ row: a, {}, c30: x, x: \"{{{{c0}}}}\" }}]",
                doubled.join(", ")
            ),
            "columns use each other more than 8 deep",
        ),
        (
            format!(
                "[{{ row: a, {}, d5: x, x: \"{{{{d0}}}}\" }}]",
                wide.join(", ")
            ),
            "with its columns put in, this file is too long",
        ),
        (
            format!("[[{rows}], [{rows}], [{{ row: a, x: y }}]]"),
            "the tables have more than 1000 combinations",
        ),
        (
            format!("[{}]", vec!["{ row: a, x: y }"; 1_001].join(", ")),
            "a table has at most 1000 rows",
        ),
    ] {
        let text = faults(&format!(
            "{HEAD}table: {table}\nsteps:\n  - v2.get: \"{{{{x}}}}\"\n"
        ));
        assert!(text.contains(says), "{says:?} is not in:\n{text}");
    }
}

#[test_case("generations: [v1]\nproves: [V1-UPSERT-1, V2-PUT-1]\nsteps:\n  - upsert: { ip: x, at: pair.0 }\n    expect: { V1-UPSERT-1: { status: 4xx } }\n", "3:23"; "a clause that is cited")]
#[test_case("generations: [v2]\nproves: [V2-PUT-1]\nsteps:\n  - upsert: { ip: x, at: pair.0 }\n    expect: { V2-PUT-1: { status: 4xx }, V1-UPSERT-1: { status: 4xx } }\n", "6:42"; "a clause that is expected")]
fn a_clause_that_every_row_passes_over_is_a_fault(rest: &str, place: &str) {
    let says = "is of a generation that the case does not run for";
    expect_fault(&format!("title: A case\n{rest}"), says, place);
}

#[test]
fn a_column_can_hold_several_steps() {
    let text = "title: A case\nproves: [V2-GET-2]\ntable: [{ row: a, reads: [{ v2.get: x }, { v2.get: y }] }]\nsteps:\n  - \"{{reads}}\"\n  - v2.get: z\n    expect: { V2-GET-2: { status: 4xx } }\n";
    let library = library(text).unwrap_or_else(|error| panic!("{error}"));
    let counts: Vec<usize> = library.cases.iter().map(|case| case.steps.len()).collect();
    assert_eq!(counts, [3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_repetition_counts_its_own_rounds() {
    let text = "title: A case\nproves: [V2-GET-2]\nsteps:\n  - repeat:\n      times: 2\n      steps:\n        - repeat:\n            times: 3\n            steps: [{ v2.get: \"192.0.2.{{round}}\", expect: { V2-GET-2: { status: 404 } } }]\n        - v2.get: \"198.51.100.{{round.100}}\"\n          expect: { V2-GET-2: { status: 404 } }\n";
    let library = library(text).unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::select(&library, &Selection::default()).unwrap_or_else(|e| panic!("{e}"));
    let reports = try_variation(&[], &plan)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let addresses: Vec<&str> = reports
        .iter()
        .flat_map(|report| &report.steps)
        .filter_map(|step| step.path.rsplit('/').next())
        .collect();
    let inner = ["192.0.2.0", "192.0.2.1", "192.0.2.2"];
    let mut expected = inner.to_vec();
    expected.push("198.51.100.0");
    expected.extend(inner);
    expected.push("198.51.100.100");
    assert_eq!(addresses, expected);
}

#[test]
fn several_tables_run_in_each_combination() {
    let text = format!(
        "{HEAD}table:\n  - [{{ row: one, x: 1 }}, {{ row: two, x: 2 }}]\n  - [{{ row: a, y: \"{{{{x}}}}a\" }}, {{ row: b, y: \"{{{{x}}}}b\" }}]\nsteps:\n  - v2.get: \"{{{{y}}}}\"\n    expect: {{ V2-PUT-1: {{ status: 4xx }} }}\n"
    );
    let library = library(text).unwrap_or_else(|error| panic!("{error}"));
    let sent = |trial: &Trial| match trial.case.steps.first().map(|step| &step.action) {
        Some(Action::Call(call)) => call.argument.clone(),
        other => panic!("{other:?}"),
    };
    let trials: Vec<(String, serde_json::Value)> = library
        .trials()
        .iter()
        .map(|trial| (trial.id(), sent(trial)))
        .collect();
    let expected = [
        ("case/one.a", "1a"),
        ("case/one.b", "1b"),
        ("case/two.a", "2a"),
        ("case/two.b", "2b"),
    ];
    assert_eq!(
        trials,
        expected.map(|(id, sent)| (id.to_owned(), sent.into()))
    );
}

#[test]
fn what_a_run_finds_belongs_to_the_step_though_its_operation_is_a_column() {
    let text = format!(
        "{HEAD}table: [{{ row: a, read: v2.get }}]\nsteps:\n  - \"{{{{read}}}}\": x\n    expect: {{ V2-PUT-1: {{ status: 4xx }} }}\n"
    );
    let library = library(text).unwrap_or_else(|error| panic!("{error}"));
    let lines: Vec<usize> = library
        .cases
        .iter()
        .flat_map(|case| &case.steps)
        .map(|step| step.line)
        .collect();
    assert_eq!(lines, [5]);
}

#[test_case("title: [", "this is not YAML"; "not yaml")]
#[test_case("", "the file is empty"; "an empty file")]
#[test_case("- a\n", "a case is a mapping"; "a list")]
#[test_case("title: a\ntitle: b\n", "`title` is given twice"; "a key twice")]
#[test_case("title: &a x\nabout: *a\n", "anchors and tags are not used here"; "an anchor")]
fn what_is_no_case_at_all_is_said_so(text: &str, says: &str) {
    let found = faults(text);
    assert!(found.contains(says), "{found}");
}

#[test]
fn all_faults_of_a_file_are_reported_at_once() {
    let text = faults(
        "titel: x\nproves: [V2-PUT-99]\nsteps:\n  - v2.putt: {}\n    expect: { V2-PUT-1: { bodyy: 1 } }\n  - v2.get: x\n    expect: { V2-GET-1: { sttaus: 1 } }\n",
    );
    for part in ["titel", "V2-PUT-99", "v2.putt", "bodyy", "sttaus"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn a_folder_without_cases_or_that_is_not_there_is_an_error_of_its_own() {
    let parent = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let folder = parent.path().join("without");
    assert!(matches!(
        Library::from_folder(&folder),
        Err(LibraryError::Unreadable(..))
    ));
    std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{error}"));
    let empty = Library::from_folder(&folder);
    assert!(matches!(empty, Err(LibraryError::Empty(_))));
}

/// A valid case.
const CASE: &str = "title: t\nproves: [ENV-1]\ngenerations: [v2]\nsteps:\n  - list: {}\n    expect: { ENV-1: { status: 200 } }\n";

fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap_or_else(|error| panic!("{error}"));
    }
    folder
}

#[test_case("a.yaml"; "the usual ending")]
#[test_case("a.yml"; "the short one")]
#[test_case("a.YAML"; "in capitals")]
#[test_case("a.Yml"; "in both")]
fn a_case_file_is_read_whatever_its_ending(name: &str) {
    let folder = folder_with(&[(name, CASE), ("notes.txt", "no case")]);
    let library = Library::from_folder(folder.path()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        (library.cases[0].id.as_str(), library.passed_over.len()),
        ("a", 1)
    );
    let alone =
        Library::from_folder(&folder.path().join(name)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(alone.cases[0].id, "a");
}

#[test]
fn files_that_would_have_the_same_ids_are_refused() {
    let folder = folder_with(&[("a.yaml", CASE), ("a.yml", CASE)]);
    let error = Library::from_folder(folder.path()).err();
    assert!(matches!(error, Some(LibraryError::Twins(..))), "{error:?}");
}

#[test_case("  - repeat: { times: 999999999999, steps: [{ list: {}, expect: { ENV-1: { status: 200 } } }] }", "from 1 to 10000"; "rounds")]
#[test_case("  - parallel: { count: 99999999999, step: { list: {}, expect: { ENV-1: { status: 200 } } } }", "at most 1000"; "steps at a time")]
#[test_case("  - batch_upsert: [{ fill: 99999999999, at: pair.0 }]\n    expect: { ENV-1: { status: 200 } }", "from 0 to 10500"; "items")]
fn a_number_that_no_run_could_bear_is_refused(step: &str, says: &str) {
    let text = format!("title: t\nproves: [ENV-1]\ngenerations: [v2]\nsteps:\n{step}\n");
    let text = faults(&text);
    assert!(text.contains(says), "{text}");
}

/// The largest allowed likeness of two case files; files that are more alike should be one file with a table.
const TOO_ALIKE: f32 = 0.8;

/// Returns the lines of a case without its title. Everything that a table column can hold (operations, clauses,
/// generations, numbers) is replaced by a placeholder.
fn shape(text: &str) -> String {
    let columns = [
        (
            r"\b(v[12]\.)?(batch_)?(get|list|create|upsert|put|delete|supported_regions):",
            "OPERATION:",
        ),
        (r"\b(V[12n]-)?[A-Z]+-\d+[a-f]?\b", "CLAUSE"),
        (r"\b[vV][12n]\b", "GENERATION"),
        (r"\d+", "NUMBER"),
    ];
    let columns =
        columns.map(|(from, to)| (Regex::new(from).unwrap_or_else(|e| panic!("{e}")), to));
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("title:"));
    let text = lines.flat_map(|line| [line, "\n"]).collect();
    columns.iter().fold(text, |text: String, (from, to)| {
        from.replace_all(&text, *to).into_owned()
    })
}

/// Returns the share of lines that two cases have in common, in the same order.
fn likeness(one: &str, other: &str) -> f32 {
    TextDiff::from_lines(one, other).ratio()
}

#[test]
fn no_two_case_files_are_more_than_eighty_percent_alike() {
    let library = Library::embedded().unwrap_or_else(|error| panic!("{error}"));
    let shapes: Vec<(&str, String)> = library
        .files()
        .map(|rows| &rows[0].source)
        .map(|file| (file.path.as_str(), shape(&file.text)))
        .collect();
    assert!(shapes.len() > 100, "{} files", shapes.len());
    let mut twins = Vec::new();
    for (index, (path, one)) in shapes.iter().enumerate() {
        for (other_path, other) in &shapes[index + 1..] {
            let likeness = likeness(one, other);
            if likeness > TOO_ALIKE {
                twins.push(format!("{path} and {other_path}: {likeness:.2}"));
            }
        }
    }
    assert!(
        twins.is_empty(),
        "make one file with a table of each pair:\n{}",
        twins.join("\n")
    );
}

#[test]
fn cases_that_differ_in_the_words_of_a_column_are_found_alike() {
    let one = "title: One\nproves: [V1-UPSERT-1]\nsteps:\n  - v1.upsert: { ip: 192.0.2.1 }\n    expect: { V1-UPSERT-1: { status: 200 } }\n";
    let other = "title: Other\nproves: [V2-PUT-3]\nsteps:\n  - v2.put: { ip: 192.0.2.7 }\n    expect: { V2-PUT-3: { status: 400 } }\n";
    assert!(likeness(&shape(one), &shape(other)) > TOO_ALIKE);
    let longer = format!("{other}  - v2.list: {{}}\n  - holds: []\n    proves: V2-PUT-3\n");
    assert!(likeness(&shape(one), &shape(&longer)) < TOO_ALIKE);
}

#[test_case("v4.60"; "an address beyond those that every zone leaves free")]
#[test_case("v6.18446744073709551615"; "a number at the end of its type")]
#[test_case("fill.100000"; "a filling beyond all limits")]
fn a_variable_with_too_large_a_number_is_a_fault(variable: &str) {
    let text = faults(&format!(
        "{HEAD}steps:\n  - v2.get: \"{{{{{variable}}}}}\"\n"
    ));
    let says = format!("there is no variable `{variable}`");
    assert!(text.contains(&says), "{text}");
}

#[test]
fn of_very_many_faults_the_first_are_shown_and_the_rest_counted() {
    let steps = "  - x: y\n".repeat(300);
    let text = faults(&format!("{HEAD}steps:\n{steps}"));
    assert!(text.contains(" more faults in "), "{text}");
}

#[test]
fn the_input_of_the_fuzz_target_reads_real_and_cut_case_files() {
    for file in seeds() {
        fuzz_input::read(&file);
        let half = file.chars().take(file.chars().count() / 2);
        fuzz_input::read(&half.collect::<String>());
    }
}

/// Returns the texts of the case files about reading, as seeds.
fn seeds() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/cases/read");
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{error}"));
    let texts = entries.map(|entry| {
        let path = entry.unwrap_or_else(|error| panic!("{error}")).path();
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}"))
    });
    texts.collect()
}
