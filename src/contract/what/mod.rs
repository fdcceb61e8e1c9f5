//! What is wrong, as data; `words` makes the sentences about it.

mod words;

use std::fmt;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use words::mapped;

use super::place::Place;
use crate::exchange::Exchange;

/// How many characters of a found value are kept.
const SHOWN: usize = 200;
/// How many codes of an answer are kept.
const CODES: usize = 8;

/// One difference between what is lawful and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum What {
    /// An answer with another status or another code.
    Answer {
        /// What would have been lawful, such as `4xx for a missing vendor`.
        lawful: String,
        /// What was answered.
        answered: Answered,
    },
    /// A request was accepted that must be refused.
    Accepted {
        /// Why it must be refused.
        why: String,
        /// What was accepted.
        accepted: String,
    },
    /// Something that must be there is not.
    Missing {
        /// What it would have been.
        wanted: String,
        /// What is missing.
        part: MissingPart,
    },
    /// Something is there that must not be.
    Unexpected {
        /// What the contract says about it.
        rule: String,
        /// What is there.
        found: String,
    },
    /// Another value.
    Value {
        /// The lawful value, or a description of it.
        expected: String,
        /// The value.
        found: String,
    },
    /// A value that does not have its documented form.
    Form {
        /// The form.
        expected: String,
        /// What is wrong with the value.
        found: String,
    },
    /// Another number of things.
    Count {
        /// What is counted, with any condition.
        things: String,
        /// The lawful number, in items.
        expected: u64,
        /// Whether fewer are lawful too.
        at_most: bool,
        /// The number that was found, in items.
        found: u64,
    },
    /// The same thing twice where it must be there once.
    Repeated {
        /// What must be there once.
        rule: String,
        /// What is there twice.
        found: String,
    },
    /// Things in another order.
    Order {
        /// The lawful order.
        expected: String,
        /// The order that was found.
        found: String,
    },
    /// An address has another mapping.
    Mapping {
        /// The address.
        ip: IpAddr,
        /// The mapping that it must have; `None` for no mapping.
        expected: Option<Place>,
        /// The mapping that is shown; `None` for no mapping.
        found: Option<Place>,
        /// How the expected mapping is known, and what shows the other one.
        evidence: Evidence,
    },
    /// A list with other items than those that are expected.
    Items {
        /// The items that are expected.
        expected: String,
        /// Those that are missing.
        missing: Vec<String>,
        /// Those with other values, with what was expected in their place.
        changed: Vec<(String, String)>,
        /// Those that must not be there.
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
    /// A list, where something else was answered.
    List,
    /// A mapping.
    Mapping,
    /// An answer that can be understood.
    Answer,
}

/// How the mapping is known that an address must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The case wrote or deleted it.
    Case,
    /// The case wrote it, and the other generation must show it as well.
    OtherGeneration,
    /// The case wrote it, and one of all pages must show it.
    Pages,
    /// A write of it was answered with 200.
    Accepted,
    /// Earlier exchanges of the zone show it.
    History,
    /// Earlier exchanges wrote it, and a later one shows it: what was found is the odd one out.
    LaterRead,
    /// It was deleted in every way, and is still listed.
    Deleted,
}

/// What a target answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The codes of its errors, the first few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<i64>,
    /// The message of its first error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Answered {
    /// The status alone.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// The status with the codes and the first message.
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
    /// Another status than what is lawful.
    pub fn status(lawful: impl Into<String>, status: u16) -> Self {
        Self::answer(lawful, Answered::status(status))
    }

    /// Another answer than what is lawful.
    pub fn answer(lawful: impl Into<String>, answered: Answered) -> Self {
        Self::Answer {
            lawful: lawful.into(),
            answered,
        }
    }

    /// A request that was accepted.
    pub fn accepted(why: impl Into<String>, accepted: impl Into<String>) -> Self {
        Self::Accepted {
            why: why.into(),
            accepted: accepted.into(),
        }
    }

    /// Something that is missing.
    pub fn missing(wanted: impl Into<String>, part: MissingPart) -> Self {
        Self::Missing {
            wanted: wanted.into(),
            part,
        }
    }

    /// Something that must not be there.
    pub fn unexpected(rule: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self::Unexpected {
            rule: rule.into(),
            found: shortened(found.as_ref()),
        }
    }

    /// Another value.
    pub fn value(expected: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self::Value {
            expected: expected.into(),
            found: shortened(found.as_ref()),
        }
    }

    /// A value without its form.
    pub fn form(expected: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self::Form {
            expected: expected.into(),
            found: shortened(found.as_ref()),
        }
    }

    /// Another number of things, in items.
    pub fn count(things: impl Into<String>, expected: usize, found: usize) -> Self {
        Self::Count {
            things: things.into(),
            expected: number(expected),
            at_most: false,
            found: number(found),
        }
    }

    /// More things than are lawful, in items.
    pub fn too_many(things: impl Into<String>, most: usize, found: usize) -> Self {
        Self::Count {
            things: things.into(),
            expected: number(most),
            at_most: true,
            found: number(found),
        }
    }

    /// The same thing twice.
    pub fn repeated(rule: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self::Repeated {
            rule: rule.into(),
            found: shortened(found.as_ref()),
        }
    }

    /// Another mapping of an address.
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

    /// The words for the kinds of difference, see [`What::kind`].
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

    /// The kind of difference in a word, as it stands in the run document and in lists of expected failures.
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

    /// Applies `mask` to each text: secrets may stand in any of them.
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

/// The text, cut at a length that a line of a report can bear.
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
