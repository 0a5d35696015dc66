//! What a receiver remembers, and how it decides.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::{Reply, Request};

pub(super) type Rule = Box<dyn FnMut(&Request) -> Reply + Send>;

pub(super) struct State {
    heard: Mutex<Heard>,
    arrived: Condvar,
    accepted: AtomicUsize,
    open: AtomicUsize,
    sent: AtomicU64,
}

struct Heard {
    requests: Vec<Request>,
    rule: Rule,
}

impl Default for State {
    fn default() -> Self {
        let heard = Heard { requests: Vec::new(), rule: Box::new(|_| Reply::status(204)) };
        Self {
            heard: Mutex::new(heard),
            arrived: Condvar::new(),
            accepted: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            sent: AtomicU64::new(0),
        }
    }
}

impl State {
    pub(super) fn decide(&self, rule: Rule) {
        self.heard.lock().expect("a state").rule = rule;
    }

    /// Remembers it, and says what is answered: what was answered is remembered.
    pub(super) fn hear(&self, request: Request) -> Reply {
        let mut heard = self.heard.lock().expect("a state");
        let reply = (heard.rule)(&request);
        heard.requests.push(request);
        self.arrived.notify_all();
        reply
    }

    pub(super) fn with_requests<T>(&self, look: impl FnOnce(&[Request]) -> T) -> T {
        look(&self.heard.lock().expect("a state").requests)
    }

    #[track_caller]
    pub(super) fn wait(&self, limit: Duration, count: usize) {
        let heard = self.heard.lock().expect("a state");
        let waited = self.arrived.wait_timeout_while(heard, limit, |heard| heard.requests.len() < count);
        let come = waited.expect("a state").0.requests.len();
        assert!(come >= count, "{come} requests of {count} came within {limit:?}");
    }

    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    pub(super) fn add_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::SeqCst);
    }
}

/// One open connection, counted while it lives. The first is number 0.
pub(super) struct Guest {
    pub(super) number: usize,
    pub(super) state: Arc<State>,
}

impl Guest {
    pub(super) fn of(state: &Arc<State>) -> Self {
        state.open.fetch_add(1, Ordering::SeqCst);
        let number = state.accepted.fetch_add(1, Ordering::SeqCst);
        Self { number, state: Arc::clone(state) }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.state.open.fetch_sub(1, Ordering::SeqCst);
    }
}
