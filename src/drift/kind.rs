//! The kinds of differences, with their data; their words are made only here.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// What differs. "Now" is the vendor's description.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// An operation of ours is not described any more.
    OperationGone,
    /// An operation under our prefixes that we don't know.
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
    /// Now deprecated.
    Deprecated,
    /// Not deprecated any more.
    Undeprecated,
    /// A parameter is not described any more.
    ParameterGone,
    /// A parameter that we don't know.
    ParameterNew {
        /// Whether it has to be sent.
        required: bool,
    },
    /// A request has no body any more.
    BodyGone,
    /// A request has a body that we don't know.
    BodyNew {
        /// Whether it has to be sent.
        required: bool,
    },
    /// A member is not described any more.
    MemberGone,
    /// A member that we don't know.
    MemberNew {
        /// Whether it has to be there.
        required: bool,
        /// Its schema in short.
        schema: Value,
    },
    /// A parameter, body or member has to be there now.
    Required,
    /// A parameter, body or member may be left out now.
    Optional,
    /// Other types.
    Type {
        /// Ours.
        ours: Vec<String>,
        /// Theirs; none: anything.
        theirs: Vec<String>,
    },
    /// Other values are listed.
    Values {
        /// Values that we don't know.
        added: Vec<Value>,
        /// Values that are not listed any more.
        gone: Vec<Value>,
    },
    /// Values are listed where anything of the type would do.
    Restricted {
        /// The values.
        values: Vec<Value>,
    },
    /// The values are not listed any more.
    Unrestricted,
    /// Another limit, format or default.
    Limit {
        /// The keyword, such as `maxItems`.
        keyword: String,
        /// Ours, if we have one.
        ours: Option<Value>,
        /// Theirs, if there is one.
        theirs: Option<Value>,
    },
    /// Members without a name are forbidden now.
    Closed,
    /// `application/json` is not among the media types any more.
    JsonGone,
    /// Another media type.
    MediaTypeNew {
        /// Which.
        media_type: String,
    },
    /// A documented status is not described any more.
    StatusGone {
        /// Which.
        status: String,
    },
    /// Success with a status that we don't know.
    StatusNew {
        /// Which.
        status: String,
    },
    /// An example that our schemas refuse.
    Example {
        /// JSON Pointer into the example.
        inside: String,
        /// What is wrong with it.
        fault: String,
    },
    /// A documented code is not spoken of any more.
    CodeGone {
        /// Which.
        code: i64,
    },
    /// Codes that only examples tell of, and none does any more.
    CodesNotShown {
        /// Which.
        codes: Vec<i64>,
    },
    /// Facts in the prose came or went.
    Prose {
        /// Numbers, dates and words that were not there.
        new: Vec<String>,
        /// Those that are not there any more.
        gone: Vec<String>,
    },
    /// An extension of the vendor's says something else.
    Extension {
        /// Its name.
        name: String,
        /// What it said.
        ours: Option<Value>,
        /// What it says.
        theirs: Option<Value>,
    },
    /// The paths begin elsewhere.
    Base {
        /// Where they began.
        ours: String,
        /// Where they begin.
        theirs: String,
    },
    /// An example that can't be read.
    ExampleUnread {
        /// Why.
        why: String,
    },
    /// A way of signing in is another one now.
    SecurityChanged {
        /// What was needed together.
        ours: String,
        /// What is needed together.
        theirs: String,
    },
    /// A code that we don't know of this operation.
    CodeNew {
        /// Which.
        code: i64,
        /// The status that it comes with, where that is told.
        status: Option<String>,
    },
    /// A code comes with another status.
    CodeStatus {
        /// Which.
        code: i64,
        /// Our statuses.
        ours: Vec<String>,
        /// Theirs.
        theirs: String,
    },
    /// A code has another text.
    CodeText {
        /// Which.
        code: i64,
        /// Our text.
        ours: String,
        /// Theirs.
        theirs: String,
    },
    /// A way of signing in is not described any more.
    SecurityGone {
        /// What is needed together.
        scheme: String,
    },
    /// A way of signing in that we don't know.
    SecurityNew {
        /// What is needed together; empty: nothing.
        scheme: String,
    },
}

impl Kind {
    /// The name of the kind, as in JSON.
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
