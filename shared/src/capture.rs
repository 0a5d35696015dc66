//! A request that somebody wrote down: as HTTP on the wire, or as the event that a Function URL got.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

use crate::outside::Outside;
use crate::schemes::{ClientCertificate, Presented};

/// As it came, as far as it was written down.
#[derive(Clone, Debug)]
pub struct Capture {
    pub method: Method,
    pub headers: HeaderMap,
    /// Of the address that was called, without the query.
    pub path: Option<String>,
    /// Not decoded.
    pub query: Option<String>,
    pub body: Vec<u8>,
    pub caller: IpAddr,
    pub certificate: Option<ClientCertificate>,
}

impl Default for Capture {
    fn default() -> Self {
        let caller = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let headers = HeaderMap::new();
        Self { method: Method::POST, headers, path: None, query: None, body: Vec::new(), caller, certificate: None }
    }
}

impl Capture {
    /// Reads either kind. The error is in words that follow its file's name.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let is_event = bytes.trim_ascii_start().starts_with(b"{");
        if is_event { event(bytes) } else { http(bytes) }
    }

    /// For a verifier to judge.
    pub fn presented(&self) -> Presented<'_> {
        Presented {
            method: &self.method,
            headers: &self.headers,
            query: self.query.as_deref(),
            body: &self.body,
            caller: self.caller,
            certificate: self.certificate.as_ref(),
            url: None,
        }
    }

    /// Adds a header that is written `Name: value`.
    ///
    /// # Errors
    /// It is no header.
    pub fn header(&mut self, line: &str) -> Result<(), String> {
        let wrong = || format!("\"{}\" is not a header; write it like X-Signature: 1f2e", Outside(line));
        let (name, value) = line.split_once(':').ok_or_else(wrong)?;
        self.add(name, value.as_bytes()).ok_or_else(wrong)
    }

    /// The query of an address.
    pub fn called(&mut self, address: &str) {
        let address = address.split_once('#').map_or(address, |(before, _)| before);
        self.query = address.split_once('?').map(|(_, query)| query.to_owned());
    }

    /// The address that was called, as its own headers say: by what stands in between it may have been
    /// another.
    pub fn address(&self) -> Option<String> {
        let host = self.headers.get(HOST)?.to_str().ok()?;
        Some(format!("https://{host}{}", self.path.as_ref()?))
    }

    fn add(&mut self, name: &str, value: &[u8]) -> Option<()> {
        let name = HeaderName::try_from(name.trim_end()).ok()?;
        let value = HeaderValue::from_bytes(value.trim_ascii()).ok()?;
        self.headers.try_append(name, value).ok().map(|_| ())
    }
}

/// Request line, headers, an empty line, and the body to the end. Lines end in either way.
fn http(bytes: &[u8]) -> Result<Capture, String> {
    let mut capture = Capture::default();
    let (first, mut rest) = line(bytes);
    let wrong = || "does not begin with a request line like POST /in/shop HTTP/1.1".to_owned();
    let first = std::str::from_utf8(first).map_err(|_| wrong())?;
    let mut words = first.split_ascii_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Err(wrong()) };
    capture.method = method.parse().map_err(|_| wrong())?;
    if method.ends_with(':') || words.next().is_some_and(|version| !version.starts_with("HTTP/")) {
        return Err(wrong());
    }
    capture.called(target);
    capture.path = path(target);
    loop {
        let (header, after) = line(rest);
        rest = after;
        if header.is_empty() {
            break;
        }
        capture.header(&String::from_utf8_lossy(header))?;
    }
    capture.body = whole(&capture.headers, rest)?.to_vec();
    Ok(capture)
}

/// Without the query.
fn path(target: &str) -> Option<String> {
    let end = target.find(['?', '#']).unwrap_or(target.len());
    target.starts_with('/').then(|| target[..end].to_owned())
}

/// Up to the next line break, and what follows it.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (line, rest) = bytes.split_at(end);
    (line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..).unwrap_or_default())
}

/// As long as it says; editors add a line break to a file, which is no part of it.
fn whole<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<&'a [u8], String> {
    let length = headers.get("content-length").and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    match length {
        Some(length) if body.len() < length => {
            Err(format!("holds {} bytes of a body that had {length}: it is not whole", body.len()))
        }
        Some(length) if body[length..].iter().all(u8::is_ascii_whitespace) => Ok(&body[..length]),
        _ => Ok(body),
    }
}

/// Payload format 2.0, which API Gateway's HTTP APIs use, too.
fn event(bytes: &[u8]) -> Result<Capture, String> {
    const WRONG: &str = "is JSON, but not the event of a Function URL (payload format 2.0)";
    let event: Value = serde_json::from_slice(bytes).map_err(|problem| format!("is not JSON: {problem}"))?;
    let door = &event["requestContext"]["http"];
    let method = door["method"].as_str().and_then(|method| method.parse().ok());
    let mut capture = Capture { method: method.ok_or(WRONG)?, ..Capture::default() };
    capture.query = event["rawQueryString"].as_str().filter(|query| !query.is_empty()).map(str::to_owned);
    capture.path = event["rawPath"].as_str().and_then(path);
    for (name, value) in event["headers"].as_object().into_iter().flatten() {
        capture.add(name, value.as_str().unwrap_or_default().as_bytes());
    }
    let body = event["body"].as_str().unwrap_or_default();
    capture.body = match event["isBase64Encoded"].as_bool() {
        Some(true) => STANDARD.decode(body).map_err(|_| "holds a body that is not base64, though it says so")?,
        _ => body.as_bytes().to_vec(),
    };
    if let Some(caller) = door["sourceIp"].as_str().and_then(|caller| caller.parse().ok()) {
        capture.caller = caller;
    }
    capture.certificate = certificate(&event["requestContext"]["authentication"]["clientCert"]);
    Ok(capture)
}

fn certificate(shown: &Value) -> Option<ClientCertificate> {
    let text = |key: &str| shown[key].as_str().map(Cow::Borrowed).map(Cow::into_owned);
    Some(ClientCertificate {
        subject: text("subjectDN")?,
        issuer: text("issuerDN")?,
        serial: text("serialNumber")?,
        pem: text("clientCertPem").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: impl AsRef<[u8]>) -> Capture {
        Capture::read(text.as_ref()).unwrap_or_else(|problem| panic!("{problem}"))
    }

    #[test]
    fn lines_end_in_either_way_and_the_body_stays_as_it_is() {
        for end in ["\n", "\r\n"] {
            let head = ["PUT /in/a?b=%20c#d HTTP/1.1", "X-A:  1 ", "x-a: 2", "", ""].join(end);
            let capture = read([head.as_bytes(), b"\r\n\xff\n\n"].concat());
            assert_eq!((capture.method.as_str(), capture.query.as_deref()), ("PUT", Some("b=%20c")));
            let values: Vec<_> = capture.headers.get_all("x-a").iter().collect();
            assert_eq!(values, ["1", "2"]);
            assert_eq!(capture.body, b"\r\n\xff\n\n");
        }
        assert_eq!(read("GET /in").body, b"");
        let address = |target: &str| read(format!("GET {target} HTTP/1.1\nhost: a.example:8443\n\n")).address();
        assert_eq!(address("/in/a?b=c").as_deref(), Some("https://a.example:8443/in/a"));
        assert_eq!((address("http://a.example/in"), read("GET /in").address()), (None, None));
    }

    #[test]
    fn a_body_is_as_long_as_it_says() {
        let body = |length: &str, body: &str| {
            Capture::read(format!("POST / HTTP/1.1\ncontent-length: {length}\n\n{body}").as_bytes())
        };
        assert_eq!(body("2", "{}\n").unwrap().body, b"{}");
        assert_eq!(body("2", "{}x").unwrap().body, b"{}x");
        assert!(body("9", "{}").unwrap_err().contains("holds 2 bytes of a body that had 9"));
    }

    #[test]
    fn an_event_is_read_as_the_function_reads_it() {
        let event = |body: &str, base64: bool| {
            json!({
                "version": "2.0", "rawPath": "/a", "rawQueryString": "x=1", "headers": { "x-a": "1" }, "body": body,
                "isBase64Encoded": base64, "requestContext": { "http": { "method": "POST", "sourceIp": "192.0.2.1" } },
            })
            .to_string()
        };
        let capture = read(event("{\"é\": 1}\n", false));
        assert_eq!((&*capture.body, capture.query.as_deref()), ("{\"é\": 1}\n".as_bytes(), Some("x=1")));
        assert_eq!(
            (capture.caller, &capture.headers["x-a"]),
            (IpAddr::from([192, 0, 2, 1]), &HeaderValue::from_static("1"))
        );
        assert_eq!(capture.path.as_deref(), Some("/a"));
        assert_eq!(read(event("/w==", true)).body, b"\xff");
        assert!(Capture::read(event("!", true).as_bytes()).is_err());
    }

    #[test]
    fn what_is_neither_is_refused() {
        for wrong in ["", "\n", "{\"id\": 1}", "{", "x-a: 1\n\n{}", "POST / HTTP/1.1\nno header\n\n", "a b c"] {
            assert!(Capture::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes: Vec<u8>, text in "(POST /x HTTP/1.1\r?\n)?(content-length: [0-9]{1,3}\n)?\\PC{0,40}\n{0,3}.{0,9}") {
            drop(Capture::read(&bytes));
            drop(Capture::read(text.as_bytes()));
        }
    }
}
