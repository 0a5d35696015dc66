//! Token buckets: how often somebody may do something.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::quantity::Rate;
use crate::source::Source;
use crate::timestamp::Timestamp;

/// More buckets than this are not kept: those that have filled up again go first.
const MOST_BUCKETS: usize = 20_000;

/// The buckets of this process. On Lambda each environment has its own.
#[derive(Default)]
pub(super) struct Limits {
    /// Seeded anew in each process, so that nobody can choose to share another's bucket.
    hasher: RandomState,
    buckets: Mutex<HashMap<u64, Bucket>>,
}

#[derive(Clone, Copy)]
pub(super) struct Bucket {
    tokens: f64,
    at: Timestamp,
    rate: Rate,
}

impl Limits {
    /// One knock of that caller at that source; the error says how long to wait. An IPv6 caller is
    /// its /64, which is what one customer is given.
    pub(super) fn caller(&self, source: &Source, caller: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let network = match caller.to_canonical() {
            IpAddr::V4(v4) => u128::from(v4.to_bits()),
            IpAddr::V6(v6) => v6.to_bits() >> 64 << 64,
        };
        self.take(source.caller_limit, (&source.name, network), now)
    }

    /// One genuine webhook of that source.
    pub(super) fn source(&self, source: &Source, now: Timestamp) -> Result<(), Duration> {
        self.take(source.limit, &source.name, now)
    }

    fn take(&self, rate: Option<Rate>, key: impl std::hash::Hash, now: Timestamp) -> Result<(), Duration> {
        let Some(rate) = rate else { return Ok(()) };
        let key = self.hasher.hash_one(key);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_BUCKETS {
            buckets.retain(|_, bucket| bucket.filled(now).tokens < bucket.rate.burst);
        }
        if buckets.len() >= MOST_BUCKETS {
            buckets.clear();
        }
        buckets.entry(key).or_insert_with(|| Bucket::full(rate, now)).take(now)
    }
}

impl Bucket {
    pub(super) fn full(rate: Rate, now: Timestamp) -> Self {
        Self { tokens: rate.burst, at: now, rate }
    }

    fn filled(self, now: Timestamp) -> Self {
        let tokens = self.tokens + now.since(self.at).as_secs_f64() * self.rate.per_second;
        // A clock that was set back must not empty the bucket until it has caught up.
        Self { tokens: tokens.min(self.rate.burst), at: now, ..self }
    }

    /// One of them; the error says how long to wait for it.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Duration> {
        *self = self.filled(now);
        if self.tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - self.tokens) / self.rate.per_second));
        }
        self.tokens -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::test_source;

    #[test]
    fn a_burst_passes_then_one_by_one() {
        let mut source = test_source("s");
        source.caller_limit = Some(Rate { per_second: 2.0, burst: 3.0 });
        let limits = Limits::default();
        let knock = |last: u8, ms| limits.caller(&source, IpAddr::from([192, 0, 2, last]), Timestamp(ms));
        assert!((0..3).all(|_| knock(1, 0).is_ok()));
        assert_eq!(knock(1, 0), Err(Duration::from_millis(500)));
        assert!(knock(2, 0).is_ok(), "another caller has its own bucket");
        assert!(knock(1, 500).is_ok());
        assert!(knock(1, 500).is_err());
    }

    #[test]
    fn many_callers_take_no_more_memory_than_allowed() {
        let mut source = test_source("s");
        source.caller_limit = Some(Rate { per_second: 0.001, burst: 2.0 });
        let limits = Limits::default();
        for caller in 0..3 * MOST_BUCKETS as u32 {
            limits.caller(&source, IpAddr::from(caller.to_be_bytes()), Timestamp(0)).unwrap();
        }
        assert!(limits.buckets.lock().unwrap().len() <= MOST_BUCKETS);
    }
}
