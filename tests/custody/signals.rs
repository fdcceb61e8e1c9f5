//! Signals while a zone is in use.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::command::{end, signal, spawn};
use crate::target::{Act, Kind, Target, thirty};

/// Sends signals to a run that is emptying its zone, and checks that the run puts everything back.
async fn struck(names: &'static [&'static str]) {
    let has_come = Arc::new(AtomicBool::new(false));
    let come = Arc::clone(&has_come);
    let target = Target::start(Kind::default(), &thirty(), move |seen, _| {
        if seen.method == "DELETE" && seen.path.ends_with("/batch") && seen.is_custody {
            come.store(true, Ordering::SeqCst);
        }
        Act::Pass
    })
    .await;
    let run = spawn(target.command(&["--allow-empty-zone"]));
    while !has_come.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    for name in names {
        signal(name, run.id());
    }
    let ended = end(run);
    ended.with(130, &["is as it was: 30 mappings"]);
    target.is_as_it_was(&ended);
    assert_eq!(target.folder.journals(), 0, "{}", ended.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn signals_that_arrive_together_are_one() {
    struck(&["TERM", "TERM", "INT", "TERM"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_closed_terminal_leaves_no_trace() {
    struck(&["HUP"]).await;
}
