//! The seal of a journal, which only somebody with the credentials of the run can make. Unless the user names the
//! target or the journal, `restore` sends credentials to the address in a journal only if the seal matches. So a
//! journal that somebody else planted gets no credentials.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A keyed digest of a target and a zone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::runner) struct Seal([u8; 32]);

impl Seal {
    /// Returns the seal of a zone at a target, made with the secrets of the run.
    pub(in crate::runner) fn of(secrets: &[&str], target: &str, zone: &str) -> Self {
        let key = secrets.join("\0");
        // HMAC accepts a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
            return Self::default();
        };
        for part in ["originproof journal", target, zone] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        Self(mac.finalize().into_bytes().into())
    }

    /// Returns the seal in hexadecimal, as a journal stores it.
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
