//! Not authentic → a hint: what would have fitted, for the owner's log.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::schemes::{self, Effort, Fetched, Presented, Scheme, Verifier};
use crate::signature::{Fault, Place};
use crate::source::Source;
use crate::timestamp::Timestamp;

/// Larger bodies are not looked at again.
const LARGEST: usize = 64 << 10;

/// No more other sources are asked.
const MOST_SOURCES: usize = 10;

/// How long a source waits for its next hint about the same reason: a scanner that shows nothing at all
/// does not use up the hint about a signature that does not fit.
const PAUSE: Duration = Duration::from_secs(60);

/// More names than this are not remembered: those whose pause is over go.
const MOST_NAMES: usize = 1_000;

/// Schemes that a hint names at most.
const MOST_SCHEMES: usize = 3;

/// When a request of each source was last looked at again.
///
/// A caller learns nothing that helps it. The answer is the same 401 and is decided before; how long it takes
/// to look may tell that something fits, but only of a signature that was made with a secret that the
/// caller then has. It costs a few verifications and at most 2 MB of hashing, once a minute for each reason.
#[derive(Default)]
pub(super) struct Hints(Mutex<HashMap<(String, &'static str), Timestamp>>);

impl Hints {
    /// What may help its owner, if it is that source's turn. `others` are the sources at hand.
    pub(super) fn hint(
        &self,
        source: &Source,
        shown: &Presented<'_>,
        fault: &Fault,
        now: Timestamp,
        others: impl FnOnce() -> Vec<Arc<Source>>,
    ) -> Option<String> {
        if shown.body.len() > LARGEST || !self.is_due(&source.name, fault.code(), now) {
            return None;
        }
        let found = [
            elsewhere(source, shown, &others(), now),
            otherwise(&source.verifier, shown, fault, now),
            other_scheme(&source.verifier, shown, fault),
            clock(fault),
        ];
        found.into_iter().flatten().next()
    }

    fn is_due(&self, name: &str, reason: &'static str, now: Timestamp) -> bool {
        let key = (name.to_owned(), reason);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.get(&key).is_some_and(|last| *last <= now && now.since(*last) < PAUSE) {
            return false;
        }
        if last.len() >= MOST_NAMES {
            last.retain(|_, last| now.since(*last) < PAUSE);
        }
        let is_room = last.len() < MOST_NAMES;
        if is_room {
            last.insert(key, now);
        }
        is_room
    }
}

fn fits(verifier: &Verifier, shown: &Presented<'_>, now: Timestamp) -> bool {
    verifier.verify(shown, &Fetched::default(), now).is_ok()
}

/// It is genuine, but for another source.
fn elsewhere(source: &Source, shown: &Presented<'_>, others: &[Arc<Source>], now: Timestamp) -> Option<String> {
    // Without a secret nothing was proved but where the caller is.
    let others = others.iter().filter(|other| other.name != source.name && !other.verifier.secrets().is_empty());
    let fitting: Vec<_> = others.take(MOST_SOURCES).filter(|other| fits(&other.verifier, shown, now)).collect();
    let other = fitting.first()?;
    let same = other.verifier.names() == source.verifier.names();
    Some(if same {
        format!("the signature fits the secret of the source {}", other.name)
    } else {
        format!("it is genuine for the source {}: is this the wrong address?", other.name)
    })
}

fn otherwise(verifier: &Verifier, shown: &Presented<'_>, fault: &Fault, now: Timestamp) -> Option<String> {
    if *fault != Fault::Mismatch {
        return None;
    }
    let found = verifier.differences(shown, now, Effort::LITTLE);
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    (!found.is_empty()).then(|| format!("it fits if {}", found.join(", and ")))
}

/// It carries what another provider signs with.
fn other_scheme(verifier: &Verifier, shown: &Presented<'_>, fault: &Fault) -> Option<String> {
    if !matches!(fault, Fault::Missing(_) | Fault::Absent) {
        return None;
    }
    let carried = |scheme: &&Scheme| {
        let own = verifier.schemes().iter().any(|own| own.name == scheme.name);
        !own && scheme.places().iter().any(|place| is_carried(place, shown))
    };
    let names: Vec<_> = schemes::all().iter().filter(carried).map(|scheme| scheme.name).take(MOST_SCHEMES).collect();
    (!names.is_empty()).then(|| format!("it looks like a webhook of the scheme {}", names.join(" or ")))
}

fn is_carried(place: &Place, shown: &Presented<'_>) -> bool {
    // Many send a bearer token.
    place.headers().iter().any(|name| *name != "authorization" && shown.headers.contains_key(*name))
}

fn clock(fault: &Fault) -> Option<String> {
    let wrong = matches!(fault, Fault::InFuture(_));
    wrong.then(|| "the clock here may be wrong, or the provider's".into())
}

#[cfg(test)]
mod tests;
