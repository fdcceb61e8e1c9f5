//! Compares the vendor's API description, rebuilt from the facts of the contract, with the contract. The unchanged
//! description does not differ. Each single change is reported with its kind, whom it breaks, and its place on both
//! sides.

use originproof::drift::{Breaks, Description, Drift, DriftError, Ignored, compare, proposal};
use serde_json::{Map, Value, json};
use test_case::test_case;

use Breaks::{Both, Clients, Neither, Servers};

#[path = "drift/change.rs"]
mod change;
#[path = "drift/command.rs"]
mod command;
#[path = "drift/spelling.rs"]
mod spelling;

const EXCERPT: &str = include_str!("drift/openapi.json");

fn excerpt() -> Value {
    serde_json::from_str(EXCERPT).unwrap_or_else(|error| panic!("{error}"))
}

fn compared(text: &str) -> Result<Drift, DriftError> {
    compare(&Description::read(text.as_bytes())?)
}

#[track_caller]
fn drift(document: &Value) -> Drift {
    compared(&document.to_string()).unwrap_or_else(|error| panic!("{error}"))
}

fn listed(drift: &Drift) -> Vec<String> {
    let rows = drift.differences.iter();
    rows.map(|row| format!("{:?} {} [{}] {}", row.breaks, row.key(), row.part, row.what))
        .collect()
}

#[test]
fn the_description_as_it_was_does_not_differ() {
    assert_eq!(listed(&drift(&excerpt())), Vec::<String>::new());
}

/// Edits of values at JSON Pointers.
trait Edit {
    fn set(&mut self, at: &str, value: Value);
    fn remove(&mut self, at: &str) -> Value;
    fn push(&mut self, at: &str, value: Value);
}

impl Edit for Value {
    #[track_caller]
    fn set(&mut self, at: &str, value: Value) {
        let (parent, name) = at.rsplit_once('/').unwrap_or_default();
        let name = name.replace("~1", "/");
        match self.pointer_mut(parent) {
            Some(Value::Object(members)) => {
                members.insert(name, value);
            }
            Some(Value::Array(items)) => {
                let index: usize = name.parse().unwrap_or_else(|_| panic!("{at}"));
                items[index] = value;
            }
            _ => panic!("nothing at {parent}"),
        }
    }

    #[track_caller]
    fn remove(&mut self, at: &str) -> Value {
        let (parent, name) = at.rsplit_once('/').unwrap_or_default();
        let name = name.replace("~1", "/");
        let removed = match self.pointer_mut(parent) {
            Some(Value::Object(members)) => members.remove(&name),
            Some(Value::Array(items)) => name.parse().ok().map(|index: usize| items.remove(index)),
            _ => None,
        };
        removed.unwrap_or_else(|| panic!("nothing at {at}"))
    }

    #[track_caller]
    fn push(&mut self, at: &str, value: Value) {
        match self.pointer_mut(at) {
            Some(Value::Array(items)) => items.push(value),
            _ => panic!("no list at {at}"),
        }
    }
}

/// Checks that each faulty text is reported as faulty, and not as free of drift.
#[test_case("", "the document is empty"; "an empty file")]
#[test_case(" \n\t", "the document is empty"; "a blank file")]
#[test_case("{\"openapi\": \"3.0.3\", \"paths\": {", "line 1, column"; "a file that is cut off")]
#[test_case("{\"openapi\": \"3.0.3\",\n \"paths\": {},}", "line 2, column"; "a comma too many")]
#[test_case("[]", "an object at #"; "a list")]
#[test_case("<!DOCTYPE html><html></html>", "an object at #"; "a page")]
#[test_case("{}", "#/openapi: expected a version 3.0 or 3.1, found none"; "an object of something else")]
#[test_case("{\"swagger\": \"2.0\", \"paths\": {}}", "found none"; "a description in Swagger 2")]
#[test_case("{\"openapi\": \"4.0.0\"}", "found \"4.0.0\""; "a version to come")]
#[test_case("openapi: 3.0\npaths: {}\n", "found 3.0"; "a version that is a number")]
#[test_case("{\"openapi\": \"3.0.3\", \"paths\": []}", "an object at #/paths"; "paths that are a list")]
#[test_case("openapi: 3.0.3\npaths: []\n", "an object at #/paths"; "paths that are a list in YAML")]
#[test_case("{\"openapi\": \"3.0.3\", \"components\": {\"schemas\": 1}}", "an object at #/components/schemas"; "schemas that are a number")]
#[test_case("{\"openapi\": \"3.0.3\", \"paths\": {\"/a\": {}, \"/a\": {}}}", "#/paths/~1a is given twice"; "a path twice")]
#[test_case("{\"openapi\": \"3.0.3\", \"paths\": {}}", "none of our operations is among its 0 paths"; "no paths")]
#[test_case("{\"openapi\": \"3.0.3\"}", "none of our operations"; "no paths at all")]
#[test_case("openapi: 3.0.3\npaths: {\n", "line 3, column"; "YAML that is cut off")]
#[test_case("openapi: 3.0.3\n paths: {}\n", "line 2, column"; "YAML that is badly indented")]
#[test_case("openapi: 3.0.3\n---\nopenapi: 3.0.3\n", "second document"; "two YAML documents")]
#[test_case("base: &b {}\nopenapi: 3.0.3\n<<: *b\n", "merge keys"; "a merge key in YAML")]
#[test_case("openapi: 3.0.3\npaths: *none\n", "line 2, column"; "an alias of nothing")]
fn a_text_that_is_no_description_is_told_with_its_place(text: &str, says: &str) {
    let error = compared(text).map(|drift| listed(&drift)).err();
    let error = error.unwrap_or_else(|| panic!("{text:?} was taken"));
    assert!(
        error.to_string().contains(says),
        "{says:?} is not in {error}"
    );
}

const V2: &str = "/paths/~1zones~1{zone_id}~1origin~1cloud_regions";
const ENTRY: &str = "/components/schemas/ocr_v2_entry";

#[test_case(|d| d.set(&format!("{V2}/get/parameters/0/$ref"), json!("#/components/parameters/gone")), "/get/parameters/0: the reference `#/components/parameters/gone` leads nowhere"; "a parameter that is not there")]
#[test_case(|d| { d.remove("/components/schemas/ocr_v2_entry"); }, "the reference `#/components/schemas/ocr_v2_entry` leads nowhere"; "a schema that is not there")]
#[test_case(|d| d.set("/components/schemas/ocr_v2_list/items", json!({"$ref": "entry.yaml#/entry"})), "the reference `entry.yaml#/entry` leads out of the document"; "a schema in another file")]
#[test_case(|d| d.set("/components/parameters/ocr_page", json!({"$ref": "#/components/parameters/ocr_page"})), "go round"; "a parameter that is itself")]
#[test_case(|d| d.set("/components/schemas/ocr_v2_list", json!(7)), "#/components/schemas/ocr_v2_list: expected a schema"; "a schema that is a number")]
#[test_case(|d| d.set(V2, json!([])), "expected a path item"; "a path that is a list")]
#[test_case(|d| d.set(&format!("{V2}/get"), json!("none")), "expected an operation"; "an operation that is a text")]
#[test_case(|d| d.set(&format!("{V2}/get/responses/200"), json!(true)), "expected an object"; "a response that is a boolean")]
#[test_case(|d| { d.remove("/components/securitySchemes/api_key"); }, "`api_key` leads nowhere"; "a scheme that is not there")]
#[test_case(branching, "take more than"; "a schema that branches without end")]
#[test_case(|d| d.set(ENTRY, nested(200)), "nested less deeply"; "a schema two hundred levels deep")]
fn a_part_that_we_need_and_cannot_read_is_no_drift_and_no_success(
    change: fn(&mut Value),
    says: &str,
) {
    let mut document = excerpt();
    change(&mut document);
    let error = compared(&document.to_string())
        .map(|drift| listed(&drift))
        .err();
    let error = error.unwrap_or_else(|| panic!("it was taken"));
    assert!(error.is_faulty_document());
    assert!(
        error.to_string().contains(says),
        "{says:?} is not in {error}"
    );
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(
        json!({}),
        |inner, _| json!({"type": "array", "items": inner}),
    )
}

/// Adds a chain of schemas, each of which includes the next one twice.
fn branching(document: &mut Value) {
    for level in 0..40 {
        let next = json!({"$ref": format!("#/components/schemas/twice_{}", level + 1)});
        let both = json!({"allOf": [next.clone(), next]});
        document.set(&format!("/components/schemas/twice_{level}"), both);
    }
    document.set("/components/schemas/twice_40", json!({"type": "object"}));
    document.set(ENTRY, json!({"$ref": "#/components/schemas/twice_0"}));
}

#[test]
fn bytes_that_are_no_utf_8_are_told_with_their_place() {
    for (bytes, byte) in [
        (b"{\"a\": \"\xff\"}".as_slice(), 7),
        (b"\xff{".as_slice(), 0),
    ] {
        let error = Description::read(bytes)
            .err()
            .map(|error| error.to_string());
        assert_eq!(error, Some(format!("byte {byte} is not UTF-8")));
    }
}

#[test]
fn what_no_operation_of_ours_needs_may_be_broken() {
    let mut document = excerpt();
    document.set("/components/schemas/foreign", json!({"$ref": "#/nowhere"}));
    document.set(
        "/paths/~1foreign",
        json!({"get": nested(100), "parameters": 7}),
    );
    assert_eq!(listed(&drift(&document)), Vec::<String>::new());
}

/// Checks a description as large as the vendor's: operations of other products are never read.
#[test]
fn a_description_of_ten_megabytes_is_read_for_its_operations() {
    let mut foreign = String::new();
    for index in 0..6_000 {
        let members: Map<String, Value> = (0..24)
            .map(|member| {
                (
                    format!("member_{member}"),
                    json!({"type": "string", "description": "A member of another product's body."}),
                )
            })
            .collect();
        let schema = json!({"type": "object", "properties": members});
        let item = json!({"post": {"operationId": format!("foreign-{index}"), "requestBody": {"content": {"application/json": {"schema": schema}}},
            "responses": {"200": {"$ref": "#/components/responses/nowhere"}}}});
        foreign.extend([format!(
            "\"/accounts/{{account_id}}/foreign_{index}\": {item},"
        )]);
    }
    let text = EXCERPT.replacen("\"paths\": {", &format!("\"paths\": {{{foreign}"), 1);
    assert!(text.len() > 10 * 1024 * 1024, "{}", text.len());
    let unchanged = compared(&text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(listed(&unchanged), Vec::<String>::new());
    let changed = text.replace("\"maxItems\": 100", "\"maxItems\": 200");
    let drift = compared(&changed).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(drift.count(Servers), drift.differences.len());
    assert!(drift.is_breaking());
}

#[test]
fn the_proposal_follows_what_schema_files_can_follow() {
    let mut document = excerpt();
    document.set(
        "/components/schemas/ocr_v2_batch_request/maxItems",
        json!(200),
    );
    document.set(
        &format!("{ENTRY}/properties/note"),
        json!({"type": "string", "maxLength": 64}),
    );
    document.push(&format!("{ENTRY}/required"), json!("note"));
    document.remove(&format!("{V2}~1batch/delete"));
    let proposal = proposal(&drift(&document));
    assert_eq!(proposal.left, 1, "{}", proposal.patch);
    for part in [
        "--- a/schemas/request/v2-batch.json\n+++ b/schemas/request/v2-batch.json\n",
        "-  \"maxItems\": 100,\n+  \"maxItems\": 200,\n",
        "+++ b/schemas/result/v2-entry.json\n",
        "+    \"note\"\n",
        "+    },\n+    \"note\": {\n+      \"type\": \"string\",\n+      \"maxLength\": 64\n     }\n",
    ] {
        assert!(
            proposal.patch.contains(part),
            "{part:?} is not in\n{}",
            proposal.patch
        );
    }
}

#[test]
fn known_differences_are_left_out_and_a_line_that_fits_none_is_told() {
    let mut document = excerpt();
    document.set(
        "/components/schemas/ocr_v2_batch_request/maxItems",
        json!(200),
    );
    let mut drift = drift(&document);
    let key = drift.differences[0].key();
    let ignored = Ignored::parse(&format!("# raised in spring\n  {key}\n"));
    assert_eq!(ignored.take_out(&mut drift).ok(), Some(1));
    assert!(!drift.is_breaking());
    let fault = ignored
        .take_out(&mut drift)
        .err()
        .map(|fault| fault.to_string());
    assert_eq!(fault, Some(format!("line 2: no difference is `{key}`")));
}
