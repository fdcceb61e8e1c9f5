//! A target with a zone in use, behind a relay in which a test decides what goes wrong.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use originproof::mock::{Change, Mock, MockConfig, Running, mutant, variation};
use serde_json::{Value, json};

use crate::support::command::{Ended, Folder, TOKEN, ZONE, end, spawn};
use crate::support::relay::{Relay, Request, Script, Wire};
use crate::support::zone;

/// The region of the owner's mappings.
pub(crate) const REGION: &str = "us-east1";

/// The parts of a request that a test can see.
pub(crate) struct Seen {
    /// The number of the request, from 1.
    pub(crate) number: usize,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: String,
    /// Whether the run sends the request itself, to take care of the zone, and not for a case.
    pub(crate) is_custody: bool,
}

impl Seen {
    fn of(request: &Request, number: usize) -> Self {
        let text = String::from_utf8_lossy(&request.bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut line = head.split(' ');
        let mut next = || line.next().unwrap_or_default().to_owned();
        Self {
            number,
            method: next(),
            path: next(),
            body: body.to_owned(),
            is_custody: head.contains("originproof-case: probe"),
        }
    }

    pub(crate) fn is_write(&self) -> bool {
        self.method != "GET"
    }

    pub(crate) fn is_v1(&self) -> bool {
        self.path.contains("/cache/origin_cloud_regions")
    }

    /// Returns whether the request reads the list of mappings.
    pub(crate) fn is_list(&self) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        self.method == "GET" && path.ends_with("cloud_regions")
    }
}

/// What the relay does with a request.
pub(crate) enum Act {
    Pass,
    /// Forwards the request and closes the connection without an answer.
    LoseAnswer,
    /// Sends this answer without forwarding the request: status, header lines and body.
    Instead(u16, &'static str, Value),
}

/// Returns a failure in the form of the API.
pub(crate) fn failure(status: u16, code: u32) -> Act {
    let error = json!({"code": code, "message": "refused by the test"});
    let body = json!({"success": false, "errors": [error], "messages": [], "result": null});
    Act::Instead(status, "", body)
}

type Decide = dyn Fn(&Seen, &Owner) -> Act + Send + Sync;

/// A relay script that counts requests and asks the test what to do with each.
pub(crate) struct Twist {
    decide: Box<Decide>,
    owner: Owner,
    count: AtomicUsize,
    lag: Option<Lag>,
}

impl Script for Twist {
    async fn serve(&self, request: Request, mut wire: Wire) -> Option<Wire> {
        let seen = Seen::of(&request, self.count.fetch_add(1, Ordering::SeqCst) + 1);
        // The owner's requests block this thread; the target that answers them runs on another one.
        let act = tokio::task::block_in_place(|| (self.decide)(&seen, &self.owner));
        match act {
            Act::Pass => {}
            Act::LoseAnswer => {
                wire.forward(&request).await.ok()?;
                return None;
            }
            Act::Instead(status, fields, body) => {
                return wire.answer(answer(status, fields, &body).as_bytes()).await;
            }
        }
        let Some(lag) = &self.lag else {
            return wire.pass(&request).await;
        };
        if let Some(body) = lag.old_answer(&seen) {
            let status = if body["success"] == json!(true) {
                200
            } else {
                404
            };
            return wire.answer(answer(status, "", &body).as_bytes()).await;
        }
        let honest = wire.forward(&request).await.ok()?;
        if seen.is_write() {
            lag.note(tokio::task::block_in_place(|| self.owner.zone()[1].clone()));
        }
        wire.answer(&honest).await
    }
}

fn answer(status: u16, fields: &str, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{fields}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A delay of reads: reads of `v2` show the zone as it was some time ago.
pub(crate) struct Lag {
    behind: Duration,
    only_lists: bool,
    past: Mutex<Vec<(Instant, zone::Mappings)>>,
}

impl Lag {
    fn note(&self, now: zone::Mappings) {
        let mut past = self.past.lock().unwrap_or_else(|e| panic!("{e}"));
        past.push((Instant::now(), now));
    }

    fn old_answer(&self, seen: &Seen) -> Option<Value> {
        let is_current = self.only_lists && !seen.is_list();
        if seen.is_write() || seen.is_v1() || is_current || seen.path.ends_with("supported_regions")
        {
            return None;
        }
        let past = self.past.lock().unwrap_or_else(|e| panic!("{e}"));
        let then = Instant::now().checked_sub(self.behind)?;
        let index = past.partition_point(|(since, _)| *since <= then);
        let (_, mappings) = past.get(index.checked_sub(1)?)?;
        let entry = |(ip, place): (&String, &String)| {
            let (vendor, region) = place.split_once(' ').unwrap_or_default();
            json!({"origin_ip": ip, "vendor": vendor, "region": region})
        };
        if seen.is_list() {
            let all: Vec<Value> = mappings.iter().map(entry).collect();
            let count = all.len();
            let pages = usize::from(count > 0);
            let per_page = if seen.path.contains("per_page=100") {
                100
            } else {
                20
            };
            let info = json!({"page": 1, "per_page": per_page, "count": count, "total_count": count, "total_pages": pages});
            let has_first = !seen.path.contains("page=2");
            let result = if has_first { all } else { Vec::new() };
            return Some(
                json!({"success": true, "errors": [], "messages": [], "result": result, "result_info": info}),
            );
        }
        let ip = seen.path.rsplit('/').next().unwrap_or_default();
        Some(match mappings.get_key_value(ip) {
            Some(found) => {
                json!({"success": true, "errors": [], "messages": [], "result": entry(found)})
            }
            None => {
                json!({"success": false, "errors": [{"code": 1142, "message": "none"}], "messages": [], "result": null})
            }
        })
    }
}

/// The owner of the zone, who writes into it independently of the run.
#[derive(Clone)]
pub(crate) struct Owner {
    pub(crate) server: SocketAddr,
}

impl Owner {
    /// Writes mappings of these addresses to a region.
    pub(crate) fn write(&self, addresses: &[&str], region: &str) {
        for chunk in addresses.chunks(100) {
            let item = |ip: &&str| json!({"origin_ip": ip, "vendor": "gcp", "region": region});
            let items: Vec<Value> = chunk.iter().map(item).collect();
            let items = Value::Array(items);
            let path = "/origin/cloud_regions/batch";
            let answer = zone::request(self.server, "PUT", path, Some(&items));
            assert_eq!(answer["result"]["failed"], json!([]), "{answer}");
        }
    }

    pub(crate) fn delete(&self, ip: &str) {
        let path = format!("/origin/cloud_regions/{ip}");
        zone::request(self.server, "DELETE", &path, None);
    }

    /// Returns the mappings of the zone as each generation shows them.
    pub(crate) fn zone(&self) -> [zone::Mappings; 2] {
        zone::read(self.server)
    }
}

/// The properties of a target.
#[derive(Default)]
pub(crate) struct Kind {
    pub(crate) changes: Vec<Change>,
    pub(crate) behind: Option<Duration>,
    /// Whether single reads show the current state even if lists lag behind.
    pub(crate) only_lists_are_behind: bool,
    pub(crate) throttle: Option<(u64, u64)>,
}

/// Wraps `decide` so that the target refuses all requests of `v1`.
pub(crate) fn v2_only(
    decide: impl Fn(&Seen, &Owner) -> Act + Send + Sync + 'static,
) -> impl Fn(&Seen, &Owner) -> Act + Send + Sync + 'static {
    move |seen, owner| {
        if seen.is_v1() {
            failure(400, 7003)
        } else {
            decide(seen, owner)
        }
    }
}

/// A target with a zone in use, behind a relay.
pub(crate) struct Target {
    pub(crate) owner: Owner,
    pub(crate) before: [zone::Mappings; 2],
    pub(crate) folder: Folder,
    pub(crate) url: String,
    _relay: Relay,
    _mock: Running,
}

/// Returns the addresses of thirty mappings of the owner; none is a documentation address.
pub(crate) fn thirty() -> Vec<String> {
    (1..=30).map(|n| format!("10.0.0.{n}")).collect()
}

impl Target {
    /// Starts a target whose zone holds mappings of these addresses; `decide` chooses what happens to each request.
    pub(crate) async fn start(
        kind: Kind,
        held: &[String],
        decide: impl Fn(&Seen, &Owner) -> Act + Send + Sync + 'static,
    ) -> Self {
        let mut config = MockConfig {
            hooks: false,
            changes: kind.changes,
            throttle: kind.throttle,
            ..MockConfig::default()
        };
        config.access.token = TOKEN.to_owned();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let mock = Mock::new(config).serve(any).await;
        let mock = mock.unwrap_or_else(|e| panic!("{e}"));
        let owner = Owner {
            server: mock.address,
        };
        let held: Vec<&str> = held.iter().map(String::as_str).collect();
        owner.write(&held, REGION);
        let before = owner.zone();
        let lag = kind.behind.map(|behind| Lag {
            behind,
            only_lists: kind.only_lists_are_behind,
            past: Mutex::new(Vec::new()),
        });
        if let Some(lag) = &lag {
            lag.past.lock().unwrap_or_else(|e| panic!("{e}")).push((
                Instant::now()
                    .checked_sub(lag.behind)
                    .unwrap_or_else(Instant::now),
                before[1].clone(),
            ));
        }
        let twist = Twist {
            decide: Box::new(decide),
            owner: owner.clone(),
            count: AtomicUsize::new(0),
            lag,
        };
        let relay = Relay::start(mock.address, Arc::new(twist));
        Self {
            owner,
            before,
            folder: Folder::new(),
            url: relay.url(),
            _relay: relay,
            _mock: mock,
        }
    }

    /// Returns the command that runs the suite on the zone.
    pub(crate) fn command(&self, more: &[&str]) -> Command {
        let mut arguments = vec!["run", "--target", &self.url, "--zone", ZONE];
        arguments.extend(["--seed", "7", "--jobs", "1"]);
        arguments.extend(more);
        self.folder.originproof(&arguments)
    }

    pub(crate) fn run(&self, more: &[&str]) -> Ended {
        end(spawn(self.command(more)))
    }

    pub(crate) fn restore(&self, more: &[&str]) -> Ended {
        let mut arguments = vec!["restore"];
        arguments.extend(more);
        end(spawn(self.folder.originproof(&arguments)))
    }

    /// Checks that the zone holds exactly what it held at the start.
    #[track_caller]
    pub(crate) fn is_as_it_was(&self, ended: &Ended) {
        assert_eq!(self.owner.zone(), self.before, "{}", ended.said);
    }

    /// Checks that the zone holds what it held at the start, except for these differences.
    #[track_caller]
    pub(crate) fn is_but_for(&self, differences: &[(&str, Option<&str>)], ended: &Ended) {
        let mut expected = self.before.clone();
        for mappings in &mut expected {
            change(mappings, differences);
        }
        assert_eq!(self.owner.zone(), expected, "{}", ended.said);
    }
}

fn change(mappings: &mut BTreeMap<String, String>, differences: &[(&str, Option<&str>)]) {
    for (ip, region) in differences {
        match region {
            Some(region) => mappings.insert((*ip).to_owned(), format!("gcp {region}")),
            None => mappings.remove(*ip),
        };
    }
}

/// Returns the changes of the mutant or variation of the mock with this name.
pub(crate) fn changed(name: &str) -> Vec<Change> {
    let mutant = mutant::by_name(name).map(|mutant| mutant.changes.as_slice());
    let changes = mutant.or_else(|| variation::by_name(name).map(|variation| variation.changes));
    let changes = changes.unwrap_or_else(|| panic!("the mock has no change called {name}"));
    changes.to_vec()
}
