//! The limits on events, of one process: nobody else accepts any.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::store::Store;
use crate::quantity::Rate;
use crate::seam::{Answer, LimitEvents};
use crate::timestamp::Timestamp;

/// Of each tenant that has a rate, the first place in it that is free, in microseconds since 1970.
#[derive(Default)]
pub(super) struct Rates(Mutex<HashMap<String, u64>>);

impl LimitEvents for Store {
    async fn has_room(&self) -> Answer<bool> {
        self.find_room().await
    }

    async fn take_place(&self, tenant: &str, rate: Rate, now: Timestamp) -> Answer<Result<(), Timestamp>> {
        let mut rates = self.inner.rates.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = rates.entry(tenant.to_owned()).or_default();
        Ok(rate.take(*next, now).map(|after| *next = after))
    }
}
