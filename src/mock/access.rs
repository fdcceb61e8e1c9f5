//! Who may call: a bearer token, or an e-mail address with a key.

/// What a request presents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The value of `Authorization: Bearer`.
    pub token: Option<String>,
    /// `X-Auth-Email`.
    pub email: Option<String>,
    /// `X-Auth-Key`.
    pub key: Option<String>,
    /// The whole of `Authorization`, whatever its scheme; honest code reads `token`.
    pub authorization: Option<String>,
}

/// What the mock accepts.
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
    /// Whether the credentials are valid.
    #[must_use]
    pub fn admits(&self, credentials: &Credentials) -> bool {
        if let Some(token) = &credentials.token {
            return *token == self.token;
        }
        credentials.email.as_ref() == Some(&self.email)
            && credentials.key.as_ref() == Some(&self.key)
    }
}
