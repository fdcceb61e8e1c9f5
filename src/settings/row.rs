//! The table of settings, one row each. Flags, the configuration file and the environment use it, in the command and in
//! tests.

/// A setting.
#[derive(Debug)]
pub struct Setting {
    /// Its key in the configuration file. The flag is the key with `--`, except for lists, whose flag is in the
    /// singular.
    pub key: &'static str,
    /// Its flag.
    pub flag: &'static str,
    /// The environment variables that set it, in order of precedence.
    pub variables: &'static [&'static str],
    /// Whether it may have several values (in variables, separated by commas).
    pub is_list: bool,
    /// Whether it must never be shown.
    pub is_secret: bool,
    /// The default; empty if there is none.
    pub default: &'static str,
}

const fn one(
    key: &'static str,
    flag: &'static str,
    variables: &'static [&'static str],
    default: &'static str,
) -> Setting {
    Setting {
        key,
        flag,
        variables,
        is_list: false,
        is_secret: false,
        default,
    }
}

const fn list(
    key: &'static str,
    flag: &'static str,
    variables: &'static [&'static str],
) -> Setting {
    Setting {
        is_list: true,
        ..one(key, flag, variables, "")
    }
}

const fn secret(
    key: &'static str,
    flag: &'static str,
    variables: &'static [&'static str],
) -> Setting {
    Setting {
        is_secret: true,
        ..one(key, flag, variables, "")
    }
}

/// Creates a setting with one variable whose flag is its key.
macro_rules! plain {
    ($key:literal, $variable:literal, $default:literal) => {
        one($key, concat!("--", $key), &[$variable], $default)
    };
}

/// All settings, in the order in which `originproof config` shows them.
pub const SETTINGS: &[Setting] = &[
    one(
        "url",
        "--target",
        &["ORIGINPROOF_TARGET", "CLOUDFLARE_BASE_URL"],
        "",
    ),
    list(
        "zones",
        "--zone",
        &["ORIGINPROOF_ZONE", "CLOUDFLARE_ZONE_ID"],
    ),
    secret("token", "--token", &["CLOUDFLARE_API_TOKEN"]),
    secret("email", "--email", &["CLOUDFLARE_EMAIL"]),
    secret("key", "--key", &["CLOUDFLARE_API_KEY"]),
    list("capabilities", "--capability", &["ORIGINPROOF_CAPABILITY"]),
    plain!("allow-existing", "ORIGINPROOF_ALLOW_EXISTING", "false"),
    plain!("allow-empty-zone", "ORIGINPROOF_ALLOW_EMPTY_ZONE", "false"),
    plain!("state-dir", "ORIGINPROOF_STATE_DIR", ""),
    plain!("patience", "ORIGINPROOF_PATIENCE", "30s"),
    list("rate", "--rate", &["ORIGINPROOF_RATE"]),
    plain!("max-requests", "ORIGINPROOF_MAX_REQUESTS", ""),
    plain!("effort", "ORIGINPROOF_EFFORT", ""),
    plain!("budget", "ORIGINPROOF_BUDGET", ""),
    plain!("within", "ORIGINPROOF_WITHIN", ""),
    plain!("longest-wait", "ORIGINPROOF_LONGEST_WAIT", "60s"),
    plain!("settle", "ORIGINPROOF_SETTLE", "0s"),
    plain!("wait", "ORIGINPROOF_WAIT", "0s"),
    plain!("timeout", "ORIGINPROOF_TIMEOUT", "30s"),
    plain!(
        "first-byte-timeout",
        "ORIGINPROOF_FIRST_BYTE_TIMEOUT",
        "30s"
    ),
    plain!("connect-timeout", "ORIGINPROOF_CONNECT_TIMEOUT", "10s"),
    plain!("body-limit", "ORIGINPROOF_BODY_LIMIT", "33554432"),
    list("ca-cert", "--ca-cert", &["ORIGINPROOF_CA_CERT"]),
    plain!("insecure", "ORIGINPROOF_INSECURE", "false"),
    list("resolve", "--resolve", &["ORIGINPROOF_RESOLVE"]),
    plain!("http2", "ORIGINPROOF_HTTP2", "false"),
    plain!("proxy", "ORIGINPROOF_PROXY", ""),
    // `HTTP_PROXY` is left out, like in curl: CGI sets it from a header field of the request.
    plain!("http-proxy", "http_proxy", ""),
    one(
        "https-proxy",
        "--https-proxy",
        &["https_proxy", "HTTPS_PROXY"],
        "",
    ),
    one("all-proxy", "--all-proxy", &["all_proxy", "ALL_PROXY"], ""),
    list("no-proxy", "--no-proxy", &["no_proxy", "NO_PROXY"]),
    plain!("jobs", "ORIGINPROOF_JOBS", "16"),
    plain!("strict", "ORIGINPROOF_STRICT", "false"),
    plain!("expect", "ORIGINPROOF_EXPECT", ""),
];

/// Returns the setting with this key.
#[must_use]
pub fn by_key(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_flags_and_variables_are_unique() {
        let keys: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
        let flags: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.flag).collect();
        let variables: Vec<_> = SETTINGS
            .iter()
            .flat_map(|setting| setting.variables)
            .collect();
        assert_eq!(keys.len(), SETTINGS.len());
        assert_eq!(flags.len(), SETTINGS.len());
        assert_eq!(
            variables.iter().collect::<BTreeSet<_>>().len(),
            variables.len()
        );
    }
}
