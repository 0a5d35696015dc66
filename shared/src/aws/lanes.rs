//! SQS events of turns and of steps of replays: all of a batch at once, each for itself.

use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::future::join_all;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};

use super::http::Error;
use super::outbound::Outbound;
use super::turns::{Asked, StepDue};
use crate::outbound::{Handled, Stepped};
use crate::seam::{Answer, Receipt, ReplayStep, Turn};
use crate::timestamp::Timestamp;

/// How long a turn rests that the store failed. If its attempt is claimed, it rests until the claim ends.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// A step that comes so little before its time is in time: clocks differ.
const EARLY: Duration = Duration::from_secs(1);

/// Handles batches for as long as Lambda wants, and tells CloudWatch of each under that namespace.
///
/// # Errors
/// The runtime did not answer.
pub async fn run(
    queue: Outbound,
    namespace: String,
    deliver: impl AsyncFn(&Turn) -> Answer<Handled>,
    advance: impl AsyncFn(&ReplayStep) -> Answer<Stepped>,
) -> Result<(), Error> {
    let shared = Arc::new((queue, namespace, deliver, advance));
    let service = service_fn(move |event: LambdaEvent<SqsEvent>| {
        let shared = Arc::clone(&shared);
        async move {
            let (queue, namespace, deliver, advance) = &*shared;
            let all = event.payload.records.iter().map(|message| take(queue, message, deliver, advance));
            let mut response = SqsBatchResponse::default();
            for (message, is_done) in event.payload.records.iter().zip(join_all(all).await) {
                if !is_done {
                    response.add_failure(message.message_id.clone().unwrap_or_default());
                }
            }
            let now = Timestamp::now();
            queue.write_counts(now).await;
            if let Some(line) = queue.metrics.line(namespace, now) {
                // Nobody is there to be told of it.
                drop(writeln!(std::io::stdout().lock(), "{line}"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    Runtime::new(service).run().await
}

/// Whether the message may leave the queue. One that nobody can read may not: SQS lays it among its dead
/// letters in the end.
async fn take(
    queue: &Outbound,
    message: &SqsMessage,
    deliver: &impl AsyncFn(&Turn) -> Answer<Handled>,
    advance: &impl AsyncFn(&ReplayStep) -> Answer<Stepped>,
) -> bool {
    let asked = serde_json::from_str(message.body.as_deref().unwrap_or_default());
    let until = match asked {
        Ok(Asked::Attempt(turn)) => attempt(&turn, deliver).await,
        Ok(Asked::Step(step)) => make(queue, &step, advance).await,
        Err(_) => {
            tracing::error!(message = message.message_id, "a message in the outbound queue that nobody can read");
            return false;
        }
    };
    let Some(until) = until else { return true };
    let receipt = Receipt(message.receipt_handle.clone().unwrap_or_default());
    if let Err(problem) = queue.turns.hide(&receipt, until).await {
        let message = message.message_id.as_deref();
        tracing::warn!(message, %problem, "a turn cannot be put off; it comes back when its time is up");
    }
    false
}

/// Until when the same turn is to rest; `None` if it is done.
async fn attempt(turn: &Turn, deliver: &impl AsyncFn(&Turn) -> Answer<Handled>) -> Option<Timestamp> {
    match Box::pin(deliver(turn)).await {
        Ok(Handled::Busy { until }) => Some(until),
        Ok(_) => None,
        Err(problem) => {
            tracing::error!(delivery = %turn.key, %problem, "a delivery cannot be made now; it is made soon");
            Some(Timestamp::now().after(AFTER_FAILURE))
        }
    }
}

/// The same for a step.
async fn make(
    queue: &Outbound,
    step: &StepDue,
    advance: &impl AsyncFn(&ReplayStep) -> Answer<Stepped>,
) -> Option<Timestamp> {
    let now = Timestamp::now();
    let stepped = if step.due.since(now) > EARLY {
        Ok(Stepped::Later { due: step.due })
    } else {
        Box::pin(advance(&step.step)).await
    };
    let made = match stepped {
        // No queue waits as long as an endpoint may ask for rest.
        Ok(Stepped::Later { due }) => queue.turns.send_step(&StepDue { due, ..step.clone() }, now).await,
        Ok(Stepped::Made { .. } | Stepped::Past) => Ok(()),
        Err(problem) => Err(problem),
    };
    let problem = made.err()?;
    let ReplayStep { key, id, step } = &step.step;
    tracing::error!(replay = id, step, endpoint = key.endpoint, %problem, "a replay cannot go on now; it goes on soon");
    Some(Timestamp::now().after(AFTER_FAILURE))
}
