//! Zones in use on servers with each fault and each lawful variation that the mock knows. After a run, every earlier
//! mapping is back or is named in the output, and no test mapping is left without being named.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use originproof::case::{Library, Trial};
use originproof::event::Event;
use originproof::mock::{Change, Mapping, Mock, MockConfig, Place, Running, mutant, variation};
use originproof::runner::custody::{CustodyConfig, Permit};
use originproof::runner::{
    Keep, Plan, RunConfig, Runner, Selection, Target, TargetConfig, TargetError,
};

const ZONE: &str = "0123456789abcdef0123456789abcdef";

type Contents = BTreeMap<IpAddr, String>;

/// Fills the zone with the owner's mappings: 23 private addresses and two documentation addresses.
fn fill(server: &Running) {
    let mut addresses: Vec<IpAddr> = (1..=23).map(|n| IpAddr::from([10, 0, 0, n])).collect();
    addresses.push([192, 0, 2, 10].into());
    addresses.push([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10].into());
    server.with_zone(ZONE, |zone| {
        for ip in addresses {
            let place = Place {
                vendor: "gcp".to_owned(),
                region: "us-east1".to_owned(),
            };
            let mapping = Mapping {
                place,
                modified_on: jiff::Timestamp::UNIX_EPOCH,
                sent_as: ip.to_string(),
            };
            zone.put(ip, mapping);
        }
    });
}

fn contents(server: &Running) -> Contents {
    server.with_zone(ZONE, |zone| {
        let all = zone.mappings.iter();
        all.map(|(ip, mapping)| {
            let place = &mapping.place;
            (*ip, format!("{} {}", place.vendor, place.region))
        })
        .collect()
    })
}

/// Returns trials that a faulty server can fail: some that prove the clause, and one or two for each kind of write.
fn trials(all: &Plan, clause: Option<&str>) -> Plan {
    let cites = |trial: &Trial| {
        let mut proves = trial.case.proves.iter();
        let mut cited = proves
            .by_ref()
            .filter_map(|key| key.clause(trial.generation));
        clause.is_some_and(|clause| cited.any(|cited| cited.as_str() == clause))
    };
    let writers = [
        "v1/create",
        "v2/put-creates",
        "batch/merges/v2",
        "list/empty/v2",
    ];
    let is_common = |id: &str| writers.contains(&id);
    let is_slow = |trial: &Trial| trial.case.tags.iter().any(|tag| tag == "slow");
    let chosen = all
        .trials
        .iter()
        .filter(|(_, trial)| cites(trial) && !is_slow(trial))
        .take(4);
    let common = all
        .trials
        .iter()
        .filter(|(_, trial)| is_common(&trial.id()) && !cites(trial));
    Plan {
        trials: chosen.chain(common).cloned().collect(),
        ..Plan::default()
    }
}

/// Runs a plan on a zone in use; returns what is wrong with the zone afterwards and was not reported.
async fn unsaid(name: &str, changes: &[Change], plan: &Plan, permit: Permit) -> Option<String> {
    let config = MockConfig {
        changes: changes.to_vec(),
        hooks: false,
        ..MockConfig::default()
    };
    let access = config.access.clone();
    let server = Mock::new(config).serve(([127, 0, 0, 1], 0).into()).await;
    let server = server.unwrap_or_else(|error| panic!("{error}"));
    fill(&server);
    let before = contents(&server);
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let config = TargetConfig {
        base_url: server.base_url(),
        credentials: access.into(),
        zones: vec![ZONE.to_owned()],
        custody: CustodyConfig {
            state_dir: folder.path().to_owned(),
            lock_dir: folder.path().to_owned(),
            permit,
            patience: Duration::from_millis(200),
            ..CustodyConfig::default()
        },
        ..TargetConfig::default()
    };
    let mut said = Vec::new();
    // An error means that the target can't be tested at all; nothing is written to it then.
    if let Err(error) = run(config, plan, &mut said).await {
        said.push(error.to_string());
    }
    let said = said.join("\n");
    let after = contents(&server);
    let mut wrong = Vec::new();
    for (ip, place) in &before {
        if after.get(ip) != Some(place) && !said.contains(&ip.to_string()) {
            wrong.push(format!("{ip} {place} is {:?} now", after.get(ip)));
        }
    }
    for (ip, place) in &after {
        if !before.contains_key(ip) && !said.contains(&ip.to_string()) {
            wrong.push(format!("{ip} {place} is left"));
        }
    }
    let is_changed = after != before;
    if is_changed && said.contains("as it was: true") {
        wrong.push("it is called as it was".to_owned());
    }
    server.stop().await;
    (!wrong.is_empty()).then(|| format!("{name} ({permit:?}): {}\n  {said}", wrong.join("; ")))
}

async fn run(config: TargetConfig, plan: &Plan, said: &mut Vec<String>) -> Result<(), TargetError> {
    let target = Target::probe(config, 7).await?;
    let config = RunConfig {
        jobs: 4,
        seed: 7,
        keep: Keep::Findings,
    };
    let runner = Runner::new(target, config).await?;
    runner
        .run(plan, |event| match event {
            Event::ZonePutBack(back) => {
                said.push(format!("as it was: {}", back.as_it_was));
                said.extend(back.details());
            }
            Event::ZoneLeft(left) => said.push(left.to_string()),
            Event::RunStarted(_)
            | Event::TrialStarted { .. }
            | Event::TrialFinished(_)
            | Event::RunFinished(_) => {}
        })
        .await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_a_server_costs_a_mapping_or_leaves_one_unnamed() {
    let library = Library::embedded().unwrap_or_else(|error| panic!("{error}"));
    let all = Plan::select(&library, &Selection::default()).unwrap_or_else(|e| panic!("{e}"));
    let faulty = mutant::all().map(|mutant| {
        let breaks = Some(mutant.breaks.as_str());
        (mutant.name.as_str(), mutant.changes.as_slice(), breaks)
    });
    let lawful = variation::all().map(|variation| (variation.name, variation.changes, None));
    let wrong: Vec<String> = stream::iter(faulty.chain(lawful))
        .map(|(name, changes, clause)| {
            let plan = trials(&all, clause);
            async move {
                let mut wrong = Vec::new();
                for permit in [Permit::WorkAround, Permit::TakeAway] {
                    wrong.extend(unsaid(name, changes, &plan, permit).await);
                }
                wrong
            }
        })
        // Most of the time is spent waiting for slow targets.
        .buffer_unordered(64)
        .flat_map(stream::iter)
        .collect()
        .await;
    assert!(
        wrong.is_empty(),
        "{} zones:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
