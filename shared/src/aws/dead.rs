//! Dead letters: a row each, the message in it or, where a row cannot hold it, in the bucket.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;

use super::claims::{GIVEN_UP, claim_key};
use super::failure::{DYNAMODB, conditional, unavailable};
use super::store::{Store, expiry, number, text};
use crate::id::WebhookId;
use crate::seam::{Answer, Bury, ClaimKey, DeadLetter, DeadLetters, Enqueue, GetBody, Leased, PutBody, Unavailable};
use crate::timestamp::Timestamp;

const DEAD: &str = "dead";

/// A row holds 400 KB. Ours fit; what somebody else put into the queue may not.
const INLINE: usize = 380_000;

type Row = HashMap<String, AttributeValue>;

impl Bury for Store {
    /// The queue forgets the message when its function has answered.
    async fn bury(&self, letter: &DeadLetter, _: &Leased) -> Answer<()> {
        let mut put = self.table.client.put_item().table_name(&self.table.name);
        put = put
            .item("pk", text(DEAD))
            .item("sk", text(letter.id.to_string()))
            .item("died", number(letter.died.0))
            .item("reason", text(&*letter.reason))
            .item("tries", number(letter.tries.into()))
            .item("expires", expiry(letter.died.after(self.retention)));
        if let Some(claim) = &letter.claim {
            put = put.item("claim", text(&*claim.0));
        }
        if letter.message.len() <= INLINE {
            put = put.item("message", AttributeValue::B(Blob::new(letter.message.to_vec())));
        } else {
            self.bucket.put(apart(letter.id), letter.message.clone()).await?;
        }
        put.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
        Ok(())
    }
}

impl DeadLetters for Store {
    async fn dead(&self, before: Option<WebhookId>, most: usize) -> Answer<Vec<DeadLetter>> {
        let (mut letters, mut next) = (Vec::new(), None);
        loop {
            let query = self.table.client.query().table_name(&self.table.name).scan_index_forward(false);
            let query = query
                .key_condition_expression("pk = :dead AND sk < :before")
                .expression_attribute_values(":dead", text(DEAD))
                // No id sorts after this.
                .expression_attribute_values(":before", text(before.map_or("x".into(), |id| id.to_string())))
                .limit((most - letters.len()) as i32)
                .set_exclusive_start_key(next);
            let page = query.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
            for row in page.items.unwrap_or_default() {
                letters.push(self.letter(row).await?);
            }
            next = page.last_evaluated_key;
            if next.is_none() || letters.len() >= most {
                return Ok(letters);
            }
        }
    }

    async fn dead_letter(&self, id: WebhookId) -> Answer<Option<DeadLetter>> {
        let get = self.table.client.get_item().table_name(&self.table.name).consistent_read(true);
        let got = get.key("pk", text(DEAD)).key("sk", text(id.to_string())).send().await;
        match got.map_err(|failure| unavailable(DYNAMODB, failure))?.item {
            Some(row) => self.letter(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// The claim is lifted first and the letter goes last: a crash in between leaves the letter. It
    /// goes only if it is still the one that was read: it may have died again meanwhile.
    async fn retry(&self, id: WebhookId, now: Timestamp) -> Answer<bool> {
        let Some(letter) = self.dead_letter(id).await? else { return Ok(false) };
        if let Some(claim) = &letter.claim {
            self.lift(claim, now).await?;
        }
        // A body that lies apart begins its time in the bucket anew.
        if let Some(body) = self.get_body(id).await? {
            self.put_body(id, &body).await?;
        }
        self.enqueue(id, letter.message, now).await?;
        let delete = self.table.client.delete_item().table_name(&self.table.name);
        let delete = delete.key("pk", text(DEAD)).key("sk", text(id.to_string()));
        let delete =
            delete.condition_expression("died = :died").expression_attribute_values(":died", number(letter.died.0));
        conditional(delete.send().await).map(|_| true)
    }
}

impl Store {
    /// Lets go of a claim that was given up. One that was completed meanwhile, or that somebody holds, is
    /// none of ours.
    async fn lift(&self, claim: &ClaimKey, now: Timestamp) -> Answer<()> {
        let delete = self.table.client.delete_item().table_name(&self.table.name);
        let delete = delete.key("pk", text(claim_key(claim))).key("sk", text("-"));
        let delete = delete
            .condition_expression("judged = :given_up AND (attribute_not_exists(lease_until) OR lease_until <= :now)")
            .expression_attribute_values(":given_up", text(GIVEN_UP))
            .expression_attribute_values(":now", number(now.0));
        conditional(delete.send().await).map(|_| ())
    }

    async fn letter(&self, row: Row) -> Answer<DeadLetter> {
        let mut letter = read(&row).ok_or_else(|| Unavailable(format!("{DYNAMODB}: a dead letter cannot be read")))?;
        if !row.contains_key("message") {
            letter.message = self.bucket.get(apart(letter.id)).await?.unwrap_or_default();
        }
        Ok(letter)
    }
}

/// Where a message lies that its row cannot hold.
fn apart(id: WebhookId) -> String {
    format!("letters/{id}")
}

fn read(row: &Row) -> Option<DeadLetter> {
    let text = |name: &str| row.get(name).and_then(|value| value.as_s().ok());
    let number = |name: &str| row.get(name)?.as_n().ok()?.parse::<u64>().ok();
    let message = row.get("message").and_then(|value| value.as_b().ok());
    Some(DeadLetter {
        id: text("sk")?.parse().ok()?,
        died: Timestamp(number("died")?),
        reason: text("reason")?.clone(),
        tries: u32::try_from(number("tries")?).ok()?,
        claim: text("claim").cloned().map(ClaimKey),
        message: message.map(|blob| Bytes::copy_from_slice(blob.as_ref())).unwrap_or_default(),
    })
}
