//! Sent → settled: recorded as done, put off, or given up.

use std::time::Duration;

use super::{Mailer, Next};
use crate::outside::Outside;
use crate::seam::{Answer, Bury, Claims, Clock, DeadLetter, Lease, Leased, Refusal};
use crate::timestamp::Timestamp;

/// A message that is ours to mail, and what its end is written down under.
pub(super) struct Job {
    /// What it is about, for the log.
    pub(super) about: String,
    pub(super) lease: Lease,
    /// How long it makes duplicates of others once it is done.
    pub(super) window: Duration,
    pub(super) leased: Leased,
    pub(super) recipients: usize,
}

/// The waits after the first refusals; the last is repeated.
const WAITS: [Duration; 5] = [
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(300),
    Duration::from_secs(900),
    Duration::from_secs(3_600),
];

/// For so long after the first refusal an e-mail is tried again.
const PATIENCE: Duration = Duration::from_secs(3 * 86_400);

/// How long a claim is remembered that was not completed: longer than its webhook is tried.
const MEMORY: Duration = Duration::from_secs(30 * 86_400);

/// When to try again after that many judged failures; `None` when patience has ended.
fn next_try(tries: u32, refused_since: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let wait = WAITS[(tries.max(1) as usize - 1).min(WAITS.len() - 1)];
    let due = now.after(wait);
    (due.since(refused_since) <= PATIENCE).then_some(due)
}

impl<S, M: Claims + Bury, E, P, C: Clock> Mailer<S, M, E, P, C> {
    pub(super) async fn settle(&self, job: Job, sent: Result<(), Refusal>) -> Answer<Next> {
        match sent {
            Ok(()) => self.complete(job).await,
            Err(Refusal::Later(words)) => self.put_off(job, words).await,
            Err(Refusal::Never(words)) => self.give_up(job, words).await,
        }
    }

    async fn complete(&self, job: Job) -> Answer<Next> {
        let forget = self.clock.now().after(job.window);
        self.memory.complete(&job.lease, forget).await?;
        let (id, tries, recipients) = (job.lease.id, job.lease.tries + 1, job.recipients);
        if recipients > 0 {
            tracing::info!(source = %job.about, %id, tries, recipients, "e-mailed");
        }
        Ok(Next::Done)
    }

    async fn put_off(&self, job: Job, words: String) -> Answer<Next> {
        let now = self.clock.now();
        let (tries, since) = (job.lease.tries + 1, job.lease.refused_since.unwrap_or(now));
        let Some(due) = next_try(tries, since, now) else {
            return self.give_up(job, format!("given up after 3 days; last: {words}")).await;
        };
        self.memory.refuse(&job.lease, now, now.after(MEMORY)).await?;
        let (id, why) = (job.lease.id, Outside(&words));
        tracing::warn!(source = %job.about, %id, tries, again = %due, %why, "e-mail refused, will be tried again");
        Ok(Next::Again { due })
    }

    async fn give_up(&self, job: Job, reason: String) -> Answer<Next> {
        let now = self.clock.now();
        self.memory.give_up(&job.lease, &reason, now.after(MEMORY)).await?;
        let letter = DeadLetter {
            id: job.lease.id,
            died: now,
            reason,
            tries: job.lease.tries + 1,
            claim: Some(job.lease.key),
            message: job.leased.message.clone(),
        };
        self.lay(letter, &job.leased, &job.about).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_are_those_promised_and_end_after_three_days() {
        let start = Timestamp(1_700_000_000_000);
        let (mut now, mut tries, mut waits) = (start, 0, Vec::new());
        loop {
            tries += 1;
            let Some(due) = next_try(tries, start, now) else { break };
            waits.push(due.since(now).as_secs());
            now = due;
        }
        assert_eq!(waits[..6], [10, 60, 300, 900, 3_600, 3_600]);
        let total: u64 = waits.iter().sum();
        assert!((71 * 3_600..=72 * 3_600).contains(&total), "{total}");
    }
}
