//! Turned away: what the caller is told, and what the owner is.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Arrival;
use super::limit::Bucket;
use crate::body::Unread;
use crate::outside::Outside;
use crate::quantity::Rate;
use crate::refusals::{Refusal, Refusals};
use crate::reply::Refused;
use crate::seam::Unavailable;
use crate::signature::Fault;
use crate::source::Source;
use crate::timestamp::Timestamp;

/// A request that goes no further.
pub(super) struct Turned {
    pub(super) refused: Refused,
    pub(super) why: Why,
    hint: Option<Box<str>>,
    /// The source that it was for, once that is known.
    source: Option<Box<Whose>>,
}

struct Whose {
    name: String,
    scheme: String,
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
        Self::for_that(refused, Why::Caller(why.into()))
    }

    /// Not genuine, and what may help the owner.
    pub(super) fn unproved(hint: Option<String>, fault: Fault) -> Self {
        let refused = match fault {
            // It may be genuine: who comes again may find the key there.
            Fault::NotFetched(_) => Refused::Unavailable { retry_after: Duration::from_secs(30) },
            _ => Refused::Unauthorized,
        };
        Self { hint: hint.map(String::into_boxed_str), ..Self::for_that(refused, Why::Unproved(fault)) }
    }

    pub(super) fn ours(problem: Unavailable) -> Self {
        Self::for_that(Refused::Unavailable { retry_after: Duration::from_secs(5) }, Why::Ours(problem))
    }

    fn for_that(refused: Refused, why: Why) -> Self {
        Self { refused, why, hint: None, source: None }
    }

    /// At the door of that source.
    pub(super) fn at(self, source: &Source) -> Self {
        let whose = Whose { name: source.name.clone(), scheme: source.verifier.names() };
        Self { source: Some(Box::new(whose)), ..self }
    }

    /// A code for machines that stays the same.
    fn reason(&self) -> &'static str {
        match (&self.why, &self.refused) {
            (Why::Unproved(fault), _) => fault.code(),
            (Why::Ours(_), _) => "ours",
            (_, Refused::NotFound(_)) => "no_source",
            (_, Refused::MethodNotAllowed { .. }) => "method",
            (_, Refused::Unauthorized) => "not_allowed",
            (_, Refused::TooLarge { .. }) => "too_large",
            (_, Refused::TooMany { .. }) => "too_many",
            (_, Refused::TooSlow) => "too_slow",
            (_, Refused::Unavailable { .. }) => "busy",
            _ => "unreadable",
        }
    }

    /// What the owner is shown.
    fn refusal(&self, arrival: Arrival) -> Refusal {
        let why = match &self.why {
            Why::Caller(why) => Outside(why).to_string(),
            Why::Unproved(fault) => Outside(&fault.to_string()).to_string(),
            Why::Ours(problem) => Outside(&problem.to_string()).to_string(),
        };
        let source = self.source.as_ref();
        Refusal {
            at: arrival.at,
            source: source.map(|source| source.name.clone()),
            scheme: source.map(|source| source.scheme.clone()),
            caller: arrival.caller,
            reason: self.reason(),
            why,
            hint: self.hint.as_deref().map(str::to_owned),
            id: arrival.id.to_string(),
            times: 1,
        }
    }
}

impl From<Unread> for Turned {
    fn from(Unread { refused, why }: Unread) -> Self {
        Self::new(refused, why)
    }
}

/// Lines about callers: a flood of forgeries must not become a flood of lines.
const LINES: Rate = Rate { per_second: 20.0, burst: 200.0 };

/// Logs who was turned away, up to 20 lines a second and a count of the rest; and keeps the latest.
#[derive(Default)]
pub(super) struct Log {
    lines: Mutex<Lines>,
    pub(super) latest: Refusals,
}

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
    pub(super) fn log(&self, turned: &Turned, arrival: Arrival) {
        let refusal = turned.refusal(arrival);
        // What is no source's name may be anything, a password pasted into the address too.
        let source = refusal.source.as_deref().unwrap_or("unknown");
        let Refusal { caller, id, reason, why, .. } = &refusal;
        if let Why::Ours(problem) = &turned.why {
            tracing::error!(%source, %caller, %id, %problem, "cannot take webhooks");
            return;
        }
        if let Some(unlogged) = self.may_speak(arrival.at) {
            if unlogged > 0 {
                tracing::info!(unlogged, "refused, without a line each");
            }
            let (scheme, hint) = (refusal.scheme.as_deref(), refusal.hint.as_deref());
            tracing::info!(%source, scheme, %caller, %id, reason, %why, hint, "refused");
        }
        self.latest.add(refusal);
    }

    /// A handshake that was answered.
    pub(super) fn shook(&self, handshake: &str, source: &str, arrival: Arrival) {
        if self.may_speak(arrival.at).is_some() {
            tracing::info!(source, handshake, caller = %arrival.caller, id = %arrival.id, "handshake answered");
        }
    }

    /// Whether there may be a line now, and for how many there was none since the last.
    fn may_speak(&self, now: Timestamp) -> Option<u64> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.bucket.take(now).is_err() {
            lines.unlogged += 1;
            return None;
        }
        Some(std::mem::take(&mut lines.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::id::WebhookId;
    use crate::source::test_source;

    #[test]
    fn a_flood_is_counted_not_logged() {
        let log = Log::default();
        let now = Timestamp(1_700_000_000_000);
        let spoken = (0..1_000).filter(|_| log.may_speak(now).is_some()).count();
        assert_eq!(spoken, 200);
        assert_eq!(log.may_speak(now.after(Duration::from_secs(1))), Some(800));
    }

    #[test]
    fn every_reason_has_a_code_of_its_own() {
        let name = || "header x".into();
        let faults = [
            Fault::Missing(name()),
            Fault::Malformed(name()),
            Fault::TooOld(1),
            Fault::InFuture(1),
            Fault::Absent,
            Fault::Mismatch,
            Fault::NotAllowed(name()),
            Fault::NotFetched("no answer".into()),
        ];
        let codes: HashSet<_> = faults.iter().map(|fault| Turned::unproved(None, fault.clone()).reason()).collect();
        assert_eq!(codes.len(), faults.len(), "{codes:?}");
        let retry_after = Duration::ZERO;
        for (refused, code) in [
            (Refused::NotFound("x"), "no_source"),
            (Refused::MethodNotAllowed { allow: "POST" }, "method"),
            (Refused::Unauthorized, "not_allowed"),
            (Refused::TooLarge { most: 1 }, "too_large"),
            (Refused::TooMany { retry_after }, "too_many"),
            (Refused::TooSlow, "too_slow"),
            (Refused::BadRequest("x"), "unreadable"),
            (Refused::Unavailable { retry_after }, "busy"),
        ] {
            assert_eq!(Turned::new(refused, "words").reason(), code);
        }
    }

    #[test]
    fn what_names_no_source_is_not_kept() {
        let (id, at) = (WebhookId::new(Timestamp(1), [1; 10]), Timestamp(1));
        let arrival = Arrival { id, at, caller: [192, 0, 2, 1].into() };
        let log = Log::default();
        log.log(&Turned::new(Refused::NotFound("no such source"), "no such source"), arrival);
        log.log(&Turned::unproved(None, Fault::Mismatch).at(&test_source("hush")), arrival);
        log.log(&Turned::ours(Unavailable("no disk".into())), arrival);
        let latest = log.latest.latest();
        let told: Vec<_> = latest
            .iter()
            .map(|refusal| (refusal.source.as_deref(), refusal.scheme.as_deref(), refusal.reason))
            .collect();
        assert_eq!(told, [(Some("test"), Some("password"), "mismatch"), (None, None, "no_source")]);
        assert!(!format!("{latest:?}").contains("hush"));
    }
}
