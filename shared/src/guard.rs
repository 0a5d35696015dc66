//! Where a webhook may go: promise 6, as far as it can be told without a connection.

mod addresses;
mod names;

use std::net::IpAddr;

use http::Uri;
use url::{Host, Url};

use crate::schemes::sns;

/// No address of a receiver is longer.
const LONGEST: usize = 2_048;

/// What receivers listen on. Any other port reaches services that are no web servers.
const PORTS: [u16; 2] = [443, 8443];

/// What may be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// Loopback too, over plain HTTP and at any port: for local use.
    pub allow_loopback: bool,
    /// SNS too, as whose certificates and confirmations are fetched there: no receiver of webhooks.
    pub allow_sns: bool,
}

/// An address that the guard let pass: only it makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    url: Url,
    uri: Uri,
}

/// Why not there, worded to follow the name of the setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Forbidden(pub String);

/// How the addresses behind a host that passed are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// It is one, and was judged.
    Address(IpAddr),
    /// It is loopback by name (RFC 6761, 6.3): never looked up, so that nobody can answer otherwise.
    Loopback,
    /// A name to look up; [`Guard::addresses`] judges what comes back.
    Name,
}

impl Target {
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// As a request carries it, with that query in place of its own where one is given.
    pub fn uri(&self, query: Option<&str>) -> Option<Uri> {
        if query.is_none() {
            return Some(self.uri.clone());
        }
        let mut url = self.url.clone();
        url.set_query(query);
        url.as_str().parse().ok()
    }
}

impl Guard {
    /// For what proofs are fetched from, which is never anybody's endpoint.
    pub fn with_sns(self) -> Self {
        Self { allow_sns: true, ..self }
    }

    /// Reads the address of an endpoint. What its name stands for is judged at each connection.
    pub fn target(&self, text: &str) -> Result<Target, Forbidden> {
        if text.len() > LONGEST {
            return Err(no(format!("is longer than {LONGEST} bytes")));
        }
        let mut url = Url::parse(text).map_err(|problem| no(format!("is no URL: {problem}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(no("holds a user name or a password; give credentials as headers"));
        }
        if url.fragment().is_some() {
            return Err(no("has a fragment (#…), which is never sent"));
        }
        without_final_dot(&mut url)?;
        // Only other schemes do without.
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(no("is not https"));
        };
        self.route(url.scheme(), host, port)?;
        let uri = url.as_str().parse().map_err(|problem| no(format!("is no URL: {problem}")))?;
        Ok(Target { url, uri })
    }

    /// Judges a host before anything is looked up. Hosts of loopback are known by how they are written.
    pub(crate) fn route(&self, scheme: &str, host: Host<&str>, port: u16) -> Result<Route, Forbidden> {
        if scheme != "https" && scheme != "http" {
            return Err(no("is not https"));
        }
        let route = match host {
            Host::Ipv4(ip) => self.literal(ip.into())?,
            Host::Ipv6(ip) => self.literal(ip.into())?,
            Host::Domain(name) => self.name(name)?,
        };
        let is_loopback = match route {
            Route::Address(ip) => ip.is_loopback(),
            Route::Loopback => true,
            Route::Name => false,
        };
        match (is_loopback, scheme) {
            (true, _) => Ok(route),
            (false, "http") if self.allow_loopback => Err(no("is not https; plain http is for loopback hosts only")),
            (false, "http") => Err(no("is not https")),
            (false, _) if !PORTS.contains(&port) => Err(no("names a port that is not allowed; allowed: 443, 8443")),
            (false, _) => Ok(route),
        }
    }

    fn literal(&self, ip: IpAddr) -> Result<Route, Forbidden> {
        self.address(ip).map_err(|Forbidden(what)| no(format!("names {what}; only public addresses are allowed")))?;
        Ok(Route::Address(ip.to_canonical()))
    }

    fn name(&self, name: &str) -> Result<Route, Forbidden> {
        match names::is_loopback(name) {
            true if self.allow_loopback => Ok(Route::Loopback),
            true => Err(no(
                "names a loopback host; only public hosts are allowed (on your own machine, --allow-loopback allows it)",
            )),
            false if self.allow_sns && sns::is_host(name) => Ok(Route::Name),
            false => names::judge(name).map(|()| Route::Name).map_err(no),
        }
    }

    /// Whether an address may be dialled: globally routable unicast, and loopback where it is allowed.
    /// The error says what it is.
    pub fn address(&self, ip: IpAddr) -> Result<(), Forbidden> {
        match ip.to_canonical() {
            ip if self.allow_loopback && ip.is_loopback() => Ok(()),
            ip => addresses::judge(ip).map_err(no),
        }
    }

    /// Judges everything that a name was resolved to: one address that is not public, and the name is
    /// refused. A public name that stands for loopback is refused too, also where loopback is allowed:
    /// whoever runs that name is not whoever runs this machine.
    pub fn addresses(&self, resolved: &[IpAddr]) -> Result<(), Forbidden> {
        if resolved.is_empty() {
            return Err(no("has no address"));
        }
        let judged = resolved.iter().try_for_each(|ip| addresses::judge(ip.to_canonical()));
        judged.map_err(|what| no(format!("stands for {what}; only public addresses are allowed")))
    }
}

/// `example.com.` is `example.com`: one spelling for the rules, for TLS and for `Host`.
fn without_final_dot(url: &mut Url) -> Result<(), Forbidden> {
    let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
    let Some(name) = name.strip_suffix('.') else { return Ok(()) };
    let name = name.to_owned();
    url.set_host(Some(&name)).map_err(|problem| no(format!("is no URL: {problem}")))
}

fn no(words: impl Into<String>) -> Forbidden {
    Forbidden(words.into())
}

#[cfg(test)]
mod tests;
