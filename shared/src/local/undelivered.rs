//! Deliveries that have not arrived, in order: held, given up, or tried in vain and tried again.

use redb::{ReadableTable, WriteTransaction};

use super::deliveries;
use super::tables::{DELIVERIES, Tables, UNDELIVERED};
use crate::seam::{Delivery, State};
use crate::timestamp::Timestamp;

const NEVER: Timestamp = Timestamp(0);

/// Takes the row of a delivery in that state away, if there is one.
pub(super) fn forget(
    tables: &mut Tables<'_>,
    lane: &str,
    state: State,
    received: u64,
    id: &str,
) -> Result<bool, redb::Error> {
    Ok(tables.undelivered()?.remove((lane, state as u8, received, id))?.is_some())
}

/// Writes the row of a delivery down, if it belongs here.
pub(super) fn note(tables: &mut Tables<'_>, lane: &str, delivery: &Delivery) -> Result<(), redb::Error> {
    if let Some(due) = belongs(delivery) {
        let key = (lane, delivery.state as u8, delivery.received.0, delivery.key.event.as_str());
        tables.undelivered()?.insert(key, due.0)?;
    }
    Ok(())
}

/// When it is tried again, if it belongs here.
fn belongs(delivery: &Delivery) -> Option<Timestamp> {
    match delivery.state {
        State::Held | State::GivenUp => Some(NEVER),
        State::Pending if !delivery.attempts.is_empty() => Some(delivery.next.map_or(NEVER, |(_, due)| due)),
        State::Pending | State::Delivered | State::Cancelled => None,
    }
}

/// Finds them all, in a store that knows only its deliveries.
pub(super) fn find_all(write: &WriteTransaction) -> Result<(), redb::Error> {
    let (deliveries, mut undelivered) = (write.open_table(DELIVERIES)?, write.open_table(UNDELIVERED)?);
    for row in deliveries.iter()? {
        let (key, value) = row?;
        let Some(delivery) = deliveries::read(value.value()) else { continue };
        if let Some(due) = belongs(&delivery) {
            let (lane, id) = key.value();
            undelivered.insert((lane, delivery.state as u8, delivery.received.0, id), due.0)?;
        }
    }
    Ok(())
}
