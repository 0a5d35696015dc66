//! What was read of the table a moment ago, and is good for a moment more.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::timestamp::Timestamp;

/// More than this is not remembered.
const MOST: usize = 1_000;

/// Values by key, each with the time until which it is good.
pub(super) struct Fresh<T>(Mutex<HashMap<String, (T, Timestamp)>>);

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Fresh<T> {
    pub(super) fn get(&self, key: &str) -> Option<T> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).filter(|(_, good)| *good > Timestamp::now()).map(|(value, _)| value.clone())
    }

    pub(super) fn forget(&self, key: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    pub(super) fn put(&self, key: String, value: T, good: Duration) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, (value, Timestamp::now().after(good)));
    }
}
