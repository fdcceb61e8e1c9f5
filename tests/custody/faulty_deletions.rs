//! Servers that delete only some of the requested mappings, or none: a usual state of a server that is just being
//! written.

use std::net::IpAddr;

use originproof::mock::{Change, Rules};
use serde_json::{Value, json};

use crate::support::command::{Ended, ZONE};
use crate::target::{Act, Kind, Target, changed, failure, v2_only};

/// An address that no case uses; the functions below look it up in place of an address whose spelling they do not know.
const NOWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(233, 252, 0, 1));

/// Makes the list show IPv4-mapped addresses in hexadecimal groups.
fn shows_groups(rules: &mut Rules) {
    rules.show = |ip, _| match ip {
        IpAddr::V6(mapped) if mapped.to_ipv4_mapped().is_some() => {
            let segments = mapped.segments();
            format!("::ffff:{:x}:{:x}", segments[6], segments[7])
        }
        other => other.to_string(),
    };
}

/// Makes the server find an address in a path only if it is spelled as in the list.
fn finds_groups(rules: &mut Rules) {
    rules.read_path = |text| {
        let ip: IpAddr = text.parse().ok()?;
        let is_dotted = text.contains(':') && text.contains('.');
        Some(if is_dotted { NOWHERE } else { ip })
    };
}

/// Makes the server find an address in a path only in canonical form, which differs from the spelling in the list.
fn finds_dotted(rules: &mut Rules) {
    rules.read_path = |text| {
        let ip: IpAddr = text.parse().ok()?;
        Some(if ip.to_string() == text { ip } else { NOWHERE })
    };
}

/// Makes the server never find an IPv4-mapped address in a path; a batch still finds it.
fn finds_no_mapped_address(rules: &mut Rules) {
    rules.read_path = |text| {
        let ip: IpAddr = text.parse().ok()?;
        let is_mapped = matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some());
        Some(if is_mapped { NOWHERE } else { ip })
    };
}

async fn leaves_nothing(finds: fn(&mut Rules)) -> Ended {
    let kind = Kind {
        changes: vec![Change::Rules(shows_groups), Change::Rules(finds)],
        ..Kind::default()
    };
    let target = Target::start(kind, &[], v2_only(|_, _| Act::Pass)).await;
    let family = ["--family", "ip", "--family", "v2", "--family", "list"];
    let ended = target.run(&family);
    target.is_as_it_was(&ended);
    assert_eq!(target.folder.journals(), 0, "{}", ended.said);
    let again = target.run(&["--filter", "^v2/put-creates"]);
    again.with(0, &["conforms"]);
    ended
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_mapping_is_removed_that_the_path_finds_only_as_listed() {
    leaves_nothing(finds_groups).await.with(1, &["IP-"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_mapping_is_removed_that_the_path_finds_only_in_canonical_form() {
    leaves_nothing(finds_dotted).await.with(1, &["IP-"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_mapping_is_removed_that_only_a_batch_finds() {
    leaves_nothing(finds_no_mapped_address).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_mapping_that_the_target_does_not_delete_blocks_no_further_run() {
    let kind = Kind {
        changes: changed("v2-delete-without-effect"),
        ..Kind::default()
    };
    let target = Target::start(kind, &[], |seen, _| {
        let deletes = seen.method == "DELETE" && !seen.is_v1();
        if deletes && seen.path.ends_with("/batch") {
            let items: Vec<Value> = serde_json::from_str(&seen.body).unwrap_or_default();
            let item =
                |ip: &Value| json!({"origin_ip": ip, "vendor": "aws", "region": "us-east-1"});
            let succeeded: Vec<Value> = items.iter().map(item).collect();
            let result = json!({"succeeded": succeeded, "failed": []});
            let body = json!({"success": true, "errors": [], "messages": [], "result": result});
            return Act::Instead(200, "", body);
        }
        if seen.is_v1() {
            failure(400, 7003)
        } else {
            Act::Pass
        }
    })
    .await;
    let ended = target.run(&["--filter", "^v2/put-creates"]);
    ended.with(
        1,
        &[
            "V2-DELETE-1",
            "is still listed after it was deleted in every way",
        ],
    );
    let again = target.run(&["--filter", "^v2/put-creates"]);
    assert!(!again.said.contains("--allow-existing"), "{}", again.said);
    again.with(1, &["V2-DELETE-1"]);
    let discarded = target.restore(&["--discard", "--zone", ZONE]);
    discarded.with(0, &["nothing was put back"]);
    assert_eq!(target.folder.journals(), 0);
}
