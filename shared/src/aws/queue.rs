//! The inbound queue: SQS carries text, so a message travels as base64, its id beside it.

use std::time::Duration;

use aws_sdk_sqs::operation::change_message_visibility::ChangeMessageVisibilityError;
use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::failure::unavailable;
use super::store::{Queue, Store};
use crate::id::WebhookId;
use crate::seam::{Answer, Dequeue, Enqueue, Leased, Receipt, Unavailable};
use crate::timestamp::Timestamp;

pub(super) const SQS: &str = "SQS";

/// The message attribute that holds the id.
const ID: &str = "id";

/// SQS delays a new message no longer, and hides one that was handed out no longer.
pub(super) const LONGEST_DELAY: Duration = Duration::from_secs(900);
const LONGEST_HIDING: Duration = Duration::from_secs(12 * 3_600);

/// SQS hands out no more at once.
const MOST: usize = 10;

impl Enqueue for Store {
    /// SQS takes 1 MiB, and counts every 64 KB as a request; S3 is the cheaper place for what is larger.
    const INLINE: usize = 200_000;

    async fn enqueue(&self, id: WebhookId, message: Bytes, due: Timestamp) -> Answer<()> {
        let name = MessageAttributeValue::builder().data_type("String").string_value(id.to_string()).build();
        let name = name.map_err(|problem| Unavailable(problem.to_string()))?;
        let send = self.queue.client.send_message().queue_url(&self.queue.url);
        let mut send = send.message_body(STANDARD.encode(&message)).message_attributes(ID, name);
        let wait = seconds(due.since(Timestamp::now()).min(LONGEST_DELAY));
        if wait > 0 {
            send = send.delay_seconds(wait);
        }
        send.send().await.map_err(|failure| unavailable(SQS, failure))?;
        Ok(())
    }
}

impl Dequeue for Store {
    /// The time is SQS's own.
    async fn lease(&self, most: usize, _: Timestamp, lease: Duration) -> Answer<Vec<Leased>> {
        let receive = self.queue.client.receive_message().queue_url(&self.queue.url);
        let receive = receive
            .max_number_of_messages(most.clamp(1, MOST) as i32)
            .visibility_timeout(seconds(lease))
            .message_attribute_names(ID)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        let received = receive.send().await.map_err(|failure| unavailable(SQS, failure))?;
        Ok(received.messages.unwrap_or_default().into_iter().map(read).collect())
    }

    async fn hide(&self, leased: &Leased, due: Timestamp) -> Answer<()> {
        hide(&self.queue, &leased.receipt, due).await
    }

    async fn remove(&self, leased: &Leased) -> Answer<()> {
        let delete = self.queue.client.delete_message().queue_url(&self.queue.url).receipt_handle(&leased.receipt.0);
        match delete.send().await {
            Err(failure) if failure.as_service_error().is_some_and(|answer| answer.is_receipt_handle_is_invalid()) => {
                Ok(())
            }
            Err(failure) => Err(unavailable(SQS, failure)),
            Ok(_) => Ok(()),
        }
    }
}

/// Nobody gets the message before then, or for 12 hours from when it was handed out, which is as long as
/// SQS hides one.
pub(super) async fn hide(queue: &Queue, receipt: &Receipt, due: Timestamp) -> Answer<()> {
    let wait = due.since(Timestamp::now()).min(LONGEST_HIDING);
    let change = queue.client.change_message_visibility().queue_url(&queue.url);
    match change.receipt_handle(&receipt.0).visibility_timeout(seconds(wait)).send().await {
        // Its lease has ended: it is due already.
        Err(failure) if failure.as_service_error().is_some_and(is_over) => Ok(()),
        Err(failure) => Err(unavailable(SQS, failure)),
        Ok(_) => Ok(()),
    }
}

fn is_over(answer: &ChangeMessageVisibilityError) -> bool {
    answer.is_message_not_inflight() || answer.is_receipt_handle_is_invalid()
}

/// Whole seconds, never too few.
pub(super) fn seconds(span: Duration) -> i32 {
    i32::try_from(span.as_millis().div_ceil(1_000)).unwrap_or(i32::MAX)
}

fn read(message: Message) -> Leased {
    let id = message.message_attributes.as_ref().and_then(|all| all.get(ID)?.string_value.as_deref());
    let sent = message.attributes.as_ref().and_then(|all| all.get(&MessageSystemAttributeName::SentTimestamp));
    Carried {
        id,
        message_id: message.message_id.as_deref(),
        sent: sent.map(String::as_str),
        body: message.body.as_deref(),
        receipt: message.receipt_handle.as_deref(),
    }
    .leased()
}

/// What SQS says of a message, received by a poller or by us.
pub(super) struct Carried<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) message_id: Option<&'a str>,
    pub(super) sent: Option<&'a str>,
    pub(super) body: Option<&'a str>,
    pub(super) receipt: Option<&'a str>,
}

impl Carried<'_> {
    /// What we did not send has SQS's own id, and its bytes as they are: nobody can read it, and it
    /// becomes a dead letter that its owner can look at.
    pub(super) fn leased(self) -> Leased {
        let body = self.body.unwrap_or_default();
        let foreign = || Bytes::copy_from_slice(body.as_bytes());
        let ours = self.id.and_then(|id| id.parse().ok());
        let sent = self.sent.and_then(|sent| sent.parse().ok()).map(Timestamp);
        let name = || {
            let digits: String = self.message_id.unwrap_or_default().chars().filter(|c| *c != '-').collect();
            WebhookId::from_bits(u128::from_str_radix(&digits, 16).unwrap_or_default())
        };
        Leased {
            id: ours.unwrap_or_else(name),
            due: sent.unwrap_or_default(),
            message: STANDARD.decode(body).map_or_else(|_| foreign(), Bytes::from),
            receipt: Receipt(self.receipt.unwrap_or_default().to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_ours_is_read_back_and_a_foreign_one_is_kept_as_it_is() {
        let id = WebhookId::from_bits(7).to_string();
        let carried = |id, body| Carried {
            id,
            message_id: Some("00000000-0000-0000-0000-0000000000ff"),
            sent: Some("1700000000000"),
            body: Some(body),
            receipt: Some("r"),
        };
        let ours = carried(Some(id.as_str()), "AQI=").leased();
        assert_eq!((ours.id.bits(), &ours.message[..], ours.due.0), (7, &[1, 2][..], 1_700_000_000_000));
        let foreign = carried(None, "hello, world").leased();
        assert_eq!((foreign.id.bits(), &foreign.message[..]), (255, &b"hello, world"[..]));
        let nameless = Carried { id: Some("x"), message_id: None, sent: Some("x"), body: None, receipt: None }.leased();
        assert_eq!((nameless.id.bits(), nameless.due.0), (0, 0));
    }

    #[test]
    fn waits_are_never_too_short() {
        assert_eq!([0, 1, 1_000, 1_001].map(|ms| seconds(Duration::from_millis(ms))), [0, 1, 1, 2]);
    }
}
