//! Deliveries put back on their way: noted in their replay, then rows, then messages. Whoever dies in between
//! finds the note, and sends the messages again of what has its row; attempts are made once all the same.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use futures_util::future::join_all;

use super::attempts::{IDENTITY, name, place, state, whole, written};
use super::events::{self, Row, moment, partition, string};
use super::failure::{DYNAMODB, conditional, unavailable};
use super::history::at;
use super::outbound::Outbound;
use super::store::{number, text};
use super::undelivered::{self, read_at};
use crate::event::EventId;
use crate::seam::{Answer, Cursor, Delivery, DeliveryKey, Replay, State, Turn, Unavailable, Which};
use crate::timestamp::Timestamp;

/// So many rows are read and written side by side.
pub(super) const AT_ONCE: usize = 16;

/// A row that others write at the same time is read again so often.
const TRIES: usize = 4;

const PUT_BACK: &str = "#state = :pending, #number = :next, due = :due, delivery = :delivery, released = :replay";

/// What a step of a replay has in hand, by its row.
pub(super) fn in_hand(row: &Row) -> Vec<Cursor> {
    let noted = row.get("releasing").and_then(|noted| noted.as_ss().ok());
    noted.into_iter().flatten().filter_map(|noted| read_at(noted)).collect()
}

impl Outbound {
    /// How many there were beside these: a step that was begun before had them in hand.
    pub(super) async fn release_all(&self, replay: &Replay, row: Row, events: &[Cursor]) -> Answer<u64> {
        let now = Timestamp::now();
        let these: BTreeSet<_> = events.iter().map(|one| &one.event).collect();
        let all = in_hand(&row);
        let mut turns = Vec::new();
        for some in all.chunks(AT_ONCE) {
            let released = join_all(some.iter().map(|one| self.release_one(replay, &one.event, now))).await;
            turns.extend(released.into_iter().collect::<Answer<Vec<_>>>()?.into_iter().flatten());
        }
        self.turns.send_all(&turns, now).await?;
        Ok(all.iter().filter(|one| !these.contains(&one.event)).count() as u64)
    }

    /// Sends the messages again of what a step has in hand that nobody will make again.
    pub(super) async fn send_in_hand(&self, replay: &Replay, row: &Row) -> Answer<()> {
        let mut turns = Vec::new();
        for some in in_hand(row).chunks(AT_ONCE) {
            let found = join_all(some.iter().map(|one| async move {
                let key = key(replay, &one.event);
                Ok(self.delivery_row_now(&key).await?.and_then(|row| turn_of(replay, &key, &row)))
            }));
            turns.extend(found.await.into_iter().collect::<Answer<Vec<_>>>()?.into_iter().flatten());
        }
        self.turns.send_all(&turns, Timestamp::now()).await
    }

    /// Notes what a step is about to put back on its way, beside what it had in hand before. `None` if another
    /// step was noted in the meantime, or the replay was stopped.
    pub(super) async fn take_in_hand(&self, update: UpdateItemFluentBuilder, events: &[Cursor]) -> Answer<Option<Row>> {
        // DynamoDB refuses a set that names something twice.
        let names: BTreeSet<_> = events.iter().map(|one| at(one.at, &one.event)).collect();
        let update = update
            .update_expression("ADD releasing :events")
            .expression_attribute_values(":events", AttributeValue::Ss(names.into_iter().collect()))
            .return_values(ReturnValue::UpdatedNew);
        let noted = update.send().await;
        let row = noted.as_ref().ok().and_then(|noted| noted.attributes.clone());
        Ok(conditional(noted)?.then(|| row.unwrap_or_default()))
    }

    /// The turn that is next, if it is the replay that put it back.
    async fn release_one(&self, replay: &Replay, event: &EventId, now: Timestamp) -> Answer<Option<Turn>> {
        let key = key(replay, event);
        for _ in 0..TRIES {
            let row = self.delivery_row_now(&key).await?;
            let Some(row) = row.filter(|row| moment(row, "expires").is_none_or(|until| until.0 > now.seconds())) else {
                match self.put_new(replay, &key, now).await? {
                    Some(true) => return Ok(Some(turn(&key, 1, now))),
                    Some(false) => continue,
                    None => return Ok(None),
                }
            };
            match state(&row) {
                Some(State::Pending) => {
                    let ours = turn_of(replay, &key, &row);
                    if ours.is_some() && is_of_any(&replay.key.which) {
                        self.add_if_new(&key).await?;
                    }
                    return Ok(ours.or_else(|| hurried(replay, &key, &row, now)));
                }
                Some(state) if is_wanted(replay, &row, state) => {
                    let Some(mut delivery) = readable(&key, &row) else { return Ok(None) };
                    let next = delivery.send_again(now);
                    if self.put_back(replay, &row, &delivery, now).await? {
                        return Ok(Some(turn(&key, next, now)));
                    }
                }
                _ => return Ok(None),
            }
        }
        Err(Unavailable(format!("{DYNAMODB}: the delivery {key} changes all the time")))
    }

    pub(super) async fn delivery_row_now(&self, key: &DeliveryKey) -> Answer<Option<Row>> {
        let get = self.table.client.get_item().table_name(&self.table.name).consistent_read(true);
        let get = get.key("pk", text(partition(&key.tenant, &key.event))).key("sk", text(place(&key.endpoint)));
        Ok(get.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?.item)
    }

    /// `false` if others wrote the row in the meantime.
    async fn put_back(&self, replay: &Replay, row: &Row, delivery: &Delivery, now: Timestamp) -> Answer<bool> {
        let known = moment(row, "number").map(|number| number.0).unwrap_or_default();
        let update = self.delivery_row(&delivery.key);
        let update = match undelivered::list_of(delivery) {
            Some(list) => update
                .update_expression(format!("SET {PUT_BACK}, undelivered = :list"))
                .expression_attribute_values(":list", text(list)),
            None => update.update_expression(format!("SET {PUT_BACK} REMOVE undelivered")),
        };
        let update = update
            .condition_expression("#state <> :pending AND #number = :known")
            .expression_attribute_values(":known", number(known));
        conditional(with(update, replay, delivery, now)?.send().await)
    }

    async fn add_if_new(&self, key: &DeliveryKey) -> Answer<()> {
        let head = self.event_head(&key.tenant, &key.event).await?;
        match head.is_some_and(|head| !events::endpoints(&head).contains(&key.endpoint)) {
            true => self.add_endpoint(&key.tenant, &key.event, &key.endpoint).await,
            false => Ok(()),
        }
    }

    /// A delivery of an event that was never for that endpoint. `None` if it was, and so is on its way already; or
    /// if the event is no longer kept; or if the replay is of none such.
    async fn put_new(&self, replay: &Replay, key: &DeliveryKey, now: Timestamp) -> Answer<Option<bool>> {
        if !is_of_any(&replay.key.which) {
            return Ok(None);
        }
        let head = self.event_head(&key.tenant, &key.event).await?;
        let Some(head) = head.filter(|head| !events::endpoints(head).contains(&key.endpoint)) else { return Ok(None) };
        let unreadable = || Unavailable(format!("{DYNAMODB}: the event {} cannot be read", key.event));
        let event = events::read(&head).ok_or_else(unreadable)?;
        let mut delivery = Delivery::queued(key.clone(), &event);
        delivery.send_again(now);
        let update = self.whole_row(key, &event).update_expression(format!("{IDENTITY}, {PUT_BACK}"));
        let update = update.condition_expression("attribute_not_exists(pk)");
        let is_ours = conditional(with(update, replay, &delivery, now)?.send().await)?;
        if is_ours {
            self.add_endpoint(&key.tenant, &key.event, &key.endpoint).await?;
        }
        Ok(Some(is_ours))
    }
}

fn with(
    update: UpdateItemFluentBuilder,
    replay: &Replay,
    delivery: &Delivery,
    now: Timestamp,
) -> Answer<UpdateItemFluentBuilder> {
    let next = delivery.next.map_or(1, |(next, _)| next);
    Ok(update
        .expression_attribute_values(":pending", text(name(State::Pending)))
        .expression_attribute_values(":next", number(next.into()))
        .expression_attribute_values(":due", number(now.0))
        .expression_attribute_values(":delivery", text(written(delivery)?))
        .expression_attribute_values(":replay", text(released(replay, next))))
}

fn key(replay: &Replay, event: &EventId) -> DeliveryKey {
    let (tenant, endpoint) = (replay.key.tenant.clone(), replay.key.endpoint.clone());
    DeliveryKey { tenant, event: event.clone(), endpoint }
}

fn turn(key: &DeliveryKey, number: u32, due: Timestamp) -> Turn {
    Turn { key: key.clone(), number, due, paced: false }
}

/// Which replay put a delivery back on its way last, and with which attempt.
fn released(replay: &Replay, number: u32) -> String {
    format!("{}/{number}", replay.id)
}

/// The turn of a delivery that the replay put back and that was not attempted since: its message may be missing.
fn turn_of(replay: &Replay, key: &DeliveryKey, row: &Row) -> Option<Turn> {
    let next = moment(row, "number")?.0 as u32;
    let is_ours = state(row) == Some(State::Pending) && string(row, "released") == Some(&*released(replay, next));
    let due = moment(row, "due").filter(|_| is_ours)?;
    Some(turn(key, next, due))
}

/// The turn of a delivery that waits for its next attempt, brought forward: of the same attempt's two messages one
/// finds it made.
fn hurried(replay: &Replay, key: &DeliveryKey, row: &Row, now: Timestamp) -> Option<Turn> {
    let is_one = matches!(replay.key.which, Which::One { .. });
    let waits = moment(row, "due").is_some_and(|due| due > now) && moment(row, "lease_until").is_none();
    (is_one && waits).then(|| moment(row, "number")).flatten().map(|next| turn(key, next.0 as u32, now))
}

/// Whether it is of deliveries in whatever state, and of those that never were.
fn is_of_any(which: &Which) -> bool {
    matches!(which, Which::Missing { .. } | Which::One { .. })
}

/// What the same replay put back already, before whoever made its step died, is not put back once more; unless it
/// was held again, by somebody who did not know yet that the endpoint is enabled.
fn is_wanted(replay: &Replay, row: &Row, state: State) -> bool {
    let was_put_back = || string(row, "released").is_some_and(|by| by.starts_with(&format!("{}/", replay.id)));
    match replay.key.which {
        Which::Held => state == State::Held,
        Which::Failed { .. } => state == State::GivenUp && !was_put_back(),
        Which::Missing { .. } => false,
        Which::One { .. } => !was_put_back(),
    }
}

/// One that cannot be read is left as it is: what was known of it must not be written over.
fn readable(key: &DeliveryKey, row: &Row) -> Option<Delivery> {
    let delivery = whole(row).ok().flatten();
    if delivery.is_none() {
        tracing::error!(delivery = %key, "it cannot be read, and is not replayed");
    }
    delivery
}
