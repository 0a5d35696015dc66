//! SQS events: each message is handled for itself, and only what is done leaves the queue.

use std::convert::Infallible;
use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use lambda_runtime::{LambdaEvent, Runtime, service_fn};

use super::http::Error;
use super::queue::Carried;
use super::store::Store;
use crate::inbound::Next;
use crate::seam::{Answer, Dequeue, Leased};

/// Handles batches for as long as Lambda wants, the messages of each one after the other: that is what
/// keeps to a mail service's pace.
///
/// # Errors
/// The runtime did not answer.
pub async fn run(queue: Store, handle: impl AsyncFn(&Leased) -> Answer<Next>) -> Result<(), Error> {
    let shared = Arc::new((queue, handle));
    let service = service_fn(move |event: LambdaEvent<SqsEvent>| {
        let shared = Arc::clone(&shared);
        async move {
            let (queue, handle) = &*shared;
            let mut response = SqsBatchResponse::default();
            for message in event.payload.records {
                let id = message.message_id.clone().unwrap_or_default();
                let leased = read(message);
                let is_done = end(queue, &leased, Box::pin(handle(&leased)).await).await;
                // A message without a name, which SQS never sends, fails the whole batch: none is lost.
                if !is_done {
                    response.add_failure(id);
                }
            }
            Ok::<_, Infallible>(response)
        }
    });
    Runtime::new(service).run().await
}

/// Whether the message may leave the queue.
async fn end(queue: &Store, leased: &Leased, handled: Answer<Next>) -> bool {
    let due = match handled {
        Ok(Next::Done) => return true,
        Ok(Next::Again { due }) => due,
        Err(problem) => {
            tracing::error!(id = %leased.id, %problem, "the store did not answer; the webhook is handled again soon");
            return false;
        }
    };
    if let Err(problem) = queue.hide(leased, due).await {
        tracing::warn!(id = %leased.id, %problem, "a message cannot be put off; it comes back when its time is up");
    }
    false
}

fn read(message: SqsMessage) -> Leased {
    Carried {
        id: message.message_attributes.get("id").and_then(|attribute| attribute.string_value.as_deref()),
        message_id: message.message_id.as_deref(),
        sent: message.attributes.get("SentTimestamp").map(String::as_str),
        body: message.body.as_deref(),
        receipt: message.receipt_handle.as_deref(),
    }
    .leased()
}
