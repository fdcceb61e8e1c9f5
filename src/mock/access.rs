//! Authentication: a bearer token, or an e-mail address with a key.

/// The credentials that a request presents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The value of `Authorization: Bearer`.
    pub token: Option<String>,
    /// The value of `X-Auth-Email`.
    pub email: Option<String>,
    /// The value of `X-Auth-Key`.
    pub key: Option<String>,
    /// The whole value of `Authorization`, whatever its scheme. Honest code reads `token` instead.
    pub authorization: Option<String>,
}

/// The credentials that the mock accepts.
#[derive(Debug, Clone)]
pub struct Access {
    /// The one valid token.
    pub token: String,
    /// The valid e-mail address.
    pub email: String,
    /// The valid key.
    pub key: String,
}

impl Access {
    /// Returns whether the credentials are valid.
    #[must_use]
    pub fn admits(&self, credentials: &Credentials) -> bool {
        if let Some(token) = &credentials.token {
            return *token == self.token;
        }
        credentials.email.as_ref() == Some(&self.email)
            && credentials.key.as_ref() == Some(&self.key)
    }
}
