//! What the proxy finds, names and records, and what it does not accuse.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use originproof::audit::{Auditor, read};
use originproof::event::Event;
use originproof::exchange::Redactor;
use originproof::mock::{Mock, MockConfig, Running, mutant, variation};
use originproof::proxy::{
    Annotations, Ended, Proxy, ProxyConfig, RecordTo, RunningProxy, Upstream,
};
use serde_json::{Value, json};
use test_case::test_case;

use super::client::{Client, Speaks};

/// A shared buffer to write into, whose bytes can be read afterwards.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn mock(mutant: Option<&str>, variation: Option<&str>) -> Running {
    let mut config = MockConfig::default();
    if let Some(name) = mutant {
        let mutant = mutant::all().find(|mutant| mutant.name == name);
        config
            .changes
            .extend(&mutant.unwrap_or_else(|| panic!("{name}")).changes);
    }
    if let Some(name) = variation {
        let variation = variation::by_name(name);
        config
            .changes
            .extend(variation.unwrap_or_else(|| panic!("{name}")).changes);
    }
    let running = Mock::new(config).serve(([127, 0, 0, 1], 0).into()).await;
    running.unwrap_or_else(|e| panic!("{e}"))
}

async fn proxy(
    upstream: &Running,
    annotations: Annotations,
    recording: Option<Shared>,
) -> RunningProxy {
    // The upstream's URL includes the base path of the mock.
    let upstream = Upstream::parse(&upstream.base_url()).unwrap_or_else(|e| panic!("{e}"));
    let mut config = ProxyConfig::new(upstream);
    config.annotations = annotations;
    let auditor = Auditor::new("traffic", Redactor::default());
    let recording = recording.map(|shared| RecordTo::Stream(Box::new(shared)));
    let running = Proxy::new(config).serve(([127, 0, 0, 1], 0).into(), auditor, recording, |_| {});
    running.await.unwrap_or_else(|e| panic!("{e}"))
}

/// Sends writes, reads and failing requests of both generations.
async fn converse(client: &Client, base: &str) {
    let place =
        |ip: &str, region: &str| json!({"origin_ip": ip, "vendor": "aws", "region": region});
    let v1 = json!({"origin-ip": "192.0.2.7", "vendor": "aws", "region": "us-east-1"});
    let zone = format!("{base}/zones/0123456789abcdef0123456789abcdef");
    let (v2, v1_all) = (
        format!("{zone}/origin/cloud_regions"),
        format!("{zone}/cache/origin_cloud_regions"),
    );
    for (method, url, json) in [
        (
            "PUT",
            format!("{v2}/192.0.2.1"),
            Some(place("192.0.2.1", "us-east-1")),
        ),
        ("GET", format!("{v2}/192.0.2.1"), None),
        (
            "PUT",
            format!("{v2}/192.0.2.1"),
            Some(place("192.0.2.1", "eu-west-1")),
        ),
        ("GET", format!("{v2}?per_page=50"), None),
        ("POST", v1_all.clone(), Some(v1)),
        ("GET", v1_all.clone(), None),
        ("GET", format!("{v2}/192.0.2.99"), None),
        ("DELETE", format!("{v2}/192.0.2.1"), None),
        ("GET", format!("{v2}/192.0.2.1"), None),
        (
            "PUT",
            format!("{v2}/192.0.2.2"),
            Some(place("192.0.2.2", "nowhere")),
        ),
        ("GET", format!("{v2}/supported_regions"), None),
        ("GET", format!("{base}/user"), None),
    ] {
        client.api(method, url, json).await;
    }
}

/// Returns the operation, the clause and the number of occurrences of each finding.
fn found(events: &[Event]) -> Vec<(String, String, usize)> {
    let mut found = Vec::new();
    for event in events {
        if let Event::TrialFinished(trial) = event {
            let operation = trial.id.rsplit('/').next().unwrap_or_default();
            for reported in &trial.findings {
                let clause = reported.finding.clause.to_string();
                found.push((operation.to_owned(), clause, reported.times));
            }
        }
    }
    found
}

async fn stopped(running: RunningProxy) -> Ended {
    running.stop().await.unwrap_or_else(|e| panic!("{e}"))
}

#[test_case(None, None, None; "the honest mock")]
#[test_case(None, Some("compressed"), None; "gzipped answers")]
#[test_case(None, Some("chunked"), None; "chunked answers")]
#[test_case(Some("errors-null-in-success"), None, Some("ENV-2"); "a fault in each answer")]
#[test_case(Some("v2-list-without-result-info"), Some("compressed"), Some("V2-LIST-1"); "a fault in a gzipped answer")]
#[test_case(Some("put-answers-201"), Some("chunked"), Some("ENV-5"); "a wrong status")]
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_found_by_its_clause_and_found_again_in_the_recording(
    mutant: Option<&str>,
    variation: Option<&str>,
    clause: Option<&str>,
) {
    let upstream = mock(mutant, variation).await;
    let recording = Shared::default();
    let running = proxy(&upstream, Annotations::Off, Some(recording.clone())).await;
    let client = Client::new(Speaks::Http1);
    converse(&client, &running.url()).await;
    converse(&Client::new(Speaks::Http2), &running.url()).await;
    let ended = stopped(running).await;
    let live = found(&ended.events);
    assert!(ended.recording.is_ok());
    assert_eq!(live.is_empty(), clause.is_none(), "{live:?}");
    assert!(
        clause.is_none_or(|clause| live.iter().any(|(_, found, _)| found == clause)),
        "{live:?}"
    );

    let bytes = recording.bytes();
    let text = String::from_utf8_lossy(&bytes);
    assert!(
        !text.contains("mock-token") && text.contains("Bearer ***"),
        "{text}"
    );
    let har: Value = serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(har["log"]["version"], "1.2");
    let name = format!("proxy-{}-{mutant:?}-{variation:?}.har", std::process::id());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name.replace(['"', '(', ')'], ""));
    std::fs::write(&path, &bytes).unwrap_or_else(|e| panic!("{e}"));
    let mut again = Auditor::new("traffic", Redactor::default());
    let count = read(&path, |recorded| {
        again.take(recorded);
    });
    let _ = std::fs::remove_file(&path);
    assert_eq!(count.unwrap_or_else(|e| panic!("{e}")).exchanges, 24);
    again.finish();
    assert_eq!(again.tallies().foreign, 2);
    assert_eq!(found(&again.events()), live);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_annotated_answer_names_the_clause_and_is_otherwise_the_same() {
    let upstream = mock(Some("errors-null-in-success"), None).await;
    let running = proxy(&upstream, Annotations::On, None).await;
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let client = Client::new(speaks);
        let path = "/zones/0123456789abcdef0123456789abcdef/origin/cloud_regions";
        let direct = client
            .api("GET", format!("{}{path}", upstream.base_url()), None)
            .await;
        let mut annotated = client
            .api("GET", format!("{}{path}", running.url()), None)
            .await;
        assert_eq!(
            annotated.field("originproof-findings").as_deref(),
            Some("ENV-2")
        );
        annotated
            .fields
            .retain(|(name, _)| name != "originproof-findings");
        assert_eq!(annotated, direct);
        let foreign = client
            .api("GET", format!("{}/user", running.url()), None)
            .await;
        assert_eq!(foreign.field("originproof-findings"), None);
    }
    stopped(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_checking_falls_behind_traffic_goes_on_and_what_went_unchecked_is_counted() {
    let upstream = mock(Some("put-answers-201"), None).await;
    let target = Upstream::parse(&upstream.base_url()).unwrap_or_else(|e| panic!("{e}"));
    let mut config = ProxyConfig::new(target);
    config.queue = 1;
    let (found, wait) = (mpsc::channel(), mpsc::channel::<()>());
    let ((found_sender, found), (release, wait)) = (found, wait);
    let auditor = Auditor::new("traffic", Redactor::default());
    let running = Proxy::new(config).serve(([127, 0, 0, 1], 0).into(), auditor, None, move |_| {
        let _ = found_sender.send(());
        // Blocks the checker until the test drops `release`; later calls return at once.
        let _ = wait.recv();
    });
    let running = running.await.unwrap_or_else(|e| panic!("{e}"));
    let client = Client::new(Speaks::Http1);
    let url = format!(
        "{}/zones/0123456789abcdef0123456789abcdef/origin/cloud_regions",
        running.url()
    );
    let put = async |ip: &str, region: &str| {
        let json = json!({"origin_ip": ip, "vendor": "aws", "region": region});
        client.api("PUT", format!("{url}/{ip}"), Some(json)).await
    };
    put("192.0.2.1", "us-east-1").await;
    tokio::task::block_in_place(|| found.recv()).unwrap_or_else(|e| panic!("{e}"));
    // The checker is blocked: the read waits in the queue, and the nine writes, which change the mapping, go unchecked.
    client.api("GET", format!("{url}/192.0.2.1"), None).await;
    for _ in 0..9 {
        put("192.0.2.1", "eu-west-1").await;
    }
    drop(release);
    let ended = stopped(running).await;
    assert_eq!(ended.missed, 9);
    let notes = match &ended.events[0] {
        Event::RunStarted(header) => header.notes.join("\n"),
        event => panic!("{event:?}"),
    };
    assert!(notes.contains("9 more went unchecked"), "{notes}");
}
