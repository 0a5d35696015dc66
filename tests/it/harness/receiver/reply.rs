//! What a receiver answers.

use std::time::Duration;

/// An answer, and how long the receiver thinks before it gives it.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) after: Duration,
    pub(super) closes: bool,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), after: Duration::ZERO, closes: false }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The request is counted when it came, and answered so much later.
    pub fn after(mut self, wait: Duration) -> Self {
        self.after = wait;
        self
    }

    /// Says `connection: close`, and does it.
    pub fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    /// As HTTP/1.1 writes it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Told\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if self.closes {
            head += "connection: close\r\n";
        }
        if self.has_body() {
            head += &format!("content-length: {}\r\n", self.body.len());
        }
        let mut bytes = (head + "\r\n").into_bytes();
        if self.has_body() {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }

    pub(super) fn has_body(&self) -> bool {
        self.status >= 200 && ![204, 304].contains(&self.status)
    }
}
