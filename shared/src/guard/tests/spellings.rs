//! Every spelling of every address: as properties.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use proptest::prelude::*;

use super::*;

/// Every range that must not be reached, written down a second time.
const V4: [&str; 16] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

const V6: [&str; 14] = [
    "::/8",
    "::ffff:0:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "4000::/2",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

fn v4_inside() -> impl Strategy<Value = Ipv4Addr> {
    (0..V4.len(), any::<u32>()).prop_map(|(range, random)| {
        let net: Ipv4Net = V4[range].parse().expect("a range");
        Ipv4Addr::from(u32::from(net.network()) | (random & u32::from(net.hostmask())))
    })
}

fn v6_inside() -> impl Strategy<Value = Ipv6Addr> {
    (0..V6.len(), any::<u128>()).prop_map(|(range, random)| {
        let net: Ipv6Net = V6[range].parse().expect("a range");
        let ip = Ipv6Addr::from(u128::from(net.network()) | (random & u128::from(net.hostmask())));
        // What is mapped is an IPv4 address, which the other property holds.
        if ip.to_ipv4_mapped().is_some() { Ipv6Addr::UNSPECIFIED } else { ip }
    })
}

fn spellings(ip: Ipv4Addr) -> Vec<String> {
    let ([a, b, c, d], n) = (ip.octets(), u32::from(ip));
    let (low, lower) = (n & 0x00ff_ffff, n & 0xffff);
    let percent: String = ip.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
    let full: String = ip.to_string().chars().map(|c| c.to_digit(10).map_or('．', wide)).collect();
    let mut hosts = vec![
        format!("{n}"),
        format!("{n:#x}"),
        format!("{n:#X}").replace("0x", "0X"),
        format!("0{n:o}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("{a}.{low}"),
        format!("{a}.{b}.{lower}"),
        format!("{a:#x}.{low:#o}").replace("0o", "0"),
        format!("{ip}."),
        percent,
        full,
    ];
    let hex = format!("{:x}:{:x}", n >> 16, lower);
    for prefix in ["::ffff:", "::FFFF:", "0:0:0:0:0:ffff:", "0000:0000:0000:0000:0000:FFFF:", "::", "64:ff9b::"] {
        hosts.extend([format!("[{prefix}{ip}]"), format!("[{prefix}{hex}]"), format!("[{prefix}{ip}%25eth0]")]);
    }
    hosts.push(format!("[2002:{hex}::1]"));
    hosts
}

fn wide(digit: u32) -> char {
    char::from_u32('０' as u32 + digit).expect("a digit")
}

proptest! {
    #[test]
    fn no_spelling_of_an_inside_ipv4_address_passes(ip in v4_inside()) {
        for host in spellings(ip).into_iter().chain([ip.to_string()]) {
            for url in [format!("https://{host}/"), format!("https://{host}:8443/x"), format!("https://u@{host}/")] {
                prop_assert!(PUBLIC.target(&url).is_err(), "{url}");
                prop_assert!(ip.is_loopback() || LOCAL.target(&url).is_err(), "{url}");
            }
        }
        prop_assert!(PUBLIC.addresses(&[ip.into()]).is_err());
        prop_assert!(PUBLIC.addresses(&[ip.to_ipv6_mapped().into()]).is_err());
    }

    #[test]
    fn no_spelling_of_an_inside_ipv6_address_passes(ip in v6_inside()) {
        let full = ip.segments().map(|segment| format!("{segment:04X}")).join(":");
        for host in [format!("[{ip}]"), format!("[{full}]"), format!("[{ip}%25lo]"), format!("[{ip}%lo]")] {
            let url = format!("https://{host}/");
            prop_assert!(PUBLIC.target(&url).is_err(), "{url}");
            prop_assert!(ip.is_loopback() || LOCAL.target(&url).is_err(), "{url}");
        }
        prop_assert!(PUBLIC.addresses(&[ip.into()]).is_err());
    }

    #[test]
    fn public_addresses_pass(v4 in any::<u32>().prop_map(Ipv4Addr::from), low in any::<u128>()) {
        let inside = |ip: &Ipv4Addr| V4.iter().any(|net| net.parse::<Ipv4Net>().expect("a range").contains(ip));
        let v6 = Ipv6Addr::from((0x2600_u128 << 112) | (low >> 16));
        for ip in [v6.into(), v6.into(), v4.into()].into_iter().take(if inside(&v4) { 2 } else { 3 }) {
            let host = if let IpAddr::V6(ip) = ip { format!("[{ip}]") } else { ip.to_string() };
            prop_assert!(PUBLIC.target(&format!("https://{host}/")).is_ok(), "{host}");
            prop_assert_eq!(PUBLIC.addresses(&[ip]), Ok(()));
        }
    }

    #[test]
    fn whatever_the_text_the_guard_answers(text in "\\PC*|(https?://)?[a-z0-9.:\\[\\]%@/#?-]{0,60}") {
        if let Ok(target) = LOCAL.target(&text) {
            prop_assert!(target.uri(None).is_some() && target.url().username().is_empty());
        }
    }
}
