//! HTTP as the measuring side speaks it: one request at a time, into memory that is used again.

use std::io::{Read, Write};
use std::net::TcpStream;

/// What one read asks for at most.
const PIECE: usize = 16 * 1024;

/// One connection that is kept open.
pub struct Wire {
    stream: TcpStream,
    /// As it came; nobody sends a second request before the first is answered.
    bytes: Vec<u8>,
    body: Vec<u8>,
}

pub struct Request<'a> {
    head: &'a [u8],
    pub body: &'a [u8],
}

impl Request<'_> {
    /// Method, path and version.
    pub fn line(&self) -> &[u8] {
        self.head.split(|byte| *byte == b'\r').next().unwrap_or_default()
    }

    /// The value of a header; the name is in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }
}

impl Wire {
    pub fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a connection");
        Self { stream, bytes: Vec::with_capacity(4 * PIECE), body: Vec::with_capacity(PIECE) }
    }

    /// `None` when the other end has hung up.
    pub fn read(&mut self) -> Option<Request<'_>> {
        self.bytes.clear();
        self.body.clear();
        let head = self.find(0, b"\r\n\r\n")? + 4;
        if header(&self.bytes[..head], "transfer-encoding").is_some() {
            self.chunks(head)?;
        } else {
            let length = header(&self.bytes[..head], "content-length").map_or(Some(0), |length| length.parse().ok())?;
            self.copy(head, length)?;
        }
        Some(Request { head: &self.bytes[..head], body: &self.body })
    }

    /// Sends an answer; one that does not arrive is missed by who waits for what follows.
    pub fn write(&mut self, answer: &[u8]) {
        drop(self.stream.write_all(answer));
    }

    fn chunks(&mut self, mut at: usize) -> Option<()> {
        loop {
            let end = self.find(at, b"\r\n")?;
            let size = str::from_utf8(&self.bytes[at..end]).ok()?;
            let size = usize::from_str_radix(size, 16).ok()?;
            self.copy(end + 2, size)?;
            at = self.find(end + 2 + size, b"\r\n")? + 2;
            if size == 0 {
                return Some(());
            }
        }
    }

    /// Adds so much to the body.
    fn copy(&mut self, from: usize, length: usize) -> Option<()> {
        while self.bytes.len() < from + length {
            self.more()?;
        }
        self.body.extend_from_slice(&self.bytes[from..from + length]);
        Some(())
    }

    fn find(&mut self, from: usize, wanted: &[u8]) -> Option<usize> {
        loop {
            let found = self.bytes.get(from..)?.windows(wanted.len()).position(|window| window == wanted);
            match found {
                Some(at) => return Some(from + at),
                None => self.more()?,
            }
        }
    }

    fn more(&mut self) -> Option<()> {
        let filled = self.bytes.len();
        self.bytes.resize(filled + PIECE, 0);
        let read = self.stream.read(&mut self.bytes[filled..]).ok()?;
        self.bytes.truncate(filled + read);
        (read > 0).then_some(())
    }
}

fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    head.split(|byte| *byte == b'\n').skip(1).find_map(|line| {
        let (key, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":").filter(|_| key.eq_ignore_ascii_case(name.as_bytes()))?;
        str::from_utf8(value).ok().map(str::trim)
    })
}
