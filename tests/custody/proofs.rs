//! What a run proves before it empties a zone, and what it waits for before the zone counts as put back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::command::ZONE;
use crate::support::zone;
use crate::target::{Act, Kind, Owner, Seen, Target, changed, failure, thirty, v2_only};

const EMPTIED: [&str; 5] = [
    "--allow-empty-zone",
    "--clause",
    "V2-LIST-6",
    "--clause",
    "V2-DELETE-3",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_zone_that_seems_full_after_it_was_emptied_is_not_emptied_twice() {
    let kind = Kind {
        behind: Some(Duration::from_secs(4)),
        only_lists_are_behind: true,
        ..Kind::default()
    };
    let target = Target::start(kind, &thirty(), v2_only(|_, _| Act::Pass)).await;
    let ended = target.run(&EMPTIED);
    target.is_as_it_was(&ended);
    ended.with(
        4,
        &["the target still shows mappings that it says it deleted"],
    );
}

/// Answers a single read of `v2` with the mapping and an additional `comment` member.
fn commented(seen: &Seen, owner: &Owner) -> Act {
    let is_single = seen.method == "GET" && seen.path.contains("/cloud_regions/10.0.0.");
    if !is_single {
        return Act::Pass;
    }
    let path = seen.path.split_once(ZONE).map_or("", |(_, path)| path);
    let mut answer = zone::request(owner.server, "GET", path, None);
    answer["result"]["comment"] = json!("the old data centre");
    Act::Instead(200, "", answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn members_that_only_single_reads_show_keep_a_mapping_where_it_is() {
    let target = Target::start(Kind::default(), &thirty(), v2_only(commented)).await;
    let ended = target.run(&EMPTIED);
    target.is_as_it_was(&ended);
    ended.with(4, &["writing back may drop members", "comment"]);
    assert!(!ended.said.contains("modified_on"), "{}", ended.said);
}

/// Refuses a region for new mappings only.
fn refuse_new(seen: &Seen, owner: &Owner) -> Act {
    let is_put = seen.method == "PUT" && seen.body.contains("us-east1");
    if !is_put {
        return Act::Pass;
    }
    let body: Value = serde_json::from_str(&seen.body).unwrap_or_default();
    let items = body.as_array().cloned().unwrap_or_else(|| vec![body]);
    let held = &owner.zone()[1];
    let is_new = |item: &Value| !held.contains_key(item["origin_ip"].as_str().unwrap_or_default());
    if items.iter().any(is_new) {
        failure(400, 1157)
    } else {
        Act::Pass
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_value_that_is_accepted_only_where_it_is_is_not_taken_away() {
    let target = Target::start(Kind::default(), &thirty(), v2_only(refuse_new)).await;
    let ended = target.run(&EMPTIED);
    target.is_as_it_was(&ended);
    ended.with(4, &["refuses to write back: 10.0.0.1 gcp us-east1"]);
    assert_eq!(target.folder.journals(), 0, "{}", ended.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_batch_that_replaces_the_collection_costs_no_mapping() {
    let kind = Kind {
        changes: changed("v2-batch-replaces-the-collection"),
        ..Kind::default()
    };
    let held: Vec<String> = (1..=130).map(|n| format!("10.0.0.{n}")).collect();
    let target = Target::start(kind, &[], v2_only(|_, _| Act::Pass)).await;
    // The owner writes the mappings one by one, since a batch would replace the earlier ones.
    for ip in &held {
        let path = format!("/origin/cloud_regions/{ip}");
        let body = json!({"origin_ip": ip, "vendor": "gcp", "region": "us-east1"});
        zone::request(target.owner.server, "PUT", &path, Some(&body));
    }
    let before = target.owner.zone();
    let ended = target.run(&EMPTIED);
    assert_eq!(target.owner.zone(), before, "{}", ended.said);
    assert_eq!(before[1].len(), held.len());
    ended.with(4, &["mappings vanished when others were written"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_deletion_that_takes_effect_after_its_answer_was_lost_is_waited_for() {
    let pending: Arc<std::sync::Mutex<Option<std::time::Instant>>> = Arc::default();
    let is_done = Arc::new(AtomicBool::new(false));
    let (due, done) = (Arc::clone(&pending), Arc::clone(&is_done));
    let target = Target::start(
        Kind::default(),
        &thirty(),
        v2_only(move |seen, owner| {
            let mut due = due.lock().unwrap_or_else(|e| panic!("{e}"));
            // The delayed deletion takes effect with the first request after its due time.
            if due.is_some_and(|at| at <= std::time::Instant::now()) {
                *due = None;
                for n in 1..=30 {
                    owner.delete(&format!("10.0.0.{n}"));
                }
                done.store(true, Ordering::SeqCst);
            }
            let empties = seen.method == "DELETE" && seen.body.contains("10.0.0.30");
            if empties && due.is_none() && !done.load(Ordering::SeqCst) {
                *due = Some(std::time::Instant::now() + Duration::from_secs(4));
            }
            if empties {
                return Act::Instead(504, "", json!({}));
            }
            Act::Pass
        }),
    )
    .await;
    let ended = target.run(&EMPTIED);
    assert!(is_done.load(Ordering::SeqCst), "{}", ended.said);
    target.is_as_it_was(&ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_policy_that_would_take_hours_does_not_keep_a_zone_empty() {
    let target = Target::start(
        Kind::default(),
        &thirty(),
        v2_only(|seen, owner| {
            if !seen.is_list() {
                return Act::Pass;
            }
            let path = seen.path.split_once(ZONE).map_or("", |(_, path)| path);
            let answer = zone::request(owner.server, "GET", path, None);
            Act::Instead(200, "ratelimit-policy: \"daily\";q=900;w=86400\r\n", answer)
        }),
    )
    .await;
    let ended = target.run(&EMPTIED);
    target.is_as_it_was(&ended);
    assert_eq!(target.folder.journals(), 0, "{}", ended.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn what_a_journal_says_of_another_target_is_not_done_to_this_one() {
    let changes = || Kind {
        changes: changed("v2-delete-without-effect"),
        ..Kind::default()
    };
    let no_batch = |seen: &Seen, _: &Owner| {
        if seen.method == "DELETE" {
            failure(400, 1142)
        } else {
            Act::Pass
        }
    };
    let first = Target::start(changes(), &[], v2_only(no_batch)).await;
    first
        .run(&["--filter", "^v2/put-creates"])
        .with(1, &["V2-DELETE-1"]);
    let left: Vec<String> = first.owner.zone()[1].keys().cloned().collect();
    assert!(!left.is_empty());
    // Another server, whose zone holds the same mappings.
    let mut second = Target::start(Kind::default(), &left, |_, _| Act::Pass).await;
    second.folder = first.folder;
    let ended = second.run(&["--allow-existing", "--filter", "^v2/put-creates"]);
    second.is_as_it_was(&ended);
    assert_eq!(second.folder.journals(), 1, "{}", ended.said);
}
