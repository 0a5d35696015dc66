//! Deliveries put back on their way: rows, then messages, then who the events are for. Whoever dies in
//! between repeats it: what was put back already has its message sent again, and is attempted once.

use std::time::Duration;

use futures_util::future::join_all;

use super::attempts::{IDENTITY, name, place, state, whole, written};
use super::events::{self, Row, moment, partition};
use super::failure::{DYNAMODB, conditional, unavailable};
use super::outbound::Outbound;
use super::store::{number, text};
use crate::event::{Event, EventId};
use crate::seam::{Answer, Cursor, Delivery, DeliveryKey, ReplayKey, State, Turn, Unavailable, Which};
use crate::timestamp::Timestamp;

/// So many rows are read and written side by side.
pub(super) const AT_ONCE: usize = 16;

/// A row that others write at the same time is read again so often.
const TRIES: usize = 4;

/// What is due so soon may be ours, put back before a crash, and have no message yet.
const SOON: Duration = Duration::from_secs(60);

/// A delivery that is pending, and what is still to be done for it.
struct Released {
    turn: Option<Turn>,
    /// Its event is not known to be for the endpoint.
    is_new: bool,
}

impl Outbound {
    pub(super) async fn release_all(&self, to: &ReplayKey, events: &[Cursor]) -> Answer<()> {
        let now = Timestamp::now();
        let (mut turns, mut new) = (Vec::new(), Vec::new());
        for some in events.chunks(AT_ONCE) {
            let released = join_all(some.iter().map(|at| self.release_one(to, &at.event, now))).await;
            for (at, released) in some.iter().zip(released) {
                let Some(Released { turn, is_new }) = released? else { continue };
                turns.extend(turn);
                new.extend(is_new.then_some(&at.event));
            }
        }
        self.turns.send_all(&turns, now).await?;
        for some in new.chunks(AT_ONCE) {
            let added = join_all(some.iter().map(|event| self.add_endpoint(&to.tenant, event, &to.endpoint))).await;
            added.into_iter().collect::<Answer<()>>()?;
        }
        Ok(())
    }

    /// `None` if its event is no longer kept.
    async fn release_one(&self, to: &ReplayKey, event: &EventId, now: Timestamp) -> Answer<Option<Released>> {
        let (tenant, endpoint) = (to.tenant.clone(), to.endpoint.clone());
        let key = DeliveryKey { tenant, event: event.clone(), endpoint };
        let may_be_new = matches!(to.which, Which::Missing { .. } | Which::One { .. });
        for _ in 0..TRIES {
            let row = self.delivery_now(&key).await?.filter(|row| !is_over(row, now));
            let head = match &row {
                Some(_) if !may_be_new => None,
                _ => match self.event_head(&key.tenant, event).await? {
                    Some(head) => Some(head),
                    None => return Ok(None),
                },
            };
            let is_new = head.as_ref().is_some_and(|head| !events::endpoints(head).contains(&key.endpoint));
            let turn = match (&row, &head) {
                (Some(row), _) => self.put_back(&key, row, now).await?,
                (None, Some(head)) => self.put_new(&key, head, now).await?,
                (None, None) => return Ok(None),
            };
            match turn {
                Written::Lost => {}
                Written::Unreadable => return Ok(None),
                Written::Pending(turn) => return Ok(Some(Released { turn, is_new })),
            }
        }
        Err(Unavailable(format!("{DYNAMODB}: the delivery {key} changes all the time")))
    }

    async fn delivery_now(&self, key: &DeliveryKey) -> Answer<Option<Row>> {
        let get = self.table.client.get_item().table_name(&self.table.name).consistent_read(true);
        let get = get.key("pk", text(partition(&key.tenant, &key.event))).key("sk", text(place(&key.endpoint)));
        Ok(get.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?.item)
    }

    /// Its place in the index of undelivered ones stays until it is settled: a step that is repeated finds
    /// it there.
    async fn put_back(&self, key: &DeliveryKey, row: &Row, now: Timestamp) -> Answer<Written> {
        let known = moment(row, "number").map(|number| number.0).unwrap_or_default();
        if state(row) == Some(State::Pending) {
            let due = moment(row, "due").filter(|due| *due <= now.after(SOON));
            let turn = due.map(|due| Turn { key: key.clone(), number: known as u32, due, paced: false });
            return Ok(Written::Pending(turn));
        }
        let mut delivery = match whole(row) {
            Ok(Some(delivery)) => delivery,
            Ok(None) | Err(_) => {
                tracing::error!(delivery = %key, "it cannot be read, and is not replayed");
                return Ok(Written::Unreadable);
            }
        };
        let next = delivery.send_again(now);
        let update = self
            .delivery_row(key)
            .update_expression("SET #state = :pending, #number = :next, due = :due, delivery = :delivery")
            .condition_expression("#state <> :pending AND #number = :known")
            .expression_attribute_values(":pending", text(name(State::Pending)))
            .expression_attribute_values(":known", number(known))
            .expression_attribute_values(":next", number(next.into()))
            .expression_attribute_values(":due", number(now.0))
            .expression_attribute_values(":delivery", text(written(&delivery)?));
        Ok(Written::of(conditional(update.send().await)?, key, next, now))
    }

    async fn put_new(&self, key: &DeliveryKey, head: &Row, now: Timestamp) -> Answer<Written> {
        let unreadable = || Unavailable(format!("{DYNAMODB}: the event {} cannot be read", key.event));
        let event: Event = events::read(head).ok_or_else(unreadable)?;
        let mut delivery = Delivery::queued(key.clone(), &event);
        let next = delivery.send_again(now);
        let update = self
            .whole_row(key, &event)
            .update_expression(format!(
                "{IDENTITY}, #state = :pending, #number = :next, due = :due, delivery = :delivery"
            ))
            .condition_expression("attribute_not_exists(pk)")
            .expression_attribute_values(":pending", text(name(State::Pending)))
            .expression_attribute_values(":next", number(next.into()))
            .expression_attribute_values(":due", number(now.0))
            .expression_attribute_values(":delivery", text(written(&delivery)?));
        Ok(Written::of(conditional(update.send().await)?, key, next, now))
    }
}

/// What became of a row.
enum Written {
    /// Others wrote it in the meantime.
    Lost,
    Unreadable,
    /// It is pending. With the turn that is next, if that may have no message.
    Pending(Option<Turn>),
}

impl Written {
    fn of(is_ours: bool, key: &DeliveryKey, number: u32, due: Timestamp) -> Self {
        let turn = || Turn { key: key.clone(), number, due, paced: false };
        if is_ours { Self::Pending(Some(turn())) } else { Self::Lost }
    }
}

/// Its time is over, whether or not the table has removed it yet.
fn is_over(row: &Row, now: Timestamp) -> bool {
    moment(row, "expires").is_some_and(|expires| expires.0 <= now.seconds())
}
