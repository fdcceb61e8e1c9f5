//! The lawful ways in which a client may differ from the reference.

/// A lawful habit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Colons in a path are percent-encoded.
    EncodesColons,
    /// They are, with lower-case digits.
    EncodesColonsInLowerCase,
    /// No request is repeated.
    NeverRepeats,
    /// The client waits longer than it is asked to.
    WaitsLonger,
    /// Pages have 100 entries.
    LargePages,
    /// Pages have 7 entries.
    SmallPages,
    /// Pages are read until one is empty.
    WalksUntilEmpty,
    /// Pages are read until one is not full.
    WalksUntilShort,
    /// Each request has a connection of its own.
    NewConnections,
    /// Codings are not accepted.
    NoCodings,
    /// HTTP/2 is spoken from the first request.
    Http2,
    /// The media type has a charset.
    Charset,
    /// JSON is written with blanks and line ends.
    PrettyJson,
    /// Addresses are sent in canonical form.
    CanonicalAddresses,
    /// IPv6 addresses are sent in full.
    ExpandedAddresses,
    /// Batches are sent in parts of 25.
    SplitsBatches,
    /// A batch of more than 100 items is refused before it is sent.
    RefusesLargeBatches,
    /// Redirects are followed, without credentials.
    FollowsRedirects,
    /// After each write, the list is read.
    ReadsAfterWrites,
    /// Every request has further header fields.
    MoreFields,
    /// The scheme of the token is written in lower case.
    LowerCaseScheme,
    /// After a 1145 that follows a lost answer, the mapping is read.
    ChecksAfterConflict,
}

/// Returns all habits, each with its name and the reason why it is lawful.
#[must_use]
pub fn habits() -> &'static [(Habit, &'static str, &'static str)] {
    HABITS
}

const HABITS: &[(Habit, &str, &str)] = &[
    (
        Habit::EncodesColons,
        "encodes-colons",
        "RFC 3986 lets any character be percent-encoded",
    ),
    (
        Habit::EncodesColonsInLowerCase,
        "encodes-colons-in-lower-case",
        "RFC 3986, 2.1: the digits have no case",
    ),
    (
        Habit::NeverRepeats,
        "never-repeats",
        "no clause asks for a repetition",
    ),
    (
        Habit::WaitsLonger,
        "waits-longer",
        "retry-after is a least time",
    ),
    (Habit::LargePages, "large-pages", "per_page is 1 to 100"),
    (Habit::SmallPages, "small-pages", "per_page is 1 to 100"),
    (
        Habit::WalksUntilEmpty,
        "walks-until-empty",
        "a page past the end is empty (V2-LIST-7)",
    ),
    (
        Habit::WalksUntilShort,
        "walks-until-short",
        "a page that is not full is the last one",
    ),
    (
        Habit::NewConnections,
        "new-connections",
        "connections need not be kept",
    ),
    (
        Habit::NoCodings,
        "no-codings",
        "accept-encoding may be absent",
    ),
    (Habit::Http2, "http2", "RFC 9113, 3.3: with prior knowledge"),
    (
        Habit::Charset,
        "charset",
        "a media type may have parameters",
    ),
    (Habit::PrettyJson, "pretty-json", "JSON may have blanks"),
    (
        Habit::CanonicalAddresses,
        "canonical-addresses",
        "two spellings are one address (IP-2)",
    ),
    (
        Habit::ExpandedAddresses,
        "expanded-addresses",
        "two spellings are one address (IP-2)",
    ),
    (
        Habit::SplitsBatches,
        "splits-batches",
        "a batch has at most 100 items, and may have fewer",
    ),
    (
        Habit::RefusesLargeBatches,
        "refuses-large-batches",
        "a client may refuse what the contract does not have",
    ),
    (
        Habit::FollowsRedirects,
        "follows-redirects",
        "without credentials, a redirect may be followed",
    ),
    (
        Habit::ReadsAfterWrites,
        "reads-after-writes",
        "reading changes nothing",
    ),
    (Habit::MoreFields, "more-fields", "other fields are free"),
    (
        Habit::LowerCaseScheme,
        "lower-case-scheme",
        "RFC 9110, 11.1: a scheme has no case",
    ),
    (
        Habit::ChecksAfterConflict,
        "checks-after-conflict",
        "the answer that was lost may have been a success",
    ),
];
