//! Judges ENV-5 and the form clause of each operation: a success is a 200 with the documented result.

use super::super::check::Subject;
use super::super::finding::Findings;
use crate::api::{ClauseId, Level};
use crate::contract::{MissingPart, What};

const ENV_5: (ClauseId, Level) = (ClauseId::of("ENV-5"), Level::Must);

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let response = &subject.exchange.response;
    let description = subject.operation.row();
    let Some(form) = subject.promised(|promises| &promises.form) else {
        return;
    };
    if response.is_success() && response.status != 200 {
        findings.add(ENV_5, "status", What::status("200", subject.status()));
        // Servers are likely to answer a partly failed batch with another status.
        if !subject.answer.failed.is_empty()
            && let Some(clause) = subject.promised(|promises| &promises.one_by_one)
        {
            findings.add(clause, "status", What::status("200", subject.status()));
        }
        findings.add(
            form.clone(),
            "status",
            What::status("200", subject.status()),
        );
    }
    if !subject.succeeded() {
        return;
    }
    let Some(body) = subject.body else { return };
    let mut parts = vec![("result", format!("result/{}", description.result))];
    if description.is_paged {
        parts.push(("result_info", "result-info".to_owned()));
    }
    for (member, schema) in parts {
        let Some(value) = body.get(member) else {
            let at = format!("/{member}");
            findings.add(
                ENV_5,
                &at,
                What::missing("the operation's documented result", MissingPart::Member),
            );
            findings.add(
                form.clone(),
                at,
                What::missing("the operation's documented result", MissingPart::Member),
            );
            continue;
        };
        let (faults, more) = subject.contract.schemas.faults(&schema, value);
        for fault in faults {
            // Times have their own clause, HTTP-6.
            if fault.keyword == "format" {
                continue;
            }
            let at = format!("/{member}{}", fault.at);
            let expected = format!("the form of schemas/{schema}.json");
            findings.add(ENV_5, &at, What::form(&expected, &fault.message));
            findings.add(form.clone(), at, What::form(expected, fault.message));
        }
        findings.add_more(&ENV_5, more);
        findings.add_more(&form, more);
    }
}
