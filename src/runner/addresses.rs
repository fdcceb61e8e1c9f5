//! The addresses of a case's variables: documentation addresses that the zone does not hold.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::case::V4_ADDRESSES;

/// The address blocks of a trial. The default blocks differ in their low byte, so they never overlap when they move.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    /// The addresses of `v4.N`.
    v4: Vec<Ipv4Addr>,
    /// The block of `v6.N`: the third group of the address, below `2001:db8::/32`.
    v6: u16,
    /// The block of `fresh`.
    fresh: u16,
    /// The block of `fill`.
    filler: u16,
    /// Whether fillings may also use 198.51.100.0/24.
    mixed_filler: bool,
    /// The number of the turn, which moves the blocks.
    turn: u64,
    /// Whether the zone holds so many of these addresses that too few are free.
    pub(super) are_short: bool,
}

/// Returns whether an address is reserved for documentation (RFC 5737, RFC 3849), so that no origin server has it.
pub(super) fn is_documentation(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => matches!(
            ip.octets(),
            [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _]
        ),
        IpAddr::V6(ip) => matches!(ip.segments(), [0x2001, 0x0db8, ..]),
    }
}

/// The distance by which a block moves to find a free one.
const STEP: u16 = 0x100;

/// Returns an address of a block below the documentation prefix.
fn in_block(block: u16, n: u64) -> Ipv6Addr {
    let prefix = (0x2001_0db8_u128 << 96) | (u128::from(block) << 80);
    Ipv6Addr::from(prefix | u128::from(n.saturating_add(1)))
}

/// Returns the first block from `start` on that has no taken address.
fn free_block(start: u16, taken: &BTreeSet<IpAddr>) -> Option<u16> {
    let is_free = |block: u16| {
        let (first, last) = (in_block(block, 0), in_block(block, u64::MAX - 1));
        taken
            .range(IpAddr::from(first)..=IpAddr::from(last))
            .next()
            .is_none()
    };
    (0..=u8::MAX)
        .map(|turn| start.wrapping_add(STEP.wrapping_mul(u16::from(turn))))
        .find(|block| is_free(*block))
}

impl Addresses {
    /// Returns the default addresses for turn 0, or free ones in place of taken ones. Runs with different turns rarely
    /// use the same addresses, except in fillings, whose addresses cases also name literally.
    pub(super) fn around(taken: &BTreeSet<IpAddr>, turn: u64) -> Self {
        let nets = [[192, 0, 2], [203, 0, 113]];
        let v4 = nets
            .into_iter()
            .flat_map(|[a, b, c]| (10..250).map(move |last| Ipv4Addr::new(a, b, c, last)))
            .filter(|ip| !taken.contains(&IpAddr::from(*ip)));
        let filler_net = |last| IpAddr::from(Ipv4Addr::new(198, 51, 100, last));
        let mut v4: Vec<Ipv4Addr> = v4.collect();
        if !v4.is_empty() {
            let start = turn % u64::try_from(v4.len()).unwrap_or(1);
            v4.rotate_left(usize::try_from(start).unwrap_or(0));
        }
        let step = STEP.wrapping_mul(u16::try_from(turn % 256).unwrap_or(0));
        let starts = [
            0xa_u16.wrapping_add(step),
            0xfe_u16.wrapping_add(step),
            0xf111,
        ];
        let blocks = starts.map(|start| (start, free_block(start, taken)));
        let are_short = v4.len() < V4_ADDRESSES || blocks.iter().any(|(_, free)| free.is_none());
        let [v6, fresh, filler] = blocks.map(|(start, free)| free.unwrap_or(start));
        Self {
            v4,
            v6,
            fresh,
            filler,
            are_short,
            turn,
            mixed_filler: taken
                .range(filler_net(0)..=filler_net(255))
                .next()
                .is_none(),
        }
    }

    /// Returns the same addresses without the IPv4 addresses that the case names literally.
    pub(super) fn without(mut self, named: &BTreeSet<IpAddr>) -> Self {
        let is_free = |ip: &Ipv4Addr| !named.contains(&IpAddr::from(*ip));
        if self.turn != 0 {
            self.v4.retain(is_free);
        }
        self
    }

    /// Returns IPv4 address number `n`.
    pub(super) fn v4(&self, n: usize) -> Ipv4Addr {
        let fallback = Ipv4Addr::new(192, 0, 2, 10);
        let index = n.checked_rem(self.v4.len()).unwrap_or(0);
        self.v4.get(index).copied().unwrap_or(fallback)
    }

    /// Returns IPv6 address number `n`.
    pub(super) fn v6(&self, n: usize) -> Ipv6Addr {
        in_block(self.v6, u64::try_from(n).unwrap_or(0))
    }

    /// Returns address number `n` of those that nothing else uses.
    pub(super) fn fresh(&self, n: u64) -> Ipv6Addr {
        in_block(self.fresh, n)
    }

    /// Returns address number `n` of a filling. Most of them are IPv6, some are IPv4.
    pub(super) fn filler(&self, n: usize) -> IpAddr {
        let (turn, rest) = (n / 5, n % 5);
        match (rest, u8::try_from(turn + 1)) {
            (4, Ok(last)) if last < 251 && self.mixed_filler => {
                Ipv4Addr::new(198, 51, 100, last).into()
            }
            _ => in_block(self.filler, u64::try_from(n).unwrap_or(0)).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_of_a_case_is_one_that_the_zone_holds() {
        let taken: BTreeSet<IpAddr> = [
            "192.0.2.10",
            "192.0.2.12",
            "2001:db8:a::7",
            "198.51.100.9",
            "2001:db8:f111::",
        ]
        .iter()
        .filter_map(|text| text.parse().ok())
        .collect();
        let addresses = Addresses::around(&taken, 0);
        let used = (0..200).flat_map(|n| {
            [
                addresses.v4(n).into(),
                addresses.v6(n).into(),
                addresses.filler(n),
            ]
        });
        for ip in used {
            assert!(!taken.contains(&ip), "{ip}");
        }
        assert_eq!(addresses.v4(0), Ipv4Addr::new(192, 0, 2, 11));
    }

    #[test]
    fn in_an_empty_zone_they_are_the_defaults() {
        let addresses = Addresses::around(&BTreeSet::new(), 0);
        assert_eq!(addresses.v4(0).to_string(), "192.0.2.10");
        assert_eq!(addresses.v6(0).to_string(), "2001:db8:a::1");
        assert_eq!(addresses.filler(4).to_string(), "198.51.100.1");
    }
}
