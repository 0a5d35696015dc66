//! Takes messages from the inbound queue and has them mailed, several at once, until told to stop.

use std::future::Future;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::setpriority_process;
use rustix::thread::gettid;
use shared::clock::SystemClock;
use shared::inbound::{Mailer, Next, Times};
use shared::local::{Sources, Store};
use shared::seam::{Answer, Clock, Dequeue, Leased};
use tokio::task::JoinSet;

use crate::outbox::Outbox;
use crate::routes::LocalSender;
use crate::stop::Stop;

pub(crate) type LocalMailer = Mailer<Sources, Store, Outbox, LocalSender, SystemClock>;

/// Mail servers may think for minutes about a mail that they have (RFC 5321, 4.5.3.2.6). A lease that
/// is too long costs nothing here: a restart frees it.
pub(crate) const TIMES: Times =
    Times { send: Duration::from_secs(420), lease: Duration::from_secs(450), visibility: Duration::from_secs(480) };

/// Without news from the queue it is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// How long a message rests that the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How far mailing stands back when the processor is short: an answer never waits for mail.
const STANDS_BACK: i32 = 10;

/// Mails on a thread of its own. The thread ends what is in hand before it ends.
pub(crate) fn start(
    mailer: Arc<LocalMailer>,
    at_once: usize,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<JoinHandle<()>, Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let failed = |problem: std::io::Error| Stop::Failed(problem.to_string());
    let runtime = runtime.map_err(failed)?;
    let mailing = move || {
        if let Err(problem) = setpriority_process(Some(gettid()), STANDS_BACK) {
            tracing::debug!(%problem, "mailing does not stand back");
        }
        runtime.block_on(run(mailer, at_once, stop));
    };
    thread::Builder::new().name("mailer".into()).spawn(mailing).map_err(failed)
}

async fn run(mailer: Arc<LocalMailer>, at_once: usize, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    let mut in_hand = JoinSet::new();
    loop {
        let wait = match take(&mailer, at_once, &mut in_hand).await {
            Ok(wait) => wait,
            Err(problem) => {
                tracing::error!(%problem, "the queue cannot be read");
                Duration::from_secs(1)
            }
        };
        let full = in_hand.len() >= at_once;
        tokio::select! {
            () = &mut stop => break,
            Some(ended) = in_hand.join_next() => report(ended),
            () = mailer.memory.arrival(), if !full => {}
            () = tokio::time::sleep(wait), if !full => {}
        }
    }
    while let Some(ended) = in_hand.join_next().await {
        report(ended);
    }
}

/// Takes as many messages as there is room for, and says how long until the next is due.
async fn take(mailer: &Arc<LocalMailer>, at_once: usize, in_hand: &mut JoinSet<()>) -> Answer<Duration> {
    let (queue, now) = (&mailer.memory, mailer.clock.now());
    let room = at_once - in_hand.len();
    let taken = queue.lease(room, now, mailer.times.visibility).await?;
    let all = taken.len() < room;
    for leased in taken {
        let mailer = Arc::clone(mailer);
        in_hand.spawn(async move { handle(&mailer, leased).await });
    }
    if !all {
        return Ok(LOOK_EVERY);
    }
    Ok(queue.next_due(now)?.map_or(LOOK_EVERY, |due| due.since(now).min(LOOK_EVERY)))
}

async fn handle(mailer: &LocalMailer, leased: Leased) {
    let settled = match mailer.mail(&leased).await {
        Ok(Next::Done) => mailer.memory.remove(&leased).await,
        Ok(Next::Again { due }) => mailer.memory.hide(&leased, due).await,
        Err(problem) => Err(problem),
    };
    if let Err(problem) = settled {
        tracing::error!(id = %leased.id, %problem, "the store did not answer; the webhook is handled again soon");
        mailer.memory.put_back(&leased, mailer.clock.now().after(AFTER_FAILURE));
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(problem) = ended {
        tracing::error!(%problem, "a webhook could not be handled; it is tried again when its lease ends");
    }
}
