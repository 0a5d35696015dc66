//! Makes the steps of replays when they are due, until told to stop.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use shared::clock::SystemClock;
use shared::local::{Endpoints, Store};
use shared::outbound::Replayer;
use shared::seam::{Answer, Clock};
use tokio::time::sleep;

pub(crate) type LocalReplayer = Replayer<Endpoints, Store, SystemClock>;

/// Steps made before the stop is asked after.
const AT_ONCE: usize = 8;

/// Without news the replays are looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// How long all rest after one could not be made.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The step in hand is made before this ends.
pub(crate) async fn run(replayer: LocalReplayer, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    loop {
        let wait = match make_due(&replayer).await {
            Ok(wait) => wait,
            Err(problem) => {
                tracing::error!(%problem, "a replay cannot go on now; it goes on soon");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            biased;
            () = &mut stop => return,
            () = replayer.memory.replaying() => {}
            () = sleep(wait) => {}
        }
    }
}

/// Makes some of the steps that are due, and says how long until the next is. The row of a replay says what comes
/// after its step.
async fn make_due(replayer: &LocalReplayer) -> Answer<Duration> {
    let (store, now, mut made) = (&replayer.memory, replayer.clock.now(), Ok(()));
    let steps = store.due_steps(AT_ONCE, now)?;
    for step in &steps {
        // One that cannot be made does not keep the others from theirs.
        made = made.and(replayer.step(step).await.map(drop));
    }
    made?;
    // What is due and was no step cannot be read.
    let next = store.next_step()?.filter(|due| *due > now || !steps.is_empty());
    Ok(next.map_or(LOOK_EVERY, |due| due.since(replayer.clock.now()).min(LOOK_EVERY)))
}
