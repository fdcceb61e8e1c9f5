//! `originproof run --plan`: shows what a run would do.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::PoisonError;
use std::time::Duration;

use originproof::case::Trial;
use originproof::contract::{Contract, address, request_items};
use originproof::exchange::Generation;
use originproof::mock::{Mock, MockConfig};
use originproof::runner::custody::requests_to_empty;
use originproof::runner::{Keep, Plan, RunConfig, Runner, Target, TargetConfig};
use originproof::transport::{Outgoing, Rate, RequestLog};

use super::exit::Failure;
use super::json::Forecast;

/// The address ranges that are reserved for documentation (RFC 5737, RFC 3849).
const DOCUMENTATION: [&str; 4] = [
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "2001:db8::/32",
];

/// Returns what a run would do.
///
/// # Errors
/// Fails if the embedded mock, on which requests are counted, cannot be started.
pub(crate) async fn forecast(
    runner: &Runner,
    plan: &Plan,
    rates: &[Rate],
) -> Result<Forecast, Failure> {
    let target = runner.target();
    let (mut will_run, mut skipped) = (plan.clone(), BTreeMap::<String, Vec<String>>::new());
    will_run
        .trials
        .retain(|(_, trial)| match runner.obstacle(trial) {
            None => true,
            Some(reason) => {
                skipped.entry(reason).or_default().push(trial.id());
                false
            }
        });
    let trials = will_run.trials.iter().map(|(_, trial)| trial);
    let emptying: BTreeSet<String> = trials
        .filter(|trial| runner.empties_a_zone_for(trial))
        .map(Trial::id)
        .collect();
    let zones = runner.zones_with_mappings();
    let care = (runner.zones_in_care() > 0).then(|| {
        let most = zones.iter().map(|(_, count)| *count).max();
        Care {
            // A list of an emptied zone has one page.
            mappings: most.filter(|_| emptying.is_empty()).unwrap_or(0),
        }
    });
    let counted = count(&will_run, care, &emptying).await?;
    let taken = if emptying.is_empty() {
        &[][..]
    } else {
        &zones[..]
    };
    let emptied: usize = taken
        .iter()
        .map(|(_, count)| requests_to_empty(*count))
        .sum();
    let emptied = u64::try_from(emptied).unwrap_or(u64::MAX);
    let requests = counted.requests.saturating_add(emptied);
    let least = |requests: u64| {
        let times = rates.iter().map(|rate| rate.least_time(requests));
        times.max().unwrap_or(Duration::ZERO)
    };
    let mut fates = Vec::new();
    for (zone, count) in taken {
        fates.push(format!(
            "zone {zone}: its {count} mapping(s) would be written again with their own values, taken away for {} case(s) and \
             written back, which takes about {} requests{}; for these, {emptied} requests are kept back",
            emptying.len(),
            counted.emptied + emptied,
            in_time(least(counted.emptied + emptied)),
        ));
    }
    for (zone, count) in zones.iter().filter(|_| taken.is_empty()) {
        fates.push(format!(
            "zone {zone}: its {count} mapping(s) would not be touched"
        ));
    }
    let capabilities = target.capabilities.iter();
    Ok(Forecast {
        target: target.base_url.clone(),
        capabilities: capabilities
            .map(|(name, source)| (name.clone(), source.to_string()))
            .collect(),
        notes: target.notes.clone(),
        will_run: will_run
            .trials
            .iter()
            .map(|(_, trial)| trial.id())
            .collect(),
        skipped,
        writes: counted.writes(),
        zones: fates,
        requests,
        effort: None,
        twice_the_effort: None,
        pacing: rates.iter().map(ToString::to_string).collect(),
        least_seconds: least(requests).as_secs(),
    })
}

impl Forecast {
    /// Returns the forecast as text for people.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("target: {}\ncapabilities:\n", self.target);
        for (name, source) in &self.capabilities {
            let _ = writeln!(text, "  {name:<18} {source}");
        }
        for note in &self.notes {
            let _ = writeln!(text, "note: {note}");
        }
        let skipped: usize = self.skipped.values().map(Vec::len).sum();
        let (will_run, all) = (self.will_run.len(), self.will_run.len() + skipped);
        let _ = writeln!(text, "\n{will_run} of {all} cases will run:");
        for id in &self.will_run {
            let _ = writeln!(text, "  {id}");
        }
        for (reason, ids) in &self.skipped {
            let _ = writeln!(text, "\n{} will not run, {reason}:", ids.len());
            for id in ids {
                let _ = writeln!(text, "  {id}");
            }
        }
        let _ = writeln!(text, "\nwrites: {}", self.writes);
        for zone in &self.zones {
            let _ = writeln!(text, "{zone}");
        }
        let _ = writeln!(
            text,
            "\nrequests: about {} (counted on the embedded mock)",
            self.requests
        );
        for (effort, unproved) in [(&self.effort, true), (&self.twice_the_effort, false)] {
            let Some(effort) = effort else { continue };
            let _ = writeln!(
                text,
                "{}{effort}",
                if unproved { "" } else { "twice as much, " }
            );
            let open = [
                ("not proved", &effort.untouched),
                ("proved in part", &effort.partly),
            ];
            for (what, clauses) in open
                .iter()
                .filter(|(_, clauses)| unproved && !clauses.is_empty())
            {
                let _ = writeln!(text, "  {what}: {}", clauses.join(" "));
            }
        }
        if self.pacing.is_empty() {
            let _ = writeln!(text, "pacing: none");
        } else {
            let rates = self.pacing.join(" and ");
            let _ = writeln!(text, "pacing: {rates}; at least {} s", self.least_seconds);
        }
        text
    }
}

fn in_time(time: Duration) -> String {
    if time.is_zero() {
        String::new()
    } else {
        format!(" and at least {} s", time.as_secs())
    }
}

/// The requests and writes of a plan.
#[derive(Debug, Default)]
struct Counted {
    requests: u64,
    /// The number of requests of the cases for which a zone is emptied.
    emptied: u64,
    /// The maximum number of mappings that one case writes.
    most: usize,
    addresses: BTreeSet<IpAddr>,
}

impl Counted {
    fn writes(&self) -> String {
        if self.addresses.is_empty() {
            return "nothing".to_owned();
        }
        let (known, other): (Vec<&IpAddr>, Vec<&IpAddr>) =
            self.addresses.iter().partition(|ip| range(**ip).is_some());
        let ranges: BTreeSet<&str> = known.into_iter().filter_map(|ip| range(*ip)).collect();
        let ranges: Vec<&str> = ranges.into_iter().collect();
        let mut text = format!(
            "at most {} test mapping(s) at a time in each zone, in {}",
            self.most,
            ranges.join(", ")
        );
        if !other.is_empty() {
            let other: Vec<String> = other.iter().take(8).map(ToString::to_string).collect();
            let _ = write!(
                text,
                "; addresses that a target should refuse or keep apart: {}",
                other.join(", ")
            );
        }
        text.push_str("; each is deleted after its case");
        text
    }
}

/// Returns the documentation range that contains an address.
fn range(ip: IpAddr) -> Option<&'static str> {
    let index = match ip.to_canonical() {
        IpAddr::V4(ip) => match ip.octets() {
            [192, 0, 2, _] => 0,
            [198, 51, 100, _] => 1,
            [203, 0, 113, _] => 2,
            _ => return None,
        },
        IpAddr::V6(ip) => match ip.segments() {
            [0x2001, 0x0db8, ..] => 3,
            _ => return None,
        },
    };
    DOCUMENTATION.get(index).copied()
}

/// The requests that restoring a zone costs in addition to the cases' own requests.
#[derive(Debug, Clone, Copy)]
struct Care {
    /// The number of mappings that stay in the zone.
    mappings: usize,
}

/// The addresses that a case writes or deletes, by generation.
type Touched = BTreeMap<Generation, BTreeSet<IpAddr>>;

impl Care {
    /// Returns the number of additional requests after one case. Through each generation that it used for writing, they
    /// are a list, the deletions and another list.
    fn of_case(self, touched: &Touched) -> usize {
        let generations = touched.iter().map(|(generation, addresses)| {
            let count = addresses.len();
            let batch = Contract::embedded().limits.batch;
            let deletions = if count > SINGLY {
                count.div_ceil(batch)
            } else {
                count
            };
            2 * self.pages(*generation) + deletions
        });
        generations.sum()
    }

    /// Returns the number of pages of a list of the zone.
    fn pages(self, generation: Generation) -> usize {
        match generation {
            Generation::V1 => 1,
            Generation::V2 => self.mappings / Contract::embedded().limits.page + 1,
        }
    }

    /// Returns the number of requests that a list of the zone takes in addition to those for a fresh zone.
    fn of_list(self, outgoing: &Outgoing) -> usize {
        let operation = outgoing.operation.filter(|operation| operation.is_paged());
        let is_first = outgoing
            .query
            .iter()
            .any(|(name, page)| name == "page" && page == "1");
        match operation.filter(|_| is_first) {
            Some(operation) => self.pages(operation.generation()) - 1,
            None => 0,
        }
    }
}

/// The maximum number of addresses that are deleted one by one after a case; more are deleted in batches.
const SINGLY: usize = 3;

/// Counts the requests of a plan and what it writes, by running the same cases against a mock.
async fn count(
    plan: &Plan,
    care: Option<Care>,
    emptying: &BTreeSet<String>,
) -> Result<Counted, Failure> {
    let mock = MockConfig::default();
    let access = mock.access.clone();
    let running = Mock::new(mock).serve(([127, 0, 0, 1], 0).into()).await?;
    let log = RequestLog::default();
    let config = TargetConfig {
        base_url: running.base_url(),
        credentials: access.into(),
        request_log: Some(log.clone()),
        ..TargetConfig::default()
    };
    let target = Target::probe(config, 1).await?;
    let config = RunConfig {
        jobs: 16,
        seed: 1,
        keep: Keep::Findings,
    };
    let runner = Runner::new(target, config).await?;
    let summary = runner.run(plan, |_| {}).await;
    running.stop().await;
    let mut counted = Counted {
        requests: u64::try_from(summary.requests).unwrap_or(u64::MAX),
        ..Counted::default()
    };
    let sent = log.lock().unwrap_or_else(PoisonError::into_inner);
    let mut by_case: HashMap<&str, BTreeSet<IpAddr>> = HashMap::new();
    let mut touched: HashMap<&str, Touched> = HashMap::new();
    let mut beside = 0;
    for outgoing in sent.iter() {
        let case = outgoing.headers.get("originproof-case").unwrap_or_default();
        if emptying.contains(case) {
            counted.emptied += 1;
        }
        if case != "probe" {
            by_case.entry(case).or_default().extend(written(outgoing));
            beside += care.map_or(0, |care| care.of_list(outgoing));
            if let Some(operation) = outgoing.operation.filter(|one| one.kind().writes()) {
                let touched = touched.entry(case).or_default();
                let touched = touched.entry(operation.generation()).or_default();
                touched.extend(outgoing.named());
            }
        }
    }
    counted.most = by_case.values().map(BTreeSet::len).max().unwrap_or(0);
    counted.addresses = by_case.into_values().flatten().collect();
    if let Some(care) = care {
        // Each address is read before the first write to it.
        let read = touched
            .values()
            .flatten()
            .flat_map(|(generation, addresses)| addresses.iter().map(move |ip| (*generation, *ip)));
        beside += read.collect::<BTreeSet<_>>().len();
        for (case, touched) in &touched {
            let more = care.of_case(touched);
            beside += more;
            if emptying.contains(*case) {
                counted.emptied += u64::try_from(more).unwrap_or(0);
            }
        }
    }
    counted.requests += u64::try_from(beside).unwrap_or(0);
    Ok(counted)
}

/// Returns the addresses that a request writes.
fn written(outgoing: &Outgoing) -> Vec<IpAddr> {
    let Some(operation) = outgoing.operation else {
        return Vec::new();
    };
    let (Some(json), true) = (&outgoing.json, operation.kind().writes()) else {
        return Vec::new();
    };
    let items = request_items(operation, json);
    let written = items.iter().filter(|item| item.vendor.is_some());
    written
        .filter_map(|item| address::identity(item.address?))
        .collect()
}
