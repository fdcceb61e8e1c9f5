//! A sequence of requests, as a case that can run and as the text of a case file.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use serde_json::Value;

use super::ask::{Address, Argument, Ask, Which};
use crate::case::{Action, Auth, CallSpec, CaseFile, OperationName, Reading, Step, Trial};
use crate::contract::ClauseId;
use crate::diagnostic::{SourceFile, Span};
use crate::exchange::{Kind, Operation};

/// The most addresses that are read in place of a last write.
const READS: usize = 3;
/// The most turns of a script from which single ones are left out.
const SHORT: usize = 6;

/// One request, or several at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    One(Ask),
    Together(Vec<Ask>),
}

impl Turn {
    /// Returns the requests of the turn.
    pub(super) fn asks(&self) -> &[Ask] {
        match self {
            Self::One(ask) => std::slice::from_ref(ask),
            Self::Together(asks) => asks,
        }
    }
}

fn writes(turn: &Turn) -> bool {
    let mut asks = turn.asks().iter();
    asks.any(|ask| ask.operation.kind().writes())
}

/// A sequence of requests to one zone, which is empty at first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Script(pub(super) Vec<Turn>);

impl Script {
    /// Returns the number of requests.
    pub(super) fn requests(&self) -> usize {
        self.0.iter().map(|turn| turn.asks().len()).sum()
    }

    /// Returns scripts that may show the same fault by a better clause: with reads before the last write, which show
    /// whether it or a write before it is at fault; with reads in place of a last write, since an answer to a write is a
    /// weak witness of what was there before it; and without one of the writes before.
    pub(super) fn retellings(&self) -> Vec<Self> {
        let Some((last, before)) = self.0.split_last() else {
            return Vec::new();
        };
        let mut all: Vec<Self> = self
            .with_reads_before_the_last_write()
            .into_iter()
            .collect();
        if let Turn::One(ask) = last
            && ask.operation.kind().writes()
            && let Some(get) = Operation::of(ask.operation.generation(), Kind::Get)
        {
            let reads = ask.addresses().into_iter().take(READS).map(|which| {
                let address = Argument::Address(Address::plain(which));
                Turn::One(Ask::new(get, address))
            });
            all.push(Self(before.iter().cloned().chain(reads).collect()));
        }
        if before.len() > 1 && before.len() <= SHORT {
            // A read may be what tells the writes around it apart, so it stays.
            let left_out = (0..before.len())
                .rev()
                .filter(|turn| writes(&before[*turn]));
            all.extend(left_out.map(|left_out| {
                let mut turns = self.0.clone();
                turns.remove(left_out);
                Self(turns)
            }));
        }
        all
    }

    /// Returns the script with reads of the addresses that earlier writes named and the last write does not name.
    fn with_reads_before_the_last_write(&self) -> Option<Self> {
        let last = self.0.iter().rposition(writes)?;
        let (before, after) = self.0.split_at_checked(last)?;
        let by_last: Vec<Which> = after
            .first()?
            .asks()
            .iter()
            .flat_map(Ask::addresses)
            .collect();
        // They are read through the generation that shows the fault, since the other one need not know of them.
        let shows = self.0.last()?.asks().last()?.operation.generation();
        let get = Operation::of(shows, Kind::Get)?;
        let mut named: Vec<Which> = Vec::new();
        for ask in before.iter().rev().flat_map(Turn::asks) {
            let is_write = ask.operation.kind().writes();
            for which in ask.addresses().into_iter().filter(|_| is_write) {
                if !by_last.contains(&which) && !named.contains(&which) {
                    named.push(which);
                }
            }
        }
        let reads = named.into_iter().take(READS).map(|which| {
            let address = Argument::Address(Address::plain(which));
            Turn::One(Ask::new(get, address))
        });
        let reads: Vec<Turn> = reads.collect();
        let turns = before
            .iter()
            .cloned()
            .chain(reads.clone())
            .chain(after.iter().cloned());
        (!reads.is_empty()).then(|| Self(turns.collect()))
    }

    /// Converts the script to a trial. The line of each step is the number of its turn, counted from 1.
    pub(super) fn trial(&self, id: &str, title: &str) -> Trial {
        let steps = self.0.iter().enumerate();
        let steps = steps.map(|(index, turn)| step(index + 1, turn)).collect();
        let mut needs: Vec<String> = self
            .0
            .iter()
            .flat_map(Turn::asks)
            .map(|ask| ask.operation.generation().id().to_owned())
            .collect();
        needs.sort();
        needs.dedup();
        let case = CaseFile {
            id: id.to_owned(),
            row: String::new(),
            source: Arc::new(SourceFile::new(format!("{id} (generated)"), "")),
            title: title.to_owned(),
            about: None,
            proves: Vec::new(),
            generations: Vec::new(),
            needs,
            tags: Vec::new(),
            unkillable: None,
            zones: vec!["home".to_owned()],
            given: BTreeMap::new(),
            judges_history: true,
            steps,
        };
        Trial {
            case: Arc::new(case),
            generation: None,
            reading: Reading::EveryWay,
            is_brief: false,
        }
    }

    /// Formats the script as a case file.
    pub(super) fn text(&self, title: &str, about: &str, clause: &ClauseId) -> String {
        let mut text = format!(
            "title: {}\nabout: {}\nproves: [{}]\njudge: history\nsteps:\n",
            quoted(title),
            quoted(about),
            clause.as_str()
        );
        for turn in &self.0 {
            // Writing to memory does not fail.
            let _ = match turn {
                Turn::One(ask) => writeln!(text, "  - {}", line(ask, "    ")),
                Turn::Together(asks) => {
                    let inner = asks
                        .iter()
                        .map(|ask| format!("      - {}\n", line(ask, "        ")));
                    write!(text, "  - parallel:\n{}", inner.collect::<String>())
                }
            };
        }
        text
    }
}

fn step(line: usize, turn: &Turn) -> Step {
    let action = match turn {
        Turn::One(ask) => call(ask),
        Turn::Together(asks) => {
            Action::Parallel(asks.iter().map(|ask| plain_step(line, call(ask))).collect())
        }
    };
    plain_step(line, action)
}

fn plain_step(line: usize, action: Action) -> Step {
    Step {
        span: Span { start: 0, end: 0 },
        line,
        action,
        zone: None,
        expect: Vec::new(),
        capture: Vec::new(),
    }
}

fn call(ask: &Ask) -> Action {
    Action::Call(CallSpec {
        operation: OperationName::Exact(ask.operation),
        argument: ask.json(),
        auth: ask.auth,
        fault: None,
        headers: BTreeMap::new(),
        outside_contract: false,
    })
}

/// Formats a request such as `v2.put: {ip: "{{v4.0}}", at: pair.0}`. A second line has the credentials if they are not
/// the run's own.
fn line(ask: &Ask, indent: &str) -> String {
    let mut line = format!("{}: {}", ask.operation.id(), flow(&ask.json()));
    let auth = match ask.auth {
        Auth::None => "none",
        Auth::WrongToken => "wrong-token",
        _ => return line,
    };
    // Writing to a string does not fail.
    let _ = write!(line, "\n{indent}auth: {auth}");
    line
}

/// Formats a value in the flow style of YAML.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| format!("{name}: {}", flow(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let items = items.iter().map(flow);
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => quoted(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Formats a text for a case file, quoted unless it is a plain word.
fn quoted(text: &str) -> String {
    let is_word = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    let begins_as_word = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_word && begins_as_word {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}
