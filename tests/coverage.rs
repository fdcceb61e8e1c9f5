//! Consistency of the contract: every clause is proved, and every operation is described and served.

use originproof::case::Library;
use originproof::contract::{ClauseId, Contract, FaultRequest, Level, rule};
use originproof::coverage::{Cell, Coverage};
use originproof::exchange::{Kind, Operation, RequestBody};

fn library() -> Library {
    Library::embedded().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_clause_is_proved_by_a_case() {
    let coverage = Coverage::of(&library());
    for level in [Level::Must, Level::Should, Level::May] {
        let unproved: Vec<&str> = coverage.unproved(level).collect();
        assert!(unproved.is_empty(), "no case proves {unproved:?} ({level})");
    }
}

#[test]
fn every_documented_code_of_every_operation_is_tested() {
    let coverage = Coverage::of(&library());
    for (operation, codes) in &coverage.codes {
        for (code, cell) in codes {
            assert_ne!(
                *cell,
                Cell::Untested,
                "{operation} is never asked for {code}"
            );
        }
    }
}

#[test]
fn every_promise_of_an_operation_is_a_clause_of_its_own_generation() {
    let contract = Contract::embedded();
    for operation in Operation::all() {
        assert!(operation.promises().form.is_some(), "{operation}");
        let other = operation.generation().other().clause_prefix();
        for (name, clause) in operation.promises().all() {
            assert!(contract.clause(clause).is_some(), "{operation}: {name}");
            assert!(!clause.as_str().starts_with(other), "{operation}: {name}");
        }
    }
}

#[test]
fn what_finds_nothing_or_something_else_the_second_time_does_not_answer_alike() {
    for operation in Operation::all() {
        let is_create = operation.kind() == Kind::Create;
        let deletes = matches!(operation.kind(), Kind::Delete | Kind::BatchDelete);
        let row = operation.row();
        assert_eq!(row.answers_alike, !is_create && !deletes, "{operation}");
        assert_eq!(row.is_idempotent, !is_create, "{operation}");
    }
}

#[test]
fn operations_of_a_kind_take_the_same_body_and_its_schema() {
    for operation in Operation::all() {
        let row = operation.row();
        assert_eq!(row.body, operation.kind().body(), "{operation}");
        let has_body = row.body != RequestBody::Nothing;
        assert_eq!(row.request.is_some(), has_body, "{operation}");
    }
}

#[test]
fn every_clause_of_a_generation_is_promised_by_an_operation() {
    let promised: std::collections::BTreeSet<ClauseId> = Operation::all()
        .flat_map(|operation| operation.promises().all())
        .map(|(_, clause)| clause.clone())
        .collect();
    let of_a_generation = Contract::embedded().clauses.iter().filter(|clause| {
        clause.id.as_str().starts_with('V') && clause.level != originproof::contract::Level::May
    });
    for clause in of_a_generation {
        assert!(promised.contains(&clause.id), "{}", clause.id);
    }
}

#[test]
fn every_clause_that_a_rule_or_code_names_exists_and_no_id_is_there_twice() {
    let contract = Contract::embedded();
    for rule in rule::ALL {
        for id in rule.clauses() {
            assert!(contract.clause(&id).is_some(), "{}: {id}", rule.name);
        }
    }
    for row in &contract.codes {
        for clause in row.operations.values() {
            assert!(contract.clause(clause).is_some(), "{}: {clause}", row.code);
        }
    }
    let ids: std::collections::BTreeSet<&ClauseId> =
        contract.clauses.iter().map(|c| &c.id).collect();
    assert_eq!(ids.len(), contract.clauses.len());
}

#[test]
fn every_word_of_the_case_format_is_on_its_page() {
    use originproof::case::format;
    let page = include_str!("../cases/README.md");
    let general: Vec<format::Word> = format::general_words().collect();
    let tables = [
        format::FILE,
        format::STEP,
        format::ACTIONS,
        &general,
        format::WRITE,
        format::ITEM,
        format::LIST,
        format::PATH,
        format::BATCH,
        format::REQUEST,
        format::PARALLEL,
        format::REPEAT,
        format::EXPECT,
        format::BODY_ROOTS,
        format::SET,
    ];
    let matchers = originproof::case::matcher::ALL
        .iter()
        .map(|matcher| matcher.word.name);
    for name in tables
        .into_iter()
        .flatten()
        .map(|word| word.name)
        .chain(matchers)
    {
        assert!(
            page.contains(&format!("`{name}`")),
            "cases/README.md does not explain `{name}`"
        );
    }
}

#[test]
fn the_documents_name_a_failure_that_can_be_asked_for() {
    let pages = [
        ("docs/own-server.md", include_str!("../docs/own-server.md")),
        ("cases/README.md", include_str!("../cases/README.md")),
    ];
    for (page, text) in pages {
        let mut lines = text.lines().filter(|line| line.contains("`fault`"));
        let is_named = |line: &str| {
            FaultRequest::words().any(|word| line.contains(&format!("such as `{word}`")))
        };
        assert!(lines.any(is_named), "{page}");
    }
}

#[test]
fn the_schema_for_editors_is_the_generated_one() {
    let generated =
        serde_json::to_string_pretty(&originproof::case::json_schema()).unwrap_or_default();
    let committed = include_str!("../schemas/case.schema.json");
    assert_eq!(
        committed.trim_end(),
        generated,
        "run `cargo run -- lint --schema > schemas/case.schema.json`"
    );
}
