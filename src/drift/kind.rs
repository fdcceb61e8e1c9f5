//! The kinds of differences with their data; only this file puts them into words.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// The kind of a difference. "Now" refers to the vendor's description.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// An operation of ours is no longer described.
    OperationGone,
    /// An operation under our prefixes is not in our contract.
    OperationNew {
        /// Its method.
        method: String,
        /// Its path.
        path: String,
    },
    /// An operation of ours has another method or path.
    Moved {
        /// The method now.
        method: String,
        /// The path now.
        path: String,
    },
    /// An operation or value is now deprecated.
    Deprecated,
    /// An operation is no longer deprecated.
    Undeprecated,
    /// A parameter is no longer described.
    ParameterGone,
    /// A parameter is not in our contract.
    ParameterNew {
        /// Whether it must be sent.
        required: bool,
    },
    /// A request no longer has a body.
    BodyGone,
    /// A request has a body that is not in our contract.
    BodyNew {
        /// Whether it must be sent.
        required: bool,
    },
    /// A member is no longer described.
    MemberGone,
    /// A member is not in our contract.
    MemberNew {
        /// Whether it must be present.
        required: bool,
        /// An outline of its schema.
        schema: Value,
    },
    /// A parameter, body or member must be present now.
    Required,
    /// A parameter, body or member may be left out now.
    Optional,
    /// The types are different.
    Type {
        /// The types in our contract.
        ours: Vec<String>,
        /// The types in the description; an empty list stands for any type.
        theirs: Vec<String>,
    },
    /// Other values are listed.
    Values {
        /// Values that are not in our contract.
        added: Vec<Value>,
        /// Values that are no longer listed.
        gone: Vec<Value>,
    },
    /// Only listed values are allowed now, instead of any value of the type.
    Restricted {
        /// The listed values.
        values: Vec<Value>,
    },
    /// The values are no longer listed.
    Unrestricted,
    /// A limit, format or default is different.
    Limit {
        /// The keyword, such as `maxItems`.
        keyword: String,
        /// The value in our contract, if it has one.
        ours: Option<Value>,
        /// The value in the description, if it has one.
        theirs: Option<Value>,
    },
    /// Members that the schema does not name are forbidden now.
    Closed,
    /// `application/json` is no longer among the media types.
    JsonGone,
    /// A media type is not in our contract.
    MediaTypeNew {
        /// The media type.
        media_type: String,
    },
    /// A documented status is no longer described.
    StatusGone {
        /// The status.
        status: String,
    },
    /// A success status is not in our contract.
    StatusNew {
        /// The status.
        status: String,
    },
    /// An example does not match our schemas.
    Example {
        /// The JSON Pointer into the example.
        inside: String,
        /// A description of what is wrong with it.
        fault: String,
    },
    /// A documented code is no longer mentioned.
    CodeGone {
        /// The code.
        code: i64,
    },
    /// No example shows these codes any more, and only examples named them.
    CodesNotShown {
        /// The codes.
        codes: Vec<i64>,
    },
    /// Facts were added to the prose or removed from it.
    Prose {
        /// The numbers, dates and words that were added.
        new: Vec<String>,
        /// The numbers, dates and words that were removed.
        gone: Vec<String>,
    },
    /// An extension of the vendor has another value.
    Extension {
        /// Its name.
        name: String,
        /// The previous value.
        ours: Option<Value>,
        /// The value now.
        theirs: Option<Value>,
    },
    /// The paths begin with another base.
    Base {
        /// The previous base.
        ours: String,
        /// The base now.
        theirs: String,
    },
    /// An example can't be read.
    ExampleUnread {
        /// The reason.
        why: String,
    },
    /// A way of authentication has changed.
    SecurityChanged {
        /// The credentials that were needed together.
        ours: String,
        /// The credentials that are needed together now.
        theirs: String,
    },
    /// A code is not in our contract for this operation.
    CodeNew {
        /// The code.
        code: i64,
        /// The status that the code comes with, if it is given.
        status: Option<String>,
    },
    /// A code comes with another status.
    CodeStatus {
        /// The code.
        code: i64,
        /// The statuses in our contract.
        ours: Vec<String>,
        /// The status in the description.
        theirs: String,
    },
    /// A code has another text.
    CodeText {
        /// The code.
        code: i64,
        /// The text in our contract.
        ours: String,
        /// The text in the description.
        theirs: String,
    },
    /// A way of authentication is no longer described.
    SecurityGone {
        /// The credentials that were needed together.
        scheme: String,
    },
    /// A way of authentication is not in our contract.
    SecurityNew {
        /// The credentials that are needed together; empty if none are needed.
        scheme: String,
    },
}

impl Kind {
    /// Returns the name of the kind, as in JSON.
    #[must_use]
    pub fn name(&self) -> String {
        let json = serde_json::to_value(self).unwrap_or_default();
        json["kind"].as_str().unwrap_or_default().to_owned()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OperationGone => f.write_str("is not described any more"),
            Self::OperationNew { method, path } => write!(f, "new: {method} {path}"),
            Self::Moved { method, path } => write!(f, "moved to {method} {path}"),
            Self::Deprecated => f.write_str("now deprecated"),
            Self::Undeprecated => f.write_str("not deprecated any more"),
            Self::ParameterGone | Self::BodyGone | Self::MemberGone => f.write_str("gone"),
            Self::ParameterNew { required }
            | Self::BodyNew { required }
            | Self::MemberNew { required, .. } => {
                write!(
                    f,
                    "new, {}",
                    if *required { "required" } else { "optional" }
                )
            }
            Self::Required => f.write_str("now required"),
            Self::Optional => f.write_str("now optional"),
            Self::Type { ours, theirs } => {
                write!(f, "of type {}, now {}", either(ours), either(theirs))
            }
            Self::Values { added, gone } => {
                let parts = [("new", added), ("gone", gone)];
                let parts = parts.iter().filter(|(_, values)| !values.is_empty());
                let texts: Vec<String> = parts
                    .map(|(word, values)| format!("{word}: {}", list(values)))
                    .collect();
                write!(f, "values {}", texts.join("; "))
            }
            Self::Restricted { values } => write!(f, "now one of {}", list(values)),
            Self::Unrestricted => f.write_str("its values are not listed any more"),
            Self::Limit {
                keyword,
                ours,
                theirs,
            } => {
                write!(
                    f,
                    "{keyword} {}, now {}",
                    or_none(ours.as_ref()),
                    or_none(theirs.as_ref())
                )
            }
            Self::Closed => f.write_str("other members are forbidden now"),
            Self::JsonGone => f.write_str("application/json is gone"),
            Self::MediaTypeNew { media_type } => write!(f, "new: {media_type}"),
            Self::StatusGone { status } => write!(f, "status {status} is gone"),
            Self::StatusNew { status } => write!(f, "new: status {status}"),
            Self::Example { inside, fault } => {
                let inside = if inside.is_empty() { "/" } else { inside };
                write!(f, "does not fit our schema at {inside}: {fault}")
            }
            Self::CodeGone { code } => write!(f, "code {code} is gone"),
            Self::CodesNotShown { codes } => {
                let codes: Vec<String> = codes.iter().map(i64::to_string).collect();
                write!(f, "no example shows {}", codes.join(", "))
            }
            Self::Prose { new, gone } => {
                let parts = [("new", new), ("gone", gone)];
                let parts = parts.iter().filter(|(_, facts)| !facts.is_empty());
                let texts: Vec<String> = parts
                    .map(|(word, facts)| format!("{word}: {}", facts.join(", ")))
                    .collect();
                write!(f, "the prose changed, read it ({})", texts.join("; "))
            }
            Self::Extension { ours, theirs, .. } => write!(
                f,
                "{}, now {}",
                or_none(ours.as_ref()),
                or_none(theirs.as_ref())
            ),
            Self::Base { ours, theirs } => {
                write!(f, "the paths begin with {ours:?}, now with {theirs:?}")
            }
            Self::ExampleUnread { why } => write!(f, "an example can't be read: {why}"),
            Self::SecurityChanged { ours, theirs } => write!(f, "{ours}, now {theirs}"),
            Self::CodeNew { code, status } => match status {
                Some(status) => write!(f, "new: code {code} with status {status}"),
                None => write!(f, "new: code {code}"),
            },
            Self::CodeStatus { code, ours, theirs } => {
                write!(f, "code {code} with status {}, now {theirs}", either(ours))
            }
            Self::CodeText { code, ours, theirs } => {
                write!(f, "code {code} with text {ours:?}, now {theirs:?}")
            }
            Self::SecurityGone { scheme } => write!(f, "{scheme} is gone"),
            Self::SecurityNew { scheme } if scheme.is_empty() => {
                f.write_str("new: without credentials")
            }
            Self::SecurityNew { scheme } => write!(f, "new: {scheme}"),
        }
    }
}

fn either(names: &[String]) -> String {
    if names.is_empty() {
        return "any".to_owned();
    }
    names.join(" or ")
}

fn list(values: &[Value]) -> String {
    let texts: Vec<String> = values.iter().map(Value::to_string).collect();
    texts.join(", ")
}

fn or_none(value: Option<&Value>) -> String {
    value.map_or_else(|| "none".to_owned(), Value::to_string)
}
