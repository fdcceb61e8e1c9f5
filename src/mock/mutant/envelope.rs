//! Faults of the envelope and of the forms of results (ENV, HTTP-6).

use serde_json::{Value, json};

use super::super::change::Change;
use super::super::rules::Rules;
use super::all::Mutant;
use super::bend::{entry, is, is_kind, list};
use crate::exchange::Kind;

fn text_time(rules: &mut Rules) {
    rules.show_time = |time| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
}

fn time_without_zone(rules: &mut Rules) {
    rules.show_time = |time| time.strftime("%Y-%m-%dT%H:%M:%S").to_string();
}

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "failures-are-plain-text",
        breaks: "ENV-1",
        from: "an error page of the framework in place of the API's own",
        changes: &[Change::Answer(|_, reply| {
            if reply.status == 404 {
                reply.body = Value::String("Not Found".into());
                reply.headers.push(("content-type", "text/plain".into()));
            }
        })],
    },
    Mutant {
        name: "media-type-is-text",
        breaks: "ENV-1",
        from: "a handler that writes JSON without saying so",
        changes: &[Change::Wire(|wire| {
            wire.content_type = "text/plain; charset=utf-8";
        })],
    },
    Mutant {
        name: "delete-answers-nothing",
        breaks: "ENV-1",
        from: "a delete handler with a 200 and an empty body",
        changes: &[Change::Answer(|call, reply| {
            if is_kind(call, Kind::Delete) && reply.is_success() {
                reply.body = Value::String(String::new());
            }
        })],
    },
    Mutant {
        name: "no-messages",
        breaks: "ENV-2",
        from: "an empty list that the serializer leaves out",
        changes: &[Change::Answer(|_, reply| {
            if let Some(body) = reply.body.as_object_mut() {
                body.remove("messages");
            }
        })],
    },
    Mutant {
        name: "errors-null-in-success",
        breaks: "ENV-2",
        from: "a nil slice that becomes null",
        changes: &[Change::Answer(|_, reply| {
            if reply.is_success() {
                reply.body["errors"] = Value::Null;
            }
        })],
    },
    Mutant {
        name: "code-as-text",
        breaks: "ENV-2",
        from: "codes kept as strings in a table",
        changes: &[Change::Answer(|_, reply| {
            if let Some(code) = reply.body.pointer_mut("/errors/0/code") {
                *code = Value::String(code.to_string());
            }
        })],
    },
    Mutant {
        name: "status-as-code",
        breaks: "ENV-2",
        from: "the HTTP status in place of the API's code, for credentials",
        changes: &[Change::Answer(|_, reply| {
            if reply.body.pointer("/errors/0/code") == Some(&json!(10_000)) {
                reply.body["errors"][0]["code"] = json!(403);
            }
        })],
    },
    Mutant {
        name: "failure-says-success",
        breaks: "ENV-3",
        from: "an envelope whose flag is set before the outcome is known",
        changes: &[Change::Answer(|_, reply| {
            if reply.status == 404 {
                reply.body["success"] = json!(true);
            }
        })],
    },
    Mutant {
        name: "failure-with-200",
        breaks: "ENV-3",
        from: "errors in the body of a 200",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.create") && !reply.is_success() {
                reply.status = 200;
            }
        })],
    },
    Mutant {
        name: "failure-without-errors",
        breaks: "ENV-4",
        from: "an error that is logged and not said",
        changes: &[Change::Answer(|call, reply| {
            if !reply.is_success() && is_kind(call, Kind::Delete) {
                reply.body["errors"] = json!([]);
            }
        })],
    },
    Mutant {
        name: "failure-result-is-empty-object",
        breaks: "ENV-4",
        from: "a default value in place of null",
        changes: &[Change::Answer(|_, reply| {
            if !reply.is_success() {
                reply.body["result"] = json!({});
            }
        })],
    },
    Mutant {
        name: "failure-without-result",
        breaks: "ENV-4",
        from: "null members that the serializer leaves out",
        changes: &[Change::Answer(|_, reply| {
            if !reply.is_success()
                && let Some(body) = reply.body.as_object_mut()
            {
                body.remove("result");
            }
        })],
    },
    Mutant {
        name: "put-answers-201",
        breaks: "ENV-5",
        from: "the usual status of a creation",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.put") && reply.is_success() {
                reply.status = 201;
            }
        })],
    },
    Mutant {
        name: "editable-as-text",
        breaks: "ENV-5",
        from: "a flag read from a text column",
        changes: &[Change::Answer(|_, reply| {
            if let Some(editable) = reply.body.pointer_mut("/result/editable") {
                *editable = json!("true");
            }
        })],
    },
    Mutant {
        name: "time-without-zone",
        breaks: "HTTP-6",
        from: "a local time that is printed as it is",
        changes: &[Change::Rules(time_without_zone)],
    },
    Mutant {
        name: "time-of-http",
        breaks: "HTTP-6",
        from: "the date format of HTTP headers",
        changes: &[Change::Rules(text_time)],
    },
    Mutant {
        name: "entry-time-in-seconds",
        breaks: "HTTP-6",
        from: "a Unix time printed as text, in lists only",
        changes: &[Change::Answer(|call, reply| {
            if is_kind(call, Kind::List) {
                for item in list(call, reply, "").into_iter().flatten() {
                    item["modified_on"] = json!("1772366400");
                }
            }
        })],
    },
    Mutant {
        name: "v1-list-spells-origin-ip-with-underscore",
        breaks: "V1-LIST-1",
        from: "v2's type used for v1",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.list") {
                rename(
                    list(call, reply, "").into_iter().flatten(),
                    "origin-ip",
                    "origin_ip",
                );
            }
        })],
    },
    Mutant {
        name: "v1-list-without-id",
        breaks: "V1-LIST-1",
        from: "a wrapper that was forgotten",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.list")
                && let Some(result) = reply.body["result"].as_object_mut()
            {
                result.remove("id");
            }
        })],
    },
    Mutant {
        name: "v2-list-spells-origin-ip-with-hyphen",
        breaks: "V2-LIST-1",
        from: "v1's type used for v2",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.list") {
                rename(
                    list(call, reply, "").into_iter().flatten(),
                    "origin_ip",
                    "origin-ip",
                );
            }
        })],
    },
    Mutant {
        name: "v2-list-without-result-info",
        breaks: "V2-LIST-1",
        from: "pagination that was left for later",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.list")
                && let Some(body) = reply.body.as_object_mut()
            {
                body.remove("result_info");
            }
        })],
    },
    Mutant {
        name: "v1-get-answers-a-bare-entry",
        breaks: "V1-GET-1",
        from: "v2's form used for v1",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.get") && reply.is_success() {
                reply.body["result"] = reply.body["result"]["value"].take();
            }
        })],
    },
    Mutant {
        name: "v2-get-without-region",
        breaks: "V2-GET-1",
        from: "a column that the query does not select",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.get")
                && let Some(Value::Object(entry)) = entry(call, reply)
            {
                entry.remove("region");
            }
        })],
    },
];

fn rename<'v>(items: impl Iterator<Item = &'v mut Value>, from: &str, to: &str) {
    for item in items {
        if let Some(members) = item.as_object_mut()
            && let Some(value) = members.remove(from)
        {
            members.insert(to.to_owned(), value);
        }
    }
}
