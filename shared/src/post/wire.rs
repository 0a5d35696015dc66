//! Names to addresses, addresses to connections: the only two ways out.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// Lookups under way at once: each holds a thread of tokio's 512, and a slow name server holds it long.
const LOOKUPS: usize = 128;

/// Looks a name up.
pub trait Resolve: Send + Sync + 'static {
    fn resolve(&self, name: &str) -> impl Future<Output = io::Result<Vec<IpAddr>>> + Send;
}

/// Opens a connection to an address that was judged.
pub trait Dial: Send + Sync + 'static {
    fn dial(&self, address: SocketAddr) -> impl Future<Output = io::Result<TcpStream>> + Send;
}

/// The system's resolver.
pub struct Dns {
    lookups: Arc<Semaphore>,
}

impl Default for Dns {
    fn default() -> Self {
        Self { lookups: Arc::new(Semaphore::new(LOOKUPS)) }
    }
}

impl Resolve for Dns {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let (lookups, name) = (Arc::clone(&self.lookups), name.to_owned());
        let place = lookups.acquire_owned().await.map_err(io::Error::other)?;
        let lookup = tokio::task::spawn_blocking(move || {
            // Held by the thread, which goes on when nobody waits for it any more.
            let _place = place;
            Ok((name.as_str(), 0).to_socket_addrs()?.map(|address| address.ip()).collect())
        });
        lookup.await.map_err(io::Error::other)?
    }
}

/// The system's sockets.
pub struct Tcp;

impl Dial for Tcp {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// When a connection was made: whoever asked later found it in the pool.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made(pub(super) Instant);

/// A connection that knows its age.
pub(super) struct Line {
    stream: TcpStream,
    made: Made,
}

impl Line {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, made: Made(Instant::now()) }
    }
}

impl Connection for Line {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.made)
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_system_knows_itself() {
        let found = Dns::default().resolve("localhost").await.expect("a name of every system");
        assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let stream = Tcp.dial(listener.local_addr().expect("an address")).await.expect("a connection");
        assert!(stream.nodelay().expect("an option"));
    }
}
