//! The file of expected failures: a YAML list of entries.

use jiff::civil::Date;
use wildmatch::WildMatchPattern;

use crate::contract::What;
use crate::diagnostic::yaml::{self, Data, Node};
use crate::diagnostic::{Problem, SourceFile, did_you_mean, render};

/// The keys of an entry.
const KEYS: [&str; 8] = [
    "case", "clause", "at", "kind", "finding", "reason", "link", "until",
];

/// One or more texts in which `*` stands for any characters.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Vec<WildMatchPattern<'*', '\0'>>);

impl Pattern {
    /// Returns a pattern that fits whatever any of the texts fits.
    fn new(texts: &[&str]) -> Self {
        Self(
            texts
                .iter()
                .map(|text| WildMatchPattern::new(text))
                .collect(),
        )
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(text))
    }
}

/// One expected failure.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The cases that it names, if any.
    pub(super) case: Option<Pattern>,
    /// The clauses that it names, if any.
    pub(super) clause: Option<Pattern>,
    /// The places in the response that it names, if any.
    pub(super) at: Option<Pattern>,
    /// The kinds of difference that it names, if any; see [`What::KINDS`].
    pub(super) kind: Option<Vec<String>>,
    /// A part of the finding's text, if it names one. Entries used this before `at` and `kind` existed.
    pub(super) finding: Option<String>,
    /// The reason why the failure is expected.
    pub reason: String,
    /// A link to more information.
    pub link: Option<String>,
    /// The last day on which the failure is expected.
    pub until: Option<Date>,
    /// The entry's line in the file, 1-based.
    pub line: usize,
    /// A short description of the entry, for messages.
    pub(super) name: String,
}

/// The entries of a file.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    /// The file's path as the user knows it.
    pub path: String,
    /// Its entries.
    pub entries: Vec<Entry>,
}

impl Expectations {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// Returns all faults of the file at once, rendered with their places.
    pub fn parse(path: &str, text: &str, colour: bool) -> Result<Self, String> {
        let source = SourceFile::new(path, text);
        let mut reader = Reader {
            source: &source,
            problems: Vec::new(),
        };
        let entries = match yaml::parse_if_any(text) {
            Ok(node) => node.map_or_else(Vec::new, |node| reader.entries(&node)),
            Err(problem) => {
                reader.problems.push(problem);
                Vec::new()
            }
        };
        if reader.problems.is_empty() {
            Ok(Self {
                path: path.to_owned(),
                entries,
            })
        } else {
            Err(render(&source, &reader.problems, colour))
        }
    }
}

struct Reader<'s> {
    source: &'s SourceFile,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn wrong(&mut self, node: &Node, message: &str, label: &str) {
        self.problems.push(Problem::new(node.span, message, label));
    }

    fn entries(&mut self, node: &Node) -> Vec<Entry> {
        match &node.data {
            Data::Sequence(items) => items.iter().filter_map(|item| self.entry(item)).collect(),
            // Only `---`, or a quoted empty text.
            Data::Scalar { text, .. } if text.is_empty() => Vec::new(),
            Data::Scalar { .. } | Data::Mapping(_) => {
                self.wrong(node, "expected failures are a list of entries", node.kind());
                Vec::new()
            }
        }
    }

    /// Returns the kinds of difference, and reports unknown ones.
    fn kinds(&mut self, value: &Node, texts: &[&str]) -> Vec<String> {
        for text in texts.iter().filter(|text| !What::KINDS.contains(*text)) {
            let message = format!("unknown kind of difference `{text}`");
            let problem = Problem::new(value.span, message, "unknown kind");
            let kinds = What::KINDS.join(", ");
            let help =
                did_you_mean(text, What::KINDS).unwrap_or_else(|| format!("the kinds are {kinds}"));
            self.problems.push(problem.help(help));
        }
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn entry(&mut self, node: &Node) -> Option<Entry> {
        let Data::Mapping(members) = &node.data else {
            self.wrong(
                node,
                "an entry is a mapping with `case` or `clause`, and `reason`",
                node.kind(),
            );
            return None;
        };
        let mut entry = Entry {
            case: None,
            clause: None,
            at: None,
            kind: None,
            finding: None,
            reason: String::new(),
            link: None,
            until: None,
            line: self.source.line_column(node.span.start).0,
            name: String::new(),
        };
        for (key, value) in members {
            let may_be_several = matches!(key.text.as_str(), "case" | "clause" | "at" | "kind");
            let Some(texts) = texts(value, may_be_several) else {
                let form = if may_be_several {
                    "a text or a list of texts"
                } else {
                    "a text"
                };
                self.wrong(value, &format!("`{}` is {form}", key.text), value.kind());
                continue;
            };
            let text = texts.first().copied().unwrap_or_default();
            match key.text.as_str() {
                "case" => entry.case = Some(Pattern::new(&texts)),
                "clause" => entry.clause = Some(Pattern::new(&texts)),
                "at" => entry.at = Some(Pattern::new(&texts)),
                "kind" => entry.kind = Some(self.kinds(value, &texts)),
                "finding" => entry.finding = Some(text.to_owned()),
                "reason" => text.clone_into(&mut entry.reason),
                "link" => entry.link = Some(text.to_owned()),
                "until" => match text.parse() {
                    Ok(date) => entry.until = Some(date),
                    Err(_) => {
                        self.wrong(value, "`until` is a day such as 2027-01-31", "no such day");
                    }
                },
                other => {
                    let mut problem = Problem::new(
                        key.span,
                        format!("there is no key `{other}` here"),
                        "unknown key",
                    );
                    if let Some(hint) = did_you_mean(other, KEYS) {
                        problem = problem.help(hint);
                    }
                    self.problems.push(problem);
                }
            }
            if matches!(key.text.as_str(), "case" | "clause") {
                let gap = if entry.name.is_empty() { "" } else { ", " };
                let texts = texts.join(" or ");
                entry.name = format!("{}{gap}{} {texts}", entry.name, key.text);
            }
        }
        if entry.case.is_none() && entry.clause.is_none() {
            self.wrong(
                node,
                "an entry names a `case`, a `clause` or both",
                "neither",
            );
        }
        if entry.reason.is_empty() {
            self.wrong(
                node,
                "an entry says why the failure is expected",
                "`reason` is missing or empty",
            );
        }
        Some(entry)
    }
}

/// Returns the text of a value, or the texts of a non-empty list.
fn texts(value: &Node, may_be_several: bool) -> Option<Vec<&str>> {
    match &value.data {
        Data::Sequence(items) if may_be_several && !items.is_empty() => items
            .iter()
            .map(|item| item.as_str().map(str::trim))
            .collect(),
        _ => value.as_str().map(|text| vec![text.trim()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test]
    fn an_entry_is_read_with_its_line() {
        let text = "# known\n- case: batch/*\n  clause: V2-BATCH-3\n  reason: replaced\n  until: 2027-01-31\n";
        let read = Expectations::parse("f", text, false).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.entries.len(), 1);
        assert_eq!(read.entries[0].line, 2);
        assert_eq!(read.entries[0].name, "case batch/*, clause V2-BATCH-3");
    }

    #[test_case(""; "an empty file")]
    #[test_case("# no failures\n"; "only comments")]
    #[test_case("---\n"; "an empty document")]
    #[test_case("[]\n"; "an empty list")]
    fn a_list_may_have_no_entries(text: &str) {
        let read = Expectations::parse("f", text, false).unwrap_or_else(|error| panic!("{error}"));
        assert!(read.entries.is_empty());
    }

    #[test_case("- case: a\n", "`reason` is missing"; "without a reason")]
    #[test_case("- reason: a\n", "names a `case`, a `clause` or both"; "about nothing")]
    #[test_case("- { case: a, reason: b, untill: 2027-01-31 }\n", "did you mean `until`?"; "a misspelled key")]
    #[test_case("- { case: a, reason: b, kind: mising }\n", "did you mean `missing`?"; "a misspelled kind")]
    #[test_case("- { case: a, reason: b, until: tomorrow }\n", "is a day such as"; "a word for a day")]
    #[test_case("case: a\n", "a list of entries"; "no list")]
    fn a_faulty_file_is_refused(text: &str, says: &str) {
        let error = Expectations::parse("f.yaml", text, false)
            .err()
            .unwrap_or_default();
        assert!(error.contains(says), "{error}");
        assert!(error.contains("f.yaml:1"), "{error}");
    }
}
