//! Who may see mail and console: this very machine, or whoever has the admin token.

use std::net::SocketAddr;

use http::header::{FORWARDED, HOST, HeaderName, VIA};
use http::{HeaderMap, Uri};
use shared::api;
use shared::secret::Secret;

/// Headers that a proxy or tunnel leaves: with one of them, the peer is not the caller.
const FORWARDING: [HeaderName; 8] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("cf-connecting-ip"),
    HeaderName::from_static("true-client-ip"),
];

/// A peer on this machine, under a name of this machine (a page elsewhere may point its own name
/// here), not through a tunnel; or the admin token.
pub(crate) fn may_look(peer: SocketAddr, headers: &HeaderMap, uri: &Uri, admin: &Secret) -> bool {
    let direct = peer.ip().to_canonical().is_loopback() && !FORWARDING.iter().any(|name| headers.contains_key(name));
    (direct && is_local_name(headers, uri)) || api::is_admin(admin, headers)
}

fn is_local_name(headers: &HeaderMap, uri: &Uri) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(authority) = host.to_str().unwrap_or_default().parse::<http::uri::Authority>() else { return false };
    let plain = !authority.as_str().contains('@');
    plain && is_loopback(authority.host()) && uri.host().is_none_or(is_loopback)
}

fn is_loopback(host: &str) -> bool {
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    let by_name = plain.eq_ignore_ascii_case("localhost");
    by_name || plain.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(peer: &str, headers: &[(&str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        may_look(peer.parse().unwrap(), &map, &Uri::from_static("/mail"), &Secret::new("admin"))
    }

    #[test]
    fn this_machine_may_look() {
        for host in ["localhost", "LOCALHOST:9000", "127.0.0.1:9000", "127.9.9.9", "[::1]:9000"] {
            assert!(looks("127.0.0.1:5", &[("host", host)]), "{host}");
        }
        assert!(looks("[::ffff:127.0.0.1]:5", &[("host", "localhost")]));
    }

    #[test]
    fn others_may_not_without_the_token() {
        let local = ("host", "localhost:9000");
        assert!(!looks("192.0.2.1:5", &[local]));
        assert!(!looks("127.0.0.1:5", &[]));
        for host in
            ["evil.example.com", "localhost.evil.example.com", "127.0.0.1.evil.example.com", "user@localhost:x", ""]
        {
            assert!(!looks("127.0.0.1:5", &[("host", host)]), "{host}");
        }
        for name in FORWARDING {
            assert!(!looks("127.0.0.1:5", &[local, (name.as_str(), "192.0.2.1")]), "{name}");
        }
        assert!(!looks("127.0.0.1:5", &[local, ("host", "evil.example.com")]));
        assert!(looks("192.0.2.1:5", &[("authorization", "Bearer admin")]));
        assert!(!looks("192.0.2.1:5", &[("authorization", "Bearer admi")]));
    }
}
