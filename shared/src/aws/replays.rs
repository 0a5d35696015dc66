//! Replays: a row each, below its endpoint, and a message for the step that is next.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use std::time::Duration;

use super::endpoint_states::partition;
use super::events::{Row, string};
use super::failure::{DYNAMODB, conditional, unavailable};
use super::outbound::Outbound;
use super::store::{expiry, number, text};
use super::turns::StepDue;
use crate::seam::{
    Answer, Cursor, Matched, Page, Progress, Replay, ReplayKey, ReplaySteps, Replays, State, Unavailable, Which, Within,
};
use crate::timestamp::Timestamp;

/// One that began so little before an equal one is the same.
const SAME: Duration = Duration::from_secs(60);

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
        let begin = self
            .replay_row(replay)?
            .condition_expression(
                "attribute_not_exists(pk) OR #state = :stopped OR (#state <> :running AND began <= :recent)",
            )
            .expression_attribute_values(":running", text(RUNNING))
            .expression_attribute_values(":stopped", text(STOPPED))
            .expression_attribute_values(":recent", number(replay.began.before(SAME).0))
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
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let query = self.table.client.query().table_name(&self.table.name).consistent_read(true);
            let query = query
                .key_condition_expression("pk = :endpoint AND begins_with(sk, :rows)")
                .expression_attribute_values(":endpoint", text(partition(tenant, endpoint)))
                .expression_attribute_values(":rows", text(ROWS))
                .set_exclusive_start_key(next);
            let page = query.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
            for row in page.items.unwrap_or_default() {
                found.push(read(&row)?);
            }
            next = page.last_evaluated_key;
            if next.is_none() {
                break;
            }
        }
        found.sort_by(|a, b| (b.began, &b.id).cmp(&(a.began, &a.id)));
        Ok(found)
    }

    async fn stop_replay(&self, tenant: &str, endpoint: &str, id: &str, now: Timestamp) -> Answer<Option<Replay>> {
        for _ in 0..TRIES {
            let known = self.replays(tenant, endpoint).await?.into_iter().find(|replay| replay.id == id);
            let Some(running) = known.clone().filter(|replay| replay.state == Progress::Running) else {
                return Ok(known);
            };
            let stopped = Replay { state: Progress::Stopped, ended: Some(now), ..running.clone() };
            if self.note(&running, &stopped).await? {
                return Ok(Some(stopped));
            }
        }
        Err(Unavailable(format!("the replay {id} goes on too fast to be stopped")))
    }
}

impl ReplaySteps for Outbound {
    async fn replay(&self, key: &ReplayKey) -> Answer<Option<Replay>> {
        let get = self.table.client.get_item().table_name(&self.table.name).consistent_read(true);
        let get = get.key("pk", text(partition(&key.tenant, &key.endpoint))).key("sk", text(place(&key.which)));
        let got = get.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
        got.item.as_ref().map(read).transpose()
    }

    async fn undelivered(&self, tenant: &str, endpoint: &str, state: State, within: &Within) -> Answer<Page<Cursor>> {
        self.undelivered_page(tenant, endpoint, state, within).await
    }

    async fn events_from(&self, tenant: &str, within: &Within) -> Answer<Page<Matched>> {
        self.events_page(tenant, within).await
    }

    async fn release(&self, before: &Replay, events: &[Cursor], after: &Replay) -> Answer<()> {
        self.release_all(&before.key, events).await?;
        let is_noted = self.note(before, after).await?;
        if is_noted && after.state == Progress::Running {
            self.queue_step(after).await?;
        }
        Ok(())
    }
}

impl Outbound {
    /// `false`, and no change, if another step was noted in the meantime, or it was stopped.
    async fn note(&self, before: &Replay, after: &Replay) -> Answer<bool> {
        let note = self
            .replay_row(after)?
            .condition_expression("id = :before AND #step = :made AND #state = :running")
            .expression_attribute_values(":before", text(&*before.id))
            .expression_attribute_values(":made", number(before.step.into()))
            .expression_attribute_values(":running", text(RUNNING));
        conditional(note.send().await)
    }

    fn replay_row(&self, replay: &Replay) -> Answer<UpdateItemFluentBuilder> {
        let wrong = |problem: serde_json::Error| Unavailable(problem.to_string());
        let state = serde_json::to_value(replay.state).map_err(wrong)?;
        let update = self.table.client.update_item().table_name(&self.table.name);
        Ok(update
            .key("pk", text(partition(&replay.key.tenant, &replay.key.endpoint)))
            .key("sk", text(place(&replay.key.which)))
            .update_expression(
                "SET id = :id, #state = :state, began = :began, #step = :step, replay = :replay, expires = :expires",
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
