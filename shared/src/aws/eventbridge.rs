//! An event of EventBridge as one of ours: `detail-type` is the type, `detail` the data.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::endpoint::DEFAULT_TENANT;
use crate::event::{Data, EventId, EventType};
use crate::outbound::{Emission, Invalid};
use crate::timestamp::Timestamp;

/// <https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html>
#[derive(Deserialize)]
struct Event<'a> {
    id: String,
    source: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    #[serde(default)]
    time: Option<String>,
    #[serde(borrow)]
    detail: &'a RawValue,
}

/// `Order Created` of `com.acme.orders` is of type `Order_Created`.
pub(super) fn read(payload: &str) -> Result<Emission, Invalid> {
    let wrong = |field: &str, problem: String| Invalid { field: field.into(), problem };
    let event: Event<'_> = serde_json::from_str(payload)
        .map_err(|problem| wrong("event", format!("is not one of EventBridge: {problem}")))?;
    let kind = EventType::near(&event.detail_type).map_err(|problem| wrong("detail-type", problem.to_string()))?;
    let id = event.id.parse().unwrap_or_else(|_| EventId::derived("eb", &[&event.source, &event.id]));
    Ok(Emission {
        tenant: DEFAULT_TENANT.into(),
        id: Some(id),
        kind,
        timestamp: event.time.as_deref().and_then(Timestamp::read),
        channels: Vec::new(),
        data: Data::json(event.detail.get().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_a_bus_is_one_of_ours() {
        let event = r#"{"version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103", "detail-type": "Order Created",
            "source": "com.acme.orders", "account": "111122223333", "time": "2021-11-12T00:00:00Z", "region": "us-east-1",
            "resources": [], "detail": {"total": 19.90}}"#;
        let read = read(event).unwrap();
        assert_eq!((read.kind.as_str(), &*read.data.bytes), ("Order_Created", &br#"{"total": 19.90}"#[..]));
        assert_eq!(read.id.unwrap().as_str(), "17793124-05d4-b198-2fde-7ededc63b103");
        assert!(super::read(r#"{"detail-type": "x"}"#).is_err());
    }
}
