//! The parts that the whole loader shares: the list of problems, and functions that read nodes.

use serde_json::Value;

use super::super::format::{Word, names};
use super::super::model::ClauseKey;
use super::super::template;
use crate::contract::{ClauseId, Contract, Level};
use crate::diagnostic::yaml::{Data, Key, Node};
use crate::diagnostic::{Problem, Span, did_you_mean};

/// The maximum number of problems that are kept for one file; nobody reads more.
const MOST: usize = 1_000;

/// Collects the problems of one file.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) problems: Vec<Problem>,
    /// The columns of the table.
    pub(crate) columns: Vec<String>,
}

impl Reader {
    /// Adds a problem if it is new. The rows of a table share most of their content, so they repeat problems.
    pub(crate) fn problem(&mut self, problem: Problem) {
        if self.problems.len() < MOST && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Reports a variable that is not a column, at a place where only columns are allowed.
    pub(crate) fn no_column(&mut self, span: Span, name: &str) {
        let label = did_you_mean(name, self.columns.iter().map(String::as_str))
            .unwrap_or_else(|| "only a column can stand here".to_owned());
        let message = format!("there is no column `{name}`");
        self.problem(Problem::new(span, message, label));
    }

    /// Returns the node as a text without variables, so that it is known before the case runs.
    pub(crate) fn fixed(&mut self, node: &Node, what: &str) -> String {
        let text = self.text(node, what);
        if let Some(name) = template::names(&text).first() {
            self.no_column(node.span, name);
        }
        text
    }

    /// Returns the node as a mapping, or reports a problem.
    pub(crate) fn mapping<'n>(&mut self, node: &'n Node, what: &str) -> &'n [(Key, Node)] {
        if let Data::Mapping(entries) = &node.data {
            return entries;
        }
        self.expected(node, &format!("{what} is a mapping"), "a mapping");
        &[]
    }

    /// Returns the node as a list, or reports a problem.
    pub(crate) fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        if let Data::Sequence(items) = &node.data {
            return items;
        }
        self.expected(node, &format!("{what} is a list"), "a list");
        &[]
    }

    /// Returns the node as text, or reports a problem.
    pub(crate) fn text(&mut self, node: &Node, what: &str) -> String {
        if let Some(text) = node.as_str() {
            return text.to_owned();
        }
        self.expected(node, &format!("{what} is a text"), "a text");
        String::new()
    }

    /// Returns the node as a list of texts without variables.
    pub(crate) fn texts(&mut self, node: &Node, what: &str) -> Vec<String> {
        let items = self.list(node, what);
        items.iter().map(|item| self.fixed(item, what)).collect()
    }

    /// Returns the node as a number, or reports a problem.
    pub(crate) fn number(&mut self, node: &Node, what: &str) -> usize {
        let number = node
            .to_json()
            .as_u64()
            .and_then(|n| usize::try_from(n).ok());
        number.unwrap_or_else(|| {
            self.expected(node, &format!("{what} is a number"), "a number");
            0
        })
    }

    fn expected(&mut self, node: &Node, message: &str, wanted: &str) {
        let label = format!("expected {wanted}, found {}", node.kind());
        self.problem(Problem::new(node.span.beginning(), message, label));
    }

    /// Reports an unknown name, with the nearest known name.
    pub(crate) fn unknown<'a>(
        &mut self,
        span: Span,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        if let Some(variable) = template::names(name).first() {
            return self.no_column(span, variable);
        }
        let known: Vec<&str> = known.into_iter().collect();
        let label =
            did_you_mean(name, known.iter().copied()).unwrap_or_else(|| format!("unknown {what}"));
        let problem = Problem::new(span, format!("there is no {what} `{name}`"), label);
        let listed = known.len() <= 24;
        self.problem(if listed {
            problem.help(format!("known: {}", known.join(", ")))
        } else {
            problem
        });
    }

    /// Reports the keys of a mapping that are not in the table.
    pub(crate) fn known_keys(&mut self, entries: &[(Key, Node)], what: &str, words: &[Word]) {
        for (key, _) in entries {
            if !words.iter().any(|word| word.name == key.text) {
                self.unknown(key.span, what, &key.text, names(words));
            }
        }
    }

    /// Reads a clause key: an id, possibly with `Vn-`, and an optional level in parentheses.
    pub(crate) fn clause(&mut self, text: &str, span: Span) -> ClauseKey {
        let (id, level) = match text.split_once(' ') {
            None => (text, None),
            Some((id, "(must)")) => (id, Some(Level::Must)),
            Some((id, "(should)")) => (id, Some(Level::Should)),
            Some((id, other)) => {
                self.unknown(span, "level", other, ["(must)", "(should)"]);
                (id, None)
            }
        };
        let contract = Contract::embedded();
        let exists = match id.strip_prefix("Vn-") {
            None => contract.clause(&ClauseId::from(id)).is_some(),
            Some(rest) => ["V1", "V2"].iter().any(|v| {
                contract
                    .clause(&ClauseId::from(format!("{v}-{rest}").as_str()))
                    .is_some()
            }),
        };
        if !exists {
            let known = contract.clauses.iter().map(|clause| clause.id.as_str());
            self.unknown(span, "clause", id, known);
        }
        ClauseKey {
            id: id.to_owned(),
            level,
            span,
        }
    }
}

/// Returns the member of a mapping with this name.
pub(crate) fn member<'n>(entries: &'n [(Key, Node)], name: &str) -> Option<&'n (Key, Node)> {
    entries.iter().find(|(key, _)| key.text == name)
}

/// Returns the JSON of a member's value, or null.
pub(crate) fn json(node: Option<&(Key, Node)>) -> Value {
    node.map_or(Value::Null, |(_, node)| node.to_json())
}
