//! Removes, every hour, what time has made superfluous; and when history is full, the oldest of it.

use std::time::Duration;

use shared::clock::SystemClock;
use shared::local::Store;
use shared::seam::Clock;
use tokio::time::{Instant, sleep, timeout_at};

/// How often what time made superfluous is removed.
const EVERY: Duration = Duration::from_secs(3_600);

/// Making room is not tried again sooner.
const BETWEEN: Duration = Duration::from_secs(5);

/// After so long a body has its message, or never will.
const SETTLED: Duration = Duration::from_secs(600);

pub(crate) async fn sweep(store: Store) {
    if let Ok(counts) = store.counts()
        && counts.dead > 0
    {
        tracing::error!(dead_letters = counts.dead, "dead letters wait: see hookpost dead list");
    }
    loop {
        let (bodies, now) = (store.clone(), SystemClock.now());
        let swept = tokio::task::spawn_blocking(move || bodies.sweep_bodies(now.before(SETTLED))).await;
        if let Ok(Err(problem)) = swept {
            tracing::warn!(%problem, "bodies cannot be swept");
        }
        if let Err(problem) = store.sweep(SystemClock.now()).await {
            tracing::warn!(%problem, "the store cannot be swept");
        }
        let next = Instant::now() + EVERY;
        while timeout_at(next, store.room_is_wanted()).await.is_ok() {
            if let Err(problem) = store.make_room().await {
                tracing::warn!(%problem, "no room can be made");
            }
            sleep(BETWEEN).await;
        }
    }
}
