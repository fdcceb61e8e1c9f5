//! What several exchanges of a zone prove together, and what they leave open.

use serde_json::{Value, json};
use test_case::test_case;

use crate::{audited, entry, get, har, mapping, not_found, put, success};

const A: &str = "192.0.2.1";
const B: &str = "192.0.2.2";
const EAST: &str = "us-east-1";
const WEST: &str = "us-west-2";

/// Returns an entry with the first and only page of a list.
fn list(mappings: &[(&str, &str)]) -> Value {
    page(1, 20, mappings, mappings.len())
}

fn page(page: usize, per_page: usize, mappings: &[(&str, &str)], total: usize) -> Value {
    let items: Vec<Value> = mappings.iter().map(|(ip, at)| mapping(ip, at)).collect();
    let mut body = success(&json!(items));
    body["result_info"] = json!({"page": page, "per_page": per_page, "count": mappings.len(),
        "total_count": total, "total_pages": total.div_ceil(per_page)});
    let path = format!("/origin/cloud_regions?page={page}&per_page={per_page}");
    entry("GET", &path, None, 200, &body)
}

fn delete(ip: &str) -> Value {
    let path = format!("/origin/cloud_regions/{ip}");
    entry(
        "DELETE",
        &path,
        None,
        200,
        &success(&json!({"origin_ip": ip})),
    )
}

fn batch_put(succeeded: &[(&str, &str)]) -> Value {
    let items: Vec<Value> = succeeded.iter().map(|(ip, at)| mapping(ip, at)).collect();
    let answer = success(&json!({"succeeded": items, "failed": []}));
    entry(
        "PUT",
        "/origin/cloud_regions/batch",
        Some(json!(items)),
        200,
        &answer,
    )
}

fn batch_delete(succeeded: &[(&str, &str)], failed: &[&str]) -> Value {
    let sent: Vec<&str> = succeeded
        .iter()
        .map(|(ip, _)| *ip)
        .chain(failed.iter().copied())
        .collect();
    let gone: Vec<Value> = succeeded.iter().map(|(ip, at)| mapping(ip, at)).collect();
    let kept: Vec<Value> = failed
        .iter()
        .map(|ip| json!({"origin_ip": ip, "error": "not found"}))
        .collect();
    let answer = success(&json!({"succeeded": gone, "failed": kept}));
    entry(
        "DELETE",
        "/origin/cloud_regions/batch",
        Some(json!(sent)),
        200,
        &answer,
    )
}

fn v1_entries(mappings: &[(&str, &str)]) -> Value {
    let entry = |(ip, at): &(&str, &str)| json!({"origin-ip": ip, "vendor": "aws", "region": at});
    let time = if mappings.is_empty() {
        Value::Null
    } else {
        json!("2026-03-01T12:00:00Z")
    };
    let value: Vec<Value> = mappings.iter().map(entry).collect();
    success(
        &json!({"id": "origin_public_cloud_region", "editable": true, "modified_on": time, "value": value}),
    )
}

fn v1_list(mappings: &[(&str, &str)]) -> Value {
    entry(
        "GET",
        "/cache/origin_cloud_regions",
        None,
        200,
        &v1_entries(mappings),
    )
}

fn v1_upsert((ip, at): (&str, &str), list: &[(&str, &str)]) -> Value {
    let sent = json!({"ip": ip, "vendor": "aws", "region": at});
    entry(
        "PATCH",
        "/cache/origin_cloud_regions",
        Some(sent),
        200,
        &v1_entries(list),
    )
}

fn failure(status: u16, code: i64) -> (u16, Value) {
    (
        status,
        json!({"success": false, "errors": [{"code": code, "message": "x"}], "messages": [], "result": null}),
    )
}

/// Returns an entry with a refused `v2.put`.
fn refused_put(ip: &str, region: &str, status: u16, code: i64) -> Value {
    let (status, body) = failure(status, code);
    let path = format!("/origin/cloud_regions/{ip}");
    entry("PUT", &path, Some(mapping(ip, region)), status, &body)
}

fn refused_create(ip: &str, status: u16, code: i64) -> Value {
    let (status, body) = failure(status, code);
    let sent = json!({"ip": ip, "vendor": "aws", "region": EAST});
    entry(
        "POST",
        "/cache/origin_cloud_regions",
        Some(sent),
        status,
        &body,
    )
}

fn regions(vendors: &Value) -> Value {
    let answer = success(&json!({"obtained_codes": false, "vendors": vendors}));
    entry(
        "GET",
        "/origin/cloud_regions/supported_regions",
        None,
        200,
        &answer,
    )
}

fn region(name: &str) -> Value {
    json!([{"name": name, "upper_tier_colos": []}])
}

/// Sets the start of an entry, in milliseconds after noon, and its duration in milliseconds.
fn at(mut entry: Value, start: u64, lasting: f64) -> Value {
    entry["startedDateTime"] = json!(format!(
        "2026-03-01T12:00:{:02}.{:03}Z",
        start / 1_000,
        start % 1_000
    ));
    entry["time"] = json!(lasting);
    entry
}

/// Sets `modified_on` in the result of an entry, in seconds after noon.
fn modified(mut entry: Value, seconds: u64) -> Value {
    let text = entry["response"]["content"]["text"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut body: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
    body["result"]["modified_on"] = json!(format!("2026-03-01T12:00:{seconds:02}Z"));
    entry["response"]["content"]["text"] = json!(body.to_string());
    entry
}

/// Returns the broken clauses without ENV-7, which the texts of the made-up failures break.
fn broken(entries: &[Value]) -> Vec<String> {
    let mut clauses = audited(&har(entries)).0;
    clauses.retain(|clause| clause != "ENV-7");
    clauses
}

fn lost(entries: &[Value]) -> usize {
    audited(&har(entries)).1.tallies().lost
}

#[test_case(&[put(A, EAST), get(A, EAST)], &[]; "what was written is read")]
#[test_case(&[put(A, EAST), not_found("GET", A)], &["V2-PUT-1"]; "a write without effect")]
#[test_case(&[put(A, EAST), get(A, EAST), put(A, WEST), get(A, EAST)], &["V2-PUT-2"]; "an overwrite without effect")]
#[test_case(&[put(A, EAST), get(A, WEST)], &["V2-GET-1"]; "another value is read")]
#[test_case(&[put(A, EAST), get(A, WEST), list(&[(A, WEST)])], &["V2-GET-1", "V2-PUT-1"]; "another value is kept")]
#[test_case(&[put(A, EAST), not_found("GET", A), list(&[(A, EAST)])], &["V2-GET-1", "V2-PUT-1"]; "only the read was at fault")]
#[test_case(&[put(A, EAST), not_found("DELETE", A)], &["V2-DELETE-1"]; "what was written can't be deleted")]
#[test_case(&[get(A, EAST), get(A, EAST)], &[]; "reads that agree")]
#[test_case(&[get(A, EAST), get(A, WEST)], &["V2-GET-1"]; "reads that disagree")]
#[test_case(&[not_found("GET", A), get(A, EAST)], &["V2-GET-2"]; "a mapping out of nothing")]
#[test_case(&[put(A, EAST), delete(A), not_found("GET", A)], &[]; "what was deleted is gone")]
#[test_case(&[put(A, EAST), delete(A), get(A, EAST)], &["V2-DELETE-1"]; "what was deleted is still there")]
#[test_case(&[put(A, EAST), delete(A), delete(A)], &["V2-DELETE-2"]; "deleted twice")]
#[test_case(&[put(A, EAST), batch_put(&[(B, WEST)]), list(&[(A, EAST), (B, WEST)])], &[]; "a batch merges")]
#[test_case(&[put(A, EAST), batch_put(&[(B, WEST)]), list(&[(B, WEST)])], &["V2-BATCH-3"]; "a batch replaces")]
#[test_case(&[put(A, EAST), get(A, EAST), batch_put(&[(B, WEST)]), not_found("GET", A)], &["V2-BATCH-3"]; "a batch replaces what was read")]
#[test_case(&[batch_put(&[(A, EAST), (B, WEST)]), list(&[(A, EAST)])], &["V2-BATCH-1"]; "a batch drops an item")]
#[test_case(&[batch_put(&[(A, EAST), (B, WEST)]), batch_delete(&[(A, EAST)], &[]), list(&[])], &["V2-BDEL-3"]; "a batch deletes all")]
#[test_case(&[batch_put(&[(A, EAST)]), batch_delete(&[], &[A])], &["V2-BDEL-1"]; "a batch does not delete what is there")]
#[test_case(&[list(&[]), batch_delete(&[(A, EAST)], &[])], &["V2-BDEL-2"]; "a batch deletes what is not there")]
#[test_case(&[put(A, EAST), put(B, EAST), list(&[(B, EAST)])], &["V2-PUT-2"]; "a write drops another mapping")]
#[test_case(&[list(&[(A, EAST)]), list(&[])], &["V2-LIST-5"]; "lists that disagree")]
#[test_case(&[put(A, EAST), page(1, 1, &[(A, EAST)], 2), page(2, 1, &[(A, EAST)], 2)], &["V2-LIST-5"]; "a mapping on two pages")]
#[test_case(&[put(A, EAST), page(1, 1, &[(B, EAST)], 2), page(2, 2, &[], 2)], &[]; "pages of two sizes make no list")]
#[test_case(&[v1_list(&[(A, EAST)]), v1_upsert((B, EAST), &[(B, EAST)])], &["V1-UPSERT-3"]; "an upsert drops another mapping")]
#[test_case(&[v1_upsert((A, EAST), &[(A, EAST)]), v1_list(&[])], &["V1-UPSERT-1"]; "an upsert without effect")]
#[test_case(&[v1_list(&[(A, EAST)]), v1_list(&[(A, WEST)])], &["V1-LIST-3"]; "v1 lists that disagree")]
#[test_case(&[v1_list(&[]), refused_create(A, 400, 1145)], &["V1-CREATE-1"]; "what is not there exists already")]
#[test_case(&[v1_list(&[(A, EAST)]), refused_create(A, 400, 1145)], &[]; "what is there exists already")]
#[test_case(&[list(&[]), refused_put(A, EAST, 403, 1164)], &["V2-PUT-1"]; "an empty zone is full")]
#[test_case(&[regions(&json!({"aws": region(EAST)})), refused_put(A, EAST, 400, 1157)], &["REG-5"]; "a listed region is refused")]
#[test_case(&[regions(&json!({"aws": region(WEST), "gcp": region(EAST)})), put(A, EAST)], &["REG-3"]; "another vendor's region is accepted")]
#[test_case(&[regions(&json!({"aws": region(WEST)})), put(A, EAST)], &[]; "a region that is not listed yet")]
fn a_sequence_is_judged_where_the_state_is_known(entries: &[Value], clauses: &[&str]) {
    assert_eq!(broken(entries), clauses);
}

#[test_case(&[v1_list(&[]), put(A, EAST), v1_list(&[])], &["X-1"]; "v1 does not show what v2 wrote")]
#[test_case(&[put(A, EAST), get(A, EAST), v1_list(&[]), get(A, EAST)], &["X-1"]; "two stores")]
#[test_case(&[v1_upsert((A, EAST), &[(A, EAST)]), not_found("GET", A), list(&[])], &["X-1"]; "v2 does not show what v1 wrote")]
#[test_case(&[v1_upsert((A, EAST), &[(A, EAST)]), list(&[(A, EAST)]), list(&[])], &["V2-LIST-5"]; "v2 showed it before")]
fn between_the_generations_it_is_only_recommended(entries: &[Value], clauses: &[&str]) {
    assert_eq!(broken(entries), clauses);
}

#[test]
fn a_zone_that_grows_past_its_limit_is_told_by_the_write_that_does_it() {
    let ip = |n: usize| format!("192.0.{}.{}", n / 256, n % 256);
    let ips: Vec<String> = (0..3_500).map(ip).collect();
    let mut entries: Vec<Value> = ips
        .chunks(100)
        .map(|ips| {
            let items: Vec<(&str, &str)> = ips.iter().map(|ip| (ip.as_str(), EAST)).collect();
            batch_put(&items)
        })
        .collect();
    entries.push(put(&ip(7), WEST));
    assert_eq!(broken(&entries), Vec::<String>::new(), "an overwrite");
    entries.push(put("198.51.100.1", EAST));
    assert_eq!(broken(&entries), ["V2-PUT-6"]);
}

#[test_case(&[put(A, EAST), refused_put(A, WEST, 500, 1140), get(A, WEST)]; "a write that failed in the server")]
#[test_case(&[put(A, EAST), refused_put(A, WEST, 502, 0), get(A, WEST)]; "a write that an edge lost")]
#[test_case(&[
    at(put(A, EAST), 0, 50.0), at(put(A, WEST), 10, 10.0), at(get(A, EAST), 100, 1.0),
]; "two writes at a time")]
#[test_case(&[
    at(put(A, EAST), 0, 5.0), at(get(A, WEST), 10, 100.0), at(put(A, WEST), 20, 10.0), at(get(A, WEST), 200, 1.0),
]; "a read that began before a write and ended after it")]
#[test_case(&[
    at(put(A, EAST), 0, 5.0), at(put(A, WEST), 10, 100.0), at(get(A, EAST), 20, 5.0), at(get(A, EAST), 30, 5.0),
    at(get(A, WEST), 200, 1.0),
]; "reads while a write is under way")]
#[test_case(&[
    at(get(A, WEST), 200, 1.0), at(put(A, EAST), 0, 5.0), at(put(A, WEST), 10, 5.0),
]; "entries in another order than they took place")]
fn what_overlaps_or_failed_is_never_accused(entries: &[Value]) {
    assert_eq!(broken(entries), Vec::<String>::new());
}

#[test]
fn what_became_unknown_is_counted() {
    let parallel = [at(put(A, EAST), 0, 50.0), at(put(A, WEST), 10, 10.0)];
    assert_eq!(lost(&parallel), 1);
    assert_eq!(lost(&[put(A, EAST), refused_put(A, WEST, 500, 1140)]), 1);
    assert_eq!(lost(&[put(A, EAST), get(A, EAST)]), 0);
}

#[test]
fn a_start_in_whole_milliseconds_makes_no_overlap_of_what_took_a_fraction_longer() {
    let entries = [
        at(put(A, EAST), 0, 1.7),
        at(put(A, WEST), 1, 1.7),
        at(get(A, EAST), 3, 1.0),
    ];
    assert_eq!(broken(&entries), ["V2-PUT-2"]);
}

#[test]
fn a_mapping_that_was_changed_after_all_that_was_recorded_was_changed_by_others() {
    let entries = [
        modified(put(A, EAST), 1),
        modified(put(B, EAST), 2),
        modified(get(A, WEST), 30),
        not_found("GET", B),
    ];
    assert_eq!(broken(&entries), Vec::<String>::new());
    assert_eq!(lost(&entries), 1);
    let entries = [modified(put(A, EAST), 1), modified(get(A, WEST), 1)];
    assert_eq!(broken(&entries), ["V2-GET-1"], "changed by none");
}

#[test_case("/origin/cloud_regions/192.0.2.1"; "v2")]
#[test_case("/cache/origin_cloud_regions/192.0.2.1"; "v1")]
fn a_route_that_the_target_lacks_says_nothing_of_a_mapping(path: &str) {
    let (status, body) = failure(404, 7_003);
    let entries = [
        put(A, EAST),
        entry("GET", path, None, status, &body),
        get(A, EAST),
    ];
    assert_eq!(broken(&entries), Vec::<String>::new());
    assert_eq!(audited(&har(&entries)).1.tallies().unrouted, 1);
}

#[test]
fn an_answer_out_of_the_clients_own_memory_says_nothing_of_the_target() {
    let mut cached = get(A, EAST);
    cached["_fromCache"] = json!("disk");
    let entries = [put(A, EAST), put(A, WEST), cached, get(A, WEST)];
    assert_eq!(broken(&entries), Vec::<String>::new());
}

#[test]
fn a_body_that_the_recorder_cut_off_is_not_judged() {
    let mut cut = get(A, EAST);
    cut["response"]["content"] = json!({"size": 400, "text": "{\"success\": tr"});
    assert_eq!(broken(&[put(A, EAST), cut]), Vec::<String>::new());
}

#[test]
fn a_write_whose_body_was_not_recorded_leaves_what_its_answer_shows() {
    let mut bare = put(A, WEST);
    bare["request"]["postData"] = Value::Null;
    assert_eq!(
        broken(&[put(A, EAST), bare.clone(), get(A, WEST)]),
        Vec::<String>::new()
    );
    assert_eq!(
        broken(&[put(A, EAST), bare, not_found("GET", A)]),
        ["V2-PUT-2"]
    );
}

#[test_case("::ffff:192.0.2.1"; "mapped to IPv6")]
#[test_case("192.0.2.1/32"; "with a prefix length")]
fn an_address_that_may_mean_another_one_makes_both_unknown(odd: &str) {
    let path = format!("/origin/cloud_regions/{}", odd.replace('/', "%2F"));
    let item = mapping(odd, WEST);
    let write = entry("PUT", &path, Some(item.clone()), 200, &success(&item));
    let clauses = broken(&[put(A, EAST), write, get(A, WEST)]);
    assert!(
        !clauses.iter().any(|clause| clause.starts_with("V2-GET")),
        "{clauses:?}"
    );
}

#[test_case(json!([mapping(A, EAST), mapping(A, WEST)]); "twice in one batch")]
fn which_of_two_given_at_once_stays_is_open(sent: Value) {
    let answer = success(&json!({"succeeded": sent, "failed": []}));
    let batch = entry(
        "PUT",
        "/origin/cloud_regions/batch",
        Some(sent),
        200,
        &answer,
    );
    assert_eq!(broken(&[batch.clone(), get(A, WEST)]), Vec::<String>::new());
    assert_eq!(broken(&[batch, get(A, EAST)]), Vec::<String>::new());
}

#[test]
fn letter_case_and_other_members_make_no_difference() {
    let mut loud = get(A, EAST);
    let body = success(&json!({"origin_ip": A, "vendor": "AWS", "region": "US-EAST-1", "more": 1}));
    loud["response"]["content"]["text"] = json!(body.to_string());
    assert_eq!(broken(&[put(A, EAST), loud]), Vec::<String>::new());
}

/// Checks live traffic, for which it is also known whether a write is still in progress.
#[test]
fn live_traffic_is_judged_as_soon_as_no_write_is_under_way_that_could_overlap_it() {
    let recorded = |entry: Value, start: u64, lasting: f64| {
        let file = crate::Scratch::new("live.har", &har(&[at(entry, start, lasting)]));
        let mut all = Vec::new();
        originproof::audit::read(&file.0, |recorded| all.push(recorded))
            .unwrap_or_else(|error| panic!("{error}"));
        all.remove(0)
    };
    let mut auditor =
        originproof::audit::Auditor::new("live", originproof::exchange::Redactor::default());
    let first = recorded(put(A, EAST), 0, 5.0);
    let noon = first.moment.unwrap_or_default().us;
    assert!(auditor.take_live(first, None).1.is_empty());
    let wrong = recorded(get(A, WEST), 10, 5.0);
    let (own, judged) = auditor.take_live(wrong.clone(), None);
    assert_eq!(
        (own.len(), judged.len()),
        (1, 1),
        "nothing else is under way"
    );
    // The read may show a write that began 8 ms after noon.
    let (own, judged) = auditor.take_live(wrong, Some(noon + 8_000));
    assert_eq!((own.len(), judged.len()), (0, 0), "a write is under way");
    let (_, judged) = auditor.take_live(recorded(put(A, WEST), 8, 30.0), None);
    assert!(judged.is_empty(), "it was the write: {judged:?}");
}

/// Returns an entry with a refused request without a body.
fn refused(method: &str, path: &str, status: u16, code: i64) -> Value {
    let (status, body) = failure(status, code);
    entry(method, path, None, status, &body)
}

fn refused_batch(method: &str, sent: Value, code: i64) -> Value {
    let (status, body) = failure(400, code);
    entry(
        method,
        "/origin/cloud_regions/batch",
        Some(sent),
        status,
        &body,
    )
}

#[test_case(&[put(A, EAST), refused_put(A, EAST, 400, 1145)], &["V2-PUT-3"]; "a repeated write")]
#[test_case(&[put("2001:db8::1", EAST), refused("GET", "/origin/cloud_regions/2001%3adb8%3A%3A1", 400, 1146)], &["IP-3"]; "an encoded colon")]
#[test_case(&[put(A, EAST), batch_delete(&[(A, WEST)], &[])], &["V2-BDEL-5"]; "other values were deleted")]
#[test_case(&[page(1, 20, &[(A, EAST), (B, EAST)], 2), page(1, 20, &[(B, EAST), (A, EAST)], 2)], &["V2-LIST-8"]; "another order")]
#[test_case(&[refused("GET", "/origin/cloud_regions?per_page=100", 400, 1146)], &["V2-LIST-3"]; "the largest page")]
#[test_case(&[refused("GET", "/origin/cloud_regions?per_page=101", 400, 1146)], &[]; "a page that is too large")]
#[test_case(&[refused_batch("PUT", json!([mapping(A, "nowhere")]), 1157)], &["V2-BATCH-2"]; "a batch for one region")]
#[test_case(&[refused_batch("PUT", json!([mapping("192.0.2.0/24", EAST)]), 1146)], &[]; "a batch for an odd form")]
#[test_case(&[refused_batch("DELETE", json!([A, "no:such:address"]), 1146)], &["V2-BDEL-2"]; "a batch delete for what is no address")]
#[test_case(&[put("192.0.2.256", EAST)], &["IP-4", "IP-5"]; "an octet of 256 is accepted")]
fn a_refusal_or_an_answer_that_does_not_fit_is_told(entries: &[Value], clauses: &[&str]) {
    assert_eq!(broken(entries), clauses);
}
