use super::*;
use test_case::test_case;

fn ip(last: u8) -> IpAddr {
    [10, 0, 0, last].into()
}

fn place(region: &str) -> Place {
    Place {
        vendor: "aws".into(),
        region: region.into(),
    }
}

/// Returns the ledger of a zone that held 10.0.0.1 and 10.0.0.2. The first was taken away; 10.0.0.3 and 10.0.0.4 were
/// written.
fn ledger() -> Ledger {
    let mappings = [ip(1), ip(2)].map(|ip| (ip, Entry::plain(ip, place("before"))));
    let opening = Holding {
        by_generation: BTreeMap::from([(Generation::V2, mappings.into())]),
    };
    let mut ledger = Ledger::of(opening, &[]);
    ledger.apply(&Record::Intent(Intent {
        write: vec![
            Row::new(ip(3), &place("ours")),
            Row::new(ip(1), &place("ours")),
        ],
        delete: vec![ip(1)],
        any: vec![ip(4)],
        ..Intent::through(Generation::V2)
    }));
    ledger
}

#[test_case(1, Some("before"), Standing::AsBefore; "the value before")]
#[test_case(1, Some("ours"), Standing::Ours; "a value that was sent")]
#[test_case(1, Some("OURS"), Standing::Others; "other letters than were sent at an address of the owner")]
#[test_case(3, Some("OURS"), Standing::Ours; "other letters than were sent at a test address")]
#[test_case(1, None, Standing::Ours; "deleted by this run")]
#[test_case(1, Some("theirs"), Standing::Others; "a third value")]
#[test_case(2, None, Standing::Others; "deleted and never touched")]
#[test_case(2, Some("ours"), Standing::Others; "changed and never touched")]
#[test_case(3, None, Standing::AsBefore; "gone as before")]
#[test_case(3, Some("theirs"), Standing::Others; "a value that was not sent at a test address")]
#[test_case(4, Some("whatever"), Standing::Ours; "a value that could not be told")]
#[test_case(5, Some("new"), Standing::Others; "new")]
fn only_what_this_run_sent_is_its_own(last: u8, now: Option<&str>, standing: Standing) {
    let now = now.map(place);
    let found = ledger().standing(Generation::V2, ip(last), now.as_ref());
    assert_eq!(found, standing);
}

#[test]
fn what_vanishes_untouched_is_the_targets_doing_once_it_is_proved_to_lose_mappings() {
    let mut ledger = ledger();
    ledger.apply(&Record::Lossy);
    let standing = ledger.standing(Generation::V2, ip(2), None);
    assert_eq!(standing, Standing::Ours);
}

#[test]
fn an_intent_that_says_nothing_new_needs_no_record() {
    let ledger = ledger();
    let mut intent = Intent::through(Generation::V2);
    intent.write = vec![Row::new(ip(3), &place("ours"))];
    assert!(ledger.news(&intent).is_empty());
    intent.through = Generation::V1;
    assert_eq!(ledger.news(&intent), intent);
}

#[test]
fn what_an_earlier_run_could_not_remove_is_the_runs_own() {
    let row = Row::new(ip(1), &place("left"));
    let mappings = [(ip(1), Entry::plain(ip(1), place("left")))];
    let opening = Holding {
        by_generation: BTreeMap::from([(Generation::V2, mappings.into())]),
    };
    let ledger = Ledger::of(opening, &[row]);
    assert_eq!(ledger.len(), 0);
    let standing = ledger.standing(Generation::V2, ip(1), Some(&place("left")));
    assert_eq!(standing, Standing::Ours);
}
