//! One connection that speaks HTTP/1.1, with all its bytes in view.

use std::io::{Error, Result};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::state::Guest;
use super::{Reply, Request};

const LONGEST_HEAD: usize = 1 << 20;

pub(super) struct Connection<S> {
    pub(super) stream: S,
    guest: Guest,
    unread: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) fn new(stream: S, guest: Guest) -> Self {
        Self { stream, guest, unread: BytesMut::with_capacity(8 << 10) }
    }

    /// Answers as it is told until the caller goes.
    pub(super) async fn serve(mut self) -> Result<()> {
        while let Some(request) = self.request().await? {
            let asked = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
            let reply = self.hear(request);
            if !reply.after.is_zero() {
                tokio::time::sleep(reply.after).await;
            }
            self.say(&reply.bytes()).await?;
            if asked || reply.closes {
                return self.stream.shutdown().await;
            }
        }
        Ok(())
    }

    pub(super) fn hear(&self, request: Request) -> Reply {
        self.guest.state.hear(request)
    }

    /// Sends all of it, counting what was taken.
    pub(super) async fn say(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let taken = self.stream.write(bytes).await?;
            self.guest.state.add_sent(taken);
            bytes = &bytes[taken..];
        }
        self.stream.flush().await
    }

    /// Reads until the caller closes.
    pub(super) async fn until_closed(&mut self) -> Result<()> {
        while self.stream.read_buf(&mut self.unread).await? > 0 {
            self.unread.clear();
        }
        Ok(())
    }

    /// The next request; none if the caller closed before it.
    pub(super) async fn request(&mut self) -> Result<Option<Request>> {
        let Some(head) = self.head().await? else { return Ok(None) };
        let mut request = Request::new(self.guest.number, &String::from_utf8_lossy(&head), Vec::new());
        if request.header("expect").is_some() {
            self.say(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        if request.header("transfer-encoding").is_some() {
            request.body = self.chunks().await?;
        } else if let Some(length) = request.header("content-length") {
            let length = length.parse().map_err(Error::other)?;
            request.body = self.exactly(length).await?;
        }
        Ok(Some(Request::new(request.connection, &request.head, request.body)))
    }

    async fn head(&mut self) -> Result<Option<BytesMut>> {
        loop {
            if let Some(end) = find(&self.unread, b"\r\n\r\n") {
                let head = self.unread.split_to(end);
                self.unread.advance(4);
                return Ok(Some(head));
            }
            if self.unread.len() > LONGEST_HEAD {
                return Err(Error::other("a head too long"));
            }
            if self.more().await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Waits for bytes; 0 at the end.
    pub(super) async fn more(&mut self) -> Result<usize> {
        self.stream.read_buf(&mut self.unread).await
    }

    async fn needs_more(&mut self) -> Result<()> {
        if self.more().await? == 0 { Err(Error::other("the caller went away")) } else { Ok(()) }
    }

    async fn exactly(&mut self, length: usize) -> Result<Vec<u8>> {
        while self.unread.len() < length {
            self.needs_more().await?;
        }
        Ok(self.unread.split_to(length).to_vec())
    }

    async fn line(&mut self) -> Result<String> {
        loop {
            if let Some(end) = find(&self.unread, b"\r\n") {
                let line = self.unread.split_to(end);
                self.unread.advance(2);
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            self.needs_more().await?;
        }
    }

    async fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line().await?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(digits, 16).map_err(Error::other)?;
            if size == 0 {
                while !self.line().await?.is_empty() {}
                return Ok(body);
            }
            body.extend_from_slice(&self.exactly(size).await?);
            self.line().await?;
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
