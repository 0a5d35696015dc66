//! What a sender is invoked with: a request to its URL, an event of EventBridge, or one of ours.

use std::sync::Arc;

use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::eventbridge;
use super::http::{self, Error, Incoming};
use crate::event::EventId;
use crate::outbound::{Accepted, Emission};
use crate::reply::Reply;
use crate::seam::Answer;

/// By which keys the three are told apart. A caller of the URL writes a body, never the event around it.
#[derive(Deserialize)]
struct Shape {
    #[serde(rename = "requestContext")]
    request_context: Option<IgnoredAny>,
    #[serde(rename = "detail-type")]
    detail_type: Option<IgnoredAny>,
}

/// Answers requests, and takes events from whoever may invoke the function, for as long as Lambda wants.
///
/// # Errors
/// The runtime did not answer.
pub async fn run(
    answer: impl AsyncFn(Incoming) -> Reply,
    emit: impl AsyncFn(Emission) -> Answer<(EventId, Accepted)>,
) -> Result<(), Error> {
    let shared = Arc::new((answer, emit));
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let shared = Arc::clone(&shared);
        async move {
            let (answer, emit) = &*shared;
            let payload = event.payload.get();
            let shape: Option<Shape> = serde_json::from_str(payload).ok();
            match shape {
                Some(Shape { request_context: Some(_), .. }) => {
                    let reply = match http::read(payload) {
                        Ok(incoming) => Box::pin(answer(incoming)).await,
                        Err(refused) => refused.reply(),
                    };
                    Ok(serde_json::to_value(http::write(reply).await)?)
                }
                Some(Shape { detail_type: Some(_), .. }) => told(emit, eventbridge::read(payload)?).await,
                _ => told(emit, Emission::read(payload.as_bytes())?).await,
            }
        }
    });
    Runtime::new(service).run().await
}

/// An error is the invocation's: whoever invoked it reads it, and an event of EventBridge comes again or
/// is laid among the dead letters.
async fn told(
    emit: &impl AsyncFn(Emission) -> Answer<(EventId, Accepted)>,
    emission: Emission,
) -> Result<Value, Error> {
    let emitted = Box::pin(emit(emission)).await.inspect_err(|problem| tracing::error!(%problem, "cannot take events"));
    match emitted? {
        (id, Accepted::Queued { endpoints }) => Ok(json!({ "id": id, "endpoints": endpoints })),
        (id, Accepted::Taken) => Err(format!("id: another event was accepted under {id}").into()),
    }
}
