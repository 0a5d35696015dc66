//! Attempts: a row for each delivery. A conditional write claims the attempt of a number; another, by
//! whoever holds it, writes down what came of it.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::events::{Row, moment, partition, string};
use super::failure::{DYNAMODB, conditional, unavailable};
use super::history::{at, history_key};
use super::outbound::Outbound;
use super::store::{expiry, number, text};
use super::undelivered;
use crate::event::Event;
use crate::seam::{
    Answer, Attempt, AttemptClaim, AttemptLease, Attempts, Delivery, DeliveryKey, State, Step, Turn, Unavailable,
};
use crate::timestamp::Timestamp;

/// Nobody holds it, and it is the attempt that comes next. Of a delivery that has no row yet, the first does.
const NEXT: &str =
    "#state = :pending AND #number = :number AND (attribute_not_exists(lease_until) OR lease_until <= :now)";
const FIRST: &str = "attribute_not_exists(pk) OR (#state = :pending AND #number = :number AND \
     (attribute_not_exists(lease_until) OR lease_until <= :now))";
const OURS: &str = "#number = :number AND lease_until = :until";

const SETTLED: &str = "SET #state = :state, #number = :next, due = :due, delivery = :delivery";

/// What a row says of its delivery from the first on. The values are those of `whole_row`.
pub(super) const IDENTITY: &str = "SET tenant = :tenant, event = :event, endpoint = :endpoint, #type = :type, \
     received = :received, history = :history, #at = :at, expires = :expires";

/// The sort key of a delivery, below its event.
pub(super) fn place(endpoint: &str) -> String {
    format!("to/{endpoint}")
}

impl Attempts for Outbound {
    async fn claim_attempt(
        &self,
        turn: &Turn,
        event: &Event,
        now: Timestamp,
        until: Timestamp,
    ) -> Answer<AttemptClaim> {
        let key = &turn.key;
        let claimed = self
            .whole_row(key, event)
            .update_expression(format!("{IDENTITY}, #state = :pending, #number = :number, lease_until = :until"))
            .condition_expression(if turn.number == 1 { FIRST } else { NEXT })
            .expression_attribute_values(":pending", text(name(State::Pending)))
            .expression_attribute_values(":number", number(turn.number.into()))
            .expression_attribute_values(":now", number(now.0))
            .expression_attribute_values(":until", number(until.0))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match claimed {
            Ok(before) => {
                let known = before.attributes.as_ref().map(whole).transpose()?.flatten();
                let delivery = known.unwrap_or_else(|| Delivery::queued(key.clone(), event));
                Ok(AttemptClaim::Ours(Box::new(AttemptLease { turn: turn.clone(), until, delivery })))
            }
            Err(failure) => match failure.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(taken)) => {
                    not_ours(taken.item.as_ref().unwrap_or(&Row::new()), turn.number, now)
                }
                _ => Err(unavailable(DYNAMODB, failure)),
            },
        }
    }

    /// The row first: after a crash before the message, the turn that comes again finds it judged, and
    /// queues what comes next.
    async fn settle_attempt(&self, lease: Box<AttemptLease>, attempt: Option<Attempt>, step: Step) -> Answer<()> {
        let AttemptLease { turn, until, mut delivery } = *lease;
        let was_made = attempt.is_some();
        delivery.attempts.extend(attempt);
        delivery.take(step, turn.number);
        let written = written(&delivery)?;
        let (next, due) = delivery.next.unwrap_or((turn.number, Timestamp(0)));
        let mut settle = self.delivery_row(&turn.key);
        settle = match undelivered::list_of(&delivery) {
            Some(list) => settle
                .update_expression(format!("{SETTLED}, undelivered = :list REMOVE lease_until"))
                .expression_attribute_values(":list", text(list)),
            None => settle.update_expression(format!("{SETTLED} REMOVE lease_until, undelivered")),
        };
        let settle = settle
            .condition_expression(OURS)
            .expression_attribute_values(":number", number(turn.number.into()))
            .expression_attribute_values(":until", number(until.0))
            .expression_attribute_values(":state", text(name(delivery.state)))
            .expression_attribute_values(":next", number(next.into()))
            .expression_attribute_values(":due", number(due.0))
            .expression_attribute_values(":delivery", text(written));
        let is_ours = conditional(settle.send().await)?;
        if is_ours {
            let made = delivery.attempts.last().filter(|_| was_made);
            self.metrics.settled(delivery.received, made, step, Timestamp::now());
        }
        match delivery.next.filter(|_| is_ours) {
            Some((number, due)) => self.put_off(&Turn { number, due, paced: false, ..turn }, due).await,
            None => Ok(()),
        }
    }

    async fn put_off(&self, turn: &Turn, due: Timestamp) -> Answer<()> {
        self.turns.send(&Turn { due, ..turn.clone() }, Timestamp::now()).await
    }
}

impl Outbound {
    pub(super) fn whole_row(&self, key: &DeliveryKey, event: &Event) -> UpdateItemFluentBuilder {
        self.delivery_row(key)
            .expression_attribute_names("#type", "type")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":tenant", text(&*key.tenant))
            .expression_attribute_values(":event", text(key.event.as_str()))
            .expression_attribute_values(":endpoint", text(&*key.endpoint))
            .expression_attribute_values(":type", text(event.kind.as_str()))
            .expression_attribute_values(":received", number(event.received.0))
            .expression_attribute_values(":history", text(history_of(key, event.received)))
            .expression_attribute_values(":at", text(at(event.received, &key.event)))
            .expression_attribute_values(":expires", expiry(event.received.after(self.kept())))
    }

    pub(super) fn delivery_row(&self, key: &DeliveryKey) -> UpdateItemFluentBuilder {
        let update = self.table.client.update_item().table_name(&self.table.name);
        let update = update.key("pk", text(partition(&key.tenant, &key.event))).key("sk", text(place(&key.endpoint)));
        update.expression_attribute_names("#state", "state").expression_attribute_names("#number", "number")
    }
}

/// The lists that a delivery stands in.
fn history_of(key: &DeliveryKey, received: Timestamp) -> String {
    history_key(&format!("to/{}/{}", key.tenant, key.endpoint), received, &key.event)
}

/// Why an attempt was not free.
fn not_ours(row: &Row, wanted: u32, now: Timestamp) -> Answer<AttemptClaim> {
    if row.contains_key("state") && state(row).is_none() {
        return Err(Unavailable(format!("{DYNAMODB}: the state of a delivery cannot be read")));
    }
    let (pending, next) = (state(row) == Some(State::Pending), moment(row, "number").map(|next| next.0 as u32));
    let lease = moment(row, "lease_until").filter(|until| *until > now);
    Ok(match (lease, next) {
        (Some(until), Some(next)) if pending && next == wanted => AttemptClaim::Busy { until },
        (_, Some(next)) if pending => AttemptClaim::Judged { next: Some((next, moment(row, "due").unwrap_or(now))) },
        _ => AttemptClaim::Judged { next: None },
    })
}

/// A delivery as it was last written down, if anything was.
///
/// # Errors
/// It cannot be read: what was known of it must not be written over.
pub(super) fn whole(row: &Row) -> Answer<Option<Delivery>> {
    let unreadable = |problem| Unavailable(format!("{DYNAMODB}: a delivery cannot be read: {problem}"));
    string(row, "delivery").map(serde_json::from_str).transpose().map_err(unreadable)
}

/// As much of a delivery as its row says by itself, as in the index.
pub(super) fn outline(row: &Row) -> Option<Delivery> {
    let key = DeliveryKey {
        tenant: string(row, "tenant")?.to_owned(),
        event: string(row, "event")?.parse().ok()?,
        endpoint: string(row, "endpoint")?.to_owned(),
    };
    let (received, state) = (moment(row, "received")?, state(row)?);
    let due = moment(row, "due").unwrap_or(received);
    let next = moment(row, "number").map(|number| (number.0 as u32, due)).filter(|_| state == State::Pending);
    Some(Delivery {
        key,
        kind: string(row, "type")?.parse().ok()?,
        received,
        state,
        next,
        before: 0,
        attempts: Vec::new(),
    })
}

pub(super) fn written(delivery: &Delivery) -> Answer<String> {
    serde_json::to_string(delivery).map_err(|problem| Unavailable(problem.to_string()))
}

pub(super) fn state(row: &Row) -> Option<State> {
    serde_json::from_value(string(row, "state")?.into()).ok()
}

/// A state as rows name it.
pub(super) fn name(state: State) -> String {
    serde_json::to_value(state).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
