//! HTTP request → admitted: a known source, a caller it allows, a body of bearable size.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Method, Request};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::redact::{self, Kept};
use super::{Arrival, Listener, MOST_BODY};
use crate::outside::Outside;
use crate::reply::Refused;
use crate::seam::{Enqueue, FindSource, PutBody};
use crate::source::Source;

const METHODS: &str = "POST, PUT, GET";

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// How much of a body that is refused is still read, so that the caller reads the answer instead
/// of a broken connection, and for how long.
const DRAINED: usize = 16 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// A request that may be looked at. Its credentials go no further than the next stage.
pub(super) struct Admitted {
    pub(super) source: Arc<Source>,
    pub(super) arrival: Arrival,
    /// The head as it came, credentials included: for the proof only.
    pub(super) presented: Parts,
    /// What may be kept of the head.
    pub(super) kept: Kept,
    pub(super) body: Bytes,
    /// Its share of the memory for bodies, given back when the request ends.
    pub(super) memory: Memory,
}

pub(super) async fn admit<S, Q, B>(
    listener: &Listener<S, Q>,
    name: &str,
    request: Request<B>,
    arrival: Arrival,
) -> Result<Admitted, Refused>
where
    S: FindSource,
    Q: Enqueue + PutBody,
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    let (presented, body) = request.into_parts();
    if ![Method::POST, Method::PUT, Method::GET].contains(&presented.method) {
        return Err(Refused::MethodNotAllowed { allow: METHODS });
    }
    let source = find(listener, name, arrival).await?;
    let refuse = |refused: Refused, why: &str| {
        tracing::info!(source = name, caller = %arrival.caller, id = %arrival.id, why, "refused");
        refused
    };
    if !source.allows(arrival.caller) {
        return Err(refuse(Refused::Unauthorized, "the caller's address is not on the allow list"));
    }
    let knock = listener.limits.caller(&source, arrival.caller, arrival.at);
    knock.map_err(|retry_after| refuse(Refused::TooMany { retry_after }, "too many requests from this address"))?;
    let mut memory = Memory::of(&listener.in_flight);
    let body = read(body, &mut memory).await.map_err(|(refused, why)| refuse(refused, &why))?;
    let kept = redact::redact(&presented, &source);
    Ok(Admitted { source, arrival, presented, kept, body, memory })
}

async fn find<S: FindSource, Q>(
    listener: &Listener<S, Q>,
    name: &str,
    arrival: Arrival,
) -> Result<Arc<Source>, Refused> {
    match listener.sources.find(name).await {
        Ok(Some(source)) => Ok(source),
        Ok(None) => {
            tracing::info!(source = %Outside(name), caller = %arrival.caller, "refused: no such source");
            Err(Refused::NotFound("no such source"))
        }
        Err(problem) => {
            tracing::error!(source = %Outside(name), id = %arrival.id, %problem, "sources cannot be read");
            Err(Refused::Unavailable { retry_after: Duration::from_secs(5) })
        }
    }
}

/// A request's share of the memory for bodies.
pub(super) struct Memory {
    all: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Memory {
    fn of(all: &Arc<Semaphore>) -> Self {
        Self { all: Arc::clone(all), held: None }
    }

    /// Takes so many bytes more, if there are.
    fn take(&mut self, bytes: usize) -> bool {
        let Ok(bytes) = u32::try_from(bytes) else { return false };
        let Ok(more) = Arc::clone(&self.all).try_acquire_many_owned(bytes) else { return false };
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        true
    }
}

/// The whole body, or what to tell the caller and why.
async fn read<B>(body: B, memory: &mut Memory) -> Result<Bytes, (Refused, String)>
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    let mut body = pin!(body);
    if body.size_hint().lower() > MOST_BODY as u64 {
        drain(body).await;
        return Err((Refused::TooLarge { most: MOST_BODY }, "the body is too large".into()));
    }
    let (mut first, mut all) = (Bytes::new(), BytesMut::new());
    let collect = async {
        while let Some(frame) = body.as_mut().frame().await {
            let frame = frame.map_err(|e| {
                (Refused::BadRequest("the body broke off"), format!("the body broke off: {}", Outside(&e.to_string())))
            })?;
            let Ok(data) = frame.into_data() else { continue };
            if first.len() + all.len() + data.len() > MOST_BODY {
                drain(body.as_mut()).await;
                return Err((Refused::TooLarge { most: MOST_BODY }, "the body is too large".into()));
            }
            if !memory.take(data.len()) {
                return Err((
                    Refused::Unavailable { retry_after: Duration::from_secs(1) },
                    "too many bodies in flight".into(),
                ));
            }
            if first.is_empty() && all.is_empty() {
                first = data;
                continue;
            }
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&data);
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    };
    let slow = |_| (Refused::TooSlow, format!("the body did not arrive in {} s", BODY_TIME.as_secs()));
    timeout(BODY_TIME, collect).await.map_err(slow)?
}

async fn drain<B: Body<Data = Bytes>>(mut body: std::pin::Pin<&mut B>) {
    let discard = async {
        let mut left = DRAINED;
        while let Some(Ok(frame)) = body.as_mut().frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    };
    // A caller that keeps sending beyond this gets a broken connection, as it must.
    drop(timeout(DRAIN_TIME, discard).await);
}
