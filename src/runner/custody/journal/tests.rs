use super::super::entry::Row;
use super::super::record::Intent;
use super::super::seal::Seal;
use super::*;
use crate::exchange::Generation;
use std::sync::atomic::{AtomicUsize, Ordering};
use test_case::test_case;

fn folder(name: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("originproof-{name}-{}-{count}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let _ = fs::remove_dir_all(&folder);
    make_folder(&folder).unwrap_or_else(|e| panic!("{e}"));
    folder
}

fn begun(folder: &Path) -> Journal {
    let opening = Opening {
        originproof_journal: VERSION,
        target: "http://t".into(),
        zone: "Z".into(),
        seal: Seal::default().text(),
        ..Opening::default()
    };
    let path = Journal::path_of(folder, "Z");
    Journal::begin(path, opening).unwrap_or_else(|e| panic!("{e}"))
}

fn intent(last: u8) -> Record {
    let mut intent = Intent::through(Generation::V2);
    intent.delete = vec![[192, 0, 2, last].into()];
    Record::Intent(intent)
}

#[test_case(b"0badc0de {\"intent\":{\"thr"; "a record that was cut off")]
#[test_case(b"\0\0\0\0\0\0\0\0\0\0\0\0"; "zeros")]
#[test_case(b"\xff\xfe\xfd not text"; "bytes that are not text")]
#[test_case(b"12345678 {\"kept\":[\"v2\",[]]}\n"; "a wrong checksum")]
fn a_broken_tail_costs_its_last_record_at_most(tail: &[u8]) {
    let folder = folder("tail");
    let mut journal = begun(&folder);
    journal
        .note(&intent(1), Durability::Synced)
        .unwrap_or_else(|e| panic!("{e}"));
    journal
        .file
        .write_all(tail)
        .unwrap_or_else(|e| panic!("{e}"));
    let (_, mut again) = Journal::reopen(&journal.path).unwrap_or_else(|e| panic!("{e}"));
    again
        .note(&intent(2), Durability::Synced)
        .unwrap_or_else(|e| panic!("{e}"));
    let read = Recovered::read(&journal.path).unwrap_or_else(|e| panic!("{e}"));
    assert!(read.ledger.was_taken(Generation::V2, [192, 0, 2, 1].into()));
    assert!(read.ledger.was_taken(Generation::V2, [192, 0, 2, 2].into()));
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn a_journal_without_a_whole_opening_is_named() {
    let folder = folder("torn");
    let path = Journal::path_of(&folder, "z");
    fs::write(&path, b"1234").unwrap_or_else(|e| panic!("{e}"));
    assert!(matches!(
        Recovered::read(&path),
        Err(JournalError::Unreadable { .. })
    ));
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn a_journal_without_its_opening_still_holds_what_was_taken_away() {
    let folder = folder("headless");
    let path = Journal::path_of(&folder, "z");
    let mut intent = Intent::through(Generation::V2);
    let place = crate::contract::Place {
        vendor: "aws".into(),
        region: "us-east-1".into(),
    };
    let row = Row::new([10, 0, 0, 1].into(), &place);
    intent.write = vec![row.clone()];
    intent.delete = vec![row.ip];
    let mut bytes = vec![0; 200];
    bytes.push(b'\n');
    bytes.extend(line(&Record::Intent(intent)).unwrap_or_else(|e| panic!("{e}")));
    fs::write(&path, bytes).unwrap_or_else(|e| panic!("{e}"));
    let read = Recovered::read(&path).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(read.opening.zone, "z");
    assert_eq!(read.ledger.at_stake(Generation::V2), [row]);
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn a_zone_has_one_journal_whatever_the_letter_case_of_its_id() {
    let folder = folder("case");
    let journal = begun(&folder);
    assert_eq!(journal.path, Journal::path_of(&folder, "z"));
    assert_ne!(stem("a/b"), stem("a_b"));
    assert!(pending(&folder).is_ok_and(|all| all == [journal.path.clone()]));
    journal.close().unwrap_or_else(|e| panic!("{e}"));
    assert!(pending(&folder).is_ok_and(|all| all.is_empty()));
    let _ = fs::remove_dir_all(folder);
}

#[cfg(unix)]
#[test]
fn links_are_refused_and_files_are_private() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder("links");
    let victim = folder.join("victim");
    fs::write(&victim, "precious").unwrap_or_else(|e| panic!("{e}"));
    let path = Journal::path_of(&folder, "z");
    symlink(&victim, &path).unwrap_or_else(|e| panic!("{e}"));
    assert!(matches!(
        Recovered::read(&path),
        Err(JournalError::Foreign { .. })
    ));
    fs::remove_file(&path).unwrap_or_else(|e| panic!("{e}"));
    let journal = begun(&folder);
    let mode = |path: &Path| fs::metadata(path).map(|about| about.permissions().mode() & 0o777);
    assert!(mode(&journal.path).is_ok_and(|mode| mode == 0o600));
    assert!(mode(&folder).is_ok_and(|mode| mode == 0o700));
    assert!(fs::read(&victim).is_ok_and(|text| text == b"precious"));
    let _ = fs::remove_dir_all(folder);
}
