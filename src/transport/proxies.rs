//! Selects the proxy for a request, by the variables that other programs also read, and in the same way as curl.
//! Servers on this machine are reached without a proxy.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// A proxy, and the source that names it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    url: Url,
    named_by: String,
}

impl fmt::Debug for Proxy {
    /// Formats the proxy without the password that may be in the URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or_default();
        write!(f, "{}://{host}", self.url.scheme())?;
        if let Some(port) = self.url.port() {
            write!(f, ":{port}")?;
        }
        write!(f, ", which {} names", self.named_by)
    }
}

/// The requests that a proxy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyFor {
    /// All requests; such a proxy takes precedence over the others.
    Any,
    /// The requests with one URL scheme.
    Scheme(&'static str),
    /// The requests that no other proxy is for.
    Rest,
}

/// The configured proxies, and the hosts that are reached without one.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    proxies: Vec<(ProxyFor, Proxy)>,
    without: Vec<String>,
}

impl Proxies {
    /// Adds a proxy, given as a URL or as a host and port alone.
    ///
    /// # Errors
    /// Returns in words what is wrong with the proxy.
    pub fn add(&mut self, kind: ProxyFor, text: &str, named_by: &str) -> Result<(), String> {
        let written = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let url =
            Url::parse(&written).map_err(|error| format!("the proxy of {named_by}: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!(
                "the proxy of {named_by} has the scheme `{}`: only http and https are supported",
                url.scheme()
            ));
        }
        let named_by = named_by.to_owned();
        self.proxies.push((kind, Proxy { url, named_by }));
        Ok(())
    }

    /// Adds hosts that are reached without a proxy: host names, which include their subdomains, addresses, networks, or
    /// `*` for all hosts.
    pub fn leave_out(&mut self, hosts: impl IntoIterator<Item = String>) {
        let hosts = hosts
            .into_iter()
            .map(|host| host.trim().to_ascii_lowercase());
        self.without.extend(hosts.filter(|host| !host.is_empty()));
    }

    /// Returns the proxy for a request to this URL, if it has one.
    #[must_use]
    pub fn of(&self, url: &Url) -> Option<&Proxy> {
        let host = url.host()?;
        if is_own_machine(&host) || self.without.iter().any(|rule| fits(rule, &host)) {
            return None;
        }
        let by = |kind: ProxyFor| self.proxies.iter().find(move |(of, _)| *of == kind);
        let of_scheme = self
            .proxies
            .iter()
            .find(|(of, _)| matches!(of, ProxyFor::Scheme(scheme) if *scheme == url.scheme()));
        let found = by(ProxyFor::Any)
            .or(of_scheme)
            .or_else(|| by(ProxyFor::Rest));
        found.map(|(_, proxy)| proxy)
    }

    /// Converts the proxies for the HTTP client.
    pub(super) fn into_client(self) -> reqwest::Proxy {
        reqwest::Proxy::custom(move |url| self.of(url).map(|proxy| proxy.url.clone()))
    }
}

fn is_own_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(ip) => ip.is_loopback() || ip.is_unspecified(),
        Host::Ipv6(ip) => IpAddr::V6(*ip).to_canonical().is_loopback() || ip.is_unspecified(),
    }
}

fn fits(rule: &str, host: &Host<&str>) -> bool {
    if rule == "*" {
        return true;
    }
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let rule = rule.trim_start_matches("*.").trim_matches('.');
            !rule.is_empty()
                && (name == rule
                    || name
                        .strip_suffix(rule)
                        .is_some_and(|rest| rest.ends_with('.')))
        }
        Host::Ipv4(ip) => fits_address(rule, IpAddr::V4(*ip)),
        Host::Ipv6(ip) => fits_address(rule, IpAddr::V6(*ip)),
    }
}

/// Returns whether an address equals the one in a rule, or is within its network.
fn fits_address(rule: &str, ip: IpAddr) -> bool {
    let (network, length) = rule.split_once('/').unwrap_or((rule, ""));
    let network = network.trim_start_matches('[').trim_end_matches(']');
    let Ok(network) = network.parse::<IpAddr>() else {
        return false;
    };
    let (bits, all) = match (network, ip) {
        (IpAddr::V4(network), IpAddr::V4(ip)) => (u128::from(network.to_bits() ^ ip.to_bits()), 32),
        (IpAddr::V6(network), IpAddr::V6(ip)) => (network.to_bits() ^ ip.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    let length = if length.is_empty() {
        Some(all)
    } else {
        length.parse().ok()
    };
    length.is_some_and(|length: u32| {
        length <= all && bits.checked_shr(all - length).unwrap_or(0) == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    fn of(named: &[(ProxyFor, &str)], without: &[&str], url: &str) -> Option<String> {
        let mut proxies = Proxies::default();
        for (kind, text) in named {
            proxies
                .add(*kind, text, "a variable")
                .unwrap_or_else(|error| panic!("{error}"));
        }
        proxies.leave_out(without.iter().map(|host| (*host).to_owned()));
        let url = Url::parse(url).unwrap_or_else(|error| panic!("{error}"));
        proxies.of(&url).map(|proxy| proxy.url.to_string())
    }

    const HTTP: (ProxyFor, &str) = (ProxyFor::Scheme("http"), "http://plain:1");
    const HTTPS: (ProxyFor, &str) = (ProxyFor::Scheme("https"), "tls:2");
    const REST: (ProxyFor, &str) = (ProxyFor::Rest, "rest:3");
    const ANY: (ProxyFor, &str) = (ProxyFor::Any, "any:4");

    #[test_case(&[HTTP, HTTPS, REST], "http://h/", Some("http://plain:1/"); "by its scheme")]
    #[test_case(&[HTTP, HTTPS, REST], "https://h/", Some("http://tls:2/"); "by the other scheme")]
    #[test_case(&[HTTP, REST], "https://h/", Some("http://rest:3/"); "the one for the rest")]
    #[test_case(&[HTTP], "https://h/", None; "none for this scheme")]
    #[test_case(&[HTTP, ANY], "http://h/", Some("http://any:4/"); "the one that goes before")]
    #[test_case(&[ANY], "http://127.0.0.1:8080/", None; "an address of this machine")]
    #[test_case(&[ANY], "http://127.9.9.9/", None; "another of its addresses")]
    #[test_case(&[ANY], "http://[::1]:8080/", None; "its address of IPv6")]
    #[test_case(&[ANY], "http://localhost/", None; "its name")]
    #[test_case(&[ANY], "http://api.localhost./", None; "a name below it")]
    fn a_request_goes_through(named: &[(ProxyFor, &str)], url: &str, proxy: Option<&str>) {
        assert_eq!(of(named, &[], url).as_deref(), proxy);
    }

    #[test_case("*", "http://192.0.2.1/"; "all, for an address")]
    #[test_case("*", "http://h/"; "all, for a name")]
    #[test_case("example.com", "http://example.com/"; "the name")]
    #[test_case("example.com", "http://api.Example.com/"; "a name below it")]
    #[test_case(".example.com", "http://api.example.com/"; "with a dot before")]
    #[test_case("*.example.com", "http://api.example.com/"; "with a star before")]
    #[test_case("192.0.2.1", "http://192.0.2.1/"; "an address")]
    #[test_case("192.0.2.0/24", "http://192.0.2.77/"; "a network")]
    #[test_case("0.0.0.0/0", "http://192.0.2.77/"; "the network of all")]
    #[test_case("2001:db8::/32", "http://[2001:db8::1]/"; "a network of IPv6")]
    #[test_case("[2001:db8::1]", "http://[2001:db8::1]/"; "an address in brackets")]
    fn a_host_is_left_out(rule: &str, url: &str) {
        assert_eq!(of(&[ANY], &["other", rule], url), None);
    }

    #[test_case("example.com", "http://notexample.com/"; "a name that only ends so")]
    #[test_case("192.0.2.0/25", "http://192.0.2.200/"; "an address beyond the network")]
    #[test_case("192.0.2.0/33", "http://192.0.2.1/"; "no network")]
    #[test_case("", "http://h/"; "nothing")]
    fn other_hosts_are_not(rule: &str, url: &str) {
        assert!(of(&[ANY], &[rule], url).is_some());
    }

    #[test_case("socks5://h:1", "socks5"; "a scheme that is not supported")]
    #[test_case("http://", "empty host"; "no host")]
    fn what_is_not_a_proxy_is_refused(text: &str, says: &str) {
        let error = Proxies::default()
            .add(ProxyFor::Any, text, "all_proxy")
            .err();
        let error = error.unwrap_or_default();
        assert!(
            error.contains(says) && error.contains("all_proxy"),
            "{error}"
        );
    }

    #[test]
    fn a_password_is_not_shown() {
        let mut proxies = Proxies::default();
        let added = proxies.add(ProxyFor::Any, "http://me:secret@h:1", "--proxy");
        assert_eq!(added, Ok(()));
        assert!(!format!("{proxies:?}").contains("secret"));
    }
}
