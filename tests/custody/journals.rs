//! Journals that a killed run left behind, and whatever else is found in their place.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::command::{Folder, ZONE, end, signal, spawn};
use crate::target::{Act, Kind, Target, failure, thirty};

/// Returns a target whose zone was emptied by a run that was then killed.
async fn killed() -> Target {
    let is_emptied = std::sync::Arc::new(AtomicBool::new(false));
    let (emptied, is_dead) = (
        std::sync::Arc::clone(&is_emptied),
        std::sync::Arc::new(AtomicBool::new(false)),
    );
    let dead = std::sync::Arc::clone(&is_dead);
    let target = Target::start(Kind::default(), &thirty(), move |seen, _| {
        if seen.method == "DELETE" && seen.path.ends_with("/batch") && seen.is_custody {
            emptied.store(true, Ordering::SeqCst);
            return Act::Pass;
        }
        // The run cannot continue before it is killed.
        if emptied.load(Ordering::SeqCst) && !dead.load(Ordering::SeqCst) {
            return failure(503, 1140);
        }
        Act::Pass
    })
    .await;
    let patient = [
        "--allow-empty-zone",
        "--clause",
        "V2-LIST-6",
        "--patience",
        "10m",
    ];
    let run = spawn(target.command(&patient));
    while !is_emptied.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    signal("KILL", run.id());
    end(run);
    is_dead.store(true, Ordering::SeqCst);
    assert_eq!(target.folder.journals(), 1);
    target
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn what_the_owner_repaired_by_hand_is_not_reverted() {
    let target = killed().await;
    target
        .owner
        .write(&["10.0.0.1", "10.0.0.2", "10.0.0.3"], "us-west1");
    let ended = target.restore(&[]);
    let repaired = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map(|ip| (ip, Some("us-west1")));
    target.is_but_for(&repaired, &ended);
    ended.with(0, &["10.0.0.2 was gcp us-east1 and is gcp us-west1 now"]);
    assert_eq!(target.folder.journals(), 0, "{}", ended.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn an_unreadable_journal_is_named_and_does_not_block_the_others() {
    let target = killed().await;
    let broken = target.folder.path.join("zone-0.journal");
    fs::write(&broken, b"\0\0\0 not a journal").unwrap_or_else(|e| panic!("{e}"));
    let ended = target.restore(&["--zone", ZONE]);
    ended.with(0, &["is as it was: 30 mapping(s)", "zone-0.journal"]);
    target.is_as_it_was(&ended);
    target
        .restore(&[])
        .with(2, &["zone-0.journal can't be read as a journal"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_torn_tail_does_not_keep_mappings_away() {
    let target = killed().await;
    let journal = target.folder.path.join(format!("zone-{ZONE}.journal"));
    let mut bytes = fs::read(&journal).unwrap_or_else(|e| panic!("{e}"));
    bytes.extend(b"deadbeef {\"intent\":{\"th\xff\xfe\0\0\0\0");
    fs::write(&journal, bytes).unwrap_or_else(|e| panic!("{e}"));
    let ended = target.restore(&[]);
    ended.with(0, &["is as it was: 30 mapping(s)"]);
    target.is_as_it_was(&ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_link_in_the_place_of_a_journal_is_refused_and_its_victim_untouched() {
    let target = Target::start(Kind::default(), &[], |_, _| Act::Pass).await;
    let (folder, elsewhere) = (&target.folder.path, Folder::new());
    let victim = elsewhere.path.join("victim");
    fs::write(&victim, "precious").unwrap_or_else(|e| panic!("{e}"));
    for name in [
        format!("zone-{ZONE}.journal"),
        format!("zone-{ZONE}.journal-begun"),
    ] {
        let _ = symlink(&victim, folder.join(name));
    }
    target
        .run(&["--filter", "^v1/create$"])
        .with(2, &["symbolic link"]);
    assert!(fs::read(&victim).is_ok_and(|text| text == b"precious"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn journals_are_for_their_owner_alone() {
    let target = Target::start(Kind::default(), &thirty(), |seen, _| {
        if seen.is_write() && !seen.is_custody {
            failure(503, 1140)
        } else {
            Act::Pass
        }
    })
    .await;
    let state = target.folder.path.join("state");
    let mut command = target.command(&["--allow-existing", "--filter", "^v1/create$"]);
    command.env("ORIGINPROOF_STATE_DIR", &state);
    end(spawn(command));
    let mode =
        |path: &std::path::Path| fs::metadata(path).map(|about| about.permissions().mode() & 0o777);
    assert!(mode(&state).is_ok_and(|mode| mode == 0o700));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn credentials_go_to_the_address_in_a_journal_only_if_they_wrote_it() {
    let target = killed().await;
    let mut command = target.folder.originproof(&["restore"]);
    command.env("CLOUDFLARE_API_TOKEN", "another-token-of-somebody");
    let ended = end(spawn(command));
    ended.with(
        2,
        &[
            "not written with these credentials",
            "originproof restore --target",
        ],
    );
    assert_eq!(target.folder.journals(), 1);
    let named = target.restore(&["--target", &target.url]);
    named.with(0, &["is as it was: 30 mapping(s)"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_run_that_only_reads_and_a_plan_write_nothing_and_need_no_leave() {
    let target = Target::start(Kind::default(), &thirty(), |seen, _| {
        assert!(!seen.is_write(), "{} {}", seen.method, seen.path);
        Act::Pass
    })
    .await;
    let ended = target.run(&["--read-only"]);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.said);
    let plan = target.run(&["--plan", "--allow-empty-zone"]);
    plan.with(
        0,
        &[
            "writes: at most",
            "2001:db8::/32",
            "30 mapping(s) would be written again",
        ],
    );
    let plan = target.run(&["--plan", "--allow-existing"]);
    plan.with(0, &["30 mapping(s) would not be touched"]);
    let left = fs::read_dir(&target.folder.path).map(Iterator::count);
    assert!(left.is_ok_and(|count| count == 0), "{}", plan.said);
}
