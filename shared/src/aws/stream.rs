//! A DynamoDB stream as events: a record that is added to `orders` is an `orders.inserted`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::http::Error;
use crate::endpoint::DEFAULT_TENANT;
use crate::event::{Data, EventId, EventType};
use crate::outbound::{Accepted, Emission};
use crate::seam::Answer;
use crate::timestamp::Timestamp;

/// <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>
#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(rename = "eventID")]
    event_id: String,
    event_name: String,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: String,
    dynamodb: Change,
    user_identity: Option<Identity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    approximate_creation_date_time: Option<f64>,
    keys: Option<Item>,
    new_image: Option<Item>,
    old_image: Option<Item>,
}

/// Who made a change that no caller made.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    principal_id: Option<String>,
}

/// Where a batch is taken up again.
#[derive(Deserialize)]
struct Numbered {
    dynamodb: Sequence,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sequence {
    sequence_number: String,
}

type Item = BTreeMap<String, Attribute>;

#[derive(Deserialize)]
enum Attribute {
    S(String),
    N(String),
    B(String),
    #[serde(rename = "BOOL")]
    Bool(bool),
    #[serde(rename = "NULL")]
    Null(IgnoredAny),
    M(Item),
    L(Vec<Attribute>),
    #[serde(rename = "SS")]
    Ss(Vec<String>),
    #[serde(rename = "NS")]
    Ns(Vec<String>),
    #[serde(rename = "BS")]
    Bs(Vec<String>),
}

/// Emits an event for each change, in their order. What comes after one that cannot be taken now comes
/// again with it.
///
/// # Errors
/// The runtime did not answer.
pub async fn run(emit: impl AsyncFn(Emission) -> Answer<(EventId, Accepted)>) -> Result<(), Error> {
    let emit = Arc::new(emit);
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let emit = Arc::clone(&emit);
        async move {
            let batch: Batch<'_> = serde_json::from_str(event.payload.get())?;
            let failures = match take(&batch, &*emit).await {
                Ok(()) => Vec::new(),
                Err(failed) => vec![json!({ "itemIdentifier": failed })],
            };
            Ok::<Value, Error>(json!({ "batchItemFailures": failures }))
        }
    });
    Runtime::new(service).run().await
}

/// The sequence number of the first that was not taken.
async fn take(batch: &Batch<'_>, emit: &impl AsyncFn(Emission) -> Answer<(EventId, Accepted)>) -> Result<(), String> {
    for raw in &batch.records {
        let number = number(raw);
        let emission = match read(raw.get()) {
            Ok(emission) => emission,
            Err(problem) => {
                let (line, column) = (problem.line(), problem.column());
                tracing::error!(number, line, column, "a change that cannot be read; it is left out");
                continue;
            }
        };
        match Box::pin(emit(emission)).await {
            Ok((_, Accepted::Queued { .. })) => {}
            Ok((id, Accepted::Taken)) => {
                tracing::error!(number, %id, "another event was accepted under the id of this change; it is left out")
            }
            Err(problem) => {
                tracing::error!(number, %problem, "cannot take events");
                return Err(number);
            }
        }
    }
    Ok(())
}

/// What the stream calls a record.
fn number(record: &RawValue) -> String {
    let numbered: Option<Numbered> = serde_json::from_str(record.get()).ok();
    numbered.map(|numbered| numbered.dynamodb.sequence_number).unwrap_or_default()
}

fn read(record: &str) -> Result<Emission, serde_json::Error> {
    let record: Record = serde_json::from_str(record)?;
    let what = match &*record.event_name {
        "INSERT" => "inserted",
        "MODIFY" => "modified",
        _ => "removed",
    };
    let table = record.event_source_arn.split('/').nth(1).unwrap_or("table");
    let kind = kind(table, what).map_err(|why| serde::de::Error::custom(why.to_string()))?;
    let by_ttl = record.user_identity.is_some_and(|by| by.principal_id.as_deref() == Some("dynamodb.amazonaws.com"));
    let id = record.event_id.parse().unwrap_or_else(|_| EventId::derived("ddb", &[&record.event_id]));
    let at = record.dynamodb.approximate_creation_date_time;
    Ok(Emission {
        tenant: DEFAULT_TENANT.into(),
        id: Some(id),
        kind,
        timestamp: at.map(|seconds| Timestamp((seconds * 1_000.0) as u64)),
        channels: Vec::new(),
        data: Data::json(data(table, &record.dynamodb, by_ttl)),
    })
}

fn kind(table: &str, what: &str) -> Result<EventType, crate::event::NotAnEventType> {
    let plain = |table: &str| format!("{table}.{what}").parse();
    plain(table).or_else(|_| plain(&table.replace('.', "_")))
}

/// `{"table", "keys", "new", "old", "expired"}`, as plain JSON.
fn data(table: &str, change: &Change, by_ttl: bool) -> String {
    let mut json = format!(r#"{{"table":{}"#, quoted(table));
    for (name, item) in [("keys", &change.keys), ("new", &change.new_image), ("old", &change.old_image)] {
        if let Some(item) = item {
            json += &format!(r#","{name}":"#);
            write_item(&mut json, item);
        }
    }
    if by_ttl {
        json += r#","expired":true"#;
    }
    json + "}"
}

fn write_item(json: &mut String, item: &Item) {
    write_all(json, '{', item, '}', |json, (name, attribute)| {
        json.push_str(&quoted(name));
        json.push(':');
        write_attribute(json, attribute);
    });
}

fn write_attribute(json: &mut String, attribute: &Attribute) {
    match attribute {
        Attribute::S(text) | Attribute::B(text) => json.push_str(&quoted(text)),
        Attribute::N(number) => write_number(json, number),
        // Writing to a text cannot fail.
        Attribute::Bool(is) => drop(write!(json, "{is}")),
        Attribute::Null(_) => json.push_str("null"),
        Attribute::M(item) => write_item(json, item),
        Attribute::L(list) => write_all(json, '[', list, ']', write_attribute),
        Attribute::Ss(set) | Attribute::Bs(set) => write_all(json, '[', set, ']', |json, text| *json += &quoted(text)),
        Attribute::Ns(set) => write_all(json, '[', set, ']', |json, number| write_number(json, number)),
    }
}

fn write_all<T>(
    json: &mut String,
    open: char,
    all: impl IntoIterator<Item = T>,
    close: char,
    write: impl Fn(&mut String, T),
) {
    json.push(open);
    for (at, one) in all.into_iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        write(json, one);
    }
    json.push(close);
}

/// With all its digits, which a float would not keep.
fn write_number(json: &mut String, number: &str) {
    let is_one = serde_json::from_str::<serde_json::Number>(number).is_ok();
    json.push_str(&if is_one { number.to_owned() } else { quoted(number) });
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"eventID": "c4ca4238a0b923820dcc509a6f75849b", "eventName": "INSERT", "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": "us-east-1",
        "dynamodb": {"ApproximateCreationDateTime": 1479499740.5, "Keys": {"Id": {"N": "101"}}, "SequenceNumber": "111",
            "NewImage": {"Id": {"N": "101"}, "n": {"N": "12345678901234567890.10"}, "b": {"BOOL": true}, "z": {"NULL": true},
                "l": {"L": [{"S": "a\"b"}, {"M": {"x": {"NS": ["1", "2"]}}}]}}, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/shop.orders-1/stream/2016-11-16T20:42:48.104"}"#;

    #[test]
    fn a_record_is_an_event_of_plain_json() {
        let read = read(RECORD).unwrap();
        assert_eq!(read.kind.as_str(), "shop.orders-1.inserted");
        assert_eq!(read.timestamp, Some(Timestamp(1_479_499_740_500)));
        let data = r#"{"table":"shop.orders-1","keys":{"Id":101},"new":{"Id":101,"b":true,"l":["a\"b",{"x":[1,2]}],"n":12345678901234567890.10,"z":null}}"#;
        assert_eq!(std::str::from_utf8(&read.data.bytes).unwrap(), data);
    }

    #[tokio::test]
    async fn a_batch_stops_at_the_first_that_cannot_be_taken() {
        let raw = format!(r#"{{"Records": [{RECORD}, {}, {RECORD}]}}"#, RECORD.replace("111", "222"));
        let batch: Batch<'_> = serde_json::from_str(&raw).unwrap();
        let taken = std::cell::Cell::new(0);
        let emit = async |_| {
            taken.set(taken.get() + 1);
            let accepted = (EventId::derived("x", &[]), Accepted::Queued { endpoints: 1 });
            if taken.get() < 2 { Ok(accepted) } else { Err(crate::seam::Unavailable("down".into())) }
        };
        assert_eq!(take(&batch, &emit).await, Err("222".into()));
        assert_eq!(taken.get(), 2);
    }

    #[test]
    fn a_table_is_named_as_a_type_can_be() {
        assert_eq!(kind("a..b", "removed").unwrap().as_str(), "a__b.removed");
    }
}
