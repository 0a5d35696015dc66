//! Sent → settled: recorded as done, put off, or given up.

use std::time::Duration;

use super::claim::Work;
use super::{Mailer, Next};
use crate::outside::Outside;
use crate::seam::{Answer, Bury, Claims, Clock, DeadLetter, Refusal};
use crate::timestamp::Timestamp;

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
    pub(super) async fn settle(&self, work: Work, sent: Result<(), Refusal>) -> Answer<Next> {
        match sent {
            Ok(()) => self.complete(work).await,
            Err(Refusal::Later(words)) => self.put_off(work, words).await,
            Err(Refusal::Never(words)) => self.give_up(work, words).await,
        }
    }

    async fn complete(&self, work: Work) -> Answer<Next> {
        let forget = self.clock.now().after(work.window);
        self.memory.complete(&work.lease, forget).await?;
        let (id, tries, recipients) = (work.webhook.id(), work.lease.tries + 1, work.source.email.len());
        if recipients > 0 {
            tracing::info!(source = %work.source.name, %id, tries, recipients, "e-mailed");
        }
        Ok(Next::Done)
    }

    async fn put_off(&self, work: Work, words: String) -> Answer<Next> {
        let now = self.clock.now();
        let (tries, since) = (work.lease.tries + 1, work.lease.refused_since.unwrap_or(now));
        let Some(due) = next_try(tries, since, now) else {
            return self.give_up(work, format!("given up after 3 days; last: {words}")).await;
        };
        self.memory.refuse(&work.lease, now, now.after(MEMORY)).await?;
        let (id, why) = (work.webhook.id(), Outside(&words));
        tracing::warn!(source = %work.source.name, %id, tries, again = %due, %why, "e-mail refused, will be tried again");
        Ok(Next::Again { due })
    }

    async fn give_up(&self, work: Work, reason: String) -> Answer<Next> {
        let now = self.clock.now();
        self.memory.give_up(&work.lease, &reason, now.after(MEMORY)).await?;
        let letter = DeadLetter {
            id: work.webhook.id(),
            died: now,
            reason,
            tries: work.lease.tries + 1,
            claim: Some(work.lease.key),
            message: work.leased.message.clone(),
        };
        self.lay(letter, &work.leased, &work.source.name).await
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
