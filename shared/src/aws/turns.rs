//! Turns: SQS messages that carry names only. What waits longer than SQS delays is a schedule of
//! EventBridge, which sends the message when its time has come and deletes itself.

use std::sync::OnceLock;
use std::time::Duration;

use aws_sdk_scheduler::types::{ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, Target};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::clients::Aws;
use super::failure::unavailable;
use super::queue::{LONGEST_DELAY, SQS, hide, seconds};
use super::store::Queue;
use crate::seam::{Answer, Receipt, ReplayStep, Turn, Unavailable};
use crate::timestamp::Timestamp;

const SCHEDULER: &str = "EventBridge Scheduler";

/// SQS takes no more at once.
const AT_ONCE: usize = 10;

/// The group that schedules are made in, the role that sends their messages, and the queue's ARN.
#[derive(Clone, Debug)]
pub struct Schedules {
    pub group: String,
    pub role: String,
    pub queue: String,
}

#[derive(Clone)]
pub(super) struct Turns {
    aws: Aws,
    queue: Queue,
    schedules: Option<Schedules>,
    /// Few turns wait so long: its client is made for the first.
    scheduler: OnceLock<aws_sdk_scheduler::Client>,
}

/// The step of a replay that is next, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StepDue {
    #[serde(flatten)]
    pub(super) step: ReplayStep,
    pub(super) due: Timestamp,
}

/// What a message in the outbound queue asks for.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Asked {
    Attempt(Turn),
    Step(StepDue),
}

impl Turns {
    pub(super) fn new(aws: &Aws, queue_url: String, schedules: Option<Schedules>) -> Self {
        let queue = Queue { client: aws_sdk_sqs::Client::new(&aws.config), url: queue_url };
        Self { aws: aws.clone(), queue, schedules, scheduler: OnceLock::new() }
    }

    /// Queues all of them. One that is due later than SQS delays comes early, and is put off again.
    pub(super) async fn send_all(&self, turns: &[Turn], now: Timestamp) -> Answer<()> {
        for some in turns.chunks(AT_ONCE) {
            let entries = some.iter().enumerate().map(|(at, turn)| entry(at, turn, now));
            let entries = entries.collect::<Answer<Vec<_>>>()?;
            let send = self.queue.client.send_message_batch().queue_url(&self.queue.url).set_entries(Some(entries));
            let sent = send.send().await.map_err(|failure| unavailable(SQS, failure))?;
            if let Some(failed) = sent.failed.first() {
                let why = failed.message.as_deref().unwrap_or("no message");
                return Err(Unavailable(format!("{SQS}: {}: {why}", failed.code)));
            }
        }
        Ok(())
    }

    pub(super) async fn send(&self, turn: &Turn, now: Timestamp) -> Answer<()> {
        let wait = turn.due.since(now);
        if let Some(schedules) = self.schedules.as_ref().filter(|_| wait > LONGEST_DELAY) {
            return self.schedule(turn, schedules).await;
        }
        let send = self.queue.client.send_message().queue_url(&self.queue.url).message_group_id(group(turn));
        let send = send.message_body(body(turn)?).delay_seconds(seconds(wait.min(LONGEST_DELAY)));
        send.send().await.map_err(|failure| unavailable(SQS, failure))?;
        Ok(())
    }

    /// Steps of all replays are one group: there are few, and they shall not wait among an endpoint's turns.
    /// One that is due later than SQS delays comes early, and is sent again.
    pub(super) async fn send_step(&self, step: &StepDue, now: Timestamp) -> Answer<()> {
        let body = serde_json::to_string(step).map_err(|problem| Unavailable(problem.to_string()))?;
        let send = self.queue.client.send_message().queue_url(&self.queue.url).message_group_id("replays");
        let send = send.message_body(body).delay_seconds(seconds(step.due.since(now).min(LONGEST_DELAY)));
        send.send().await.map_err(|failure| unavailable(SQS, failure))?;
        Ok(())
    }

    async fn schedule(&self, turn: &Turn, to: &Schedules) -> Answer<()> {
        let wrong = |problem: aws_smithy_types::error::operation::BuildError| Unavailable(problem.to_string());
        let target = Target::builder().arn(&to.queue).role_arn(&to.role).input(body(turn)?).build().map_err(wrong)?;
        let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().map_err(wrong)?;
        let client = self.scheduler.get_or_init(|| aws_sdk_scheduler::Client::new(&self.aws.config));
        let create = client.create_schedule().group_name(&to.group).name(name(turn)).schedule_expression(at(turn.due));
        let create = create.target(target).flexible_time_window(window);
        match create.action_after_completion(ActionAfterCompletion::Delete).send().await {
            // It was made before, and somebody died before they could say so.
            Err(failure) if failure.as_service_error().is_some_and(|answer| answer.is_conflict_exception()) => Ok(()),
            Err(failure) => Err(unavailable(SCHEDULER, failure)),
            Ok(_) => Ok(()),
        }
    }

    pub(super) async fn hide(&self, receipt: &Receipt, due: Timestamp) -> Answer<()> {
        hide(&self.queue, receipt, due).await
    }
}

fn entry(at: usize, turn: &Turn, now: Timestamp) -> Answer<SendMessageBatchRequestEntry> {
    let wait = turn.due.since(now).min(LONGEST_DELAY);
    let entry = SendMessageBatchRequestEntry::builder().id(at.to_string()).message_group_id(group(turn));
    let entry = entry.message_body(body(turn)?).delay_seconds(seconds(wait)).build();
    entry.map_err(|problem| Unavailable(problem.to_string()))
}

/// Turns of one endpoint do not hold up those of others (SQS fair queues).
fn group(turn: &Turn) -> String {
    format!("{}/{}", turn.key.tenant, turn.key.endpoint)
}

fn body(turn: &Turn) -> Answer<String> {
    serde_json::to_string(turn).map_err(|problem| Unavailable(problem.to_string()))
}

/// The same for the same turn at the same time, so that it is made once. At most 64 of
/// `0-9 a-z A-Z - _ .` are allowed.
fn name(turn: &Turn) -> String {
    let mut digits = hex::encode(Sha256::digest(turn.key.to_string()));
    digits.truncate(40);
    format!("{digits}-{}-{}", turn.number, turn.due.seconds())
}

/// `at(2026-11-22T10:00:01)`, in UTC; never too early.
fn at(due: Timestamp) -> String {
    let up = due.after(Duration::from_millis(999)).to_string();
    format!("at({})", up.trim_end_matches('Z'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seam::{DeliveryKey, ReplayKey, Which};

    #[test]
    fn turns_and_steps_of_replays_are_told_apart() {
        let key = DeliveryKey { tenant: "t".into(), event: "e".parse().unwrap(), endpoint: "x".into() };
        let turn = Turn { key, number: 1, due: Timestamp(7), paced: true };
        let read = |text: &str| serde_json::from_str::<Asked>(text).ok();
        assert_eq!(read(&body(&turn).unwrap()), Some(Asked::Attempt(turn)));
        let since = Timestamp(5);
        for which in [
            Which::Held,
            Which::Failed { since },
            Which::Missing { since },
            Which::One { event: "number".parse().unwrap() },
        ] {
            let key = ReplayKey { tenant: "t".into(), endpoint: "x".into(), which };
            let step = StepDue { step: ReplayStep { key, id: "rp_1".into(), step: 3 }, due: Timestamp(9) };
            assert_eq!(read(&serde_json::to_string(&step).unwrap()), Some(Asked::Step(step)));
        }
        assert_eq!(read("{\"tenant\": \"t\"}"), None);
    }

    #[test]
    fn a_schedule_is_named_by_what_it_is_for_and_when() {
        let key = DeliveryKey { tenant: "t".repeat(63), event: "e".parse().unwrap(), endpoint: "x".into() };
        let turn = Turn { key, number: 20, due: Timestamp(1_614_265_330_001), paced: false };
        assert_eq!(at(turn.due), "at(2021-02-25T15:02:11)");
        assert!(name(&turn).len() <= 64 && name(&turn).ends_with("-20-1614265330"), "{}", name(&turn));
        let read: Turn = serde_json::from_str(&body(&turn).unwrap()).unwrap();
        assert_eq!(read, turn);
    }
}
