//! IP addresses as text: the canonical form of RFC 5952 and the ways to break it (IP-1a to IP-1f).

use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv6Addr};

use crate::api::ClauseId;

/// Returns the address that a text names, if the text is an address in a standard spelling.
#[must_use]
pub fn parse(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// Returns an address for comparison. An IPv4-mapped IPv6 address becomes its IPv4 address, because IP-6 leaves open in
/// which form it is kept.
#[must_use]
pub fn identity(text: &str) -> Option<IpAddr> {
    parse(text).map(|ip| ip.to_canonical())
}

/// Returns whether two texts name the same address.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    a == b || identity(a).is_some_and(|ip| identity(b) == Some(ip))
}

/// Returns whether a text is certainly not an address (IP-5). It looks like an address but is not a valid one, and it
/// is not one of the unusual spellings that some servers accept (IP-7).
#[must_use]
pub fn is_none(text: &str) -> bool {
    if parse(text).is_some() {
        return false;
    }
    if text.contains(':') {
        let is_of_groups = text.chars().all(|c| c.is_ascii_alphanumeric() || c == ':');
        let groups = text.split(':').filter(|group| !group.is_empty()).count();
        // Some platforms accept a `::` that stands for no group.
        let has_empty_gap = groups == 8 && text.matches("::").count() == 1;
        return is_of_groups && text.matches(':').count() >= 2 && !has_empty_gap;
    }
    let parts: Vec<&str> = text.split('.').collect();
    let is_number = |part: &&str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part.len() == 1 || !part.starts_with('0'))
    };
    parts.len() > 2 && parts.iter().all(is_number)
}

/// Returns whether RFC 5952 section 5 allows mixed notation for an address, so that IP-1 does not apply to it. These
/// are the IPv4-compatible, IPv4-mapped and IPv4-translated prefixes, the well-known prefix of RFC 6052, and the
/// interface identifiers of ISATAP (RFC 5214).
#[must_use]
pub fn is_exempt(ip: Ipv6Addr) -> bool {
    matches!(
        ip.segments(),
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _]
            | [0, 0, 0, 0, 0xffff, 0, _, _]
            | [0x64, 0xff9b, 0, 0, 0, 0, _, _]
            | [_, _, _, _, 0 | 0x0200, 0x5efe, _, _]
    )
}

/// Returns the parts of IP-1 that the spelling of an address breaks. It is empty for a canonical spelling, and for
/// IPv4, to which IP-1 does not apply.
#[must_use]
pub fn spelling_faults(text: &str, ip: IpAddr) -> Vec<ClauseId> {
    let IpAddr::V6(ip) = ip else {
        return Vec::new();
    };
    if is_exempt(ip) || is_written_as(text, ip) {
        return Vec::new();
    }
    if text.contains('.') {
        return vec![ClauseId::of("IP-1")];
    }
    let mut faults = Vec::new();
    if text.chars().any(|c| c.is_ascii_uppercase()) {
        faults.push(ClauseId::of("IP-1a"));
    }
    if text
        .split(':')
        .any(|group| group.len() > 1 && group.starts_with('0'))
    {
        faults.push(ClauseId::of("IP-1b"));
    }
    faults.extend(compression_faults(text, ip));
    if faults.is_empty() {
        faults.push(ClauseId::of("IP-1"));
    }
    faults
}

/// Returns whether a text is what a value is written as. It needs no memory: long lists have thousands of addresses.
fn is_written_as(text: &str, value: impl fmt::Display) -> bool {
    let mut rest = Rest(text);
    write!(rest, "{value}").is_ok() && rest.0.is_empty()
}

/// The part of a text that is not written yet.
struct Rest<'t>(&'t str);

impl fmt::Write for Rest<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// A run of zero groups: the index of its first group and its number of groups.
#[derive(Clone, Copy)]
struct Run {
    start: usize,
    length: usize,
}

fn compression_faults(text: &str, ip: Ipv6Addr) -> Vec<ClauseId> {
    let runs = zero_runs(ip);
    let longest = runs.iter().map(|run| run.length).max().unwrap_or(0);
    let Some((before, after)) = text.split_once("::") else {
        return if longest >= 2 {
            vec![ClauseId::of("IP-1c")]
        } else {
            Vec::new()
        };
    };
    let count = |part: &str| part.split(':').filter(|group| !group.is_empty()).count();
    let start = count(before);
    let length = 8usize.saturating_sub(start + count(after));
    let whole = runs
        .iter()
        .find(|run| run.start <= start && start < run.start + run.length);
    let first = runs.iter().find(|run| run.length == longest);
    let (Some(whole), Some(first)) = (whole, first) else {
        return Vec::new();
    };
    let broken = [
        ("IP-1c", whole.length < longest),
        (
            "IP-1d",
            whole.length == longest && first.start != whole.start,
        ),
        ("IP-1e", whole.length == 1),
        ("IP-1f", length < whole.length),
    ];
    broken
        .into_iter()
        .filter(|(_, is_broken)| *is_broken)
        .map(|(id, _)| ClauseId::of(id))
        .collect()
}

fn zero_runs(ip: Ipv6Addr) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (index, &group) in ip.segments().iter().enumerate() {
        if group != 0 {
            continue;
        }
        match runs.last_mut() {
            Some(run) if run.start + run.length == index => run.length += 1,
            _ => runs.push(Run {
                start: index,
                length: 1,
            }),
        }
    }
    runs
}

/// Returns the address that a server means by a text. It reads misspelled addresses as well: IP-1 and IP-4 judge the
/// spelling, and a misspelling must not make a mapping look lost.
#[must_use]
pub fn meant(text: &str) -> Option<IpAddr> {
    identity(text).or_else(|| {
        let bare = text.trim().trim_start_matches('[');
        let end = bare.find(['/', '%', ']']).unwrap_or(bare.len());
        let bare = &bare[..end];
        let octets = bare.split('.').map(|octet| {
            let digits = octet.trim_start_matches('0');
            if digits.is_empty() && !octet.is_empty() {
                "0"
            } else {
                digits
            }
        });
        identity(bare)
            .or_else(|| identity(&octets.collect::<Vec<_>>().join(".")))
            .or_else(|| identity(&bare.replace("%3A", ":")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("2001:db8::1", &[]; "canonical")]
    #[test_case("2001:DB8::1", &["IP-1a"]; "upper case")]
    #[test_case("2001:0db8::1", &["IP-1b"]; "leading zero")]
    #[test_case("2001:db8:0:0:0:0:0:1", &["IP-1c"]; "not shortened")]
    #[test_case("2001:db8::1:0:0:0:1", &["IP-1c", "IP-1e"]; "a single group in place of the longest run")]
    #[test_case("2001:db8::1:0:0:0", &["IP-1c"]; "the shorter run")]
    #[test_case("2001:db8:0:0:1::1", &["IP-1d"]; "the second of equal runs")]
    #[test_case("2001:db8::1:1:1:1:1", &["IP-1e"]; "a single group")]
    #[test_case("2001:db8::0:1", &["IP-1f"]; "not as long as possible")]
    #[test_case("2001:db8:1:2:3:4:0:0", &["IP-1c"]; "trailing run")]
    #[test_case("2001:0DB8:0:0:0:0:0:1", &["IP-1a", "IP-1b", "IP-1c"]; "three at once")]
    #[test_case("2001:db8::192.0.2.1", &["IP-1"]; "mixed notation outside its prefixes")]
    #[test_case("::ffff:192.0.2.1", &[]; "mapped addresses are open")]
    #[test_case("64:ff9b::c000:201", &[]; "so is the translation prefix")]
    #[test_case("::ffff:0:192.0.2.1", &[]; "so is the IPv4-translated prefix")]
    #[test_case("2001:db8::5efe:192.0.2.1", &[]; "so is an ISATAP identifier")]
    #[test_case("2001:DB8::200:5EFE:192.0.2.1", &[]; "so is an ISATAP identifier of a global address")]
    #[test_case("2001:db8::5eff:192.0.2.1", &["IP-1"]; "another identifier is not")]
    #[test_case("192.0.2.1", &[]; "not an IPv6 address")]
    fn each_fault_of_spelling_has_its_own_clause(text: &str, expected: &[&'static str]) {
        let expected: Vec<ClauseId> = expected.iter().map(|id| ClauseId::of(id)).collect();
        let ip = parse(text).unwrap_or_else(|| panic!("{text} is no address"));
        assert_eq!(spelling_faults(text, ip), expected);
    }

    #[test]
    fn a_mapped_address_is_one_with_its_ipv4_address() {
        assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(same("2001:DB8::1", "2001:db8:0::1"));
        assert!(!same("192.0.2.1", "192.0.2.10"));
    }
}
