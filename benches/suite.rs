//! What checking costs: the suite against the embedded mock, and the same requests sent again with
//! nothing looked at, in one run. Prints both times and their ratio.
//!
//! `cargo bench --bench suite`

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use originproof::case::Library;
use originproof::mock::{Mock, MockConfig, Running};
use originproof::runner::{Keep, Plan, RunConfig, Runner, Selection, Target, TargetConfig};
use originproof::transport::{Outgoing, RequestLog};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trials, and groups of bare requests, at a time.
const AT_A_TIME: usize = 16;
const ROUNDS: usize = 5;

async fn mock() -> Running {
    let mock = Mock::new(MockConfig::default());
    mock.serve(([127, 0, 0, 1], 0).into())
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The suite; returns its time and the requests that it sent.
async fn suite(plan: &Plan) -> (Duration, Vec<Outgoing>) {
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
    let target = Target::probe(config, 1)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let config = RunConfig {
        jobs: AT_A_TIME,
        seed: 1,
        keep: Keep::Findings,
    };
    let runner = Runner::new(target, config)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let summary = runner.run(plan, |_| {}).await;
    let elapsed = begun.elapsed();
    assert_eq!(
        summary.judged(),
        plan.trials.len(),
        "not all cases were judged"
    );
    running.stop().await;
    let requests = std::mem::take(
        &mut *log
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner),
    );
    (elapsed, requests)
}

/// The same requests to a mock of their own: in order within a case, cases side by side.
async fn bare(requests: &[Outgoing]) -> Duration {
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
        .for_each_concurrent(AT_A_TIME, |requests| {
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

#[tokio::main]
async fn main() {
    let library = Library::embedded().unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::select(&library, &Selection::default()).unwrap_or_else(|e| panic!("{e}"));
    let (mut with, mut without, mut count) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        let (elapsed, requests) = suite(&plan).await;
        with.push(elapsed);
        without.push(bare(&requests).await);
        count = requests.len();
    }
    with.sort();
    without.sort();
    let (with, without) = (with[ROUNDS / 2], without[ROUNDS / 2]);
    let ratio = with.as_secs_f64() / without.as_secs_f64();
    let text = format!(
        "{} cases, {count} requests: suite {:.2} s, bare requests {:.2} s, ratio {ratio:.2} (medians of {ROUNDS})\n",
        plan.trials.len(),
        with.as_secs_f64(),
        without.as_secs_f64(),
    );
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())
        .unwrap_or_else(|e| panic!("{e}"));
}
