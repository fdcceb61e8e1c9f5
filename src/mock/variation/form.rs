//! Freedoms of form: members, texts, codes and times.

use serde_json::{Value, json};

use super::super::call::{Call, Reply};
use super::super::change::Change;
use super::all::Variation;
use crate::exchange::{Kind, Operation};

/// Calls a function for every object in a value.
fn each_object(value: &mut Value, change: &mut dyn FnMut(&mut serde_json::Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each_object(item, change)),
        Value::Object(members) => {
            // Inner objects come first, so that members added by a change are not changed again.
            members
                .values_mut()
                .for_each(|value| each_object(value, change));
            change(members);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

pub(super) fn extra_members(call: &Call, reply: &mut Reply) {
    // The keys of the catalogue are vendors, so only the outer object gets an extra member.
    if call.operation.kind() == Kind::SupportedRegions {
        reply.body["x_extra"] = json!([1, "two", null]);
        return;
    }
    each_object(&mut reply.body, &mut |members| {
        members.insert(
            "x_extra".into(),
            json!({"unknown": true, "error": "not one"}),
        );
    });
}

pub(super) fn no_entry_times(_: &Call, reply: &mut Reply) {
    each_object(&mut reply.body, &mut |members| {
        if members.contains_key("vendor") {
            members.remove("modified_on");
        }
    });
}

pub(super) fn no_times(_: &Call, reply: &mut Reply) {
    each_object(&mut reply.body, &mut |members| {
        members.remove("modified_on");
    });
}

pub(super) fn messages(_: &Call, reply: &mut Reply) {
    reply.body["messages"] = json!([
        {"code": 1000, "message": "This API is deprecated.", "documentation_url": "https://docs.example.com/v1"},
        {"code": 10_500, "message": "", "source": {"pointer": "/zone"}, "more": 1},
    ]);
}

pub(super) fn second_error(_: &Call, reply: &mut Reply) {
    if !reply.is_success()
        && let Some(errors) = reply.body["errors"].as_array_mut()
    {
        errors.insert(
            0,
            json!({"code": 9_999, "message": "The request was refused."}),
        );
        errors.push(json!({"code": 1_000, "message": "See above.", "source": {"pointer": "/"}}));
    }
}

pub(super) fn failed_without_values(_: &Call, reply: &mut Reply) {
    for place in ["/result/failed", "/result/value/failed"] {
        for item in reply
            .body
            .pointer_mut(place)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            item["vendor"] = json!("aws");
            item["region"] = json!("somewhere");
        }
    }
}

fn reversed(call: &Call, reply: &mut Reply) {
    let Some(entries) = &call.operation.row().entries else {
        return;
    };
    let places = if call.operation.kind().is_batch() {
        vec![format!("{entries}/succeeded"), format!("{entries}/failed")]
    } else if call.operation.is_paged() {
        Vec::new()
    } else {
        vec![entries.clone()]
    };
    for place in places {
        if let Some(items) = reply.body.pointer_mut(&place).and_then(Value::as_array_mut) {
            items.reverse();
        }
    }
}

pub(super) const REVERSED: Change = Change::Answer(reversed);

/// Replaces the error texts of failed batch items with the server's own text.
fn own_item_texts(_: &Call, reply: &mut Reply) {
    each_object(&mut reply.body, &mut |members| {
        if members.contains_key("error") {
            members.insert("error".into(), json!("no"));
        }
    });
}

/// Replaces texts that are not an address with another text in the answers of failed items.
fn blank_odd_addresses(_: &Call, reply: &mut Reply) {
    each_object(&mut reply.body, &mut |members| {
        for name in ["origin-ip", "origin_ip"] {
            if let Some(Value::String(text)) = members.get_mut(name)
                && text.parse::<std::net::IpAddr>().is_err()
            {
                *text = "(none)".into();
            }
        }
    });
}

pub(super) const VARIATIONS: &[Variation] = &[
    Variation {
        name: "unknown-members-everywhere",
        allowed_by: "members that the documents do not name are allowed anywhere",
        deviates: &[],
        changes: &[Change::Answer(extra_members)],
    },
    Variation {
        name: "entries-without-times",
        allowed_by: "optional members may be absent",
        deviates: &[],
        changes: &[Change::Answer(no_entry_times)],
    },
    Variation {
        name: "no-times-at-all",
        allowed_by: "optional members may be absent",
        deviates: &[],
        changes: &[Change::Answer(no_times)],
    },
    Variation {
        name: "informational-messages",
        allowed_by: "messages may be there in any answer",
        deviates: &[],
        changes: &[Change::Answer(messages)],
    },
    Variation {
        name: "documented-code-among-others",
        allowed_by: "ENV-4: the documented code is among the errors, at any place",
        deviates: &[],
        changes: &[Change::Answer(second_error)],
    },
    Variation {
        name: "failed-items-with-values",
        allowed_by: "only `error` is tied to failed items",
        deviates: &[],
        changes: &[Change::Answer(failed_without_values)],
    },
    Variation {
        name: "lists-in-reverse",
        allowed_by: "the order of lists is free",
        deviates: &[],
        changes: &[REVERSED],
    },
    Variation {
        name: "own-texts-for-failed-items",
        allowed_by: "where a text is not promised, any will do",
        deviates: &[],
        changes: &[Change::Answer(own_item_texts)],
    },
    Variation {
        name: "odd-addresses-answered-otherwise",
        allowed_by: "an item without a usable address is answered with a text of the server's choice",
        deviates: &[],
        changes: &[Change::Answer(blank_odd_addresses)],
    },
    Variation {
        name: "failed-items-without-error",
        allowed_by: "BATCH-5 only recommends an error on failed items",
        deviates: &["V1-BATCH-5", "V2-BATCH-5"],
        changes: &[Change::Answer(|_, reply| {
            each_object(&mut reply.body, &mut |members| {
                members.remove("error");
            });
        })],
    },
    Variation {
        name: "own-texts-for-documented-codes",
        allowed_by: "ENV-7 only recommends the documented texts",
        deviates: &["ENV-7"],
        changes: &[Change::Answer(|_, reply| {
            for error in reply.body["errors"].as_array_mut().into_iter().flatten() {
                error["message"] = json!("refused");
            }
        })],
    },
    Variation {
        name: "errors-in-a-success",
        allowed_by: "ENV-6 only recommends that a success has no errors",
        deviates: &["ENV-6"],
        changes: &[Change::Answer(|call, reply| {
            if reply.is_success() && call.operation.kind() == Kind::List {
                reply.body["errors"] = json!([{"code": 1000, "message": "a warning"}]);
            }
        })],
    },
    Variation {
        name: "times-with-offset",
        allowed_by: "times may have any RFC 3339 form",
        deviates: &[],
        changes: &[Change::Rules(|rules| {
            rules.show_time = |time| time.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string();
        })],
    },
    Variation {
        name: "times-with-a-blank",
        allowed_by: "HTTP-6: a blank for the T is let pass",
        deviates: &[],
        changes: &[Change::Rules(|rules| {
            rules.show_time = |time| time.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        })],
    },
    Variation {
        name: "times-in-lower-case",
        allowed_by: "RFC 3339 allows t and z in lower case",
        deviates: &[],
        changes: &[Change::Rules(|rules| {
            rules.show_time = |time| time.to_string().to_lowercase();
        })],
    },
    Variation {
        name: "times-with-many-digits",
        allowed_by: "RFC 3339 sets no limit to the digits of a second",
        deviates: &[],
        changes: &[Change::Rules(|rules| {
            rules.show_time = |time| time.strftime("%Y-%m-%dT%H:%M:%S%.9f000Z").to_string();
        })],
    },
    Variation {
        name: "times-in-whole-seconds",
        allowed_by: "times may have any RFC 3339 form",
        deviates: &[],
        changes: &[Change::Rules(|rules| {
            rules.show_time = |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        })],
    },
    Variation {
        name: "set-time-of-an-empty-zone-absent",
        allowed_by: "V1-LIST-2: null, or absent",
        deviates: &[],
        changes: &[Change::Answer(|_, reply| {
            if reply.body.pointer("/result/modified_on") == Some(&Value::Null)
                && let Some(result) = reply.body["result"].as_object_mut()
            {
                result.remove("modified_on");
            }
        })],
    },
    Variation {
        name: "not-editable",
        allowed_by: "editable is whatever the user may do",
        deviates: &[],
        changes: &[Change::Answer(|_, reply| {
            if let Some(editable) = reply.body.pointer_mut("/result/editable") {
                *editable = json!(false);
            }
        })],
    },
    Variation {
        name: "v1-delete-answers-1142",
        allowed_by: "the documents disagree about V1-DELETE-2",
        deviates: &[],
        changes: &[Change::Answer(|_, reply| {
            if reply.body.pointer("/errors/0/code") == Some(&json!(1163)) {
                reply.body["errors"][0]["code"] = json!(1142);
                reply.body["errors"][0]["message"] = json!(
                    "Unable to retrieve origin_public_cloud_region setting value. The zone setting does not exist."
                );
            }
        })],
    },
    Variation {
        name: "empty-zone-has-one-page",
        allowed_by: "V2-LIST-6 only recommends total_pages 0",
        deviates: &["V2-LIST-6"],
        changes: &[Change::Answer(|call, reply| {
            if call.operation == Operation::named("v2.list")
                && reply.body.pointer("/result_info/total_count") == Some(&json!(0))
            {
                reply.body["result_info"]["total_pages"] = json!(1);
            }
        })],
    },
];
