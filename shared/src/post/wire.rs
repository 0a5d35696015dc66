//! Names to addresses, addresses to connections: the only two ways out.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// Lookups under way at once: each holds a thread, and a slow name server holds it long.
const LOOKUPS: usize = 64;

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
    lookups: Semaphore,
}

impl Default for Dns {
    fn default() -> Self {
        Self { lookups: Semaphore::new(LOOKUPS) }
    }
}

impl Resolve for Dns {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let _place = self.lookups.acquire().await.map_err(io::Error::other)?;
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
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
