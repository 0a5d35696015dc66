//! The latest refusals of one process, for its owner's eyes.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Serialize, Serializer};

use crate::timestamp::Timestamp;

/// Older ones are forgotten.
pub const MOST: usize = 50;

/// A request that was turned away. Nothing of it is here but who sent it and whither.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// When it last happened.
    #[serde(serialize_with = "moment")]
    pub at: Timestamp,
    /// None if the address named no source: what it named may be anything.
    pub source: Option<String>,
    pub scheme: Option<String>,
    pub caller: IpAddr,
    /// A code that stays the same.
    pub reason: &'static str,
    /// In words, of the last time.
    pub why: String,
    /// What may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The name that the last of them has in the log.
    pub id: String,
    /// How often the same caller was refused there for the same reason.
    pub times: u64,
}

fn moment<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&at.precise())
}

/// The last [`MOST`] refusals, in memory: whoever is refused again for the same reason takes no more room.
#[derive(Clone, Default)]
pub struct Refusals(Arc<Mutex<VecDeque<Refusal>>>);

impl Refusals {
    pub fn add(&self, refusal: Refusal) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = kept.iter().position(|known| known.is_like(&refusal));
        let before = same.and_then(|at| kept.remove(at));
        let refusal = match before {
            Some(Refusal { times, hint, .. }) => {
                Refusal { times: times.saturating_add(refusal.times), hint: refusal.hint.clone().or(hint), ..refusal }
            }
            None => refusal,
        };
        kept.truncate(MOST - 1);
        kept.push_front(refusal);
    }

    /// Latest first.
    pub fn latest(&self) -> Vec<Refusal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl Refusal {
    fn is_like(&self, other: &Self) -> bool {
        (&self.source, self.caller, self.reason) == (&other.source, other.caller, other.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(caller: u8, reason: &'static str, at: u64) -> Refusal {
        let (at, caller) = (Timestamp(at), IpAddr::from([192, 0, 2, caller]));
        let (source, why, id) = (Some("shop".into()), "words".into(), "wh_1".into());
        Refusal { at, source, scheme: None, caller, reason, why, hint: None, id, times: 1 }
    }

    #[test]
    fn a_flood_takes_one_place_and_the_latest_stands_first() {
        let refusals = Refusals::default();
        refusals.add(Refusal { hint: Some("look".into()), ..refusal(1, "mismatch", 1) });
        refusals.add(refusal(1, "missing", 2));
        for at in 3..1_000 {
            refusals.add(refusal(1, "mismatch", at));
        }
        let latest = refusals.latest();
        let told: Vec<_> = latest.iter().map(|refusal| (refusal.reason, refusal.at.0, refusal.times)).collect();
        assert_eq!(told, [("mismatch", 999, 998), ("missing", 2, 1)]);
        assert_eq!(latest[0].hint.as_deref(), Some("look"), "a hint outlives what has none");
    }

    #[test]
    fn many_callers_take_no_more_than_there_is() {
        let refusals = Refusals::default();
        for at in 0..200 {
            refusals.add(refusal(at, "mismatch", u64::from(at)));
        }
        let latest = refusals.latest();
        assert_eq!((latest.len(), latest[0].at.0, latest[MOST - 1].at.0), (MOST, 199, 150));
    }
}
