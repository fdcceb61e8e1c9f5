//! The seal of a journal: only who has the credentials of a run can make it. `restore` sends them to the address in a
//! journal without asking only where the seal fits, so a journal that somebody else put there gets nothing.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A keyed digest of a target and a zone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::runner) struct Seal([u8; 32]);

impl Seal {
    /// The seal of a zone at a target, made with the secrets of the run.
    pub(in crate::runner) fn of(secrets: &[&str], target: &str, zone: &str) -> Self {
        let key = secrets.join("\0");
        // A key of any length will do.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
            return Self::default();
        };
        for part in ["originproof journal", target, zone] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        Self(mac.finalize().into_bytes().into())
    }

    /// As it stands in a journal.
    pub(in crate::runner) fn text(&self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fits_no_other_target_and_no_other_credentials() {
        let seal = Seal::of(&["token"], "http://a", "z");
        assert_eq!(seal, Seal::of(&["token"], "http://a", "z"));
        assert_ne!(seal, Seal::of(&["token"], "http://b", "z"));
        assert_ne!(seal, Seal::of(&["other"], "http://a", "z"));
        assert_ne!(seal, Seal::of(&["token"], "http://a", "y"));
    }
}
