//! Faults of the envelope and of the form of results (ENV, HTTP-6).

use serde_json::{Value, json};

use super::bend::{each, entry, recode, remove};
use super::fault::Fault;
use crate::exchange::Kind;
use crate::mock::{Change, On};

fn rename<'v>(items: impl Iterator<Item = &'v mut Value>, from: &str, to: &str) {
    for item in items {
        if let Some(value) = remove(item, from) {
            item[to] = value;
        }
    }
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "failures-are-plain-text",
        breaks: "ENV-1",
        from: "an error page of the framework in place of the API's own",
        on: On::Every,
        change: Change::Answer(|_, reply| {
            if reply.status == 404 {
                reply.body = Value::String("Not Found".into());
                reply.headers.push(("content-type", "text/plain".into()));
            }
        }),
    },
    Fault {
        name: "media-type-is-text",
        breaks: "ENV-1",
        from: "a handler that writes JSON without saying so",
        on: On::Every,
        change: Change::Wire(|wire| wire.content_type = "text/plain; charset=utf-8"),
    },
    Fault {
        name: "delete-answers-nothing",
        breaks: "ENV-1",
        from: "a delete handler with a 200 and an empty body",
        on: On::Both(&[Kind::Delete]),
        change: Change::Answer(|_, reply| {
            if reply.is_success() {
                reply.body = Value::String(String::new());
            }
        }),
    },
    Fault {
        name: "no-messages",
        breaks: "ENV-2",
        from: "an empty list that the serializer leaves out",
        on: On::Every,
        change: Change::Answer(|_, reply| {
            remove(&mut reply.body, "messages");
        }),
    },
    Fault {
        name: "errors-null-in-success",
        breaks: "ENV-2",
        from: "a nil slice that becomes null",
        on: On::Every,
        change: Change::Answer(|_, reply| {
            if reply.is_success() {
                reply.body["errors"] = Value::Null;
            }
        }),
    },
    Fault {
        name: "code-as-text",
        breaks: "ENV-2",
        from: "codes kept as strings in a table",
        on: On::Every,
        change: Change::Answer(|_, reply| {
            if let Some(code) = reply.body.pointer_mut("/errors/0/code") {
                *code = Value::String(code.to_string());
            }
        }),
    },
    Fault {
        name: "status-as-code",
        breaks: "ENV-2",
        from: "the HTTP status in place of the API's code, for credentials",
        on: On::Every,
        change: Change::Answer(|_, reply| recode(reply, 10_000, 403)),
    },
    Fault {
        name: "failure-says-success",
        breaks: "ENV-3",
        from: "an envelope whose flag is set before the outcome is known",
        on: On::Every,
        change: Change::Answer(|_, reply| {
            if reply.status == 404 {
                reply.body["success"] = json!(true);
            }
        }),
    },
    Fault {
        name: "failure-with-200",
        breaks: "ENV-3",
        from: "errors in the body of a 200",
        on: On::V1(&[Kind::Create]),
        change: Change::Answer(|_, reply| {
            if !reply.is_success() {
                reply.status = 200;
            }
        }),
    },
    Fault {
        name: "failure-without-errors",
        breaks: "ENV-4",
        from: "an error that is logged and not said",
        on: On::Both(&[Kind::Delete]),
        change: Change::Answer(|_, reply| {
            if !reply.is_success() {
                reply.body["errors"] = json!([]);
            }
        }),
    },
    Fault {
        name: "failure-result-is-empty-object",
        breaks: "ENV-4",
        from: "a default value in place of null",
        on: On::Every,
        change: Change::Answer(|_, reply| {
            if !reply.is_success() {
                reply.body["result"] = json!({});
            }
        }),
    },
    Fault {
        name: "failure-without-result",
        breaks: "ENV-4",
        from: "null members that the serializer leaves out",
        on: On::Every,
        change: Change::Answer(|_, reply| {
            if !reply.is_success() {
                remove(&mut reply.body, "result");
            }
        }),
    },
    Fault {
        name: "put-answers-201",
        breaks: "ENV-5",
        from: "the usual status of a creation",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Answer(|_, reply| {
            if reply.is_success() {
                reply.status = 201;
            }
        }),
    },
    Fault {
        name: "editable-as-text",
        breaks: "ENV-5",
        from: "a flag read from a text column",
        on: On::Every,
        change: Change::Answer(|_, reply| {
            if let Some(editable) = reply.body.pointer_mut("/result/editable") {
                *editable = json!("true");
            }
        }),
    },
    Fault {
        name: "time-without-zone",
        breaks: "HTTP-6",
        from: "a local time that is printed as it is",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.show_time = |time| time.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        }),
    },
    Fault {
        name: "time-of-http",
        breaks: "HTTP-6",
        from: "the date format of HTTP headers",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.show_time = |time| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        }),
    },
    Fault {
        name: "entry-time-in-seconds",
        breaks: "HTTP-6",
        from: "a Unix time printed as text, in lists only",
        on: On::Both(&[Kind::List]),
        change: Change::Answer(|call, reply| {
            for item in each(call, reply, "") {
                item["modified_on"] = json!("1772366400");
            }
        }),
    },
    Fault {
        name: "v1-list-spells-origin-ip-with-underscore",
        breaks: "V1-LIST-1",
        from: "v2's type used for v1",
        on: On::V1(&[Kind::List]),
        change: Change::Answer(|call, reply| {
            rename(each(call, reply, ""), "origin-ip", "origin_ip");
        }),
    },
    Fault {
        name: "v1-list-without-id",
        breaks: "V1-LIST-1",
        from: "a wrapper that was forgotten",
        on: On::V1(&[Kind::List]),
        change: Change::Answer(|_, reply| {
            remove(&mut reply.body["result"], "id");
        }),
    },
    Fault {
        name: "v2-list-spells-origin-ip-with-hyphen",
        breaks: "V2-LIST-1",
        from: "v1's type used for v2",
        on: On::V2(&[Kind::List]),
        change: Change::Answer(|call, reply| {
            rename(each(call, reply, ""), "origin_ip", "origin-ip");
        }),
    },
    Fault {
        name: "v2-list-without-result-info",
        breaks: "V2-LIST-1",
        from: "pagination that was left for later",
        on: On::V2(&[Kind::List]),
        change: Change::Answer(|_, reply| {
            remove(&mut reply.body, "result_info");
        }),
    },
    Fault {
        name: "v1-get-answers-a-bare-entry",
        breaks: "V1-GET-1",
        from: "v2's form used for v1",
        on: On::V1(&[Kind::Get]),
        change: Change::Answer(|_, reply| {
            if reply.is_success() {
                reply.body["result"] = reply.body["result"]["value"].take();
            }
        }),
    },
    Fault {
        name: "v2-get-without-region",
        breaks: "V2-GET-1",
        from: "a column that the query does not select",
        on: On::V2(&[Kind::Get]),
        change: Change::Answer(|call, reply| {
            entry(call, reply).and_then(|entry| remove(entry, "region"));
        }),
    },
];
