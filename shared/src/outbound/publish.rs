//! Webhook → event → queued: what a source publishes goes out again.

use super::Sender;
use super::emit::json_data;
use super::matching::Accepted;
use crate::event::{Data, Digested, Event};
use crate::seam::{Answer, Clock, FindEndpoints, KeepEvent, LimitEvents, Publication, Publish, Unavailable};

impl<F, K, C> Publish for Sender<F, K, C>
where
    F: FindEndpoints + Sync,
    K: KeepEvent + LimitEvents + Sync,
    C: Clock + Sync,
{
    /// Its id is the webhook's: published twice, it is one event. It waits for room; its tenant's rate is for
    /// who can be told to come back.
    async fn publish(&self, publication: Publication) -> Answer<()> {
        if !self.store.has_room().await? {
            return Err(Unavailable("history is full".into()));
        }
        let Publication { id, tenant, kind, received, data, origin } = publication;
        let data = honest(data);
        let (digest, channels) = (Digested::of(&kind, Some(received), &[], &data), Vec::new());
        let origin = Some(origin);
        let event = Event { tenant, id, kind, timestamp: received, received, channels, data, digest, origin };
        if self.fan_out(&event).await? == Accepted::Taken {
            tracing::error!(id = %event.id, "another event was accepted under the id of this webhook; it is not published");
        }
        Ok(())
    }
}

const UNKNOWN: &str = "application/octet-stream";

/// Data that says it is JSON and is not goes on as the text or the bytes that it is.
fn honest(data: Data) -> Data {
    if !data.can_be_said() {
        return Data { content_type: UNKNOWN.into(), ..data };
    }
    if !data.is_json() || json_data("data", &data.bytes, &data.content_type).is_ok() {
        return data;
    }
    let is_text = std::str::from_utf8(&data.bytes).is_ok();
    let content_type = if is_text { "text/plain; charset=utf-8" } else { UNKNOWN };
    Data { content_type: content_type.into(), ..data }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_does_not_go_out_as_json() {
        let honest = |bytes: &'static [u8]| honest(Data::json(bytes)).content_type;
        assert_eq!(honest(b"{\"a\": 1}"), "application/json");
        assert_eq!(honest(b"{"), "text/plain; charset=utf-8");
        assert_eq!(honest(b"\xff"), "application/octet-stream");
        let long = Data { content_type: "x".repeat(300), bytes: "{}".into() };
        assert_eq!(super::honest(long).content_type, "application/octet-stream");
    }
}
