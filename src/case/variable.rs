//! The built-in variables, which every case can use.

/// A built-in variable, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variable {
    /// `v4.N`: IPv4 address number N of the case.
    V4(usize),
    /// `v6.N`, with an optional spelling: `v6.0.expanded`.
    V6(usize, Spelling),
    /// `fill.N`: address number N of a filling.
    Fill(usize),
    /// `fresh`: an address that the case has not used yet.
    Fresh,
    /// `pair.N.vendor` or `pair.N.region`.
    Pair(usize, Member),
    /// `pair.N.vendor.upper` or `pair.N.region.upper`: the same name in upper case.
    PairUpper(usize, Member),
    /// `pair.N.region.shortened`: a prefix of the region's name that is not itself a region.
    PairShortened(usize),
    /// `unlisted.WORD`: the word, unless the target lists a vendor of that name.
    Unlisted(String),
    /// `unknown.vendor` or `unknown.region`: a name that the target does not list.
    Unknown(Member),
    /// `foreign.vendor` or `foreign.region`: a region of another vendor.
    Foreign(Member),
    /// `vendor` or `region` of the current repetition.
    Current(Member),
    /// `round`: the number of the current round of a repetition, from 0; `round.N`: that number times N.
    Round(usize),
    /// `zone`: the id of the default zone.
    Zone,
}

/// One half of a place: its vendor or its region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// The vendor.
    Vendor,
    /// The region.
    Region,
}

/// Ways to write an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// The canonical text of RFC 5952.
    Canonical,
    /// The canonical text with upper-case digits.
    Upper,
    /// All eight groups with four digits each.
    Expanded,
    /// The expanded text with upper-case digits.
    ExpandedUpper,
    /// Eight groups without leading zeros and without `::`.
    Uncompressed,
    /// The canonical text with percent-encoded colons.
    Percent,
}

const SPELLINGS: &[(&str, Spelling)] = &[
    ("canonical", Spelling::Canonical),
    ("upper", Spelling::Upper),
    ("expanded", Spelling::Expanded),
    ("expanded-upper", Spelling::ExpandedUpper),
    ("uncompressed", Spelling::Uncompressed),
    ("percent", Spelling::Percent),
];

impl Spelling {
    /// Returns an address in this spelling.
    #[must_use]
    pub fn write(self, ip: std::net::Ipv6Addr) -> String {
        let groups = |width: usize| -> String {
            let groups: Vec<String> = ip
                .segments()
                .iter()
                .map(|group| format!("{group:0width$x}"))
                .collect();
            groups.join(":")
        };
        match self {
            Self::Canonical => ip.to_string(),
            Self::Upper => ip.to_string().to_uppercase(),
            Self::Expanded => groups(4),
            Self::ExpandedUpper => groups(4).to_uppercase(),
            Self::Uncompressed => groups(1),
            Self::Percent => ip.to_string().replace(':', "%3A"),
        }
    }
}

/// The number of IPv4 addresses of the documentation blocks that a case may use, numbered from 0. A target's zone
/// leaves at least this number free, so no two numbers give the same address.
pub const V4_ADDRESSES: usize = 60;
/// The number of values that other variables may have as their number, from 0.
const NUMBERS: usize = 100_000;

/// Reads a variable's number, which must be below `limit`.
fn number(text: &str, limit: usize) -> Option<usize> {
    text.parse().ok().filter(|n| *n < limit)
}

impl Variable {
    /// Returns the built-in variable of this name.
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        let member = |text: &str| match text {
            "vendor" => Some(Member::Vendor),
            "region" => Some(Member::Region),
            _ => None,
        };
        let parts: Vec<&str> = name.split('.').collect();
        match parts.as_slice() {
            ["fill", n] => Some(Self::Fill(number(n, NUMBERS)?)),
            ["fresh"] => Some(Self::Fresh),
            ["round"] => Some(Self::Round(1)),
            ["round", step] => Some(Self::Round(number(step, NUMBERS)?)),
            ["zone"] => Some(Self::Zone),
            ["v4", n] => Some(Self::V4(number(n, V4_ADDRESSES)?)),
            ["v6", n] => Some(Self::V6(number(n, NUMBERS)?, Spelling::Canonical)),
            ["v6", n, spelling] => {
                let (_, spelling) = SPELLINGS.iter().find(|(name, _)| name == spelling)?;
                Some(Self::V6(number(n, NUMBERS)?, *spelling))
            }
            ["pair", n, part] => Some(Self::Pair(number(n, NUMBERS)?, member(part)?)),
            ["pair", n, part, "upper"] => Some(Self::PairUpper(number(n, NUMBERS)?, member(part)?)),
            ["pair", n, "region", "shortened"] => Some(Self::PairShortened(number(n, NUMBERS)?)),
            ["unlisted", word] => Some(Self::Unlisted((*word).to_owned())),
            ["unknown", part] => Some(Self::Unknown(member(part)?)),
            ["foreign", part] => Some(Self::Foreign(member(part)?)),
            [part] => Some(Self::Current(member(part)?)),
            _ => None,
        }
    }
}

/// Returns whether this is the name of a built-in variable.
#[must_use]
pub fn is_builtin(name: &str) -> bool {
    Variable::read(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_name_the_same_address() {
        let ip: std::net::Ipv6Addr = match "2001:db8::a:1".parse() {
            Ok(ip) => ip,
            Err(error) => panic!("{error}"),
        };
        for (name, spelling) in SPELLINGS {
            let text = spelling.write(ip).replace("%3A", ":");
            assert_eq!(text.parse(), Ok(ip), "{name}");
        }
        assert_eq!(
            Spelling::Expanded.write(ip),
            "2001:0db8:0000:0000:0000:0000:000a:0001"
        );
        assert_eq!(Spelling::Uncompressed.write(ip), "2001:db8:0:0:0:0:a:1");
    }
}
