//! The loader: it makes scenarios from the text of a file, and collects every fault with its place.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::expect::read_expectations;
use super::format;
use super::model::{
    Base, Coding, DateForm, Framing, Given, RetryAfter, Scenario, ScriptedAnswer, Step, Times, Wire,
};
use crate::case::load::reader::{Reader, json, member};
use crate::case::load::table;
use crate::client::protocol::Item;
use crate::contract::address;
use crate::diagnostic::yaml::{self, Data, Key, Node};
use crate::diagnostic::{Problem, SourceFile, Span};
use crate::exchange::Operation;
use crate::mock::variation;

/// The largest number of generated mappings.
const MOST: usize = 3_500;

/// Reads one file. Returns a scenario for each row of its table.
pub(super) fn load(
    id: &str,
    source: SourceFile,
) -> Result<Vec<Scenario>, (SourceFile, Vec<Problem>)> {
    let root = match yaml::parse(&source.text) {
        Ok(node) => node,
        Err(problem) => return Err((source, vec![problem])),
    };
    let mut reader = Reader::default();
    let rows = table::read_rows(&mut reader, &root);
    if let Some(row) = rows.first() {
        reader.columns = row.columns().into_iter().map(str::to_owned).collect();
    }
    let source = Arc::new(source);
    let mut scenarios = Vec::new();
    for row in &rows {
        let before = reader.problems.len();
        let node = row.fill(&mut reader, &root);
        if reader.problems.len() == before {
            scenarios.push(read(&mut reader, (id, &row.name), &node, &source));
        }
    }
    if let Some(row) = rows.first().filter(|_| reader.problems.is_empty()) {
        table::check_use(&mut reader, &root, row);
    }
    if reader.problems.is_empty() {
        Ok(scenarios)
    } else {
        Err(((*source).clone(), reader.problems))
    }
}

fn read(
    reader: &mut Reader,
    (id, row): (&str, &str),
    node: &Node,
    source: &Arc<SourceFile>,
) -> Scenario {
    let entries = reader.mapping(node, "a scenario");
    reader.known_keys(entries, "key", format::FILE);
    for required in ["title", "proves", "ask", "expect"] {
        if member(entries, required).is_none() {
            let message = format!("the scenario has no `{required}`");
            let place = Span { start: 0, end: 0 };
            reader.problem(Problem::new(place, message, "add it"));
        }
    }
    let mut texts = |name: &str| match member(entries, name) {
        Some((_, node)) => reader.texts(node, name),
        None => Vec::new(),
    };
    let tags = texts("tags");
    let mut text = |name: &str| member(entries, name).map(|(_, node)| reader.fixed(node, name));
    let (title, about) = (text("title").unwrap_or_default(), text("about"));
    let proves = match member(entries, "proves") {
        Some((_, node)) => {
            let items = reader.list(node, "`proves`");
            let keys = items.iter().map(|item| {
                let text = reader.text(item, "a clause");
                reader.clause(&text, item.span)
            });
            keys.collect()
        }
        None => Vec::new(),
    };
    Scenario {
        file_id: id.to_owned(),
        row: row.to_owned(),
        source: Arc::clone(source),
        title,
        about,
        tags,
        before: before(reader, entries, source),
        meanwhile: match member(entries, "meanwhile") {
            Some((_, node)) => mappings(reader, node),
            None => Vec::new(),
        },
        step: match member(entries, "ask") {
            Some((_, node)) => step(reader, node, source),
            None => Step::default(),
        },
        given: given(reader, entries),
        variations: variations(reader, entries),
        answers: answers(reader, entries),
        title_case: member(entries, "field-names")
            .is_some_and(|(_, node)| one_of(reader, node, &["title-case"]).is_some()),
        watch: member(entries, "watch").map(|(_, node)| time(reader, node, "`watch`")),
        expect: read_expectations(reader, entries, &proves),
        proves,
    }
}

/// Reads a time such as `300ms`.
fn time(reader: &mut Reader, node: &Node, what: &str) -> Duration {
    let text = reader.text(node, what);
    read_time(reader, node, &text)
}

fn read_time(reader: &mut Reader, node: &Node, text: &str) -> Duration {
    let (digits, unit) = text.split_at(
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len()),
    );
    let time = match (digits.parse(), unit) {
        (Ok(number), "ms") => Some(Duration::from_millis(number)),
        (Ok(number), "s") => Some(Duration::from_secs(number)),
        _ => None,
    };
    time.unwrap_or_else(|| {
        let message = format!("`{text}` is not a time");
        reader.problem(Problem::new(node.span, message, "write 300ms or 2s"));
        Duration::ZERO
    })
}

fn before(reader: &mut Reader, entries: &[(Key, Node)], source: &SourceFile) -> Vec<Step> {
    let Some((_, node)) = member(entries, "before") else {
        return Vec::new();
    };
    let steps = reader.list(node, "`before`").iter();
    steps.map(|node| step(reader, node, source)).collect()
}

fn step(reader: &mut Reader, node: &Node, source: &SourceFile) -> Step {
    let mut step = Step {
        line: source.line_column(node.span.start).0,
        ..Step::default()
    };
    let asked = reader.mapping(node, "what is asked");
    reader.known_keys(asked, "key", format::ASK);
    if member(asked, "operation").is_none() {
        reader.problem(Problem::new(
            node.span.beginning(),
            "no `operation` is asked for",
            "add it",
        ));
    }
    let arguments = &mut step.arguments;
    for (key, value) in asked {
        let mut text = || Some(reader.fixed(value, &key.text));
        match key.text.as_str() {
            "address" => arguments.address = text(),
            "vendor" => arguments.vendor = text(),
            "region" => arguments.region = text(),
            "operation" => {
                let name = reader.fixed(value, "an operation");
                match Operation::from_id(&name) {
                    Some(operation) => step.operation = operation,
                    None => {
                        let known = Operation::all().map(Operation::id);
                        reader.unknown(value.span, "operation", &name, known);
                    }
                }
            }
            "items" => arguments.items = Some(items(reader, value)),
            "addresses" => arguments.addresses = Some(addresses(reader, value)),
            "page" | "per_page" => {
                let number = u64::try_from(reader.number(value, &key.text)).ok();
                if key.text == "page" {
                    arguments.page = number;
                } else {
                    arguments.per_page = number;
                }
            }
            "credentials" => {
                let scheme = reader.fixed(value, "credentials");
                step.with_key = scheme == "key";
                if !["token", "key"].contains(&scheme.as_str()) {
                    reader.unknown(value.span, "scheme", &scheme, ["token", "key"]);
                }
            }
            "timeout" => step.timeout = Some(time(reader, value, "`timeout`")),
            _ => {}
        }
    }
    step
}

/// Reads a list of mappings, or generates a number of them.
fn items(reader: &mut Reader, node: &Node) -> Vec<Item> {
    if let Data::Scalar { .. } = node.data {
        let number = reader.number(node, "`items`").min(MOST);
        let item = |index: usize| Item {
            address: format!("2001:db8:c11e::{:x}", index + 1),
            vendor: "aws".to_owned(),
            region: "us-east-1".to_owned(),
        };
        return (0..number).map(item).collect();
    }
    mappings(reader, node)
        .into_iter()
        .map(|[address, vendor, region]| Item {
            address,
            vendor,
            region,
        })
        .collect()
}

/// Reads a list of addresses, or generates a number of them.
fn addresses(reader: &mut Reader, node: &Node) -> Vec<String> {
    if let Data::Scalar { .. } = node.data {
        let items = items(reader, node).into_iter();
        return items.map(|item| item.address).collect();
    }
    reader.texts(node, "`addresses`")
}

fn mappings(reader: &mut Reader, node: &Node) -> Vec<[String; 3]> {
    let items = reader.list(node, "a list of mappings");
    let mut all = Vec::new();
    for item in items {
        let entries = reader.mapping(item, "a mapping");
        let mut part = |name: &str| match member(entries, name) {
            Some((_, node)) => reader.fixed(node, name),
            None => {
                let message = format!("the mapping has no `{name}`");
                reader.problem(Problem::new(item.span.beginning(), message, "add it"));
                String::new()
            }
        };
        all.push([part("address"), part("vendor"), part("region")]);
    }
    all
}

fn given(reader: &mut Reader, entries: &[(Key, Node)]) -> Given {
    let Some((_, node)) = member(entries, "given") else {
        return Given::Number(0);
    };
    if let Data::Scalar { .. } = node.data {
        return Given::Number(reader.number(node, "`given`").min(MOST));
    }
    let given = mappings(reader, node);
    for [address, ..] in &given {
        if address::parse(address).is_none() {
            let message = format!("`{address}` is not an IP address");
            reader.problem(Problem::new(node.span.beginning(), message, "in this list"));
        }
    }
    Given::Mappings(given)
}

fn variations(reader: &mut Reader, entries: &[(Key, Node)]) -> Vec<String> {
    let Some((_, node)) = member(entries, "variations") else {
        return Vec::new();
    };
    let names = reader.texts(node, "`variations`");
    for name in &names {
        if variation::by_name(name).is_none() {
            let known = variation::all().map(|variation| variation.name);
            reader.unknown(node.span.beginning(), "variation", name, known);
        }
    }
    names
}

fn answers(reader: &mut Reader, entries: &[(Key, Node)]) -> Vec<ScriptedAnswer> {
    let Some((_, node)) = member(entries, "answers") else {
        return Vec::new();
    };
    let items = reader.list(node, "`answers`");
    items.iter().map(|item| answer(reader, item)).collect()
}

fn answer(reader: &mut Reader, node: &Node) -> ScriptedAnswer {
    let entries = reader.mapping(node, "an answer");
    reader.known_keys(entries, "key", format::ANSWER);
    let bodies = ["mock", "result", "errors", "json", "text"];
    let given = entries
        .iter()
        .filter(|(key, _)| bodies.contains(&key.text.as_str()));
    if let Some((key, _)) = given.clone().nth(1) {
        let message = format!("an answer has one of {}", bodies.join(", "));
        reader.problem(Problem::new(key.span, message, "a second one"));
    }
    let base = match given
        .clone()
        .next()
        .map(|(key, node)| (key.text.as_str(), node))
    {
        Some(("result", node)) => Base::Result(node.to_json()),
        Some(("errors", node)) => Base::Errors(node.to_json()),
        Some(("json", node)) => Base::Json(node.to_json()),
        Some(("text", node)) => Base::Text(reader.fixed(node, "a body")),
        _ => Base::Mock,
    };
    let mut answer = ScriptedAnswer {
        base,
        status: None,
        media_type: None,
        headers: Vec::new(),
        set: Vec::new(),
        remove: Vec::new(),
        is_reversed: json(member(entries, "reversed")) == Value::Bool(true),
        retry_after: None,
        redirects: false,
        wire: Wire {
            is_lost: json(member(entries, "lost")) == Value::Bool(true),
            ..Wire::default()
        },
        times: Times::Number(1),
    };
    for (key, value) in entries {
        part(reader, &mut answer, &key.text, value);
    }
    answer
}

/// Reads a member of an answer that is not its body.
fn part(reader: &mut Reader, answer: &mut ScriptedAnswer, name: &str, value: &Node) {
    let pairs = |reader: &mut Reader| {
        let entries = reader.mapping(value, name).iter();
        entries
            .map(|(key, value)| (key.text.clone(), value.to_json()))
            .collect::<Vec<_>>()
    };
    match name {
        "status" => {
            let status = u16::try_from(reader.number(value, "a status")).ok();
            answer.status = status.filter(|status| (200..600).contains(status));
            if answer.status.is_none() {
                reader.problem(Problem::new(
                    value.span,
                    "this is not a status",
                    "200 to 599",
                ));
            }
        }
        "media-type" => answer.media_type = Some(reader.fixed(value, name)),
        "headers" => {
            let text = |value: Value| value.as_str().map_or(value.to_string(), str::to_owned);
            let fields = pairs(reader).into_iter();
            answer.headers = fields.map(|(name, value)| (name, text(value))).collect();
        }
        "set" => answer.set = pairs(reader),
        "remove" => answer.remove = reader.texts(value, "`remove`"),
        "retry-after" => {
            let text = reader.fixed(value, name);
            let (form, time) = text.split_once(' ').unwrap_or(("", &text));
            let time = read_time(reader, value, time);
            answer.retry_after = Some(match form {
                "" => RetryAfter::Seconds(time),
                "rfc850" => RetryAfter::Date(time, DateForm::Rfc850),
                "asctime" => RetryAfter::Date(time, DateForm::Asctime),
                form => {
                    if form != "date" {
                        let known = ["date", "rfc850", "asctime"];
                        reader.unknown(value.span, "form of date", form, known);
                    }
                    RetryAfter::Date(time, DateForm::Imf)
                }
            });
        }
        "redirect" => {
            one_of(reader, value, &["other-host"]);
            answer.redirects = true;
        }
        "framing" => {
            const KNOWN: &[&str] = &["length", "chunked", "close", "until-close"];
            answer.wire.framing = match one_of(reader, value, KNOWN) {
                Some(1) => Framing::Chunked,
                Some(2) => Framing::Close,
                Some(3) => Framing::UntilClose,
                _ => Framing::Length,
            };
        }
        "coding" => {
            answer.wire.coding = match one_of(reader, value, &["gzip", "deflate"]) {
                Some(0) => Some(Coding::Gzip),
                Some(_) => Some(Coding::Deflate),
                None => None,
            };
        }
        "delay" => answer.wire.delay = time(reader, value, name),
        "stall" => answer.wire.stall = time(reader, value, name),
        "drip" => answer.wire.drip = time(reader, value, name),
        "cut" => answer.wire.cut = Some(reader.number(value, name)),
        "times" if value.as_str() == Some("always") => answer.times = Times::Always,
        "times" => answer.times = Times::Number(reader.number(value, name)),
        _ => {}
    }
}

/// Reads one of these words, and returns its number.
pub(super) fn one_of(reader: &mut Reader, node: &Node, known: &[&str]) -> Option<usize> {
    let word = reader.fixed(node, "a word");
    let found = known.iter().position(|known| *known == word);
    if found.is_none() {
        reader.unknown(node.span, "word", &word, known.iter().copied());
    }
    found
}
