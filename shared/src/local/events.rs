//! Events: each kept with its turns in one commit.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use redb::ReadableTable;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use super::lanes::lane;
use super::room::DELIVERY;
use super::store::Store;
use super::tables::{EVENTS, Tables};
use crate::event::{Data, Digested, Event, EventId, EventType, Origin};
use crate::seam::{Answer, KeepEvent, Keeping, ReadEvent, Recipient, State, Unavailable};
use crate::timestamp::Timestamp;

/// Larger events are read for each delivery, and only so much of them is in memory at once: hundreds of
/// deliveries are under way at a time.
const LARGE: usize = 64 << 10;
pub(super) const MOST_LARGE: usize = 24 << 20;

/// An event without its data.
#[derive(Serialize, Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: EventType,
    timestamp: Timestamp,
    received: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    channels: Vec<String>,
    content_type: String,
    digest: Digested,
    /// The endpoints that it is for.
    endpoints: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

/// An event read back, and the endpoints that it is for.
pub(super) struct Stored {
    pub(super) event: Event,
    pub(super) endpoints: Vec<String>,
}

/// Length of the head (u32, big-endian), head (JSON), data.
fn write(event: &Event, endpoints: Vec<String>) -> Bytes {
    let head = Head {
        kind: event.kind.clone(),
        timestamp: event.timestamp,
        received: event.received,
        channels: event.channels.clone(),
        content_type: event.data.content_type.clone(),
        digest: event.digest.clone(),
        endpoints,
        origin: event.origin.clone(),
    };
    let head = serde_json::to_vec(&head).unwrap_or_default();
    let mut bytes = BytesMut::with_capacity(4 + head.len() + event.data.bytes.len());
    bytes.put_u32(head.len() as u32);
    bytes.put_slice(&head);
    bytes.put_slice(&event.data.bytes);
    bytes.freeze()
}

/// `None` if we did not write it. With `data` none of its data is copied.
pub(super) fn read(tenant: &str, id: &str, bytes: &[u8], with_data: bool) -> Option<Stored> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (head, data) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    let Head { kind, timestamp, received, channels, content_type, digest, endpoints, origin } =
        serde_json::from_slice(head).ok()?;
    let bytes = if with_data { Bytes::copy_from_slice(data) } else { Bytes::new() };
    let data = Data { content_type, bytes };
    let (tenant, id) = (tenant.to_owned(), id.parse().ok()?);
    Some(Stored { event: Event { tenant, id, kind, timestamp, received, channels, data, digest, origin }, endpoints })
}

/// Has an event be for one more endpoint. `None` if it is not kept, or cannot be read.
pub(super) fn add_endpoint(
    tables: &mut Tables<'_>,
    tenant: &str,
    id: &str,
    endpoint: &str,
) -> Result<Option<Event>, redb::Error> {
    let kept = tables.events()?.get((tenant, id))?.and_then(|row| read(tenant, id, row.value(), true));
    let Some(Stored { event, mut endpoints }) = kept else { return Ok(None) };
    if !endpoints.iter().any(|known| known == endpoint) {
        endpoints.push(endpoint.to_owned());
        tables.events()?.insert((tenant, id), &*write(&event, endpoints))?;
        tables.grown += endpoint.len() as i64 + DELIVERY;
    }
    Ok(Some(event))
}

impl KeepEvent for Store {
    /// All at once: what was kept before is complete.
    async fn keep_event(&self, event: &Event, to: &[Recipient]) -> Answer<Keeping> {
        let endpoints = to.iter().map(|to| to.endpoint.clone()).collect();
        let (bytes, digest) = (write(event, endpoints), event.digest.clone());
        let (tenant, id, received) = (event.tenant.clone(), event.id.clone(), event.received.0);
        let lanes: Vec<_> = to.iter().map(|to| (lane(&tenant, &to.endpoint), to.due)).collect();
        let arriving = lanes.clone();
        let (kept, is_new) = self
            .write(move |tables| {
                let id = id.as_str();
                if let Some(row) = tables.events()?.get((&*tenant, id))? {
                    let kept = read(&tenant, id, row.value(), false).filter(|kept| kept.event.digest == digest);
                    return Ok((kept.map(|kept| kept.endpoints.len()), false));
                }
                tables.events()?.insert((&*tenant, id), &*bytes)?;
                tables.events_by_time()?.insert((&*tenant, received, id), ())?;
                tables.grown += bytes.len() as i64 + DELIVERY * lanes.len() as i64;
                for (lane, due) in &lanes {
                    tables.turns()?.insert((&**lane, due.0, id), (1, false))?;
                    tables.deliveries_by_time()?.insert((&**lane, received, id), State::Pending as u8)?;
                }
                Ok((Some(lanes.len()), true))
            })
            .await?;
        if is_new && !arriving.is_empty() && event.data.bytes.len() <= LARGE {
            self.inner.recent.put(Arc::new(event.clone()));
        }
        for (lane, due) in arriving {
            self.inner.lanes.arrive(&lane, due);
        }
        Ok(kept.map_or(Keeping::Taken, |endpoints| Keeping::Kept { endpoints }))
    }
}

impl ReadEvent for Store {
    async fn event(&self, tenant: &str, id: &EventId) -> Answer<Option<Arc<Event>>> {
        if let Some(recent) = self.inner.recent.get(tenant, id) {
            return Ok(Some(recent));
        }
        let size =
            self.read(|table| Ok(table.open_table(EVENTS)?.get((tenant, id.as_str()))?.map(|row| row.value().len())))?;
        let share = match size {
            Some(size) if size > LARGE => Some(self.share(size).await?),
            _ => None,
        };
        let Some(Stored { mut event, endpoints }) = self.stored(tenant, id, true)? else { return Ok(None) };
        if let Some(share) = share {
            event.data.bytes = Bytes::from_owner(Held { data: event.data.bytes, _share: share });
            return Ok(Some(Arc::new(event)));
        }
        let event = Arc::new(event);
        if endpoints.len() > 1 {
            // The others ask for it soon.
            self.inner.recent.put(Arc::clone(&event));
        }
        Ok(Some(event))
    }
}

/// Data, and its share of the memory for large data: given back when nobody holds it any more.
struct Held {
    data: Bytes,
    _share: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl Store {
    /// Waits until there is memory for so much.
    async fn share(&self, size: usize) -> Answer<OwnedSemaphorePermit> {
        let share = u32::try_from(size.min(MOST_LARGE)).unwrap_or(u32::MAX);
        let share = Arc::clone(&self.inner.large).acquire_many_owned(share).await;
        share.map_err(|problem| Unavailable(problem.to_string()))
    }

    /// What is there but cannot be read is not said to be gone.
    pub(super) fn stored(&self, tenant: &str, id: &EventId, with_data: bool) -> Answer<Option<Stored>> {
        let row = self.read(|table| {
            let row = table.open_table(EVENTS)?.get((tenant, id.as_str()))?;
            Ok(row.map(|row| read(tenant, id.as_str(), row.value(), with_data)))
        })?;
        row.map(|read| read.ok_or_else(|| Unavailable(format!("the event {id} cannot be read")))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Data;
    use crate::schemes::Proof;

    #[test]
    fn an_event_keeps_its_origin_and_one_of_before_has_none() {
        let (kind, data): (EventType, _) = ("order.created".parse().unwrap(), Data::json("{}"));
        let digest = Digested::of(&kind, None, &[], &data);
        let (id, at) = ("wh-1".parse().unwrap(), Timestamp(1));
        let origin = Some(Origin { source: "shop".into(), proof: Proof::Authenticated });
        let (tenant, channels) = ("default".to_owned(), Vec::new());
        let event = Event { tenant, id, kind, timestamp: at, received: at, channels, data, digest, origin };
        let back = |event: &Event| read("default", "wh-1", &write(event, Vec::new()), true).map(|stored| stored.event);
        assert_eq!(back(&event), Some(event.clone()));
        let emitted = Event { origin: None, ..event };
        assert!(!String::from_utf8_lossy(&write(&emitted, Vec::new())).contains("origin"), "as it was always written");
        assert_eq!(back(&emitted), Some(emitted));
    }
}
