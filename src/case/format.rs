//! The words of the case format with what they mean: the loader, the editors' JSON Schema and the
//! test of `cases/README.md` all read these tables.

use std::sync::LazyLock;

use crate::exchange::{Kind, Operation};

/// A word of the format.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// As it is written.
    pub name: &'static str,
    /// What it means, in a sentence.
    pub says: &'static str,
}

const fn word(name: &'static str, says: &'static str) -> Word {
    Word { name, says }
}

/// Keys of a file.
pub const FILE: &[Word] = &[
    word("title", "The behaviour in a sentence."),
    word(
        "about",
        "Why the case is there, if the title does not say it.",
    ),
    word(
        "proves",
        "The clauses that the expectations touch; `Vn-` stands for the generation.",
    ),
    word(
        "generations",
        "Run once for each of these generations; general operation names and `Vn-` follow.",
    ),
    word("needs", "Capabilities that the target must have."),
    word(
        "tags",
        "Free words to select by; `border` marks both sides of a limit.",
    ),
    word(
        "unkillable",
        "Why no mutant can fail this case, where that is so.",
    ),
    word(
        "zones",
        "Names of the zones that the case uses; one zone called `home` if absent.",
    ),
    word(
        "given",
        "Mappings that are there before the first step; by zone where there are several.",
    ),
    word(
        "table",
        "Rows of data: the case runs once for each, with the columns as variables; of several lists of rows, once for each combination.",
    ),
    word("steps", "What is done and what is expected, in order."),
];

/// Keys of a step beside its action.
pub const STEP: &[Word] = &[
    word(
        "expect",
        "By clause, what it promises of the answer; without a status, 200 is expected.",
    ),
    word(
        "capture",
        "Names for values of the answer, by path, for later steps.",
    ),
    word("zone", "The zone to use, where the case has several."),
    word(
        "auth",
        "The credentials to send: `token` (default), `key`, `none`, `wrong-token`, `wrong-key`, `shortened-token`, `lengthened-token`, `other-case-token`, `empty-token`, `basic-scheme`, `email-alone`, `shortened-key`, `lengthened-key`, `other-case-key`.",
    ),
    word(
        "fault",
        "A failure to ask the target for, by its word at a code of the contract.",
    ),
    word("headers", "Further header fields."),
    word(
        "framing",
        "`recommended`: the request is outside the contract, so a broken envelope is a deviation.",
    ),
    word(
        "proves",
        "The clause of an action that checks by itself (`holds`, `pages`, `at-most`, `one-of`).",
    ),
];

/// Actions other than operations.
pub const ACTIONS: &[Word] = &[
    word(
        "holds",
        "Reads the zone in every way and expects exactly these mappings.",
    ),
    word(
        "unchanged",
        "Expects what the last `holds` or `given` said; the value is the clause.",
    ),
    word(
        "pages",
        "Walks all pages of `v2.list` with this `per_page` and expects the whole set, each mapping once.",
    ),
    word(
        "parallel",
        "Sends steps at the same time: a list of them, or `count` times `step`.",
    ),
    word(
        "repeat",
        "Repeats steps, with the number of the round as `{{round}}`: `times` a number, or `over` the regions: `pairs`, `chunks`, `foreign`, `foreign-chunks`, `vendors`.",
    ),
    word(
        "let",
        "Names a value for the steps that follow, such as a fresh address.",
    ),
    word(
        "settled",
        "Expects every write of the last `parallel` that was answered with 200 to be there; the value is the clause.",
    ),
    word(
        "at-most",
        "Expects the zone to hold no more mappings than this number.",
    ),
    word(
        "one-of",
        "Expects the address to hold one of these mappings, or none.",
    ),
    word(
        "request",
        "A request outside the operations of the contract: `method`, `path` below the zone, `json` or `text`.",
    ),
];

/// General names of operations, for cases with `generations`: each is that of the first generation that has it.
pub static GENERAL_OPERATIONS: LazyLock<Vec<(Word, Kind)>> = LazyLock::new(|| {
    let mut all: Vec<(Word, Kind)> = Vec::new();
    for operation in Operation::all() {
        let kind = operation.kind();
        if all.iter().all(|(_, known)| *known != kind) {
            let (_, name) = operation.id().split_once('.').unwrap_or_default();
            let meant: Vec<String> = kind.operations().map(|one| format!("`{one}`")).collect();
            let says = format!("{}.", meant.join(" or "));
            all.push((word(name, says.leak()), kind));
        }
    }
    all
});

/// [`GENERAL_OPERATIONS`] without what they stand for.
pub fn general_words() -> impl Iterator<Item = Word> {
    GENERAL_OPERATIONS.iter().map(|(word, _)| *word)
}

/// Keys of the argument of a single write.
pub const WRITE: &[Word] = &[
    word("ip", "The address of the body."),
    word(
        "at",
        "Vendor and region by name: `pair.0`, `sibling` (another region of the vendor of `pair.0`), `foreign`, `unknown-vendor`, `unknown-region`, `current`.",
    ),
    word("vendor", "The vendor, where `at` does not say it."),
    word("region", "The region, where `at` does not say it."),
    word(
        "path",
        "The address of the path (v2.put), where it is not that of the body.",
    ),
    word("omit", "Members to leave out of the body."),
    word("extra", "Further members of the body."),
    word("json", "The whole body as JSON."),
    word("text", "The whole body as text."),
];

/// Keys of an item of a batch, of `given` and of `holds`.
pub const ITEM: &[Word] = &[
    word("ip", "The address."),
    word(
        "at",
        "Vendor and region by name; `pair.0` if nothing is said.",
    ),
    word("vendor", "The vendor."),
    word("region", "The region."),
    word(
        "fill",
        "This many mappings at addresses of their own, instead of one.",
    ),
    word("from", "The number of the first of them, counted from 0."),
    word(
        "chunk",
        "The regions of the current chunk (`repeat: {over: chunks}`), one mapping each.",
    ),
    word("raw", "Any JSON as the item."),
];

/// Keys of the argument of a list.
pub const LIST: &[Word] = &[
    word("page", "The query's `page`."),
    word("per_page", "The query's `per_page`."),
];

/// Keys of an address argument that is not simply a text.
pub const PATH: &[Word] = &[word(
    "raw",
    "The path segment exactly as it goes over the wire.",
)];

/// Keys of a batch argument that is not simply a list.
pub const BATCH: &[Word] = &[
    word("json", "The whole body as JSON."),
    word("text", "The whole body as text."),
    word("no-body", "`true`: the request has no body."),
];

/// Keys of `request`.
pub const REQUEST: &[Word] = &[
    word("method", "The HTTP method."),
    word("path", "The path, with `{zone}` for the zone's id."),
    word("json", "The body as JSON."),
    word("text", "The body as text."),
];

/// Keys of `parallel` where it is not a list.
pub const PARALLEL: &[Word] = &[
    word("count", "How many requests."),
    word("step", "The step that each of them is."),
];

/// Keys of `repeat`.
pub const REPEAT: &[Word] = &[
    word("times", "How often."),
    word(
        "over",
        "`pairs`: once for each listed region, as `{{vendor}}` and `{{region}}`; `chunks`: for each 100 of them; `foreign`, `foreign-chunks`: the same with regions under the name of another vendor; `vendors`: once for each vendor.",
    ),
    word("steps", "What is repeated."),
];

/// What can be expected of an answer, beside paths into its body.
pub const EXPECT: &[Word] = &[
    word("status", "A status, a class (`4xx`) or a list of them."),
    word(
        "code",
        "A code, or a list of which one must be among the errors.",
    ),
    word(
        "code-if-refused",
        "As `code`, where the answer is no success.",
    ),
    word(
        "mapping",
        "The one mapping of the answer; members that are left out are not compared.",
    ),
    word(
        "mappings",
        "Exactly these mappings, in any order; or `has`, `lacks`, `count`.",
    ),
    word(
        "succeeded",
        "Exactly these items succeeded; or `has`, `lacks`, `count`.",
    ),
    word(
        "failed",
        "Exactly these items failed; or `has`, `lacks`, `count`.",
    ),
    word(
        "successes",
        "Of a `parallel`: how many were answered with 200.",
    ),
    word(
        "address",
        "The text of the answer's one address, to the letter.",
    ),
];

/// First members of a path into the body.
pub const BODY_ROOTS: &[Word] = &[
    word("success", "The envelope's flag."),
    word("errors", "The envelope's errors."),
    word("messages", "The envelope's messages."),
    word(
        "result",
        "The result, and below it by dots: `result.value.0.region`.",
    ),
    word("result_info", "The numbers of a page."),
    word("header", "A header field: `header.retry-after`."),
];

/// Keys of a set of mappings or items that is not simply a list.
pub const SET: &[Word] = &[
    word("exactly", "These and no others, in any order."),
    word("has", "At least these."),
    word("lacks", "None of these addresses."),
    word("count", "So many."),
];

/// The names of a table.
pub fn names(words: &[Word]) -> impl Iterator<Item = &'static str> + '_ {
    words.iter().map(|word| word.name)
}
