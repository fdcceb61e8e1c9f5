//! Measures the cost of checking. Runs the suite against the embedded mock, then sends the same requests again
//! without checking the answers. Does the same for walks of `explore`. Prints the times and their ratios.
//!
//! `cargo bench --bench suite`

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use originproof::case::Library;
use originproof::explore::{Explorer, Limits};
use originproof::mock::{Mock, MockConfig, Running};
use originproof::runner::{Keep, Plan, RunConfig, Runner, Selection, Target, TargetConfig};
use originproof::transport::{Outgoing, RequestLog};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The number of trials, or of groups of bare requests, that run in parallel.
const AT_A_TIME: usize = 16;
const ROUNDS: usize = 5;
/// The number of requests that the walks send.
const WALKED: usize = 1_000;

async fn mock() -> Running {
    let mock = Mock::new(MockConfig::default());
    mock.serve(([127, 0, 0, 1], 0).into())
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Runs the suite; returns its time and the requests that it sent.
async fn suite(plan: &Plan) -> (Duration, Vec<Outgoing>) {
    measured(async |runner| {
        let summary = runner.run(plan, |_| {}).await;
        let judged = summary.judged();
        assert_eq!(judged, plan.trials.len(), "not all cases were judged");
    })
    .await
}

/// Runs walks of `explore`; returns their time and the requests that they sent.
async fn walks(seed: u64) -> (Duration, Vec<Outgoing>) {
    measured(async |runner| {
        let limits = Limits {
            requests: WALKED,
            time: None,
            clients: 4,
            only: None,
            stop_at: None,
            cases: None,
            zones_from: 0,
        };
        let explored = Explorer::new(&runner, seed, limits).run(|_| {}).await;
        assert!(explored.stories.is_empty(), "the mock was accused");
    })
    .await
}

/// Runs `work` against a new mock; returns its time and the requests that it sent.
async fn measured(work: impl AsyncFnOnce(Runner)) -> (Duration, Vec<Outgoing>) {
    let running = mock().await;
    let access = MockConfig::default().access;
    let log = RequestLog::default();
    let begun = Instant::now();
    let config = TargetConfig {
        base_url: running.base_url(),
        credentials: access.into(),
        request_log: Some(log.clone()),
        ..TargetConfig::default()
    };
    let target = Target::probe(config, 1).await;
    let target = target.unwrap_or_else(|error| panic!("{error}"));
    let config = RunConfig {
        jobs: AT_A_TIME,
        seed: 1,
        keep: Keep::Findings,
    };
    let runner = Runner::new(target, config).await;
    work(runner.unwrap_or_else(|error| panic!("{error}"))).await;
    let elapsed = begun.elapsed();
    running.stop().await;
    let mut requests = log.lock().unwrap_or_else(PoisonError::into_inner);
    (elapsed, std::mem::take(&mut *requests))
}

/// Sends the requests to a new mock without checking the answers, and returns the time. The requests of a case are sent
/// in order; `at_a_time` cases run in parallel.
async fn bare(requests: &[Outgoing], at_a_time: usize) -> Duration {
    let running = mock().await;
    let mut by_case: BTreeMap<String, Vec<Outgoing>> = BTreeMap::new();
    for request in requests {
        let mut request = request.clone();
        let path = request.url.splitn(4, '/').nth(3).unwrap_or_default();
        request.url = format!("http://{}/{path}", running.address);
        let case = request
            .headers
            .get("originproof-case")
            .unwrap_or_default()
            .to_owned();
        by_case.entry(case).or_default().push(request);
    }
    let client = reqwest::Client::builder()
        .tcp_nodelay(true)
        .build()
        .unwrap_or_else(|error| panic!("{error}"));
    let begun = Instant::now();
    stream::iter(by_case.into_values())
        .for_each_concurrent(at_a_time, |requests| {
            let client = client.clone();
            async move {
                let task = tokio::spawn(async move {
                    for request in requests {
                        send(&client, request).await;
                    }
                });
                task.await.unwrap_or_else(|error| panic!("{error}"));
            }
        })
        .await;
    let elapsed = begun.elapsed();
    running.stop().await;
    elapsed
}

async fn send(client: &reqwest::Client, request: Outgoing) {
    let method = request.method.parse().unwrap_or(reqwest::Method::GET);
    let mut builder = client.request(method, &request.url);
    for (name, value) in &request.headers.0 {
        builder = builder.header(name, value);
    }
    if let Some(body) = request.body {
        builder = builder.body(body);
    }
    let answer = builder
        .send()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    answer
        .bytes()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Returns the median times with and without checking, and the number of requests in the last round.
async fn medians(
    at_a_time: usize,
    mut with: impl AsyncFnMut(u64) -> (Duration, Vec<Outgoing>),
) -> (Duration, Duration, usize) {
    let (mut looked, mut unlooked, mut count) = (Vec::new(), Vec::new(), 0);
    for round in 1..=ROUNDS {
        let (elapsed, requests) = with(u64::try_from(round).unwrap_or(1)).await;
        looked.push(elapsed);
        unlooked.push(bare(&requests, at_a_time).await);
        count = requests.len();
    }
    looked.sort();
    unlooked.sort();
    (looked[ROUNDS / 2], unlooked[ROUNDS / 2], count)
}

fn say(what: &str, (with, without, count): (Duration, Duration, usize)) {
    let ratio = with.as_secs_f64() / without.as_secs_f64();
    let text = format!(
        "{what}: {count} requests in {:.2} s, bare requests {:.2} s, ratio {ratio:.2} (medians of {ROUNDS})\n",
        with.as_secs_f64(),
        without.as_secs_f64(),
    );
    let written = std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes());
    written.unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::main]
async fn main() {
    let library = Library::embedded().unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::select(&library, &Selection::default()).unwrap_or_else(|e| panic!("{e}"));
    let name = format!("suite of {} cases", plan.trials.len());
    say(
        &name,
        medians(AT_A_TIME, async |_| suite(&plan).await).await,
    );
    say("walks", medians(1, walks).await);
}
