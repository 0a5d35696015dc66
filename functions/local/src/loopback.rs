//! Who may see mail and console: this very machine, or whoever has the admin token.

use std::net::SocketAddr;

use http::header::HOST;
use http::{HeaderMap, Request, Uri, Version};
use shared::api;
use shared::secret::Secret;

/// Whether a proxy or tunnel has left its mark: then the peer is not the caller.
fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        let marks = ["forwarded", "via", "x-real-ip", "cdn-loop", "cf-ray"];
        marks.contains(&name) || name.starts_with("x-forwarded") || name.ends_with("-ip") || name.contains("client-ip")
    })
}

/// A peer on this machine, under a name of this machine (a page elsewhere may point its own name
/// here), not through a tunnel; or the admin token.
///
/// HTTP/1.0 is what plain proxies speak, and no browser.
pub(crate) fn may_look<B>(peer: SocketAddr, request: &Request<B>, admin: &Secret) -> bool {
    let headers = request.headers();
    let direct =
        peer.ip().to_canonical().is_loopback() && !is_forwarded(headers) && request.version() == Version::HTTP_11;
    (direct && is_local_name(headers, request.uri())) || api::is_admin(admin, headers)
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
        let request =
            headers.iter().fold(Request::get("/mail"), |request, (name, value)| request.header(*name, *value));
        may_look(peer.parse().unwrap(), &request.body(()).unwrap(), &Secret::new("admin"))
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
        for name in [
            "forwarded",
            "via",
            "x-forwarded-for",
            "x-forwarded-server",
            "x-real-ip",
            "true-client-ip",
            "fly-client-ip",
            "cdn-loop",
        ] {
            assert!(!looks("127.0.0.1:5", &[local, (name, "192.0.2.1")]), "{name}");
        }
        assert!(!looks("127.0.0.1:5", &[local, ("host", "evil.example.com")]));
        assert!(looks("192.0.2.1:5", &[("authorization", "Bearer admin")]));
        assert!(looks("192.0.2.1:5", &[("authorization", "Basic YW55b25lOmFkbWlu")]), "as a browser shows it");
        assert!(!looks("192.0.2.1:5", &[("authorization", "Bearer admi")]));
    }
}
