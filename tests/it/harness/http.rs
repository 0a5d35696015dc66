//! A caller that sends exactly the bytes it is told to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// What the server said.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The id of the webhook that was accepted.
    #[track_caller]
    pub fn accepted(&self) -> String {
        assert_eq!(self.status, 202, "{}", self.text());
        self.json()["id"].as_str().expect("an id").to_owned()
    }

    /// The code of an error reply.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// A request still being written.
pub struct Exchange {
    stream: TcpStream,
}

impl Exchange {
    pub fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { stream })
    }

    pub fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Closes our half of the connection.
    pub fn says_no_more(&self) {
        self.stream.shutdown(std::net::Shutdown::Write).expect("a half");
    }

    /// Reads until the server closes.
    pub fn answer(mut self) -> std::io::Result<Answer> {
        let mut bytes = Vec::new();
        let ended = self.stream.read_to_end(&mut bytes);
        if bytes.is_empty() {
            ended?;
        }
        parse(&bytes).ok_or_else(|| std::io::Error::other("no answer"))
    }
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    if status == 100 {
        return parse(&bytes[end + 4..]);
    }
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    Some(Answer { status, headers, body: bytes[end + 4..].to_vec() })
}

/// Sends those bytes and reads the answer.
pub fn raw(address: SocketAddr, bytes: &[u8]) -> std::io::Result<Answer> {
    let mut exchange = Exchange::open(address)?;
    exchange.send(bytes)?;
    exchange.answer()
}

/// A whole request with a body.
pub fn try_send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Answer> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head += &format!("host: {address}\r\n");
    }
    if method != "GET" || !body.is_empty() {
        head += &format!("content-length: {}\r\n", body.len());
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    let mut request = (head + "\r\n").into_bytes();
    request.extend_from_slice(body);
    raw(address, &request)
}

#[track_caller]
pub fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    try_send(address, "POST", path, headers, body).expect("an answer")
}

#[track_caller]
pub fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    try_send(address, "GET", path, headers, b"").expect("an answer")
}

pub fn try_post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> std::io::Result<Answer> {
    try_send(address, "POST", path, headers, body)
}
