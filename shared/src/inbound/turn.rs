//! Turned away: what the caller is told, and what the owner is.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Arrival;
use super::limit::Bucket;
use crate::body::Unread;
use crate::outside::Outside;
use crate::quantity::Rate;
use crate::reply::Refused;
use crate::seam::Unavailable;
use crate::signature::Fault;
use crate::timestamp::Timestamp;

/// A request that goes no further.
pub(super) struct Turned {
    pub(super) refused: Refused,
    pub(super) why: Why,
}

/// For the log only.
pub(super) enum Why {
    /// The caller's doing.
    Caller(Cow<'static, str>),
    Unproved(Fault),
    /// Ours: somebody must act.
    Ours(Unavailable),
}

impl Turned {
    pub(super) fn new(refused: Refused, why: impl Into<Cow<'static, str>>) -> Self {
        Self { refused, why: Why::Caller(why.into()) }
    }

    pub(super) fn unproved(fault: Fault) -> Self {
        Self { refused: Refused::Unauthorized, why: Why::Unproved(fault) }
    }

    pub(super) fn ours(problem: Unavailable) -> Self {
        Self { refused: Refused::Unavailable { retry_after: Duration::from_secs(5) }, why: Why::Ours(problem) }
    }
}

impl From<Unread> for Turned {
    fn from(Unread { refused, why }: Unread) -> Self {
        Self { refused, why: Why::Caller(why) }
    }
}

/// Lines about callers: a flood of forgeries must not become a flood of lines.
const LINES: Rate = Rate { per_second: 20.0, burst: 200.0 };

/// Logs who was turned away, up to 20 lines a second and a count of the rest.
#[derive(Default)]
pub(super) struct Log(Mutex<Lines>);

struct Lines {
    bucket: Bucket,
    unlogged: u64,
}

impl Default for Lines {
    fn default() -> Self {
        Self { bucket: Bucket::full(LINES, Timestamp::default()), unlogged: 0 }
    }
}

impl Log {
    pub(super) fn log(&self, turned: &Turned, source: &str, arrival: Arrival) {
        // What is no source's name may be anything, a password pasted into the address too.
        let source = if matches!(turned.refused, Refused::NotFound(_)) { "unknown" } else { source };
        let (source, caller, id) = (Outside(source), arrival.caller, arrival.id);
        if let Why::Ours(problem) = &turned.why {
            tracing::error!(%source, %caller, %id, %problem, "cannot take webhooks");
            return;
        }
        let Some(unlogged) = self.may_speak(arrival.at) else { return };
        if unlogged > 0 {
            tracing::info!(unlogged, "refused, without a line each");
        }
        match &turned.why {
            Why::Caller(why) => tracing::info!(%source, %caller, %id, %why, "refused"),
            Why::Unproved(why) => tracing::info!(%source, %caller, %id, %why, "refused"),
            Why::Ours(_) => {}
        }
    }

    /// Whether there may be a line now, and for how many there was none since the last.
    fn may_speak(&self, now: Timestamp) -> Option<u64> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.bucket.take(now).is_err() {
            lines.unlogged += 1;
            return None;
        }
        Some(std::mem::take(&mut lines.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_not_logged() {
        let log = Log::default();
        let now = Timestamp(1_700_000_000_000);
        let spoken = (0..1_000).filter(|_| log.may_speak(now).is_some()).count();
        assert_eq!(spoken, 200);
        assert_eq!(log.may_speak(now.after(Duration::from_secs(1))), Some(800));
    }
}
