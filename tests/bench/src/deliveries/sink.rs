//! The receivers: one server that answers by path, and remembers when each webhook came.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio::net::TcpListener;
use tokio::time::sleep;

/// How long the slow receiver thinks.
const SLOWNESS: Duration = Duration::from_millis(50);

/// Longer than any timeout of an endpoint.
const NEVER: Duration = Duration::from_secs(60);

/// A webhook that came.
pub struct Receipt {
    pub id: String,
    pub at: Instant,
}

#[derive(Default)]
struct Seen {
    receipts: Mutex<Vec<Receipt>>,
    refused: Mutex<HashSet<String>>,
    count: AtomicUsize,
    /// Requests at the slow receiver now, and the most there were.
    inside: AtomicUsize,
    most: AtomicUsize,
}

/// What came since it was asked for the last time.
pub struct Received {
    pub receipts: Vec<Receipt>,
    /// The most that were at the slow receiver at once.
    pub most: usize,
}

#[derive(Clone)]
pub struct Sink {
    pub address: SocketAddr,
    seen: Arc<Seen>,
}

impl Sink {
    pub async fn start() -> Self {
        let door = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = door.local_addr().expect("an address");
        let seen = Arc::new(Seen::default());
        let served = Arc::clone(&seen);
        let answer = move |request: http::Request<_>, _| answer(Arc::clone(&served), request);
        tokio::spawn(shared::local::http::serve(door, answer, std::future::pending()));
        Self { address, seen }
    }

    /// Waits until so many have come. One that does not come is a defect, not a figure.
    pub async fn wait(&self, count: usize) {
        let (mut known, mut since) = (0, Instant::now());
        while self.seen.count.load(Ordering::Relaxed) < count {
            let came = self.seen.count.load(Ordering::Relaxed);
            if came > known {
                (known, since) = (came, Instant::now());
            }
            assert!(since.elapsed() < NEVER, "{came} of {count} webhooks came");
            sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn take(&self) -> Received {
        let receipts = std::mem::take(&mut *self.seen.receipts.lock().expect("no panic"));
        self.seen.refused.lock().expect("no panic").clear();
        self.seen.count.store(0, Ordering::Relaxed);
        Received { receipts, most: self.seen.most.swap(0, Ordering::Relaxed) }
    }
}

/// `/slow` takes its time, `/never` takes all of it, `/again` refuses what comes for the first time.
async fn answer<B>(seen: Arc<Seen>, request: http::Request<B>) -> Response<Full<Bytes>>
where
    B: http_body_util::BodyExt<Data = Bytes> + Unpin,
{
    let at = Instant::now();
    let id = request.headers().get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let path = request.uri().path().to_owned();
    let mut body = request.into_body();
    while BodyExt::frame(&mut body).await.is_some() {}
    let mut response = Response::new(Full::new(Bytes::new()));
    match &*path {
        "/never" => {
            sleep(NEVER).await;
            return response;
        }
        "/slow" => {
            let inside = seen.inside.fetch_add(1, Ordering::Relaxed) + 1;
            seen.most.fetch_max(inside, Ordering::Relaxed);
            sleep(SLOWNESS).await;
            seen.inside.fetch_sub(1, Ordering::Relaxed);
        }
        "/again" if seen.refused.lock().expect("no panic").insert(id.clone()) => {
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        _ => {}
    }
    seen.receipts.lock().expect("no panic").push(Receipt { id, at });
    seen.count.fetch_add(1, Ordering::Relaxed);
    response
}
