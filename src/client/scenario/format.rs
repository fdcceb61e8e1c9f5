//! The words of scenarios and their meanings. The loader, the JSON Schema and the test of `cases/clients/README.md` read
//! these tables.

use crate::case::format::{Word, words};

/// Keys of a file.
pub const FILE: &[Word] = words! {
    "title": "The behaviour in a sentence.",
    "about": "Why the scenario is there, if the title does not say it.",
    "proves": "The clauses for clients that the scenario touches.",
    "tags": "Free words to select by.",
    "table": "Rows of data: the scenario runs once for each, with the columns as variables; of several lists of rows, once for each combination.",
    "before": "What the client is asked to do before `ask`, one after the other: a list with the keys of `ask`. It is not judged here.",
    "meanwhile": "Mappings that somebody else writes between `before` and `ask`.",
    "ask": "What the client is asked to do.",
    "given": "Mappings that the zone holds at first: a list of them, or their number.",
    "variations": "Lawful variations of the mock; `originproof list variations` shows them.",
    "answers": "The answers to the requests of the operation, in order; the mock answers all other requests, and those after the last one. They begin with `before`.",
    "field-names": "`title-case`: the fields of answers are written as in `Retry-After`, and not in lower case.",
    "watch": "How long to wait for the client's report after the first answer. If it does not come, only the requests are judged. Without it, a client that does not report is not judged.",
    "expect": "By clause, what is expected of the client's requests and report.",
};

/// Keys of `ask`.
pub const ASK: &[Word] = words! {
    "operation": "The operation, such as `v2.put`.",
    "address": "The address of a single operation.",
    "vendor": "The vendor to write.",
    "region": "The region to write.",
    "items": "The mappings of a batch: a list of `address`, `vendor` and `region`, or their number.",
    "addresses": "The addresses of a batch delete: a list, or their number.",
    "page": "The page of a list; without it, the whole list is asked for.",
    "per_page": "The number of mappings on a page.",
    "credentials": "`token` (default) or `key`.",
    "timeout": "The longest time that the client may wait for an answer, such as `500ms`.",
};

/// Keys of an answer.
pub const ANSWER: &[Word] = words! {
    "mock": "`true`: the answer of the mock, which carries the request out. The default if no body is given.",
    "status": "The status; 200 with `result`, 400 with `errors`.",
    "result": "The result of a success; the envelope is added.",
    "errors": "The errors of a failure, `code` and `message`; the envelope is added.",
    "json": "The whole body as JSON.",
    "text": "The whole body as text.",
    "media-type": "The media type; `application/json` by default.",
    "headers": "Further header fields.",
    "set": "Values to put into the body, by JSON Pointer.",
    "remove": "JSON Pointers of members to remove from the body.",
    "reversed": "`true`: members and entries in reverse order.",
    "retry-after": "The field of this name: `1s`, or a date in one second: `date 1s`, `rfc850 1s`, `asctime 1s` (RFC 9110, 5.6.7).",
    "redirect": "`other-host`: a redirect to the same path of another host, which the server watches.",
    "framing": "`length` (default), `chunked`, `close` (after the answer), `until-close` (the end of the connection ends the body).",
    "coding": "`gzip` or `deflate`, if the client accepts it.",
    "delay": "The time before the answer, such as `300ms`.",
    "stall": "The time between the two halves of the body.",
    "drip": "The time between the pieces of the body, of which there are then twenty.",
    "cut": "The number of bytes of the body after which the connection is closed.",
    "lost": "`true`: the request is carried out, and the connection is closed without an answer.",
    "times": "How often this answer is given: a number, or `always`.",
};

/// Keys of an expectation.
pub const EXPECT: &[Word] = words! {
    "ok": "The client reports success; `any`, or what the result must show.",
    "error": "The client reports an error; `any`, or its `status`, `code` and `kind` (a list means one of them).",
    "one-of": "One of these reports.",
    "no-error": "The client does not report this error.",
    "requests": "The number of requests of the operation: `least`, `most`.",
    "waits": "`true`: no request comes before the time of `retry-after`.",
    "pages": "`once`: no page is asked for twice, and none after an empty one.",
    "abandons": "`true`: no request is held on to for more than a second beyond the client's time limit.",
    "other-host": "`no-credentials`: what another host receives has no credentials.",
};
