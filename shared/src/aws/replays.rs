//! Replays: a row each, below its endpoint, and a message for the step that is next.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

use super::endpoint_states::partition;
use super::events::{Row, string};
use super::failure::{DYNAMODB, conditional, unavailable};
use super::outbound::Outbound;
use super::store::{expiry, number, text};
use super::turns::StepDue;
use crate::seam::{
    AGAIN_AFTER, Answer, Cursor, Matched, Page, Progress, Replay, ReplayKey, ReplaySteps, Replays, State, Unavailable,
    Which, Within,
};
use crate::timestamp::Timestamp;

/// A replay goes on while its owner stops it: so often it is read again.
const TRIES: usize = 5;

const ROWS: &str = "replay/";

const RUNNING: &str = "running";

/// One that was stopped is begun again at once.
const STOPPED: &str = "stopped";

/// The sort key of a replay, below its endpoint.
fn place(which: &Which) -> String {
    match which {
        Which::Held => format!("{ROWS}held"),
        Which::Failed { since } => format!("{ROWS}failed/{}", since.0),
        Which::Missing { since } => format!("{ROWS}missing/{}", since.0),
        Which::One { event } => format!("{ROWS}one/{event}"),
    }
}

impl Replays for Outbound {
    /// The row, then the message: after a crash in between the same again sends it.
    async fn begin_replay(&self, replay: &Replay) -> Answer<Replay> {
        let recent = if replay.key.which.repeats() { replay.began.before(AGAIN_AFTER) } else { replay.began };
        let begin = self
            .replay_row(replay)?
            .condition_expression(
                "attribute_not_exists(pk) OR #state = :stopped OR (#state <> :running AND began <= :recent)",
            )
            .expression_attribute_values(":running", text(RUNNING))
            .expression_attribute_values(":stopped", text(STOPPED))
            .expression_attribute_values(":recent", number(recent.0))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let replay = match begin.send().await {
            Ok(_) => replay.clone(),
            Err(failure) => match failure.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(known)) => {
                    read(known.item.as_ref().unwrap_or(&Row::new()))?
                }
                _ => return Err(unavailable(DYNAMODB, failure)),
            },
        };
        if replay.state == Progress::Running {
            self.queue_step(&replay).await?;
        }
        Ok(replay)
    }

    async fn replays(&self, tenant: &str, endpoint: &str) -> Answer<Vec<Replay>> {
        let rows = self.replay_rows(tenant, endpoint).await?;
        let mut found = rows.iter().map(read).collect::<Answer<Vec<_>>>()?;
        found.sort_by(|a, b| (b.began, &b.id).cmp(&(a.began, &a.id)));
        Ok(found)
    }

    /// What its last step has in hand gets its messages first: nobody makes that step again.
    async fn stop_replay(&self, tenant: &str, endpoint: &str, id: &str, now: Timestamp) -> Answer<Option<Replay>> {
        for _ in 0..TRIES {
            let rows = self.replay_rows(tenant, endpoint).await?;
            let Some(row) = rows.iter().find(|row| string(row, "id") == Some(id)) else { return Ok(None) };
            let running = read(row)?;
            if running.state != Progress::Running {
                return Ok(Some(running));
            }
            self.send_in_hand(&running, row).await?;
            let mut stopped = running.clone();
            stopped.stop("its owner stopped it", now);
            if self.note(&running, &stopped).await? {
                return Ok(Some(stopped));
            }
        }
        Err(Unavailable(format!("the replay {id} goes on too fast to be stopped")))
    }
}

impl ReplaySteps for Outbound {
    async fn replay(&self, key: &ReplayKey) -> Answer<Option<Replay>> {
        self.row_of(key).await?.as_ref().map(read).transpose()
    }

    async fn undelivered(&self, tenant: &str, endpoint: &str, state: State, within: &Within) -> Answer<Page<Cursor>> {
        self.undelivered_page(tenant, endpoint, state, within).await
    }

    async fn events_from(&self, tenant: &str, within: &Within) -> Answer<Page<Matched>> {
        self.events_page(tenant, within).await
    }

    /// Whoever makes a step for the second time releases what it had in hand the first time as well.
    async fn release(&self, before: &Replay, events: &[Cursor], after: &Replay) -> Answer<()> {
        let row = match events {
            [] => self.row_of(&before.key).await?,
            _ => self.take_in_hand(self.if_next(self.row(&before.key), before), events).await?,
        };
        let Some(row) = row else { return Ok(()) };
        let more = self.release_all(before, row, events).await?;
        let after = Replay { queued: after.queued + more, ..after.clone() };
        if self.note(before, &after).await? && after.state == Progress::Running {
            self.queue_step(&after).await?;
        }
        Ok(())
    }
}

impl Outbound {
    async fn replay_rows(&self, tenant: &str, endpoint: &str) -> Answer<Vec<Row>> {
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let query = self.table.client.query().table_name(&self.table.name).consistent_read(true);
            let query = query
                .key_condition_expression("pk = :endpoint AND begins_with(sk, :rows)")
                .expression_attribute_values(":endpoint", text(partition(tenant, endpoint)))
                .expression_attribute_values(":rows", text(ROWS))
                .set_exclusive_start_key(next);
            let page = query.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
            found.extend(page.items.unwrap_or_default());
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn row_of(&self, key: &ReplayKey) -> Answer<Option<Row>> {
        let get = self.table.client.get_item().table_name(&self.table.name).consistent_read(true);
        let get = get.key("pk", text(partition(&key.tenant, &key.endpoint))).key("sk", text(place(&key.which)));
        Ok(get.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?.item)
    }

    fn row(&self, key: &ReplayKey) -> UpdateItemFluentBuilder {
        let update = self.table.client.update_item().table_name(&self.table.name);
        update.key("pk", text(partition(&key.tenant, &key.endpoint))).key("sk", text(place(&key.which)))
    }

    /// Only if no other step was noted since, and it was not stopped.
    fn if_next(&self, update: UpdateItemFluentBuilder, before: &Replay) -> UpdateItemFluentBuilder {
        update
            .condition_expression("id = :before AND #step = :made AND #state = :running")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#step", "step")
            .expression_attribute_values(":before", text(&*before.id))
            .expression_attribute_values(":made", number(before.step.into()))
            .expression_attribute_values(":running", text(RUNNING))
    }

    /// `false`, and no change, if it is not the next.
    async fn note(&self, before: &Replay, after: &Replay) -> Answer<bool> {
        conditional(self.if_next(self.replay_row(after)?, before).send().await)
    }

    fn replay_row(&self, replay: &Replay) -> Answer<UpdateItemFluentBuilder> {
        let wrong = |problem: serde_json::Error| Unavailable(problem.to_string());
        let state = serde_json::to_value(replay.state).map_err(wrong)?;
        Ok(self
            .row(&replay.key)
            .update_expression(
                "SET id = :id, #state = :state, began = :began, #step = :step, replay = :replay, expires = :expires \
                 REMOVE releasing",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#step", "step")
            .expression_attribute_values(":id", text(&*replay.id))
            .expression_attribute_values(":state", text(state.as_str().unwrap_or_default()))
            .expression_attribute_values(":began", number(replay.began.0))
            .expression_attribute_values(":step", number(replay.step.into()))
            .expression_attribute_values(":replay", text(serde_json::to_string(replay).map_err(wrong)?))
            .expression_attribute_values(":expires", expiry(replay.began.after(self.kept()))))
    }

    async fn queue_step(&self, replay: &Replay) -> Answer<()> {
        let step = StepDue { step: replay.next_step(), due: replay.due };
        self.turns.send_step(&step, Timestamp::now()).await
    }
}

fn read(row: &Row) -> Answer<Replay> {
    let replay = string(row, "replay").unwrap_or_default();
    serde_json::from_str(replay)
        .map_err(|problem| Unavailable(format!("{DYNAMODB}: a replay cannot be read: {problem}")))
}
