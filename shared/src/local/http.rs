//! The HTTP server: limits on what a connection may do, and an end that waits for what is in hand.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

/// Connections at once; more wait at the door.
const MOST_CONNECTIONS: usize = 4_096;

/// How long the head of a request may take, and how long a connection may idle.
const HEAD_TIME: Duration = Duration::from_secs(15);

/// How long a caller may leave an answer unread.
const WRITE_TIME: Duration = Duration::from_secs(30);

/// The head of a request: line and headers.
const MOST_HEAD: usize = 64 << 10;

/// How long what is in hand may take when the server is told to stop.
const GRACE: Duration = Duration::from_secs(40);

/// Serves `answer` until `stop` is done; then takes nothing new and ends what is in hand.
pub async fn serve<A, F>(door: TcpListener, answer: A, stop: impl Future<Output = ()>)
where
    A: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let open = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer, place) = tokio::select! {
            accepted = accept(&door, &places) => accepted,
            () = &mut stop => break,
        };
        let answer = answer.clone();
        let service = service_fn(move |request| {
            let answering = answer(request, peer);
            async move { Ok::<_, Infallible>(answering.await) }
        });
        let mut server = http1::Builder::new();
        server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(MOST_HEAD).half_close(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(WRITE_TIME));
        let connection = open.watch(server.serve_connection(TokioIo::new(Box::pin(stream)), service));
        tokio::spawn(async move {
            if let Err(problem) = connection.await {
                tracing::debug!(%peer, %problem, "connection ended");
            }
            drop(place);
        });
    }
    drop(door);
    if timeout(GRACE, open.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

async fn accept(door: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match door.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and whole: there is nothing to gather.
                if let Err(problem) = stream.set_nodelay(true) {
                    tracing::debug!(%peer, %problem, "no TCP_NODELAY");
                }
                return (stream, peer, place);
            }
            Err(problem) => {
                tracing::warn!(%problem, "cannot accept a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
