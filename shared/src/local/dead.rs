//! Dead letters: kept until somebody retries them.

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use super::claims;
use super::store::Store;
use super::tables::DEAD;
use crate::id::WebhookId;
use crate::seam::{Answer, Bury, ClaimKey, DeadLetter, DeadLetters, Leased};
use crate::timestamp::Timestamp;

/// A letter without its message.
#[derive(Serialize, Deserialize)]
struct Label {
    died: Timestamp,
    reason: String,
    tries: u32,
    claim: Option<String>,
}

/// Length of the label (u32, big-endian), label (JSON), message.
fn write(letter: &DeadLetter) -> Bytes {
    let claim = letter.claim.as_ref().map(|claim| claim.0.clone());
    let label = Label { died: letter.died, reason: letter.reason.clone(), tries: letter.tries, claim };
    let label = serde_json::to_vec(&label).unwrap_or_default();
    let mut bytes = BytesMut::with_capacity(4 + label.len() + letter.message.len());
    bytes.put_u32(label.len() as u32);
    bytes.put_slice(&label);
    bytes.put_slice(&letter.message);
    bytes.freeze()
}

fn read(id: u128, bytes: &[u8]) -> Option<DeadLetter> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (label, message) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    let label: Label = serde_json::from_slice(label).ok()?;
    Some(DeadLetter {
        id: WebhookId::from_bits(id),
        died: label.died,
        reason: label.reason,
        tries: label.tries,
        claim: label.claim.map(ClaimKey),
        message: Bytes::copy_from_slice(message),
    })
}

impl Bury for Store {
    /// Both at once, so that a retry finds no second message of the same webhook.
    async fn bury(&self, letter: &DeadLetter, leased: &Leased) -> Answer<()> {
        let (id, bytes, row) = (letter.id.bits(), write(letter), (leased.due.0, leased.id.bits()));
        self.write(move |tables| {
            tables.dead()?.insert(id, &*bytes)?;
            tables.queue()?.remove(row)?;
            Ok(())
        })
        .await
    }
}

impl DeadLetters for Store {
    async fn dead(&self, before: Option<WebhookId>, most: usize) -> Answer<Vec<DeadLetter>> {
        let end = before.map_or(u128::MAX, WebhookId::bits);
        self.read(|table| {
            let mut letters = Vec::new();
            for row in table.open_table(DEAD)?.range(..end)?.rev().take(most) {
                let (id, bytes) = row?;
                letters.extend(read(id.value(), bytes.value()));
            }
            Ok(letters)
        })
    }

    async fn dead_letter(&self, id: WebhookId) -> Answer<Option<DeadLetter>> {
        self.read(|table| Ok(table.open_table(DEAD)?.get(id.bits())?.and_then(|row| read(id.bits(), row.value()))))
    }

    async fn retry(&self, id: WebhookId, now: Timestamp) -> Answer<bool> {
        let found = self
            .write(move |tables| {
                let row = tables.dead()?.remove(id.bits())?;
                let Some(letter) = row.and_then(|row| read(id.bits(), row.value())) else { return Ok(false) };
                if let Some(claim) = &letter.claim {
                    claims::lift(tables, claim)?;
                }
                tables.queue()?.insert((now.0, id.bits()), &*letter.message)?;
                Ok(true)
            })
            .await?;
        self.inner.arrived.notify_one();
        Ok(found)
    }
}
