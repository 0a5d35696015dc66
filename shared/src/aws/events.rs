//! Events: a row each, with the endpoints that it is for; data that is large lies in the bucket.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use bytes::Bytes;

use super::failure::{DYNAMODB, conditional, unavailable};
use super::history::{at, history_key};
use super::outbound::Outbound;
use super::store::{expiry, number, text};
use crate::event::{Data, Digested, Event, EventId};
use crate::seam::{Answer, DeliveryKey, KeepEvent, Keeping, ReadEvent, Recipient, Turn, Unavailable};
use crate::timestamp::Timestamp;

/// Beyond this a write of the row costs more than one of an object.
const INLINE: usize = 16 << 10;

/// What an event's row holds beside its data and what the indexes need.
const HEAD: [&str; 10] =
    ["tenant", "event", "type", "timestamp", "received", "channels", "content_type", "digest", "endpoints", "also"];

/// The sort key of the mark that all of an event's turns are queued.
const QUEUED: &str = "queued";

pub(super) type Row = HashMap<String, AttributeValue>;

/// The partition of an event and its deliveries.
pub(super) fn partition(tenant: &str, event: &EventId) -> String {
    format!("event/{tenant}/{event}")
}

/// Where data lies that its row does not hold: another event under the same id has another place.
fn apart(event: &Event) -> String {
    format!("events/{}/{}/{}", event.tenant, event.id, event.digest.0)
}

/// What is known of an event that was kept before.
struct Before {
    digest: String,
    endpoints: Vec<String>,
}

impl KeepEvent for Outbound {
    /// Data, row, messages, and last a mark that they are queued: without it the messages are sent
    /// again. Claims tell them apart.
    async fn keep_event(&self, event: &Event, to: &[Recipient]) -> Answer<Keeping> {
        if event.data.bytes.len() > INLINE {
            self.bucket.put(apart(event), event.data.bytes.clone()).await?;
        }
        let mut turns: Vec<Turn> = to.iter().map(|to| first(event, &to.endpoint, to.due)).collect();
        if let Some(before) = self.put_event(event, to).await? {
            if before.digest != event.digest.0 {
                return Ok(Keeping::Taken);
            }
            let endpoints = before.endpoints.len();
            if self.is_queued(event).await? {
                return Ok(Keeping::Kept { endpoints });
            }
            let due = |name: &str| to.iter().find(|to| to.endpoint == name).map_or(event.received, |to| to.due);
            turns = before.endpoints.iter().map(|name| first(event, name, due(name))).collect();
        }
        let endpoints = turns.len();
        if endpoints > 0 {
            self.turns.send_all(&turns, Timestamp::now()).await?;
            self.mark_queued(event).await?;
        }
        Ok(Keeping::Kept { endpoints })
    }
}

fn first(event: &Event, endpoint: &str, due: Timestamp) -> Turn {
    let key = DeliveryKey { tenant: event.tenant.clone(), event: event.id.clone(), endpoint: endpoint.to_owned() };
    Turn { key, number: 1, due, paced: false }
}

impl Outbound {
    /// What was kept under that id before, if anything was: then nothing is written.
    async fn put_event(&self, event: &Event, to: &[Recipient]) -> Answer<Option<Before>> {
        let endpoints: Vec<&str> = to.iter().map(|to| &*to.endpoint).collect();
        let mut put = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .item("pk", text(partition(&event.tenant, &event.id)))
            .item("sk", text("-"))
            .item("tenant", text(&*event.tenant))
            .item("event", text(event.id.as_str()))
            .item("type", text(event.kind.as_str()))
            .item("timestamp", number(event.timestamp.0))
            .item("received", number(event.received.0))
            .item("channels", text(event.channels.join(" ")))
            .item("content_type", text(&*event.data.content_type))
            .item("digest", text(&*event.digest.0))
            .item("endpoints", text(endpoints.join(" ")))
            .item("history", text(history_key(&format!("events/{}", event.tenant), event.received, &event.id)))
            .item("at", text(at(event.received, &event.id)))
            .item("expires", expiry(event.received.after(self.kept())))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Some(origin) = &event.origin {
            put = put.item("origin", text(serde_json::to_string(origin).unwrap_or_default()));
        }
        if event.data.bytes.len() <= INLINE {
            put = put.item("data", AttributeValue::B(Blob::new(event.data.bytes.to_vec())));
        }
        match put.send().await {
            Ok(_) => Ok(None),
            Err(failure) => match failure.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(taken)) => {
                    Ok(Some(before(taken.item.as_ref().unwrap_or(&Row::new()))))
                }
                _ => Err(unavailable(DYNAMODB, failure)),
            },
        }
    }

    /// An event's row without its data.
    pub(super) async fn event_head(&self, tenant: &str, id: &EventId) -> Answer<Option<Row>> {
        let get = self.table.client.get_item().table_name(&self.table.name).consistent_read(true);
        let get = get.key("pk", text(partition(tenant, id))).key("sk", text("-"));
        let get = HEAD.iter().fold(get, |get, name| get.expression_attribute_names(format!("#{name}"), *name));
        let get = get.projection_expression(HEAD.map(|name| format!("#{name}")).join(", "));
        Ok(get.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?.item)
    }

    /// From now on the event is for that endpoint too.
    pub(super) async fn add_endpoint(&self, tenant: &str, id: &EventId, endpoint: &str) -> Answer<()> {
        let update = self.table.client.update_item().table_name(&self.table.name);
        let update = update
            .key("pk", text(partition(tenant, id)))
            .key("sk", text("-"))
            .update_expression("ADD also :endpoint")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":endpoint", AttributeValue::Ss(vec![endpoint.to_owned()]));
        conditional(update.send().await).map(|_| ())
    }

    /// A row of its own: a write to the event's would cost as much as the event.
    async fn mark_queued(&self, event: &Event) -> Answer<()> {
        let put = self.table.client.put_item().table_name(&self.table.name);
        let put = put.item("pk", text(partition(&event.tenant, &event.id))).item("sk", text(QUEUED));
        let put = put.item("expires", expiry(event.received.after(self.kept())));
        put.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
        Ok(())
    }

    async fn is_queued(&self, event: &Event) -> Answer<bool> {
        let get = self.table.client.get_item().table_name(&self.table.name).consistent_read(true);
        let get = get.key("pk", text(partition(&event.tenant, &event.id))).key("sk", text(QUEUED));
        Ok(get.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?.item.is_some())
    }
}

fn before(row: &Row) -> Before {
    Before { digest: string(row, "digest").unwrap_or_default().to_owned(), endpoints: endpoints(row) }
}

impl ReadEvent for Outbound {
    async fn event(&self, tenant: &str, id: &EventId) -> Answer<Option<Arc<Event>>> {
        let get = self.table.client.get_item().table_name(&self.table.name);
        let got = get.key("pk", text(partition(tenant, id))).key("sk", text("-")).consistent_read(true).send().await;
        let Some(row) = got.map_err(|failure| unavailable(DYNAMODB, failure))?.item else { return Ok(None) };
        let unreadable = || Unavailable(format!("{DYNAMODB}: the event {id} cannot be read"));
        let mut event = read(&row).ok_or_else(unreadable)?;
        if !row.contains_key("data") {
            let Some(data) = self.bucket.get(apart(&event)).await? else { return Ok(None) };
            event.data.bytes = data;
        }
        Ok(Some(Arc::new(event)))
    }
}

/// An event, without data that lies apart; of the index, what it projects.
pub(super) fn read(row: &Row) -> Option<Event> {
    let data = row.get("data").and_then(|data| data.as_b().ok());
    Some(Event {
        tenant: string(row, "tenant")?.to_owned(),
        id: string(row, "event")?.parse().ok()?,
        kind: string(row, "type")?.parse().ok()?,
        timestamp: moment(row, "timestamp").or(moment(row, "received"))?,
        received: moment(row, "received")?,
        channels: words(string(row, "channels").unwrap_or_default()),
        data: Data {
            content_type: string(row, "content_type").unwrap_or_default().to_owned(),
            bytes: data.map(|data| Bytes::copy_from_slice(data.as_ref())).unwrap_or_default(),
        },
        digest: Digested(string(row, "digest").unwrap_or_default().to_owned()),
        origin: string(row, "origin").and_then(|origin| serde_json::from_str(origin).ok()),
    })
}

/// The endpoints that an event is for: those that it was matched to, then those that it was replayed to.
pub(super) fn endpoints(row: &Row) -> Vec<String> {
    let mut endpoints = words(string(row, "endpoints").unwrap_or_default());
    let mut also = row.get("also").and_then(|also| also.as_ss().ok()).cloned().unwrap_or_default();
    also.retain(|endpoint| !endpoints.contains(endpoint));
    also.sort();
    endpoints.extend(also);
    endpoints
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

pub(super) fn string<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name)?.as_s().ok().map(String::as_str)
}

pub(super) fn moment(row: &Row, name: &str) -> Option<Timestamp> {
    row.get(name)?.as_n().ok()?.parse().ok().map(Timestamp)
}
