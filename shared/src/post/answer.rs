//! A response on its way → what is kept of it, in bounded time and memory.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

use crate::seam::Received;

/// A rest of up to this is read and dropped, which costs less than another connection.
const REST: u64 = 64 << 10;

/// No body is waited for longer, however much time is left.
const PATIENCE: Duration = Duration::from_secs(5);

/// The head has come, so the receiver has answered: whatever becomes of the body, that stands.
/// Dropping a body that was not read to its end closes its connection.
pub(super) async fn read(response: Response<Incoming>, left: Duration, keep: usize) -> Received {
    let (head, mut body) = response.into_parts();
    let mut kept = Vec::new();
    if !body.is_end_stream() {
        // Late or not, what came until then is kept.
        let _ = timeout(left.min(PATIENCE), fill(&mut kept, &mut body, keep)).await;
    }
    Received { status: head.status.as_u16(), headers: head.headers, body: Bytes::from(kept) }
}

async fn fill(kept: &mut Vec<u8>, body: &mut Incoming, keep: usize) {
    while let Some(Ok(frame)) = body.frame().await {
        if let Some(data) = frame.data_ref() {
            kept.extend_from_slice(&data[..data.len().min(keep - kept.len())]);
        }
        let is_short = body.size_hint().upper().is_some_and(|rest| rest <= REST);
        if kept.len() == keep && !is_short {
            return;
        }
    }
}
