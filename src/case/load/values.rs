//! A check of argument values, before any request is sent. Columns are filled in before this check. Values of variables
//! are known only at run time, when the same mistakes make a case broken.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::model::{OperationName, PLACES, is_place};
use super::super::template::{self, Syntax};
use super::super::variable::{Variable, is_builtin};
use super::action::operation_name;
use super::captures;
use super::reader::{Reader, member};
use crate::contract::{Contract, address};
use crate::diagnostic::yaml::{Data, Key, Node};
use crate::diagnostic::{Problem, Span};
use crate::exchange::{Generation, Kind, Operation, RequestBody};

/// The maximum number of rounds of a `repeat`.
const MOST_ROUNDS: u64 = 10_000;
/// The maximum number of items that `fill` makes: three times the capacity of a zone.
const MOST_ITEMS: u64 = 10_500;
/// The maximum number at which the addresses of `fill` can begin.
const MOST_ADDRESSES: u64 = 1_000_000;

/// Checks every value of a file.
pub(super) fn check(reader: &mut Reader, root: &Node, generations: &[Generation]) {
    let Data::Mapping(entries) = &root.data else {
        return;
    };
    let mut later = BTreeSet::new();
    names_kept(root, &mut later);
    let mut values = Values {
        reader,
        generations,
        kept: BTreeSet::new(),
        later,
        round: Round::None,
        is_repeated: false,
    };
    for (key, node) in entries {
        if !matches!(key.text.as_str(), "title" | "about" | "unkillable") {
            values.syntax(node);
        }
    }
    if let Some((_, given)) = member(entries, "given") {
        values.order(given);
        match &given.data {
            Data::Mapping(zones) => zones
                .iter()
                .for_each(|(_, items)| values.items(items, Role::Held)),
            Data::Sequence(_) | Data::Scalar { .. } => values.items(given, Role::Held),
        }
    }
    if let Some((_, steps)) = member(entries, "steps") {
        values.steps(steps);
    }
}

/// Collects the names that steps define, anywhere in a file.
fn names_kept(node: &Node, found: &mut BTreeSet<String>) {
    match &node.data {
        Data::Scalar { .. } => {}
        Data::Sequence(items) => items.iter().for_each(|item| names_kept(item, found)),
        Data::Mapping(entries) => {
            for (key, value) in entries {
                if let ("capture" | "let", Data::Mapping(names)) = (key.text.as_str(), &value.data)
                {
                    found.extend(names.iter().map(|(name, _)| name.text.clone()));
                }
                names_kept(value, found);
            }
        }
    }
}

/// The purpose of the items of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Items that a zone holds.
    Held,
    /// Items to send, which may be anything.
    Sent,
    /// Items that an answer shows.
    Shown,
}

/// The values that a repetition provides to its steps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    None,
    /// A vendor and a region.
    Place,
    /// A chunk of vendors and regions.
    Chunk,
}

struct Values<'r, 'n> {
    reader: &'r mut Reader,
    generations: &'n [Generation],
    /// The names that earlier steps define.
    kept: BTreeSet<String>,
    /// The names that any step defines.
    later: BTreeSet<String>,
    round: Round,
    /// Whether the current step is inside a repetition of any kind.
    is_repeated: bool,
}

impl<'n> Values<'_, 'n> {
    fn problem(&mut self, span: Span, message: impl Into<String>, hint: &str) {
        self.reader.problem(Problem::new(span, message, hint));
    }

    /// Reports templates that are not closed or have no name.
    fn syntax(&mut self, node: &Node) {
        match &node.data {
            Data::Sequence(items) => items.iter().for_each(|item| self.syntax(item)),
            Data::Mapping(entries) => entries.iter().for_each(|(_, value)| self.syntax(value)),
            Data::Scalar { text, .. } => match template::syntax(text) {
                Ok(()) => {}
                Err(Syntax::Unclosed) => {
                    let message = format!("`{text}` has a `{{{{` without its `}}}}`");
                    self.problem(node.span, message, "close it");
                }
                Err(Syntax::Unnamed) => {
                    let message = format!("`{text}` has a template without a name");
                    self.problem(node.span, message, "name a variable");
                }
            },
        }
    }

    /// Reports names that are used before a step defines them, and names that have a value only in a repetition.
    fn order(&mut self, node: &Node) {
        match &node.data {
            Data::Sequence(items) => items.iter().for_each(|item| self.order(item)),
            Data::Mapping(entries) => entries.iter().for_each(|(_, value)| self.order(value)),
            Data::Scalar { text, .. } => {
                for name in template::names(text) {
                    let is_own = self.kept.contains(&name);
                    if !is_own && self.later.contains(&name) {
                        let message = format!("`{name}` is used before it is kept");
                        self.problem(node.span, message, "capture it in an earlier step");
                    } else if !is_own
                        && is_builtin(&name)
                        && matches!(Variable::read(&name), Some(Variable::Current(_)))
                        && self.round != Round::Place
                    {
                        let message = format!("`{name}` has a value only in a `repeat`");
                        let hint = "repeat over `pairs`, `foreign` or `vendors`";
                        self.problem(node.span, message, hint);
                    } else if !is_own
                        && matches!(Variable::read(&name), Some(Variable::Round(_)))
                        && !self.is_repeated
                    {
                        let message = format!("`{name}` has a value only in a `repeat`");
                        self.problem(node.span, message, "repeat the step");
                    }
                }
            }
        }
    }

    /// Returns the node if it has no variables. Otherwise its value is known only at run time.
    fn said(node: &'n Node) -> Option<&'n Node> {
        let text = node.as_str().unwrap_or_default();
        template::names(text).is_empty().then_some(node)
    }

    fn number(&mut self, node: &'n Node, what: &str, lawful: std::ops::RangeInclusive<u64>) {
        if let Some(said) = Self::said(node) {
            let number = said.to_json().as_u64();
            if !number.is_some_and(|number| lawful.contains(&number)) {
                let found = said.as_str().unwrap_or(said.kind()).to_owned();
                let message = format!("`{what}` expects a number, found `{found}`");
                let hint = if *lawful.end() == u64::MAX {
                    format!("a whole number from {}", lawful.start())
                } else {
                    format!("a whole number from {} to {}", lawful.start(), lawful.end())
                };
                self.problem(said.span, message, &hint);
            }
        }
    }

    fn text(&mut self, node: &'n Node, what: &str) {
        if let Some(said) = Self::said(node)
            && !said.to_json().is_string()
        {
            let message = format!("`{what}` expects a text");
            self.problem(said.span, message, "put it in quotes");
        }
    }

    fn is_true(&mut self, node: &'n Node, what: &str) {
        if node.to_json() != Value::Bool(true) {
            let message = format!("`{what}` expects `true`");
            self.problem(node.span, message, "leave it out where it does not apply");
        }
    }

    fn place(&mut self, node: &'n Node) {
        let Some(said) = Self::said(node) else {
            return;
        };
        let Some(name) = said.as_str() else {
            let message = "`at` expects the name of a place";
            self.problem(said.span, message, "such as `pair.0`");
            return;
        };
        if !is_place(name) {
            let known = PLACES.iter().copied().chain(["pair.0", "pair.1"]);
            self.reader.unknown(said.span, "place", name, known);
        } else if name == "current" && self.round != Round::Place {
            let hint = "repeat over `pairs`, `foreign` or `vendors`";
            self.problem(said.span, "`current` has a value only in a `repeat`", hint);
        }
    }

    fn items(&mut self, node: &'n Node, role: Role) {
        let Data::Sequence(items) = &node.data else {
            return;
        };
        for item in items {
            if let Data::Mapping(members) = &item.data {
                self.item(members, role);
            }
        }
    }

    fn item(&mut self, members: &'n [(Key, Node)], role: Role) {
        for (key, node) in members {
            match key.text.as_str() {
                "at" => self.place(node),
                "fill" => self.number(node, &key.text, 0..=MOST_ITEMS),
                "from" => self.number(node, &key.text, 0..=MOST_ADDRESSES),
                "chunk" => {
                    self.is_true(node, "chunk");
                    if self.round != Round::Chunk {
                        let hint = "repeat over `chunks` or `foreign-chunks`";
                        self.problem(node.span, "`chunk` has items only in a `repeat`", hint);
                    }
                }
                "vendor" | "region" if role != Role::Sent => self.text(node, &key.text),
                "ip" if role == Role::Shown => self.text(node, "ip"),
                "ip" if role == Role::Held => {
                    if let Some(said) = Self::said(node)
                        && said.as_str().and_then(address::parse).is_none()
                    {
                        let message = "a zone can only hold mappings of IP addresses";
                        self.problem(said.span, message, "this is not an IP address");
                    }
                }
                _ => {}
            }
        }
    }

    fn steps(&mut self, node: &'n Node) {
        if let Data::Sequence(steps) = &node.data {
            if steps.is_empty() {
                self.problem(node.span, "there are no steps", "add one");
            }
            for step in steps {
                self.step(step);
            }
        }
    }

    fn step(&mut self, node: &'n Node) {
        let Data::Mapping(entries) = &node.data else {
            return self.steps(node);
        };
        for (key, argument) in entries {
            match key.text.as_str() {
                "parallel" => match member_of(argument, "step") {
                    Some(step) => self.step(step),
                    None => self.steps(argument),
                },
                "repeat" => self.repeat(argument),
                "capture" | "let" => {
                    if key.text == "let" {
                        self.order(argument);
                    } else {
                        captures::check(self.reader, entries, argument, self.generations);
                    }
                }
                name => {
                    self.order(argument);
                    self.action(entries, key, name, argument);
                }
            }
        }
        names_kept(node, &mut self.kept);
    }

    fn repeat(&mut self, argument: &'n Node) {
        let before = (self.round, self.is_repeated);
        self.round = match member_of(argument, "over").and_then(Node::as_str) {
            Some("chunks" | "foreign-chunks") => Round::Chunk,
            Some(_) => Round::Place,
            None => before.0,
        };
        self.is_repeated = true;
        if let Some(times) = member_of(argument, "times") {
            self.number(times, "times", 1..=MOST_ROUNDS);
        }
        if let Some(steps) = member_of(argument, "steps") {
            self.steps(steps);
        }
        (self.round, self.is_repeated) = before;
    }

    fn action(&mut self, step: &'n [(Key, Node)], key: &Key, name: &str, argument: &'n Node) {
        match name {
            "holds" | "one-of" => self.items(argument, Role::Held),
            "pages" => {
                let most = u64::try_from(Contract::embedded().limits.page).unwrap_or(u64::MAX);
                self.number(argument, "pages", 1..=most);
            }
            "expect" => self.expect(step, argument),
            "headers" => {
                if let Data::Mapping(fields) = &argument.data {
                    for (name, value) in fields {
                        if value.as_str().is_none() {
                            let message = format!("the field `{}` expects a text", name.text);
                            self.problem(value.span, message, "one value");
                        }
                    }
                }
            }
            name => match operation_name(name) {
                Some(OperationName::Exact(operation)) => self.call(operation.kind(), argument),
                Some(OperationName::General(kind)) => {
                    for generation in self.generations {
                        if Operation::of(*generation, kind).is_none() {
                            let message = format!("{} has no `{name}`", generation.id());
                            let hint = "name the operation in full, or leave the generation out";
                            self.problem(key.span, message, hint);
                        }
                    }
                    self.call(kind, argument);
                }
                Some(OperationName::Outside) => {
                    for name in ["method", "path", "text"] {
                        if let Some(node) = member_of(argument, name) {
                            self.text(node, name);
                        }
                    }
                }
                None => {}
            },
        }
    }

    fn call(&mut self, kind: Kind, argument: &'n Node) {
        match kind.body() {
            RequestBody::Items | RequestBody::Addresses => {
                self.items(argument, Role::Sent);
                if let Some(node) = member_of(argument, "no-body") {
                    self.is_true(node, "no-body");
                }
            }
            RequestBody::Item => {
                if let Data::Mapping(members) = &argument.data {
                    self.item(members, Role::Sent);
                }
                if let Some(node) = member_of(argument, "omit") {
                    let is_texts = matches!(node.to_json(), Value::Array(names) if names.iter().all(Value::is_string));
                    if !is_texts {
                        self.problem(
                            node.span,
                            "`omit` expects a list of members",
                            "such as [region]",
                        );
                    }
                }
                if let Some(node) = member_of(argument, "extra")
                    && !matches!(node.data, Data::Mapping(_))
                {
                    self.problem(
                        node.span,
                        "`extra` expects members",
                        "such as { comment: x }",
                    );
                }
            }
            // The argument is an address or a query.
            RequestBody::Nothing => {
                if let Data::Mapping(members) = &argument.data {
                    let is_list = |(_, value): &&(Key, Node)| value.as_str().is_none();
                    for (name, value) in members.iter().filter(is_list) {
                        let message = format!("`{}` expects one value", name.text);
                        self.problem(value.span, message, "a number or a text");
                    }
                }
            }
        }
    }

    fn expect(&mut self, step: &'n [(Key, Node)], node: &'n Node) {
        let Data::Mapping(clauses) = &node.data else {
            return;
        };
        let checks = clauses
            .iter()
            .filter_map(|(clause, checks)| match &checks.data {
                Data::Mapping(checks) => Some(checks.iter().map(move |check| (clause, check))),
                Data::Sequence(_) | Data::Scalar { .. } => None,
            });
        for (clause, (key, node)) in checks.flatten() {
            match key.text.as_str() {
                "mapping" => {
                    if let Data::Mapping(members) = &node.data {
                        self.item(members, Role::Shown);
                    }
                }
                "mappings" | "succeeded" | "failed" => self.set(node),
                "address" => self.text(node, "address"),
                path if member_of(node, "absent").is_none() => {
                    // A clause of one generation is ignored in the other.
                    let of_clause: Vec<Generation> = self
                        .generations
                        .iter()
                        .copied()
                        .filter(|generation| {
                            !clause.text.starts_with(generation.other().clause_prefix())
                        })
                        .collect();
                    captures::documented(self.reader, step, (path, key.span), &of_clause);
                }
                _ => {}
            }
        }
    }

    fn set(&mut self, node: &'n Node) {
        self.items(node, Role::Shown);
        for name in ["exactly", "has"] {
            if let Some(items) = member_of(node, name) {
                self.items(items, Role::Shown);
            }
        }
        if let Some(count) = member_of(node, "count") {
            self.number(count, "count", 0..=u64::MAX);
        }
        if let Some(lacks) = member_of(node, "lacks") {
            match &lacks.data {
                Data::Sequence(addresses) => {
                    for address in addresses {
                        self.text(address, "lacks");
                    }
                }
                Data::Mapping(_) | Data::Scalar { .. } => {
                    self.problem(
                        lacks.span,
                        "`lacks` expects a list of addresses",
                        "in brackets",
                    );
                }
            }
        }
    }
}

fn member_of<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    match &node.data {
        Data::Mapping(members) => member(members, name).map(|(_, node)| node),
        Data::Sequence(_) | Data::Scalar { .. } => None,
    }
}
