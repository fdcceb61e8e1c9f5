//! Differences between what is lawful and what was found, as data. `words` writes the sentences about them.

mod words;

use std::fmt;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use words::mapped;

use super::place::Place;
use crate::exchange::Exchange;

/// The maximum number of characters of a found value that are kept.
const SHOWN: usize = 200;
/// The maximum number of codes of an answer that are kept.
const CODES: usize = 8;

/// One difference between what is lawful and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum What {
    /// An answer does not have a lawful status or code.
    Answer {
        /// The lawful answer, such as `4xx for a missing vendor`.
        lawful: String,
        /// The answer that was given.
        answered: Answered,
    },
    /// A request that must be refused was accepted.
    Accepted {
        /// The reason why it must be refused.
        why: String,
        /// The request, or the part of it, that was accepted.
        accepted: String,
    },
    /// Something that must be there is missing.
    Missing {
        /// A description of what was expected.
        wanted: String,
        /// What is missing.
        part: MissingPart,
    },
    /// Something is there that must not be.
    Unexpected {
        /// The rule of the contract that it breaks.
        rule: String,
        /// The thing that was found.
        found: String,
    },
    /// A value is not the lawful one.
    Value {
        /// The lawful value, or a description of it.
        expected: String,
        /// The value that was found.
        found: String,
    },
    /// A value that does not have its documented form.
    Form {
        /// The documented form.
        expected: String,
        /// What is wrong with the value.
        found: String,
    },
    /// The number of things is wrong.
    Count {
        /// The things that are counted, with any condition.
        things: String,
        /// The lawful number.
        expected: u64,
        /// Whether a smaller number is lawful too.
        at_most: bool,
        /// The number that was found.
        found: u64,
    },
    /// Something that must be there once is there twice.
    Repeated {
        /// The rule about what must be there once.
        rule: String,
        /// The repeated thing.
        found: String,
    },
    /// Things are in a wrong order.
    Order {
        /// The lawful order.
        expected: String,
        /// The order that was found.
        found: String,
    },
    /// An address does not have the expected mapping.
    Mapping {
        /// The address.
        ip: IpAddr,
        /// The mapping that it must have; `None` for no mapping.
        expected: Option<Place>,
        /// The mapping that is shown; `None` for no mapping.
        found: Option<Place>,
        /// How the expected mapping is known.
        evidence: Evidence,
    },
    /// A list does not have the expected items.
    Items {
        /// The expected items, in words.
        expected: String,
        /// The items that are missing.
        missing: Vec<String>,
        /// The items with other values, each with the expected item.
        changed: Vec<(String, String)>,
        /// The items that must not be there.
        surplus: Vec<String>,
    },
}

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MissingPart {
    /// A member of a JSON object.
    Member,
    /// A header field.
    Header,
    /// A list; the answer has something else in its place.
    List,
    /// A mapping.
    Mapping,
    /// An answer that can be understood.
    Answer,
}

/// How the expected mapping of an address is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The case wrote or deleted it.
    Case,
    /// The case wrote it, and the other generation must show it as well.
    OtherGeneration,
    /// The case wrote it, and one of the pages must show it.
    Pages,
    /// A write of it was answered with 200.
    Accepted,
    /// Earlier exchanges of the zone show it.
    History,
    /// Earlier exchanges wrote it, and a later one shows it; the answer that was found contradicts both.
    LaterRead,
    /// It was deleted in every possible way, and is still listed.
    Deleted,
}

/// The answer of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The codes of its first errors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<i64>,
    /// The message of its first error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Answered {
    /// Creates an answer with only a status.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// Returns the status of an exchange, with its codes and its first message.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        let response = &exchange.response;
        let message = response.pointer("/errors/0/message");
        let mut codes = response.codes();
        codes.truncate(CODES);
        Self {
            status: response.status,
            codes,
            message: message.and_then(Value::as_str).map(shortened),
        }
    }
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if !self.codes.is_empty() {
            let codes: Vec<String> = self.codes.iter().map(ToString::to_string).collect();
            write!(f, " with code {}", codes.join(", "))?;
        }
        match &self.message {
            Some(message) => write!(f, " ({message})"),
            None => Ok(()),
        }
    }
}

impl What {
    /// Creates the difference for a status that is not lawful.
    pub fn status(lawful: impl Into<String>, status: u16) -> Self {
        Self::answer(lawful, Answered::status(status))
    }

    /// Creates the difference for an answer that is not lawful.
    pub fn answer(lawful: impl Into<String>, answered: Answered) -> Self {
        Self::Answer {
            lawful: lawful.into(),
            answered,
        }
    }

    /// Creates the difference for a request that was accepted but must be refused.
    pub fn accepted(why: impl Into<String>, accepted: impl Into<String>) -> Self {
        Self::Accepted {
            why: why.into(),
            accepted: accepted.into(),
        }
    }

    /// Creates the difference for something that is missing.
    pub fn missing(wanted: impl Into<String>, part: MissingPart) -> Self {
        Self::Missing {
            wanted: wanted.into(),
            part,
        }
    }

    /// Creates the difference for something that must not be there.
    pub fn unexpected(rule: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self::Unexpected {
            rule: rule.into(),
            found: shortened(found.as_ref()),
        }
    }

    /// Creates the difference for a value that is not the lawful one.
    pub fn value(expected: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self::Value {
            expected: expected.into(),
            found: shortened(found.as_ref()),
        }
    }

    /// Creates the difference for a value that does not have its documented form.
    pub fn form(expected: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self::Form {
            expected: expected.into(),
            found: shortened(found.as_ref()),
        }
    }

    /// Creates the difference for a wrong number of things.
    pub fn count(things: impl Into<String>, expected: usize, found: usize) -> Self {
        Self::Count {
            things: things.into(),
            expected: number(expected),
            at_most: false,
            found: number(found),
        }
    }

    /// Creates the difference for too many things.
    pub fn too_many(things: impl Into<String>, most: usize, found: usize) -> Self {
        Self::Count {
            things: things.into(),
            expected: number(most),
            at_most: true,
            found: number(found),
        }
    }

    /// Creates the difference for something that is there twice.
    pub fn repeated(rule: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self::Repeated {
            rule: rule.into(),
            found: shortened(found.as_ref()),
        }
    }

    /// Creates the difference for an address that does not have the expected mapping.
    #[must_use]
    pub fn mapping(
        ip: IpAddr,
        expected: Option<&Place>,
        found: Option<&Place>,
        evidence: Evidence,
    ) -> Self {
        Self::Mapping {
            ip,
            expected: expected.cloned(),
            found: found.cloned(),
            evidence,
        }
    }

    /// The words for the kinds of difference; see [`What::kind`].
    pub const KINDS: [&'static str; 11] = [
        "answer",
        "accepted",
        "missing",
        "unexpected",
        "value",
        "form",
        "count",
        "repeated",
        "order",
        "mapping",
        "items",
    ];

    /// Returns the kind of difference in one word, as in run documents and lists of expected failures.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "answer",
            Self::Accepted { .. } => "accepted",
            Self::Missing { .. } => "missing",
            Self::Unexpected { .. } => "unexpected",
            Self::Value { .. } => "value",
            Self::Form { .. } => "form",
            Self::Count { .. } => "count",
            Self::Repeated { .. } => "repeated",
            Self::Order { .. } => "order",
            Self::Mapping { .. } => "mapping",
            Self::Items { .. } => "items",
        }
    }

    /// Applies `mask` to each text, because any of them may contain a secret.
    pub fn mask(&mut self, mask: impl Fn(&str) -> String) {
        let each = |texts: &mut [&mut String]| {
            for text in texts {
                **text = mask(text);
            }
        };
        match self {
            Self::Answer { lawful, answered } => {
                each(&mut [lawful]);
                if let Some(message) = &mut answered.message {
                    each(&mut [message]);
                }
            }
            Self::Accepted { why, accepted } => each(&mut [why, accepted]),
            Self::Missing { wanted, .. } => each(&mut [wanted]),
            Self::Count { things, .. } => each(&mut [things]),
            Self::Unexpected { rule, found } | Self::Repeated { rule, found } => {
                each(&mut [rule, found]);
            }
            Self::Value { expected, found }
            | Self::Form { expected, found }
            | Self::Order { expected, found } => each(&mut [expected, found]),
            Self::Mapping {
                expected, found, ..
            } => {
                for place in [expected, found].into_iter().flatten() {
                    each(&mut [&mut place.vendor, &mut place.region]);
                }
            }
            Self::Items {
                expected,
                missing,
                changed,
                surplus,
            } => {
                each(&mut [expected]);
                for text in missing.iter_mut().chain(surplus) {
                    each(&mut [text]);
                }
                for (found, wanted) in changed {
                    each(&mut [found, wanted]);
                }
            }
        }
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Returns the text, cut to a length that fits in a line of a report.
fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    let cut: String = text.chars().take(SHOWN).collect();
    format!("{cut}… ({} characters)", text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_named_as_the_run_document_names_it() {
        let ip = IpAddr::from([192, 0, 2, 1]);
        let order = What::Order {
            expected: String::new(),
            found: String::new(),
        };
        let items = What::Items {
            expected: String::new(),
            missing: Vec::new(),
            changed: Vec::new(),
            surplus: Vec::new(),
        };
        let all = [
            What::status("200", 500),
            What::accepted("", ""),
            What::missing("", MissingPart::Member),
            What::unexpected("", ""),
            What::value("", ""),
            What::form("", ""),
            What::count("", 0, 1),
            What::repeated("", ""),
            order,
            What::mapping(ip, None, None, Evidence::Case),
            items,
        ];
        let kinds = all.map(|what| {
            let written = serde_json::to_value(&what).unwrap_or_default();
            assert_eq!(written["kind"], what.kind());
            what.kind()
        });
        assert_eq!(kinds, What::KINDS);
    }

    #[test]
    fn a_list_with_many_differences_names_a_few_and_counts_the_rest() {
        let what = What::Items {
            expected: String::new(),
            missing: vec!["a".into(), "b".into()],
            changed: vec![("c".into(), "d".into())],
            surplus: vec!["e".into(), "f".into(), "g".into()],
        };
        let found = "a is missing; b is missing; c in place of d; e is unexpected and 2 more";
        assert_eq!(what.found(), found);
    }

    #[test]
    fn a_secret_is_masked_in_the_data() {
        let place = Place {
            vendor: "secret".into(),
            region: "secret".into(),
        };
        let ip = IpAddr::from([192, 0, 2, 1]);
        let mut what = What::mapping(ip, Some(&place), Some(&place), Evidence::Case);
        what.mask(|text| text.replace("secret", "***"));
        assert_eq!(what.found(), "192.0.2.1 *** ***");
        assert_eq!(what.expected(), "192.0.2.1 *** ***");
    }
}
