//! SQS events of turns: all of a batch at once, each for itself.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::future::join_all;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};

use super::http::Error;
use super::outbound::Outbound;
use crate::outbound::Handled;
use crate::seam::{Answer, Receipt, Turn};
use crate::timestamp::Timestamp;

/// How long a turn rests that the store failed. If its attempt is claimed, it rests until the claim ends.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Handles batches for as long as Lambda wants.
///
/// # Errors
/// The runtime did not answer.
pub async fn run(queue: Outbound, handle: impl AsyncFn(&Turn) -> Answer<Handled>) -> Result<(), Error> {
    let shared = Arc::new((queue, handle));
    let service = service_fn(move |event: LambdaEvent<SqsEvent>| {
        let shared = Arc::clone(&shared);
        async move {
            let (queue, handle) = &*shared;
            let all = event.payload.records.iter().map(|message| take(queue, message, handle));
            let mut response = SqsBatchResponse::default();
            for (message, is_done) in event.payload.records.iter().zip(join_all(all).await) {
                if !is_done {
                    response.add_failure(message.message_id.clone().unwrap_or_default());
                }
            }
            Ok::<_, Infallible>(response)
        }
    });
    Runtime::new(service).run().await
}

/// Whether the message may leave the queue. One that nobody can read may not: SQS lays it among its dead
/// letters in the end.
async fn take(queue: &Outbound, message: &SqsMessage, handle: &impl AsyncFn(&Turn) -> Answer<Handled>) -> bool {
    let body = message.body.as_deref().unwrap_or_default();
    let Ok(turn) = serde_json::from_str::<Turn>(body) else {
        tracing::error!(message = message.message_id, "a message in the outbound queue that is no turn");
        return false;
    };
    let until = match Box::pin(handle(&turn)).await {
        Ok(Handled::Busy { until }) => until,
        Ok(_) => return true,
        Err(problem) => {
            tracing::error!(delivery = %turn.key, %problem, "a delivery cannot be made now; it is made soon");
            Timestamp::now().after(AFTER_FAILURE)
        }
    };
    let receipt = Receipt(message.receipt_handle.clone().unwrap_or_default());
    if let Err(problem) = queue.turns.hide(&receipt, until).await {
        tracing::warn!(delivery = %turn.key, %problem, "a turn cannot be put off; it comes back when its time is up");
    }
    false
}
