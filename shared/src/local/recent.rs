//! Events of the last moments, so that what many endpoints are sent is read and kept in memory once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::event::{Event, EventId};

/// Bytes of events, roughly: an event of the largest size fits, as do thousands of the usual.
const MOST: usize = 6 << 20;

/// What an event takes beside its data, roughly.
const APART: usize = 512;

#[derive(Default)]
pub(super) struct Recent(Mutex<Events>);

#[derive(Default)]
struct Events {
    by_id: HashMap<EventId, Arc<Event>>,
    /// Oldest first. One that was forgotten stands here for some time still.
    order: VecDeque<Arc<Event>>,
    bytes: usize,
}

impl Recent {
    /// The same id may be an event's of another tenant.
    pub(super) fn get(&self, tenant: &str, id: &EventId) -> Option<Arc<Event>> {
        let events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.by_id.get(id).filter(|event| event.tenant == tenant).cloned()
    }

    pub(super) fn put(&self, event: Arc<Event>) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.bytes += size(&event);
        events.by_id.insert(event.id.clone(), Arc::clone(&event));
        events.order.push_back(event);
        while events.bytes > MOST
            && let Some(oldest) = events.order.pop_front()
        {
            events.bytes -= size(&oldest);
            if events.by_id.get(&oldest.id).is_some_and(|known| Arc::ptr_eq(known, &oldest)) {
                events.by_id.remove(&oldest.id);
            }
        }
    }

    pub(super) fn forget(&self, id: &str) {
        if let Ok(id) = id.parse() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).by_id.remove(&id);
        }
    }
}

fn size(event: &Event) -> usize {
    APART + event.data.bytes.len() + event.data.content_type.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Data, Digested};
    use crate::timestamp::Timestamp;

    fn event(tenant: &str, id: &str, bytes: usize) -> Arc<Event> {
        let (tenant, id, kind) = (tenant.into(), id.parse().unwrap(), "a".parse().unwrap());
        let (timestamp, digest) = (Timestamp(0), Digested(String::new()));
        let data = Data::json(vec![b'1'; bytes]);
        Arc::new(Event {
            tenant,
            id,
            kind,
            timestamp,
            received: timestamp,
            channels: Vec::new(),
            data,
            digest,
            origin: None,
        })
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_bytes() {
        let recent = Recent::default();
        let known = |tenant: &str, id: &str| recent.get(tenant, &id.parse().unwrap()).is_some();
        recent.put(event("t", "a", 4 << 20));
        recent.put(event("t", "b", 1 << 20));
        assert!(known("t", "a") && known("t", "b") && !known("u", "a"));
        recent.put(event("t", "c", 4 << 20));
        assert!(!known("t", "a") && known("t", "b") && known("t", "c"));
    }

    #[test]
    fn of_one_id_the_last_counts_until_it_is_forgotten() {
        let recent = Recent::default();
        let known = |tenant: &str| recent.get(tenant, &"a".parse().unwrap()).is_some();
        recent.put(event("t", "a", 4 << 20));
        recent.put(event("u", "a", 4 << 20));
        assert!(known("u") && !known("t"));
        recent.forget("a");
        assert!(!known("u"));
    }
}
