//! The words of the case format and their meanings. The loader, the editors' JSON Schema and the test of
//! `cases/README.md` all read these tables.

use std::sync::LazyLock;

use crate::exchange::{Kind, Operation};

/// A word of the format.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// The word as it is written in a case.
    pub name: &'static str,
    /// Its meaning, in a sentence.
    pub says: &'static str,
}

pub(crate) const fn word(name: &'static str, says: &'static str) -> Word {
    Word { name, says }
}

/// A table of words: `"name": "what it means",`.
macro_rules! words {
    ($($name:literal: $says:literal,)+) => {
        &[$($crate::case::format::word($name, $says)),+]
    };
}
#[cfg(feature = "clients")]
pub(crate) use words;

/// Keys of a file.
pub const FILE: &[Word] = words! {
    "title": "The behaviour in a sentence.",
    "about": "Why the case is there, if the title does not say it.",
    "proves": "The clauses that the expectations touch; `Vn-` stands for the generation.",
    "generations": "Run once for each of these generations; general operation names and `Vn-` follow.",
    "needs": "Capabilities that the target must have.",
    "tags": "Free words to select by; `border` marks both sides of a limit.",
    "unkillable": "Why no mutant can fail this case, where that is so.",
    "zones": "Names of the zones that the case uses; one zone called `home` if absent.",
    "given": "Mappings that are there before the first step; by zone where there are several.",
    "table": "Rows of data: the case runs once for each, with the columns as variables; of several lists of rows, once for each combination.",
    "judge": "`history`: each answer is also held against what the earlier exchanges of the case show of the zone.",
    "steps": "What is done and what is expected, in order.",
};

/// Keys of a step besides its action.
pub const STEP: &[Word] = words! {
    "expect": "By clause, what it promises of the answer; without a status, 200 is expected.",
    "capture": "Names for values of the answer, by path, for later steps.",
    "zone": "The zone to use, where the case has several.",
    "auth": "The credentials to send: `token` (default), `key`, `none`, `wrong-token`, `wrong-key`, `shortened-token`, `lengthened-token`, `other-case-token`, `empty-token`, `basic-scheme`, `email-alone`, `shortened-key`, `lengthened-key`, `other-case-key`.",
    "fault": "A failure to ask the target for, by its word at a code of the contract.",
    "headers": "Further header fields.",
    "framing": "`recommended`: the request is outside the contract, so a broken envelope is a deviation.",
    "proves": "The clause of an action that checks by itself (`holds`, `pages`, `at-most`, `one-of`).",
};

/// Actions other than operations.
pub const ACTIONS: &[Word] = words! {
    "holds": "Reads the zone in every way and expects exactly these mappings.",
    "unchanged": "Expects what the last `holds` or `given` said; the value is the clause.",
    "pages": "Walks all pages of `v2.list` with this `per_page` and expects the whole set, each mapping once.",
    "parallel": "Sends steps at the same time: a list of them, or `count` times `step`.",
    "repeat": "Repeats steps, with the number of the round as `{{round}}`: `times` a number, or `over` the regions: `pairs`, `chunks`, `foreign`, `foreign-chunks`, `vendors`.",
    "let": "Names a value for the steps that follow, such as a fresh address.",
    "settled": "Expects every write of the last `parallel` that was answered with 200 to be there; the value is the clause.",
    "at-most": "Expects the zone to hold no more mappings than this number.",
    "one-of": "Expects the address to hold one of these mappings, or none.",
    "request": "A request outside the operations of the contract: `method`, `path` below the zone, `json` or `text`.",
};

/// General names of operations, for cases with `generations`. Each name comes from the first generation that has the
/// operation.
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

/// Returns the words of [`GENERAL_OPERATIONS`] without the kinds of operation.
pub fn general_words() -> impl Iterator<Item = Word> {
    GENERAL_OPERATIONS.iter().map(|(word, _)| *word)
}

/// Keys of the argument of a single write.
pub const WRITE: &[Word] = words! {
    "ip": "The address of the body.",
    "at": "Vendor and region by name: `pair.0`, `sibling` (another region of the vendor of `pair.0`), `foreign`, `unknown-vendor`, `unknown-region`, `current`.",
    "vendor": "The vendor, where `at` does not say it.",
    "region": "The region, where `at` does not say it.",
    "path": "The address of the path (v2.put), where it is not that of the body.",
    "omit": "Members to leave out of the body.",
    "extra": "Further members of the body.",
    "json": "The whole body as JSON.",
    "text": "The whole body as text.",
};

/// Keys of an item of a batch, of `given` and of `holds`.
pub const ITEM: &[Word] = words! {
    "ip": "The address.",
    "at": "Vendor and region by name; `pair.0` if nothing is said.",
    "vendor": "The vendor.",
    "region": "The region.",
    "fill": "This many mappings at addresses of their own, instead of one.",
    "from": "The number of the first of them, counted from 0.",
    "chunk": "The regions of the current chunk (`repeat: {over: chunks}`), one mapping each.",
    "raw": "Any JSON as the item.",
};

/// Keys of the argument of a list.
pub const LIST: &[Word] = words! {
    "page": "The query's `page`.",
    "per_page": "The query's `per_page`.",
};

/// Keys of an address argument, if it is a mapping and not a text.
pub const PATH: &[Word] = words! {
    "raw": "The path segment exactly as it goes over the wire.",
};

/// Keys of a batch argument, if it is a mapping and not a list.
pub const BATCH: &[Word] = words! {
    "json": "The whole body as JSON.",
    "text": "The whole body as text.",
    "no-body": "`true`: the request has no body.",
};

/// Keys of `request`.
pub const REQUEST: &[Word] = words! {
    "method": "The HTTP method.",
    "path": "The path, with `{zone}` for the zone's id.",
    "json": "The body as JSON.",
    "text": "The body as text.",
};

/// Keys of `parallel`, if it is a mapping and not a list.
pub const PARALLEL: &[Word] = words! {
    "count": "How many requests.",
    "step": "The step that each of them is.",
};

/// Keys of `repeat`.
pub const REPEAT: &[Word] = words! {
    "times": "How often.",
    "over": "`pairs`: once for each listed region, as `{{vendor}}` and `{{region}}`; `chunks`: for each 100 of them; `foreign`, `foreign-chunks`: the same with regions under the name of another vendor; `vendors`: once for each vendor.",
    "steps": "What is repeated.",
};

/// Keys of an expectation, besides paths into the body of the answer.
pub const EXPECT: &[Word] = words! {
    "status": "A status, a class (`4xx`) or a list of them.",
    "code": "A code, or a list of which one must be among the errors.",
    "code-if-refused": "As `code`, where the answer is not a success.",
    "mapping": "The one mapping of the answer; members that are left out are not compared.",
    "mappings": "Exactly these mappings, in any order; or `has`, `lacks`, `count`.",
    "succeeded": "Exactly these items succeeded; or `has`, `lacks`, `count`.",
    "failed": "Exactly these items failed; or `has`, `lacks`, `count`.",
    "successes": "Of a `parallel`: how many were answered with 200.",
    "address": "The text of the answer's one address, to the letter.",
};

/// First members of a path into the body.
pub const BODY_ROOTS: &[Word] = words! {
    "success": "The envelope's flag.",
    "errors": "The envelope's errors.",
    "messages": "The envelope's messages.",
    "result": "The result, and below it by dots: `result.value.0.region`.",
    "result_info": "The numbers of a page.",
    "header": "A header field: `header.retry-after`.",
};

/// Keys of a set of mappings or items, if it is a mapping and not a list.
pub const SET: &[Word] = words! {
    "exactly": "These and no others, in any order.",
    "has": "At least these.",
    "lacks": "None of these addresses.",
    "count": "So many.",
};

/// Returns the names in a table.
pub fn names(words: &[Word]) -> impl Iterator<Item = &'static str> + '_ {
    words.iter().map(|word| word.name)
}
