//! A clock that the story sets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use shared::seam::Clock;
use shared::timestamp::Timestamp;

#[derive(Clone)]
pub struct Hand(Arc<Mutex<Timestamp>>);

impl Default for Hand {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Timestamp(1_700_000_000_000))))
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl Hand {
    pub fn on(&self, wait: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.after(wait);
    }

    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap() = now;
    }
}
