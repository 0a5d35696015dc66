//! Events and deliveries of the outbound path, as an owner reads them back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::range::{Asked, page};
use super::unavailable;
use crate::event::{Data, Event, EventId, Origin};
use crate::reply::{self, Refused, Reply};
use crate::seam::{Attempt, Delivery, DeliveryKey, History, Page, ReadEvent};

const NO_EVENT: Refused = Refused::NotFound("no such event");
const NO_DELIVERY: Refused = Refused::NotFound("no such delivery");

pub(super) async fn events(history: &impl History, query: Option<&str>) -> Result<Reply, Refused> {
    let Asked { tenant, range, .. } = Asked::read(query)?;
    let found = history.events(&tenant, &range).await.map_err(unavailable)?;
    Ok(reply::json(StatusCode::OK, &page(&found, event)))
}

/// One event, its data and its deliveries.
pub(super) async fn show(
    history: &(impl History + ReadEvent),
    id: &str,
    query: Option<&str>,
) -> Result<Reply, Refused> {
    let (Asked { tenant, .. }, id) = (Asked::read(query)?, read(id).ok_or(NO_EVENT)?);
    let found = history.event(&tenant, &id).await.map_err(unavailable)?.ok_or(NO_EVENT)?;
    let deliveries = history.deliveries_of(&tenant, &id).await.map_err(unavailable)?.unwrap_or_default();
    let (data, data_base64) = data(&found.data);
    let deliveries = deliveries.iter().map(delivery).collect();
    Ok(reply::json(
        StatusCode::OK,
        &Shown { event: event(&found), data, data_base64, origin: found.origin.clone(), deliveries },
    ))
}

/// An event with all that is known of it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    event: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
    /// The webhook that it was published from.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    deliveries: Vec<Value>,
}

/// JSON as it was written, other text as a text, and in base64 what is no text.
fn data(data: &Data) -> (Option<Box<RawValue>>, Option<String>) {
    let Ok(text) = std::str::from_utf8(&data.bytes) else { return (None, Some(STANDARD.encode(&data.bytes))) };
    let written = if data.is_json() { serde_json::from_str(text).ok() } else { None };
    (written.or_else(|| to_raw_value(text).ok()), None)
}

/// Of one event, or to one endpoint.
pub(super) async fn deliveries(history: &impl History, query: Option<&str>) -> Result<Reply, Refused> {
    let Asked { tenant, event, endpoint, state, range } = Asked::read(query)?;
    let found = match (event, endpoint) {
        (Some(id), endpoint) => {
            let id = read(&id).ok_or(NO_EVENT)?;
            let mut items = history.deliveries_of(&tenant, &id).await.map_err(unavailable)?.ok_or(NO_EVENT)?;
            items.retain(|delivery| state.is_none_or(|wanted| wanted == delivery.state));
            items.retain(|delivery| endpoint.as_ref().is_none_or(|wanted| *wanted == delivery.key.endpoint));
            Page { items, next: None }
        }
        (None, Some(endpoint)) => {
            history.deliveries_to(&tenant, &endpoint, state, &range).await.map_err(unavailable)?
        }
        (None, None) => return Err(Refused::BadRequest("say which: ?endpoint=NAME or ?event=ID")),
    };
    Ok(reply::json(StatusCode::OK, &page(&found, listed)))
}

pub(super) async fn delivered(
    history: &impl History,
    (event, endpoint): (&str, &str),
    query: Option<&str>,
) -> Result<Reply, Refused> {
    let (Asked { tenant, .. }, event) = (Asked::read(query)?, read(event).ok_or(NO_DELIVERY)?);
    let key = DeliveryKey { tenant, event, endpoint: endpoint.to_owned() };
    let found = history.delivery(&key).await.map_err(unavailable)?.ok_or(NO_DELIVERY)?;
    Ok(reply::json(StatusCode::OK, &delivery(&found)))
}

fn read(id: &str) -> Option<EventId> {
    id.parse().ok()
}

fn event(event: &Event) -> Value {
    json!({
        "id": event.id,
        "tenant": event.tenant,
        "type": event.kind,
        "timestamp": event.timestamp.precise(),
        "received": event.received.precise(),
        "channels": event.channels,
        "content_type": event.data.content_type,
    })
}

fn delivery(delivery: &Delivery) -> Value {
    let Delivery { key, kind, received, state, next, before: _, attempts } = delivery;
    json!({
        "event": key.event,
        "endpoint": key.endpoint,
        "tenant": key.tenant,
        "type": kind,
        "received": received.precise(),
        "state": state,
        "next": next.map(|(number, due)| json!({ "attempt": number, "due": due.precise() })),
        "attempts": attempts.iter().map(attempt).collect::<Vec<_>>(),
    })
}

/// In a list without what was answered: a page of that could be hundreds of megabytes.
fn listed(one: &Delivery) -> Value {
    let mut shown = delivery(one);
    for attempt in shown["attempts"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        attempt.remove("response");
    }
    shown
}

fn attempt(attempt: &Attempt) -> Value {
    let Attempt { number, at, took, status, error, response } = attempt;
    json!({ "number": number, "at": at.precise(), "took": took, "status": status, "error": error, "response": response })
}
