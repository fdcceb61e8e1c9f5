//! Targets that fail, refuse requests or become unreachable while a zone is in use.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use crate::support::command::ZONE;
use crate::target::{Act, Kind, Seen, Target, changed, failure, thirty, v2_only};

const EMPTIED: [&str; 5] = [
    "--allow-empty-zone",
    "--filter",
    "^v1/create$",
    "--filter",
    "^list/empty/v2",
];

/// Returns whether this request empties the zone: a batch delete that the run itself sends.
fn empties(seen: &Seen) -> bool {
    seen.method == "DELETE" && seen.body.contains("10.0.") && seen.is_custody
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_generation_that_is_switched_off_does_not_keep_mappings_away() {
    let is_off = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&is_off);
    let target = Target::start(Kind::default(), &thirty(), move |seen, _| {
        if empties(seen) {
            switch.store(true, Ordering::SeqCst);
        }
        if seen.is_v1() && switch.load(Ordering::SeqCst) {
            return failure(400, 7003);
        }
        Act::Pass
    })
    .await;
    let ended = target.run(&EMPTIED);
    assert!(is_off.load(Ordering::SeqCst), "{}", ended.said);
    target.is_as_it_was(&ended);
    ended.with(
        ended.status.code().unwrap_or(-1),
        &["v1 is no longer routed"],
    );
    assert!(!ended.said.contains("violates"), "{}", ended.said);
    assert_eq!(target.folder.journals(), 0, "{}", ended.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_generation_that_is_switched_off_while_cases_use_it_is_accused_of_nothing() {
    // These moments fall into reads, writes, parallel requests and the cleanup between cases.
    for moment in [9, 31, 57, 83, 140] {
        let target = Target::start(Kind::default(), &thirty(), move |seen, _| {
            if seen.is_v1() && seen.number > moment {
                failure(400, 7003)
            } else {
                Act::Pass
            }
        })
        .await;
        let families = [
            "--family",
            "v1",
            "--family",
            "concurrency",
            "--family",
            "read",
        ];
        let ended = target.run(&[["--allow-existing"].as_slice(), &families].concat());
        target.is_as_it_was(&ended);
        assert!(!ended.said.contains("violates"), "{}", ended.said);
        ended.with(
            ended.status.code().unwrap_or(-1),
            &["the target stopped routing v1 while the run was under way"],
        );
    }
}

/// Refuses every write that names a region that is no longer accepted.
fn refuse(seen: &Seen, region: &str) -> Act {
    let names = seen.is_write() && seen.method != "DELETE" && seen.body.contains(region);
    if names { failure(400, 1157) } else { Act::Pass }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_mapping_that_could_not_be_written_back_is_not_taken_away() {
    let kind = Kind::default();
    let refusing = v2_only(|seen, owner| {
        if seen.number == 1 {
            owner.write(&["10.0.0.9"], "us-west1");
        }
        refuse(seen, "us-west1")
    });
    let target = Target::start(kind, &thirty(), refusing).await;
    let ended = target.run(&["--allow-empty-zone", "--clause", "V2-LIST-6"]);
    target.is_but_for(&[("10.0.0.9", Some("us-west1"))], &ended);
    ended.with(
        4,
        &[
            "refuses to write back: 10.0.0.9 gcp us-west1",
            "refused by the test",
        ],
    );
    assert_eq!(target.folder.journals(), 0, "{}", ended.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_mapping_that_is_refused_only_at_the_end_is_named_and_its_journal_stays() {
    let is_empty = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&is_empty);
    let kind = Kind::default();
    let mut held = thirty();
    held.pop();
    let refusing = v2_only(move |seen, owner| {
        if seen.number == 1 {
            owner.write(&["10.0.0.99"], "us-west1");
        }
        if empties(seen) {
            switch.store(true, Ordering::SeqCst);
        }
        if switch.load(Ordering::SeqCst) {
            return refuse(seen, "us-west1");
        }
        Act::Pass
    });
    let target = Target::start(kind, &held, refusing).await;
    let ended = target.run(&["--allow-empty-zone", "--clause", "V2-LIST-6"]);
    target.is_as_it_was(&ended);
    let journal = target.folder.path.join(format!("zone-{ZONE}.journal"));
    ended.with(
        3,
        &[
            "not back: 10.0.0.99 gcp us-west1",
            "refused by the test",
            &journal.display().to_string(),
            "originproof restore --target",
        ],
    );
    let printed = target.restore(&["--print"]);
    printed.with(0, &["curl -X PUT", "10.0.0.99", "us-west1", "\"at_stake\""]);
    let again = target.restore(&[]);
    again.with(3, &["not back: 10.0.0.99"]);
    let discarded = target.restore(&["--discard", "--zone", ZONE]);
    discarded.with(0, &["10.0.0.99", "nothing was put back"]);
    assert_eq!(target.folder.journals(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn nothing_is_taken_away_that_the_budget_could_not_put_back() {
    let held: Vec<String> = (0..900)
        .map(|n| format!("10.0.{}.{}", n / 200, n % 200 + 1))
        .collect();
    let target = Target::start(Kind::default(), &held, |seen, _| {
        assert!(!empties(seen), "{} {}", seen.method, seen.path);
        Act::Pass
    })
    .await;
    let emptied = ["--allow-empty-zone", "--clause", "V2-LIST-6"];
    let ended = target.run(&[&emptied[..], &["--max-requests", "100"]].concat());
    target.is_as_it_was(&ended);
    ended.with(
        ended.status.code().unwrap_or(-1),
        &["of --max-requests", "900 mappings"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_sick_service_is_asked_a_few_times_and_then_left_alone() {
    let (is_sick, asked) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let (sick, count) = (Arc::clone(&is_sick), Arc::clone(&asked));
    let was_sick = AtomicBool::new(false);
    let held: Vec<String> = (0..900)
        .map(|n| format!("10.0.{}.{}", n / 200, n % 200 + 1))
        .collect();
    let target = Target::start(Kind::default(), &held, move |seen, _| {
        if empties(seen) && !was_sick.swap(true, Ordering::SeqCst) {
            sick.store(true, Ordering::SeqCst);
            return Act::Pass;
        }
        if sick.load(Ordering::SeqCst) {
            count.fetch_add(1, Ordering::SeqCst);
            return Act::Instead(503, "", json!({}));
        }
        Act::Pass
    })
    .await;
    let ended = target.run(&EMPTIED);
    ended.with(3, &["could not be put back", "originproof restore"]);
    assert_eq!(target.folder.journals(), 1);
    asked.store(0, Ordering::SeqCst);
    let again = target.restore(&[]);
    again.with(3, &["could not be put back"]);
    let requests = asked.load(Ordering::SeqCst);
    assert!(requests < 40, "{requests} requests: {}", again.said);
    is_sick.store(false, Ordering::SeqCst);
    let healed = target.restore(&[]);
    healed.with(0, &["is as it was: 900 mapping(s)"]);
    target.is_as_it_was(&healed);
}

/// Checks that a zone is put back despite one obstacle.
#[test_case::test_case("a write whose answer is lost"; "a write whose answer is lost")]
#[test_case::test_case("a pause that is longer than the longest wait"; "a pause that is longer than the longest wait")]
#[test_case::test_case("a list that fails"; "a list that fails")]
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn one_obstacle_does_not_keep_mappings_away(obstacle: &'static str) {
    let (is_emptied, is_met) = (AtomicBool::new(false), AtomicUsize::new(0));
    let target = Target::start(Kind::default(), &thirty(), move |seen, _| {
        if empties(seen) {
            is_emptied.store(true, Ordering::SeqCst);
            return Act::Pass;
        }
        let is_putting_back = is_emptied.load(Ordering::SeqCst) && seen.is_custody;
        let puts = seen.is_write() && seen.body.contains("10.0.0.");
        let meets = match obstacle {
            "a list that fails" => is_putting_back && seen.is_list(),
            _ => is_putting_back && puts,
        };
        if !meets || is_met.fetch_add(1, Ordering::SeqCst) > 1 {
            return Act::Pass;
        }
        match obstacle {
            "a write whose answer is lost" => Act::LoseAnswer,
            "a list that fails" => failure(500, 1140),
            _ => Act::Instead(429, "retry-after: 2\r\n", json!({})),
        }
    })
    .await;
    let mut arguments = EMPTIED.to_vec();
    arguments.extend(["--longest-wait", "1s"]);
    let ended = target.run(&arguments);
    target.is_as_it_was(&ended);
    assert_eq!(target.folder.journals(), 0, "{}", ended.said);
    assert!(
        ended.said.contains("is as it was: 30 mappings"),
        "{}",
        ended.said
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_mapping_with_members_that_the_contract_does_not_name_is_not_taken_away() {
    let kind = Kind {
        changes: changed("unknown-members-everywhere"),
        ..Kind::default()
    };
    let target = Target::start(kind, &thirty(), |seen, _| {
        assert!(!empties(seen), "{} {}", seen.method, seen.path);
        Act::Pass
    })
    .await;
    let ended = target.run(&EMPTIED);
    target.is_as_it_was(&ended);
    assert!(
        ended
            .said
            .contains("members that the contract does not name"),
        "{}",
        ended.said
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn stores_of_their_own_are_put_back_each_by_itself_and_accused_of_nothing() {
    let kind = Kind {
        changes: changed("generations-apart"),
        ..Kind::default()
    };
    let target = Target::start(kind, &thirty(), |_, _| Act::Pass).await;
    let ended = target.run(&[
        "--allow-existing",
        "--family",
        "v1",
        "--family",
        "v2",
        "--family",
        "delete",
    ]);
    assert!(!ended.said.contains("violates"), "{}", ended.said);
    target.is_as_it_was(&ended);
    let ended = target.run(&EMPTIED);
    assert!(!ended.said.contains("violates"), "{}", ended.said);
    target.is_as_it_was(&ended);
}
