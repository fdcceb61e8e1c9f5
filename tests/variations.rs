//! Lawful variations of the mock are not accused, and each of them really differs from the mock.

use std::fmt::Write;

use futures_util::stream::{self, StreamExt};
use originproof::case::Library;
use originproof::contract::Level;
use originproof::event::Verdict;
use originproof::mock::variation::{self, Variation};
use originproof::mock::{Change, Mock, MockConfig};
use originproof::mutation::try_variation;
use originproof::runner::{Plan, Selection};

async fn accusations(variation: &Variation, plan: &Plan) -> Vec<String> {
    let reports = try_variation(variation.changes, plan)
        .await
        .unwrap_or_else(|error| panic!("{}: {error}", variation.name));
    let mut accusations = Vec::new();
    for report in reports {
        if matches!(report.verdict, Verdict::Inconclusive | Verdict::Broken) {
            accusations.push(format!(
                "{}: {} {:?}",
                variation.name, report.id, report.reason
            ));
        }
        for reported in &report.findings {
            let finding = &reported.finding;
            let is_excused = finding.level != Level::Must
                && variation.deviates.contains(&finding.clause.as_str());
            if !is_excused {
                accusations.push(format!("{}: {}: {finding}", variation.name, report.id));
            }
        }
    }
    accusations
}

/// Variations that affect the subjects of the slow cases: the limit, parallel writes, every region. With the other
/// variations, the slow cases would only repeat what the quick ones show.
const ON_SLOW_CASES: [&str; 9] = [
    "surplus-items-fail",
    "batch-at-the-limit-is-409",
    "no-overwriting-at-the-limit",
    "other-regions",
    "generations-apart",
    "throttled-now-and-then",
    "documented-code-among-others",
    "many-choices-at-once",
    "all-at-once",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_lawful_variation_is_accused() {
    let library = Library::embedded().unwrap_or_else(|error| panic!("{error}"));
    let whole = Plan::select(&library, &Selection::default()).unwrap_or_else(|e| panic!("{e}"));
    let mut quick = whole.clone();
    quick
        .trials
        .retain(|(_, trial)| !trial.case.tags.iter().any(|tag| tag == "slow"));
    for name in ON_SLOW_CASES {
        assert!(
            variation::by_name(name).is_some(),
            "there is no variation {name}"
        );
    }
    let all: Vec<Vec<String>> = stream::iter(variation::all())
        .map(|variation| {
            let is_whole = ON_SLOW_CASES.contains(&variation.name);
            accusations(variation, if is_whole { &whole } else { &quick })
        })
        .buffered(2)
        .collect()
        .await;
    let all = all.concat();
    assert!(
        all.is_empty(),
        "{} accusations:\n{}",
        all.len(),
        all.join("\n")
    );
}

/// Returns the mock's answers to a fixed series of requests as one text.
async fn answers(changes: &[Change]) -> String {
    let config = MockConfig {
        changes: changes.to_vec(),
        ..MockConfig::default()
    };
    let running = Mock::new(config)
        .serve(([127, 0, 0, 1], 0).into())
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let base = running.base_url();
    let zone = format!("{base}/zones/0123456789abcdef0123456789abcdef");
    let (v1, v2) = (
        format!("{zone}/cache/origin_cloud_regions"),
        format!("{zone}/origin/cloud_regions"),
    );
    let regions = ["us-east-1", "Atlantis-North-1", "eastus", "us-central1"];
    let item = |name: &str, ip: &str, region: &str| {
        format!(r#"{{"{name}":"{ip}","vendor":"aws","region":"{region}"}}"#)
    };
    let many = |from: usize, count: usize| -> String {
        let items: Vec<String> = (from..from + count)
            .map(|n| item("origin_ip", &format!("2001:db8:9::{n:x}"), "us-east-1"))
            .collect();
        format!("[{}]", items.join(","))
    };
    let mut requests: Vec<(&str, String, String)> = vec![
        ("GET", format!("{base}/__conformance"), String::new()),
        ("GET", v2.clone(), String::new()),
        ("GET", v1.clone(), String::new()),
        ("GET", format!("{v2}/supported_regions"), String::new()),
        ("GET", format!("{v2}/192.0.2.1"), String::new()),
        ("DELETE", format!("{v1}/192.0.2.1"), String::new()),
        ("PUT", format!("{v2}/batch"), "[]".to_owned()),
        ("PUT", format!("{v2}/batch"), many(0, 101)),
        (
            "PUT",
            format!("{v2}/::ffff:192.0.2.9"),
            item("origin_ip", "::ffff:192.0.2.9", "us-east-1"),
        ),
        (
            "PUT",
            format!("{v2}/192.0.2.7"),
            item("origin_ip", "192.0.2.7", "US-EAST-1"),
        ),
        (
            "PUT",
            format!("{v2}/2001:db8::1"),
            item("origin_ip", "2001:DB8::1", "us-east-1"),
        ),
        (
            "PUT",
            format!("{v2}/batch"),
            format!("[{0},{0}]", item("origin_ip", "192.0.2.5", "us-east-1")),
        ),
        (
            "PUT",
            format!("{v2}/batch"),
            format!("[{}]", item("origin_ip", "no address", "us-east-1")),
        ),
        (
            "PUT",
            format!("{v2}/batch"),
            format!("[{}]", item("origin_ip", "[2001:db8::3]", "us-east-1")),
        ),
        ("POST", v1.clone(), item("ip", "no address", "nowhere")),
        ("GET", format!("{v2}?page=0"), String::new()),
        ("GET", format!("{v2}?page=9"), String::new()),
    ];
    for region in regions {
        requests.push(("PATCH", v1.clone(), item("ip", "192.0.2.1", region)));
    }
    for ip in ["192.0.2.4", "192.0.2.2", "192.0.2.3"] {
        requests.push(("PATCH", v1.clone(), item("ip", ip, "us-east-1")));
    }
    requests.push(("GET", v1.clone(), String::new()));
    // Fills the zone exactly to the limit, first in hundreds, then one by one: a batch that passes the limit may be
    // refused as a whole.
    for n in 0..34 {
        requests.push(("PUT", format!("{v2}/batch"), many(n * 100, 100)));
    }
    requests.extend((3_400..3_501).map(|n| ("PUT", format!("{v2}/batch"), many(n, 1))));
    requests.push(("PUT", format!("{v2}/batch"), many(0, 1)));
    requests.push(("GET", format!("{v2}?per_page=3"), String::new()));
    requests.extend((0..60).map(|_| ("GET", format!("{v1}/192.0.2.1"), String::new())));
    // Sets up TLS for the process, which the plain client below also needs.
    let _ = originproof::transport::Client::new(
        originproof::transport::Limits::default(),
        &originproof::transport::Network::default(),
        &originproof::transport::Pace::default(),
    );
    let client = reqwest::Client::new();
    let mut text = String::new();
    for (method, url, body) in requests {
        let method = method.parse().unwrap_or(reqwest::Method::GET);
        let mut request = client
            .request(method, &url)
            .header("authorization", "Bearer mock-token")
            .header("accept-encoding", "gzip")
            .body(body);
        if url.ends_with("/192.0.2.1") {
            request = request.header("conformance-fault", "internal-error");
        }
        let answer = request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let names = [
            "content-type",
            "content-length",
            "connection",
            "transfer-encoding",
            "content-encoding",
        ];
        let _ = write!(text, "{}", answer.status());
        for name in names {
            let _ = write!(text, " {:?}", answer.headers().get(name));
        }
        text.push_str(&answer.text().await.unwrap_or_default());
        text.push('\n');
    }
    let refused = client
        .get(&v2)
        .send()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let _ = write!(text, "{}", refused.status());
    running.stop().await;
    masked(&text)
}

/// Replaces everything in the text that differs between requests: dates, times and lengths become placeholders.
fn masked(text: &str) -> String {
    let regex =
        |pattern: &str| regex::Regex::new(pattern).unwrap_or_else(|error| panic!("{error}"));
    let dates = regex(r"\d{4}-\d\d-\d\d").replace_all(text, "DATE");
    let times = regex(r"\d\d:\d\d:\d\d(\.\d{1,6})?").replace_all(&dates, "TIME");
    let lengths = regex(r#"Some\("\d+"\)"#).replace_all(&times, "LENGTH");
    lengths.into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_variation_answers_otherwise_than_the_honest_mock() {
    let honest = answers(&[]).await;
    for variation in variation::all() {
        // A delay changes no answer, so the test checks the delay itself.
        if variation.name == "slow" {
            let mut wire = originproof::mock::Wire::default();
            for change in variation.changes {
                if let Change::Wire(set) = change {
                    set(&mut wire);
                }
            }
            assert!(!wire.delay.is_zero());
            continue;
        }
        let varied = answers(variation.changes).await;
        assert!(
            varied != honest,
            "{} varies nothing that the probe sees",
            variation.name
        );
    }
}
