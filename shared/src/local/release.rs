//! What is put back on its way by a replay, in one commit with it.

use redb::ReadableTable;

use super::lanes::lane;
use super::tables::Tables;
use super::{deliveries, events, undelivered};
use crate::seam::{Cursor, Delivery, DeliveryKey, Replay, ReplayKey, State, Which};

/// The state of the deliveries that such a replay is of, if that is one.
fn wanted(which: &Which) -> Option<State> {
    match which {
        Which::Held => Some(State::Held),
        Which::Failed { .. } => Some(State::GivenUp),
        Which::Missing { .. } | Which::One { .. } => None,
    }
}

/// Puts one delivery back on its way, or, if it is waiting for its next attempt and may be hurried, brings that
/// forward. Answers whether a turn was written.
pub(super) fn send_again(
    tables: &mut Tables<'_>,
    replay: &Replay,
    event: &Cursor,
    may_hurry: bool,
) -> Result<bool, redb::Error> {
    let ReplayKey { tenant, endpoint, .. } = &replay.key;
    let (lane, at, id) = (lane(tenant, endpoint), event.at.0, event.event.as_str());
    let state = tables.deliveries_by_time()?.get((&*lane, at, id))?.map(|row| row.value());
    let of = wanted(&replay.key.which);
    let was_here = match of {
        Some(of) => undelivered::forget(tables, &lane, of, at, id)?,
        None => false,
    };
    if state == Some(State::Pending as u8) && may_hurry {
        return hurry(tables, replay, event);
    }
    let is_missing = matches!(replay.key.which, Which::Missing { .. });
    let is_wanted = match of {
        Some(of) => state == Some(of as u8),
        None if is_missing => state.is_none(),
        None => state != Some(State::Pending as u8),
    };
    if !is_wanted || tables.events_by_time()?.get((&**tenant, at, id))?.is_none() {
        return Ok(false);
    }
    let known = tables.deliveries()?.get((&*lane, id))?.and_then(|row| deliveries::read(row.value()));
    let known = match (state, known) {
        (Some(_), Some(known)) => Some(known),
        _ => events::add_endpoint(tables, tenant, id, endpoint)?.map(|event| {
            let key = DeliveryKey { tenant: tenant.clone(), event: event.id.clone(), endpoint: endpoint.clone() };
            Delivery::queued(key, &event)
        }),
    };
    let Some(mut delivery) = known else { return Ok(false) };
    let was_here = undelivered::forget(tables, &lane, delivery.state, at, id)? || was_here;
    let number = delivery.send_again(replay.due);
    let bytes = serde_json::to_vec(&delivery).unwrap_or_default();
    tables.turns()?.insert((&*lane, replay.due.0, id), (number, false))?;
    let before = tables.deliveries()?.insert((&*lane, id), &*bytes)?.map_or(0, |row| row.value().len());
    tables.grown += bytes.len() as i64 - before as i64;
    tables.deliveries_by_time()?.insert((&*lane, at, id), State::Pending as u8)?;
    if was_here {
        undelivered::note(tables, &lane, &delivery)?;
    }
    Ok(true)
}

/// Brings the next attempt of a delivery forward, if it was tried before and waits for that.
fn hurry(tables: &mut Tables<'_>, replay: &Replay, event: &Cursor) -> Result<bool, redb::Error> {
    let (lane, id) = (lane(&replay.key.tenant, &replay.key.endpoint), event.event.as_str());
    let known = tables.deliveries()?.get((&*lane, id))?.and_then(|row| deliveries::read(row.value()));
    let Some(mut delivery) = known else { return Ok(false) };
    let Some((number, due)) = delivery.next.filter(|(_, due)| *due > replay.due) else { return Ok(false) };
    if tables.turns()?.remove((&*lane, due.0, id))?.is_none() {
        return Ok(false);
    }
    delivery.next = Some((number, replay.due));
    let bytes = serde_json::to_vec(&delivery).unwrap_or_default();
    tables.turns()?.insert((&*lane, replay.due.0, id), (number, false))?;
    let before = tables.deliveries()?.insert((&*lane, id), &*bytes)?.map_or(0, |row| row.value().len());
    tables.grown += bytes.len() as i64 - before as i64;
    undelivered::note(tables, &lane, &delivery)?;
    Ok(true)
}
