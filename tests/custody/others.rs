//! Other writers in the zone: its owner, by hand or by a program, or a run on another machine.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::command::{Folder, ZONE, end, spawn};
use crate::target::{Act, Kind, Seen, Target, changed, thirty};

/// Counts the writes of cases in `count`, and returns whether this request is the write with this number.
fn is_write_of_a_case(seen: &Seen, count: &AtomicUsize, number: usize) -> bool {
    seen.is_write() && !seen.is_custody && count.fetch_add(1, Ordering::SeqCst) + 1 == number
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn what_the_owner_changes_during_the_run_is_kept_and_named() {
    let writes = AtomicUsize::new(0);
    let target = Target::start(Kind::default(), &thirty(), move |seen, owner| {
        if is_write_of_a_case(seen, &writes, 1) {
            owner.write(&["10.0.0.5"], "us-west1");
        }
        Act::Pass
    })
    .await;
    let ended = target.run(&[
        "--allow-empty-zone",
        "--filter",
        "^list/v2-",
        "--filter",
        "^v2/put",
    ]);
    target.is_but_for(&[("10.0.0.5", Some("us-west1"))], &ended);
    ended.with(
        ended.status.code().unwrap_or(-1),
        &["10.0.0.5", "us-west1", "the run never wrote it"],
    );
    assert!(!ended.said.contains("violates"), "{}", ended.said);
    assert!(!ended.said.contains("is as it was"), "{}", ended.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn what_the_owner_deletes_during_the_run_stays_deleted_and_is_named() {
    let writes = AtomicUsize::new(0);
    let target = Target::start(Kind::default(), &thirty(), move |seen, owner| {
        if is_write_of_a_case(seen, &writes, 2) {
            owner.delete("10.0.0.7");
        }
        Act::Pass
    })
    .await;
    let ended = target.run(&["--allow-existing", "--family", "v2", "--family", "delete"]);
    target.is_but_for(&[("10.0.0.7", None)], &ended);
    ended.with(
        ended.status.code().unwrap_or(-1),
        &["10.0.0.7 gcp us-east1", "the target lost it"],
    );
    assert!(!ended.said.contains("violates"), "{}", ended.said);
    assert!(!ended.said.contains("is as it was"), "{}", ended.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn what_a_target_claims_is_not_taken_for_what_the_run_did() {
    let writes = AtomicUsize::new(0);
    let target = Target::start(Kind::default(), &thirty(), move |seen, owner| {
        if is_write_of_a_case(seen, &writes, 1) {
            owner.write(&["8.8.8.8"], "us-west1");
            owner.write(&["10.0.0.3"], "us-west1");
        }
        let is_batch = seen.is_write() && seen.path.ends_with("/origin/cloud_regions/batch");
        if is_batch && seen.method == "PUT" && !seen.is_custody {
            let sent: Vec<Value> = serde_json::from_str(&seen.body).unwrap_or_default();
            let all = &owner.zone()[1];
            let entry = |(ip, place): (&String, &String)| {
                let (vendor, region) = place.split_once(' ').unwrap_or_default();
                json!({"origin_ip": ip, "vendor": vendor, "region": region})
            };
            let mut succeeded: Vec<Value> = all.iter().map(entry).collect();
            succeeded.extend(sent);
            let result = json!({"succeeded": succeeded, "failed": []});
            return Act::Instead(
                200,
                "",
                json!({"success": true, "errors": [], "messages": [], "result": result}),
            );
        }
        Act::Pass
    })
    .await;
    let ended = target.run(&[
        "--allow-existing",
        "--filter",
        "^batch/merges/v2",
        "--filter",
        "^v2/put",
    ]);
    target.is_but_for(
        &[
            ("8.8.8.8", Some("us-west1")),
            ("10.0.0.3", Some("us-west1")),
        ],
        &ended,
    );
    assert!(ended.said.contains("8.8.8.8"), "{}", ended.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn an_edit_between_the_survey_and_making_room_keeps_the_zone_from_being_emptied() {
    let lists = AtomicUsize::new(0);
    let target = Target::start(Kind::default(), &thirty(), move |seen, owner| {
        // The fifth list request comes after both generations were found and surveyed.
        if seen.is_list() && seen.is_custody && lists.fetch_add(1, Ordering::SeqCst) == 4 {
            owner.write(&["10.0.0.5"], "us-west1");
        }
        Act::Pass
    })
    .await;
    let ended = target.run(&["--allow-empty-zone", "--clause", "V2-LIST-6"]);
    target.is_but_for(&[("10.0.0.5", Some("us-west1"))], &ended);
    assert!(
        ended.said.contains("somebody else writes in it"),
        "{}",
        ended.said
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_faulty_target_that_loses_mappings_is_found_out_and_they_are_written_again() {
    let kind = Kind {
        changes: changed("v2-batch-replaces-the-collection"),
        ..Kind::default()
    };
    let target = Target::start(kind, &thirty(), |_, _| Act::Pass).await;
    let ended = target.run(&["--allow-existing", "--filter", "^batch/merges"]);
    ended.with(1, &["V2-BATCH-3"]);
    target.is_as_it_was(&ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn two_runs_of_one_user_never_work_on_one_zone_whatever_they_call_it() {
    let has_come = std::sync::Arc::new(AtomicBool::new(false));
    let (come, go) = (
        std::sync::Arc::clone(&has_come),
        std::sync::Arc::new(AtomicBool::new(false)),
    );
    let may_go = std::sync::Arc::clone(&go);
    let target = Target::start(Kind::default(), &[], move |seen, _| {
        if seen.is_write() {
            come.store(true, Ordering::SeqCst);
            while !may_go.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
        }
        Act::Pass
    })
    .await;
    let first = spawn(target.command(&["--filter", "^v1/create$"]));
    while !has_come.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    let elsewhere = Folder::new();
    let url = target.url.replace("127.0.0.1", "localhost");
    let zone = ZONE.to_uppercase();
    for (url, zone) in [
        (target.url.as_str(), ZONE),
        (url.as_str(), ZONE),
        (target.url.as_str(), zone.as_str()),
    ] {
        let arguments = [
            "run",
            "--target",
            url,
            "--zone",
            zone,
            "--filter",
            "^v1/create$",
        ];
        let mut command = target.folder.originproof(&arguments);
        command.env("ORIGINPROOF_STATE_DIR", &elsewhere.path);
        end(spawn(command)).with(2, &["another run is at work on zone"]);
    }
    go.store(true, Ordering::SeqCst);
    let ended = end(first);
    ended.with(0, &["1 conforms"]);
    target.is_as_it_was(&ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_zone_in_two_letter_cases_is_one_zone() {
    let target = Target::start(Kind::default(), &[], |_, _| Act::Pass).await;
    let ended = target.run(&["--zone", &ZONE.to_uppercase()]);
    ended.with(2, &["was given twice"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_run_on_another_machine_is_noticed_and_nothing_is_left_behind() {
    let target = Target::start(Kind::default(), &thirty(), |_, _| Act::Pass).await;
    let elsewhere = Folder::new();
    let arguments = ["--allow-existing", "--family", "ip", "--family", "v2"];
    let first = spawn(target.command(&arguments));
    // The second run has its own home folder, as on another machine.
    let mut second = vec![
        "run",
        "--target",
        &target.url,
        "--zone",
        ZONE,
        "--seed",
        "99",
        "--jobs",
        "1",
    ];
    second.extend(arguments);
    let second = spawn(elsewhere.originproof(&second));
    let (first, second) = (end(first), end(second));
    let both = format!("{}\n---\n{}", first.said, second.said);
    assert!(both.contains("somebody else writes"), "{both}");
    assert!(!both.contains("violates"), "{both}");
    let now = target.owner.zone();
    assert_eq!(now, target.before, "{}\n---\n{}", first.said, second.said);
}
