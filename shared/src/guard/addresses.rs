//! An IP address → whether the world's networks route it to one host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

const PRIVATE: &str = "a private address";
const LOOPBACK: &str = "a loopback address";
const LINK_LOCAL: &str = "a link-local address";
const MULTICAST: &str = "a multicast address";
const DOCUMENTATION: &str = "an address for documentation";
const RESERVED: &str = "a reserved address";
const TUNNEL: &str = "an address of a transition mechanism";

/// What IANA's registry of special-purpose addresses (RFC 6890) holds and more.
const V4: [(Ipv4Net, &str); 16] = [
    (v4([0, 0, 0, 0], 8), "an unspecified address"),
    (v4([10, 0, 0, 0], 8), PRIVATE),
    (v4([100, 64, 0, 0], 10), "an address shared by a carrier's customers"),
    (v4([127, 0, 0, 0], 8), LOOPBACK),
    // Azure's own services answer every machine of theirs there.
    (v4([168, 63, 129, 16], 32), RESERVED),
    (v4([169, 254, 0, 0], 16), LINK_LOCAL),
    (v4([172, 16, 0, 0], 12), PRIVATE),
    (v4([192, 0, 0, 0], 24), RESERVED),
    (v4([192, 0, 2, 0], 24), DOCUMENTATION),
    (v4([192, 88, 99, 0], 24), TUNNEL),
    (v4([192, 168, 0, 0], 16), PRIVATE),
    (v4([198, 18, 0, 0], 15), "an address for benchmarks"),
    (v4([198, 51, 100, 0], 24), DOCUMENTATION),
    (v4([203, 0, 113, 0], 24), DOCUMENTATION),
    (v4([224, 0, 0, 0], 4), MULTICAST),
    (v4([240, 0, 0, 0], 4), RESERVED),
];

/// All that is allocated to hosts (RFC 4291, IANA's registry of unicast assignments).
const GLOBAL: Ipv6Net = v6([0x2000, 0, 0], 3);

/// Refused within it: what tunnels to an IPv4 address that nobody judged, and what is no host.
const V6: [(Ipv6Net, &str); 4] = [
    (v6([0x2001, 0, 0], 23), TUNNEL),
    (v6([0x2001, 0x0db8, 0], 32), DOCUMENTATION),
    (v6([0x2002, 0, 0], 16), TUNNEL),
    (v6([0x3fff, 0, 0], 20), DOCUMENTATION),
];

/// What lies outside it, where there is a word for it.
const OUTSIDE: [(Ipv6Net, &str); 5] = [
    (v6([0xfc00, 0, 0], 7), PRIVATE),
    (v6([0xfe80, 0, 0], 10), LINK_LOCAL),
    (v6([0xff00, 0, 0], 8), MULTICAST),
    (v6([0x0064, 0xff9b, 0], 96), TUNNEL),
    (v6([0x0064, 0xff9b, 1], 48), TUNNEL),
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b, c]: [u16; 3], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// Passes what is globally routable unicast, and says of the rest what it is. An IPv4 address is to
/// come in its own form.
pub(super) fn judge(ip: IpAddr) -> Result<(), &'static str> {
    let found = match ip {
        IpAddr::V4(ip) => V4.iter().find(|(net, _)| net.contains(&ip)).map(|(_, what)| *what),
        IpAddr::V6(ip) if GLOBAL.contains(&ip) => V6.iter().find(|(net, _)| net.contains(&ip)).map(|(_, what)| *what),
        IpAddr::V6(Ipv6Addr::LOCALHOST) => Some(LOOPBACK),
        IpAddr::V6(ip) => {
            let named = OUTSIDE.iter().find(|(net, _)| net.contains(&ip)).map(|(_, what)| *what);
            Some(named.unwrap_or(RESERVED))
        }
    };
    found.map_or(Ok(()), Err)
}
