//! Takes credentials out of what is checked and recorded: by field, and by value wherever else they stand.

use std::collections::BTreeSet;

use crate::audit::Recorded;
use crate::exchange::Redactor;

/// The fields whose values are looked for elsewhere.
const CREDENTIALS: [&str; 3] = ["authorization", "x-auth-key", "x-auth-email"];
/// What is shorter stands everywhere by chance, in bytes.
const SHORTEST: usize = 8;
/// More than so many different ones are not looked for elsewhere; the fields are masked in any case.
const MOST: usize = 64;

/// The credentials that were seen.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    seen: BTreeSet<String>,
    redactor: Redactor,
}

impl Secrets {
    /// Takes the credentials out. The answer's body is unpacked for that.
    pub(super) fn clean(&mut self, recorded: &mut Recorded) {
        self.learn(recorded);
        recorded.unpack();
        let redactor = &self.redactor;
        recorded.url = redactor.text(&recorded.url);
        recorded.request_headers = redactor.headers(&recorded.request_headers);
        recorded.response_headers = redactor.headers(&recorded.response_headers);
        for body in [&mut recorded.request_body, &mut recorded.response_body] {
            if let Some(text) = body.as_deref().and_then(|body| str::from_utf8(body).ok()) {
                *body = Some(redactor.text(text).into_bytes());
            }
        }
    }

    fn learn(&mut self, recorded: &Recorded) {
        let mut is_new = false;
        for name in CREDENTIALS {
            let Some(value) = recorded.request_headers.get(name) else {
                continue;
            };
            let secret = value.split_once(' ').map_or(value, |(_, rest)| rest.trim());
            if secret.len() >= SHORTEST && self.seen.len() < MOST && !self.seen.contains(secret) {
                is_new = self.seen.insert(secret.to_owned()) || is_new;
            }
        }
        if is_new {
            self.redactor = Redactor::new(self.seen.iter().cloned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_comes_back_in_a_body_is_masked_there_too() {
        let mut recorded = Recorded {
            response_body: Some(b"{\"token\": \"t0ken-of-tests\"}".to_vec()),
            ..Recorded::default()
        };
        let token = "Bearer t0ken-of-tests";
        recorded.request_headers.push("Authorization", token);
        Secrets::default().clean(&mut recorded);
        assert_eq!(recorded.request_headers.0[0].1, "Bearer ***");
        let body = recorded.response_body.as_deref();
        assert_eq!(body, Some(&b"{\"token\": \"***\"}"[..]));
    }
}
