//! The inbound queue: rows in the order in which they are due, leases in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::store::Store;
use super::tables::QUEUE;
use crate::id::WebhookId;
use crate::seam::{Answer, Dequeue, Enqueue, Leased, Receipt};
use crate::timestamp::Timestamp;

type Key = (u64, u128);

/// Messages that somebody is at, and until when nobody else gets them.
#[derive(Default)]
pub(super) struct HandedOut(Mutex<HashMap<Key, Timestamp>>);

impl HandedOut {
    fn take(&self, key: Key, now: Timestamp, until: Timestamp) -> bool {
        let mut leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if leases.get(&key).is_some_and(|ends| *ends > now) {
            return false;
        }
        leases.insert(key, until);
        true
    }

    fn give_back(&self, key: Key) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }
}

fn key(leased: &Leased) -> Key {
    (leased.due.0, leased.id.bits())
}

impl Enqueue for Store {
    const INLINE: usize = 64 << 10;

    async fn enqueue(&self, id: WebhookId, message: Bytes, due: Timestamp) -> Answer<()> {
        self.write(move |tables| {
            tables.queue()?.insert((due.0, id.bits()), &*message)?;
            Ok(())
        })
        .await?;
        self.inner.arrived.notify_one();
        Ok(())
    }
}

impl Dequeue for Store {
    async fn lease(&self, most: usize, now: Timestamp, lease: Duration) -> Answer<Vec<Leased>> {
        let until = now.after(lease);
        self.read(|read| {
            let mut taken = Vec::new();
            for row in read.open_table(QUEUE)?.range(..=(now.0, u128::MAX))? {
                if taken.len() == most {
                    break;
                }
                let (key, message) = row?;
                if self.inner.handed_out.take(key.value(), now, until) {
                    let (due, id) = key.value();
                    let message = Bytes::copy_from_slice(message.value());
                    taken.push(Leased {
                        id: WebhookId::from_bits(id),
                        due: Timestamp(due),
                        message,
                        receipt: Receipt::default(),
                    });
                }
            }
            Ok(taken)
        })
    }

    async fn hide(&self, leased: &Leased, due: Timestamp) -> Answer<()> {
        let (old, new) = (key(leased), (due.0, leased.id.bits()));
        let message = leased.message.clone();
        self.write(move |tables| {
            let queue = tables.queue()?;
            if queue.remove(old)?.is_some() {
                queue.insert(new, &*message)?;
            }
            Ok(())
        })
        .await?;
        self.inner.handed_out.give_back(old);
        self.inner.arrived.notify_one();
        Ok(())
    }

    async fn remove(&self, leased: &Leased) -> Answer<()> {
        let (key, id) = (key(leased), leased.id);
        let removed = self.write(move |tables| Ok(tables.queue()?.remove(key)?.is_some())).await?;
        self.inner.handed_out.give_back(key);
        // One that was buried is gone from the queue already: a dead letter keeps its body.
        if removed && self.inner.bodies.holds(id) {
            self.inner.bodies.remove(id);
        }
        Ok(())
    }
}

impl Store {
    /// When the next message is due that is not handed out now, `now` included.
    pub fn next_due(&self, now: Timestamp) -> Answer<Option<Timestamp>> {
        self.read(|read| {
            let leases = self.inner.handed_out.0.lock().unwrap_or_else(PoisonError::into_inner);
            let mut next: Option<Timestamp> = None;
            for row in read.open_table(QUEUE)?.range::<Key>(..)? {
                let key = row?.0.value();
                let due = match leases.get(&key) {
                    Some(ends) if *ends > now => *ends,
                    _ => return Ok(Some(next.map_or(Timestamp(key.0), |next| next.min(Timestamp(key.0))))),
                };
                next = Some(next.map_or(due, |next| next.min(due)));
            }
            Ok(next)
        })
    }

    /// Ends the lease of a message early, at `until`: its handling failed for no fault of its own.
    pub fn put_back(&self, leased: &Leased, until: Timestamp) {
        let mut leases = self.inner.handed_out.0.lock().unwrap_or_else(PoisonError::into_inner);
        leases.insert(key(leased), until);
    }

    /// Answers when a message has come or changed since the last time somebody waited.
    pub async fn arrival(&self) {
        self.inner.arrived.notified().await;
    }
}
