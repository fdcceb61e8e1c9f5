//! The table of a file: its rows, and the file with each row filled in.
//!
//! A column may stand for any value, for any part of a text and for a key. Columns are filled in before anything else
//! is read, so each row is checked as if it were a file of its own. A fault that comes from a cell is reported at the
//! cell.

use std::collections::BTreeSet;

use super::super::template;
use super::reader::{Reader, member};
use crate::diagnostic::yaml::{Data, Key, Node};
use crate::diagnostic::{Problem, Span};

/// Limits, so that a small file cannot take all memory: the number of rows, the size of a file with its columns filled
/// in, and the depth to which cells use each other.
const MAX_ROWS: usize = 1_000;
const MAX_SIZE: usize = 1 << 20;
const MAX_DEPTH: usize = 8;

/// A row of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// The row's name; empty if the file has no table.
    pub(crate) name: String,
    cells: Vec<(Key, Node)>,
}

impl Row {
    /// Returns the names of the row's columns.
    pub(crate) fn columns(&self) -> BTreeSet<&str> {
        self.cells
            .iter()
            .map(|(key, _)| key.text.as_str())
            .collect()
    }

    /// Returns the file without its table and with this row's columns filled in.
    pub(crate) fn fill(&self, reader: &mut Reader, root: &Node) -> Node {
        let mut file = root.clone();
        if let Data::Mapping(entries) = &mut file.data {
            entries.retain(|(key, _)| key.text != "table");
        }
        let cells: Vec<&(Key, Node)> = self.cells.iter().collect();
        let mut filling = Filling {
            reader,
            left: MAX_SIZE,
            depth: 0,
        };
        filling.node(&file, &cells)
    }
}

/// Returns the rows of a file, at least one. If the file has no table, the only row has no columns.
pub(crate) fn read_rows(reader: &mut Reader, root: &Node) -> Vec<Row> {
    let table = match &root.data {
        Data::Mapping(entries) => member(entries, "table"),
        Data::Sequence(_) | Data::Scalar { .. } => None,
    };
    let Some((key, node)) = table else {
        return vec![Row::default()];
    };
    let items = reader.list(node, "`table`");
    let is_list = |item: &Node| matches!(item.data, Data::Sequence(_));
    let rows = if items.iter().any(is_list) {
        crossed(reader, items)
    } else {
        table_rows(reader, items)
    };
    if rows.is_empty() {
        let message = "the table has no rows";
        reader.problem(Problem::new(key.span, message, "add one or leave it out"));
        return vec![Row::default()];
    }
    rows
}

/// Returns each combination of the rows of several tables.
fn crossed(reader: &mut Reader, tables: &[Node]) -> Vec<Row> {
    let mut all = vec![Row::default()];
    for table in tables {
        let items = reader.list(table, "each of several tables");
        let rows = table_rows(reader, items);
        let (left, right) = (all.first(), rows.first());
        if let (Some(left), Some(right)) = (left, right)
            && let Some(name) = left.columns().intersection(&right.columns()).next()
        {
            let message = format!("two tables have the column `{name}`");
            reader.problem(Problem::new(
                table.span.beginning(),
                message,
                "the second one",
            ));
        }
        if all.len().saturating_mul(rows.len()) > MAX_ROWS {
            let message = format!("the tables have more than {MAX_ROWS} combinations");
            reader.problem(Problem::new(
                table.span.beginning(),
                message,
                "with this one",
            ));
            break;
        }
        all = all
            .iter()
            .flat_map(|left| rows.iter().map(move |right| joined(left, right)))
            .collect();
        let mut names = BTreeSet::new();
        if let Some(row) = all.iter().find(|row| !names.insert(row.name.as_str())) {
            let message = format!("two combinations of rows are called `{}`", row.name);
            reader.problem(Problem::new(
                table.span.beginning(),
                message,
                "with this table",
            ));
        }
    }
    all
}

fn joined(left: &Row, right: &Row) -> Row {
    let names = [left.name.as_str(), right.name.as_str()];
    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    Row {
        name: names.join("."),
        cells: left.cells.iter().chain(&right.cells).cloned().collect(),
    }
}

fn table_rows(reader: &mut Reader, items: &[Node]) -> Vec<Row> {
    if items.len() > MAX_ROWS {
        let message = format!("a table has at most {MAX_ROWS} rows");
        let span = items.first().map_or_else(Span::default, |item| item.span);
        let label = format!("{} rows begin here", items.len());
        reader.problem(Problem::new(span.beginning(), message, label));
        return vec![Row::default()];
    }
    let mut rows: Vec<Row> = Vec::new();
    for item in items {
        let mut row = Row::default();
        for (key, value) in reader.mapping(item, "a row") {
            if key.text == "row" {
                row.name = reader.text(value, "a row's name");
            } else {
                row.cells.push((key.clone(), value.clone()));
            }
        }
        let is_name =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if row.name.is_empty() || !row.name.chars().all(is_name) {
            let message = "a row needs a `row`: its name in lower case, digits, `-` and `.`";
            reader.problem(Problem::new(item.span, message, "this row"));
        }
        if rows.iter().any(|other| other.name == row.name) {
            let message = format!("two rows are called `{}`", row.name);
            reader.problem(Problem::new(item.span, message, "the second one"));
        }
        if let Some(first) = rows.first()
            && first.columns() != row.columns()
        {
            let list = |row: &Row| row.columns().into_iter().collect::<Vec<_>>().join(", ");
            let label = format!("expected {}, found {}", list(first), list(&row));
            let message = "all rows have the same columns";
            reader.problem(Problem::new(item.span, message, label));
        }
        rows.push(row);
    }
    rows
}

/// Reports the columns that nothing in the file uses.
pub(crate) fn check_use(reader: &mut Reader, root: &Node, row: &Row) {
    let mut used = BTreeSet::new();
    names(root, &mut used);
    for (column, _) in &row.cells {
        if !used.contains(&column.text) {
            let message = format!("the column `{}` is never used", column.text);
            reader.problem(Problem::new(column.span, message, "use it or leave it out"));
        }
    }
}

/// Collects the names of all variables in the texts and keys of a tree.
fn names(node: &Node, found: &mut BTreeSet<String>) {
    match &node.data {
        Data::Scalar { text, .. } => found.extend(template::names(text)),
        Data::Sequence(items) => items.iter().for_each(|item| names(item, found)),
        Data::Mapping(entries) => {
            for (key, value) in entries {
                found.extend(template::names(&key.text));
                names(value, found);
            }
        }
    }
}

/// The state of filling cells into a tree.
struct Filling<'r> {
    reader: &'r mut Reader,
    /// The size by which the filled tree may still grow: bytes of text, plus one for each node.
    left: usize,
    /// The number of cells that enclose the current node.
    depth: usize,
}

impl Filling<'_> {
    /// Returns the node with the cells filled in. A cell may use the other columns of its row.
    fn node(&mut self, node: &Node, cells: &[&(Key, Node)]) -> Node {
        let size = 1 + node.as_str().map_or(0, str::len);
        if !self.may_grow(size, node.span) {
            return node.clone();
        }
        let data = match &node.data {
            Data::Scalar { text, plain } => {
                if let Some(cell) = cells.iter().find(|(key, _)| is_only(text, &key.text)) {
                    return self.cell(cell, cells).unwrap_or_else(|| node.clone());
                }
                let filled = self.text(text, cells);
                Data::Scalar {
                    plain: *plain && filled == *text,
                    text: filled,
                }
            }
            Data::Sequence(items) => {
                Data::Sequence(items.iter().map(|item| self.node(item, cells)).collect())
            }
            Data::Mapping(entries) => Data::Mapping(self.members(entries, cells)),
        };
        Node {
            data,
            span: node.span,
        }
    }

    /// Returns a cell with the other columns filled in. Beyond the limits, it returns `None`, and a problem is
    /// reported.
    fn cell(&mut self, cell: &(Key, Node), cells: &[&(Key, Node)]) -> Option<Node> {
        if self.depth == MAX_DEPTH {
            let message = format!("columns use each other more than {MAX_DEPTH} deep");
            let label = "say it where it is used";
            self.reader
                .problem(Problem::new(cell.1.span.beginning(), message, label));
            return None;
        }
        if self.left == 0 {
            return None;
        }
        self.depth += 1;
        let filled = self.node(&cell.1, &without(cells, &cell.0.text));
        self.depth -= 1;
        Some(filled)
    }

    fn may_grow(&mut self, size: usize, span: Span) -> bool {
        if self.left > 0 && self.left < size {
            let message = "with its columns put in, this file is too long";
            self.reader
                .problem(Problem::new(span.beginning(), message, "here"));
        }
        self.left = self.left.saturating_sub(size);
        self.left > 0
    }

    fn members(&mut self, entries: &[(Key, Node)], cells: &[&(Key, Node)]) -> Vec<(Key, Node)> {
        let mut filled: Vec<(Key, Node)> = Vec::new();
        for (key, value) in entries {
            let name = self.key(key, cells);
            if filled.iter().any(|(other, _)| other.text == name.text) {
                let message = format!("`{}` is given twice", name.text);
                self.reader
                    .problem(Problem::new(name.span, message, "the second one"));
            }
            filled.push((name, self.node(value, cells)));
        }
        filled
    }

    /// Returns a key with its columns filled in. Other variables are a fault, since they are not known before the case
    /// runs.
    fn key(&mut self, key: &Key, cells: &[&(Key, Node)]) -> Key {
        let text = self.text(&key.text, cells);
        if let Some(name) = template::names(&text).first() {
            self.reader.no_column(key.span, name);
        }
        let cell = cells
            .iter()
            .find(|(column, _)| is_only(&key.text, &column.text));
        Key {
            text,
            span: cell.map_or(key.span, |(_, cell)| cell.span),
        }
    }

    /// Returns the text with the cells filled in; other variables stay.
    fn text(&mut self, text: &str, cells: &[&(Key, Node)]) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, behind)) = after.split_once("}}") else {
                break;
            };
            filled.push_str(before);
            let cell = cells.iter().find(|(key, _)| key.text == name.trim());
            match cell.and_then(|cell| self.part(cell, cells)) {
                Some(part) => filled.push_str(&part),
                None => filled.extend(["{{", name, "}}"]),
            }
            rest = behind;
        }
        filled.push_str(rest);
        filled
    }

    /// Returns a cell's text for use inside another text, or reports a problem.
    fn part(&mut self, cell: &(Key, Node), cells: &[&(Key, Node)]) -> Option<String> {
        let value = self.cell(cell, cells)?;
        if value.as_str().is_none() {
            let message = format!("the column `{}` stands for a part of a text", cell.0.text);
            let label = format!("expected a text, found {}", value.kind());
            self.reader
                .problem(Problem::new(value.span.beginning(), message, label));
        }
        value.as_str().map(str::to_owned)
    }
}

fn is_only(text: &str, column: &str) -> bool {
    template::is_only(text)
        && template::names(text)
            .first()
            .is_some_and(|name| name == column)
}

fn without<'n>(cells: &[&'n (Key, Node)], column: &str) -> Vec<&'n (Key, Node)> {
    let others = cells.iter().filter(|(key, _)| key.text != column);
    others.copied().collect()
}
