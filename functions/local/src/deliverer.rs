//! Takes turns from their lanes and has them delivered, many at once, until told to stop.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use shared::clock::SystemClock;
use shared::local::{Ended, Endpoints, Store};
use shared::outbound::{Deliverer, Handled, Teller};
use shared::post::Post;
use shared::seam::{Answer, Clock, Turn, Unavailable};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::stop::Stop;

pub(crate) type LocalTeller = Teller<Endpoints, Store, SystemClock, Store>;
pub(crate) type LocalDeliverer = Deliverer<Endpoints, Store, Post, LocalTeller, SystemClock>;

/// Longer than any attempt takes.
pub(crate) const LEASE: Duration = Duration::from_secs(75);

/// Calls under way at once, all endpoints together.
const AT_ONCE: usize = 512;

/// Without news from the lanes they are looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// How long a turn rests that the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Delivers on a thread of its own. The thread ends what is in hand before it ends.
pub(crate) fn start(
    deliverer: Arc<LocalDeliverer>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<JoinHandle<()>, Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let failed = |problem: std::io::Error| Stop::Failed(problem.to_string());
    let runtime = runtime.map_err(failed)?;
    thread::Builder::new()
        .name("deliverer".into())
        .spawn(move || runtime.block_on(run(deliverer, stop)))
        .map_err(failed)
}

async fn run(deliverer: Arc<LocalDeliverer>, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    let mut in_hand = JoinSet::new();
    loop {
        let wait = match take(&deliverer, &mut in_hand) {
            Ok(wait) => wait,
            Err(problem) => {
                tracing::error!(%problem, "the store cannot be read");
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = &mut stop => break,
            Some(ended) = in_hand.join_next() => {
                report(ended);
                // As many as have ended meanwhile: the lanes are asked once for all of them.
                while let Some(ended) = in_hand.try_join_next() {
                    report(ended);
                }
            }
            () = deliverer.memory.turns() => {}
            () = sleep(wait) => {}
        }
    }
    while let Some(ended) = in_hand.join_next().await {
        report(ended);
    }
}

/// Takes as many turns as there is room for, and says how long until the next is due.
fn take(deliverer: &Arc<LocalDeliverer>, in_hand: &mut JoinSet<()>) -> Answer<Duration> {
    let (lanes, now) = (&deliverer.memory, deliverer.clock.now());
    for turn in lanes.take_turns(AT_ONCE - in_hand.len(), now)? {
        let deliverer = Arc::clone(deliverer);
        in_hand.spawn(async move { handle(&deliverer, turn).await });
    }
    Ok(lanes.next_turn().map_or(LOOK_EVERY, |due| due.since(now).min(LOOK_EVERY)))
}

async fn handle(deliverer: &LocalDeliverer, turn: Turn) {
    let arrived = || deliverer.memory.turn_arrived(&turn);
    let ended = match unbroken(deliverer.deliver_telling(&turn, arrived)).await {
        Ok(Handled::Delivered | Handled::Refused) => Ended::Well,
        Ok(Handled::Strained) => Ended::Badly,
        Ok(Handled::Unasked) => Ended::Unasked,
        Ok(Handled::Gone) => forget(deliverer, &turn).await,
        Ok(Handled::Busy { until }) => {
            sleep(until.since(deliverer.clock.now())).await;
            Ended::Unasked
        }
        Err(problem) => {
            tracing::error!(delivery = %turn.key, %problem, "a delivery cannot be made now; it is made soon");
            sleep(AFTER_FAILURE).await;
            // It takes no more places from others than an endpoint that does not answer.
            Ended::Badly
        }
    };
    deliverer.memory.turn_ended(&turn, ended);
}

async fn forget(deliverer: &LocalDeliverer, turn: &Turn) -> Ended {
    if let Err(problem) = deliverer.memory.forget_turn(turn).await {
        tracing::error!(delivery = %turn.key, %problem, "the store did not answer");
        sleep(AFTER_FAILURE).await;
    }
    Ended::Unasked
}

/// A delivery that breaks down is one that the store failed: it ends, and is made again.
async fn unbroken<T>(delivery: impl Future<Output = Answer<T>>) -> Answer<T> {
    let mut delivery = pin!(delivery);
    let broken = || Poll::Ready(Err(Unavailable("the delivery broke down".into())));
    poll_fn(|cx| {
        let poll = AssertUnwindSafe(|| delivery.as_mut().poll(cx));
        catch_unwind(poll).unwrap_or_else(|_| broken())
    })
    .await
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(problem) = ended {
        tracing::error!(%problem, "a delivery broke down; it is made again after a restart");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_delivery_that_breaks_down_ends() {
        assert_eq!(unbroken(async { Ok(1) }).await, Ok(1));
        let broken = unbroken::<()>(async {
            tokio::task::yield_now().await;
            panic!("as planned")
        });
        assert_eq!(broken.await, Err(Unavailable("the delivery broke down".into())));
    }
}
