//! Sent → settled: recorded as done, put off, or laid among the dead letters.

use std::time::Duration;

use super::claim::Work;
use super::webhook::Webhook;
use super::{Mailer, Next};
use crate::outside::Outside;
use crate::seam::{Answer, Bury, ClaimKey, Claims, Clock, DeadLetter, Leased, Refusal};
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

pub(super) async fn settle<S, M: Claims + Bury, E, C: Clock>(
    ports: &Mailer<S, M, E, C>,
    work: Work,
    sent: Result<(), Refusal>,
) -> Answer<Next> {
    match sent {
        Ok(()) => complete(ports, work).await,
        Err(Refusal::Later(words)) => put_off(ports, work, words).await,
        Err(Refusal::Never(words)) => give_up(ports, work, words).await,
    }
}

async fn complete<S, M: Claims, E, C: Clock>(ports: &Mailer<S, M, E, C>, work: Work) -> Answer<Next> {
    let forget = ports.clock.now().after(work.window);
    ports.memory.complete(&work.lease, forget).await?;
    tracing::info!(source = %work.source.name, id = %work.webhook.id(), tries = work.lease.tries + 1, recipients = work.source.email.len(), "e-mailed");
    Ok(Next::Done)
}

async fn put_off<S, M: Claims + Bury, E, C: Clock>(
    ports: &Mailer<S, M, E, C>,
    work: Work,
    words: String,
) -> Answer<Next> {
    let now = ports.clock.now();
    let (tries, since) = (work.lease.tries + 1, work.lease.refused_since.unwrap_or(now));
    let Some(due) = next_try(tries, since, now) else {
        return give_up(ports, work, format!("given up after 3 days; last: {words}")).await;
    };
    ports.memory.refuse(&work.lease, now, now.after(MEMORY)).await?;
    tracing::warn!(source = %work.source.name, id = %work.webhook.id(), tries, again = %due, why = %Outside(&words), "e-mail refused, will be tried again");
    Ok(Next::Again { due })
}

async fn give_up<S, M: Claims + Bury, E, C: Clock>(
    ports: &Mailer<S, M, E, C>,
    work: Work,
    reason: String,
) -> Answer<Next> {
    let now = ports.clock.now();
    ports.memory.give_up(&work.lease, &reason, now.after(MEMORY)).await?;
    let letter = DeadLetter {
        id: work.webhook.id(),
        died: now,
        reason,
        tries: work.lease.tries + 1,
        claim: Some(work.lease.key),
        message: work.leased.message.clone(),
    };
    lay(ports, letter, &work.leased, &work.source.name).await
}

/// The claim says that it was given up, but the message is still there: we died in between.
pub(super) async fn bury_again<S, M: Bury, E, C: Clock>(
    ports: &Mailer<S, M, E, C>,
    leased: &Leased,
    key: ClaimKey,
    reason: String,
) -> Answer<Next> {
    let source = key.0.split('/').next().unwrap_or_default().to_owned();
    let letter = DeadLetter { claim: Some(key), ..dead(ports, leased, reason) };
    lay(ports, letter, leased, &source).await
}

/// Nobody can ever mail what nobody can read.
pub(super) async fn unreadable<S, M: Bury, E, C: Clock>(ports: &Mailer<S, M, E, C>, leased: &Leased) -> Answer<Next> {
    let letter = dead(ports, leased, "the message cannot be read".into());
    lay(ports, letter, leased, "").await
}

/// Its source was taken out of the configuration while it waited.
pub(super) async fn orphan<S, M: Bury, E, C: Clock>(
    ports: &Mailer<S, M, E, C>,
    leased: &Leased,
    webhook: &Webhook,
) -> Answer<Next> {
    let reason = format!("the source {} is no longer configured", webhook.source());
    let letter = dead(ports, leased, reason);
    lay(ports, letter, leased, webhook.source()).await
}

fn dead<S, M, E, C: Clock>(ports: &Mailer<S, M, E, C>, leased: &Leased, reason: String) -> DeadLetter {
    DeadLetter {
        id: leased.id,
        died: ports.clock.now(),
        reason,
        tries: 0,
        claim: None,
        message: leased.message.clone(),
    }
}

async fn lay<S, M: Bury, E, C>(
    ports: &Mailer<S, M, E, C>,
    letter: DeadLetter,
    leased: &Leased,
    source: &str,
) -> Answer<Next> {
    ports.memory.bury(&letter, leased).await?;
    tracing::error!(source, id = %letter.id, tries = letter.tries, why = %Outside(&letter.reason), "dead letter: will not be mailed unless you retry it");
    Ok(Next::Done)
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
