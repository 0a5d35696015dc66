//! The one harness: the real program in a folder of its own, and what callers and mail servers do to it.

mod aws;
mod clock;
mod deliveries;
#[allow(dead_code, reason = "a vocabulary: tests use of it what they need")]
mod events;
mod http;
mod launch;
mod program;
mod providers;
mod publisher;
#[allow(dead_code, reason = "a vocabulary: tests use of it what they need")]
mod receiver;
mod sender;
mod smtp;
mod tools;
mod world;

use std::time::{Duration, Instant};

pub use aws::{Bend, Call, Emulator, Function, Stack, built};
pub use clock::Hand;
pub use deliveries::{Days, Played, Unheard, answer, endpoints, play};
#[allow(unused_imports, reason = "a vocabulary, too")]
pub use events::{emit, event, try_emit};
pub use http::{Answer, Exchange, raw, try_post};
pub use launch::{hookpost, run};
pub use program::{ADMIN, EVENTS, Hookpost, Mail, PASSWORD, Setup};
pub use providers::{Github, mac, now, standard};
pub use publisher::Nobody;
#[allow(unused_imports, reason = "a vocabulary, too")]
pub use receiver::{Alpn, Behaviour, Certificate, Receiver, Reply, Request};
pub use smtp::{MailServer, Received};
pub use tools::Tools;
pub(crate) use world::stories;
pub use world::{PostOffice, World};

/// Waits until `look` finds something, and fails after half a minute.
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(Duration::from_secs(30), what, look)
}

pub fn within<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
