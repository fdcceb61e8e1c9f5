//! Base URLs, which say where requests go and nothing else.

use url::Url;

use super::harmless::UrlParts;

/// A part that a base URL must not have. The messages do not show the URL, because it may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlFault {
    /// The URL names a user. Credentials are given separately from the URL.
    #[error(
        "the URL contains a user name or a password: remove them, and give credentials by variables (CLOUDFLARE_API_TOKEN) or flags (--token)"
    )]
    UserInformation,
    /// The URL has a query or a fragment, so the API's paths can't be appended to it.
    #[error("the URL has a query or a fragment: remove what begins with `?` or `#`")]
    Query,
}

/// Checks that a URL has no user information.
///
/// # Errors
/// [`BaseUrlFault::UserInformation`], also for a text that is not a valid URL.
pub fn check_no_user(url: &str) -> Result<(), BaseUrlFault> {
    let is_named = |url: &Url| {
        !url.username().is_empty() || url.password().is_some_and(|word| !word.is_empty())
    };
    // URL parsers remove line breaks and tabs.
    let visible: String = url.chars().filter(|c| !c.is_control()).collect();
    if UrlParts::of(visible.trim()).user.is_some()
        || Url::parse(url).is_ok_and(|url| is_named(&url))
    {
        return Err(BaseUrlFault::UserInformation);
    }
    Ok(())
}

/// Checks that a URL says where requests go and nothing else.
///
/// # Errors
/// [`BaseUrlFault`].
pub fn check_base_url(url: &str) -> Result<(), BaseUrlFault> {
    check_no_user(url)?;
    if url.contains(['?', '#']) {
        return Err(BaseUrlFault::Query);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("http://user:pass@h/x"; "user and password")]
    #[test_case("http://user@h"; "a user")]
    #[test_case("http://:pass@h"; "a password")]
    #[test_case("HTTP:\\\\user:pass@h/x"; "backslashes")]
    #[test_case("http:user:pass@h"; "no slashes")]
    #[test_case("http://us\ner:pass@h"; "a line break that parsers take out")]
    #[test_case("user:pass@h/x"; "no scheme")]
    #[test_case(" http://user:pass@h"; "a blank before it")]
    fn user_information_is_refused(url: &str) {
        assert_eq!(check_base_url(url), Err(BaseUrlFault::UserInformation));
    }

    #[test_case("http://h/x?token=abc"; "a query")]
    #[test_case("http://h/x#abc"; "a fragment")]
    #[test_case("http://h?"; "an empty query")]
    fn a_query_is_refused(url: &str) {
        assert_eq!(check_base_url(url), Err(BaseUrlFault::Query));
    }

    #[test_case("http://127.0.0.1:8080/client/v4"; "a base url")]
    #[test_case("http://[::1]:80/"; "an address")]
    #[test_case("https://h/@me"; "an at sign in the path")]
    #[test_case("staging"; "the name of a target")]
    fn what_says_only_where_is_taken(url: &str) {
        assert_eq!(check_base_url(url), Ok(()));
    }
}
