//! The body of a request, read within bounds of size, memory and time.

use std::borrow::Cow;
use std::fmt::Display;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::outside::Outside;
use crate::reply::Refused;

/// The largest body taken, in both worlds.
pub const MOST: usize = 4 << 20;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// How much of a body that is refused is still read, so that the caller reads the answer instead
/// of a broken connection, and for how long.
const DRAINED: usize = 16 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// A body that was not read: what the caller is told, and what the owner is.
pub(crate) struct Unread {
    pub(crate) refused: Refused,
    pub(crate) why: Cow<'static, str>,
}

impl Unread {
    fn new(refused: Refused, why: impl Into<Cow<'static, str>>) -> Self {
        Self { refused, why: why.into() }
    }
}

/// A request's share of the memory for bodies, given back when it is dropped.
pub(crate) struct Memory {
    all: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Memory {
    pub(crate) fn of(all: &Arc<Semaphore>) -> Self {
        Self { all: Arc::clone(all), held: None }
    }

    /// Takes so many bytes more, if there are.
    fn take(&mut self, bytes: usize) -> Result<(), Unread> {
        let full =
            || Unread::new(Refused::Unavailable { retry_after: Duration::from_secs(1) }, "too many bodies in flight");
        let bytes = u32::try_from(bytes).map_err(|_| full())?;
        let more = Arc::clone(&self.all).try_acquire_many_owned(bytes).map_err(|_| full())?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}

/// All of the body; whoever sends too much, too slowly or not to the end is turned away.
pub(crate) async fn read<B>(body: Pin<&mut B>, memory: &mut Memory) -> Result<Bytes, Unread>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    let slow = |_| Unread::new(Refused::TooSlow, "the body did not arrive in time");
    timeout(BODY_TIME, collect(body, memory)).await.map_err(slow)?
}

async fn collect<B>(mut body: Pin<&mut B>, memory: &mut Memory) -> Result<Bytes, Unread>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    if body.size_hint().lower() > MOST as u64 {
        return Err(too_large());
    }
    // Most bodies come in one piece, which is then not copied.
    let (mut first, mut all) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.as_mut().frame().await {
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if first.len() + all.len() + data.len() > MOST {
            return Err(too_large());
        }
        memory.take(data.len())?;
        if first.is_empty() && all.is_empty() {
            first = data;
            continue;
        }
        all.extend_from_slice(&std::mem::take(&mut first));
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

fn broken(problem: impl Display) -> Unread {
    let why = format!("the body broke off: {}", Outside(&problem.to_string()));
    Unread::new(Refused::BadRequest("the body broke off"), why)
}

fn too_large() -> Unread {
    Unread::new(Refused::TooLarge { most: MOST }, "the body is too large")
}

/// Reads on, within bounds, what a caller sends that was turned away.
pub(crate) async fn drain<B: Body<Data = Bytes>>(mut body: Pin<&mut B>) {
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
