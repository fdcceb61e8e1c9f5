//! Targets whose reads lag behind their writes, or are wrong at first.

use std::time::Duration;

use crate::target::{Act, Kind, Target, failure, thirty, v2_only};

/// Arguments that select the case whose clause needs an empty zone, on a target without `v1`.
const EMPTY: [&str; 3] = ["--allow-empty-zone", "--clause", "V2-LIST-6"];

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_replica_that_still_shows_what_was_deleted_is_no_proof_that_it_is_there() {
    let kind = Kind {
        behind: Some(Duration::from_millis(1_500)),
        ..Kind::default()
    };
    let target = Target::start(kind, &thirty(), v2_only(|_, _| Act::Pass)).await;
    let ended = target.run(&[&EMPTY[..], &["--settle", "3s"]].concat());
    target.is_as_it_was(&ended);
    ended.with(0, &["is as it was: 30 mappings", "new modified_on"]);
    assert_eq!(target.folder.journals(), 0, "{}", ended.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn mappings_come_back_also_where_nobody_said_that_reads_are_behind() {
    let kind = Kind {
        behind: Some(Duration::from_millis(700)),
        ..Kind::default()
    };
    let target = Target::start(kind, &thirty(), v2_only(|_, _| Act::Pass)).await;
    let ended = target.run(&EMPTY);
    target.is_as_it_was(&ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_list_that_shows_nothing_at_first_costs_no_mapping() {
    let mut held: Vec<String> = (10..60).map(|n| format!("192.0.2.{n}")).collect();
    held.extend((1..=30).map(|n| format!("2001:db8:a::{n:x}")));
    let kind = Kind::default();
    let blind = v2_only(|seen, _| {
        if seen.is_list() && seen.number < 40 {
            let info = serde_json::json!({"page": 1, "per_page": 100, "count": 0, "total_count": 0, "total_pages": 0});
            let body = serde_json::json!({"success": true, "errors": [], "messages": [], "result": [], "result_info": info});
            return Act::Instead(200, "", body);
        }
        Act::Pass
    });
    let target = Target::start(kind, &held, blind).await;
    let ended = target.run(&["--family", "delete", "--family", "ip"]);
    target.is_as_it_was(&ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_single_read_that_fails_leaves_an_address_alone() {
    let target = Target::start(Kind::default(), &[], |seen, _| {
        let is_single = seen.method == "GET" && !seen.is_list() && seen.is_custody;
        if is_single {
            failure(503, 1140)
        } else {
            Act::Pass
        }
    })
    .await;
    let ended = target.run(&["--filter", "^v1/create$"]);
    target.is_as_it_was(&ended);
    assert_eq!(target.folder.journals(), 0, "{}", ended.said);
}
