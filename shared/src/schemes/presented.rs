//! What a caller shows to prove itself: the request as it came, credentials included.

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, Method};

#[derive(Clone, Copy)]
pub struct Presented<'a> {
    pub method: &'a Method,
    pub headers: &'a HeaderMap,
    /// As it came, not decoded.
    pub query: Option<&'a str>,
    pub body: &'a [u8],
    /// As the front door saw it; no header counts.
    pub caller: IpAddr,
    /// The certificate that the caller showed to the front door, which has checked it.
    pub certificate: Option<&'a ClientCertificate>,
    /// The source's address as its provider knows it, which the owner configures.
    pub url: Option<&'a str>,
}

/// What an API Gateway HTTP API with mutual TLS says of its caller's certificate.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Distinguished names as the front door writes them.
    pub subject: String,
    pub issuer: String,
    pub serial: String,
    pub pem: String,
}

impl<'a> Presented<'a> {
    /// A POST from nowhere, where only headers and body count.
    pub fn of(headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        let caller = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        Self { method: &Method::POST, headers, query: None, body, caller, certificate: None, url: None }
    }

    /// The address that was called as its provider knows it: what the owner configured, with the query
    /// as it came. No header counts.
    pub fn address(&self) -> Option<String> {
        let configured = self.url?;
        let base = configured.split_once('?').map_or(configured, |(base, _)| base);
        Some(match self.query {
            Some(query) => format!("{base}?{query}"),
            None => configured.to_owned(),
        })
    }
}
