//! Azure Event Grid: a validation code in the Event Grid schema; in the schema of CloudEvents, OPTIONS.
//! <https://learn.microsoft.com/en-us/azure/event-grid/end-point-validation-event-grid-events-schema>

use serde_json::json;

use super::{Asked, Handshake, Outcome, PLAIN, cloudevents, read, replies};
use crate::signature::Fault;

pub(super) const ALL: &[Handshake] = &[Handshake { name: "event-grid", answer, ..PLAIN }, cloudevents::OPTIONS];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let kind = read::header(asked.request, "aeg-event-type")?.ok()?;
    if kind != "SubscriptionValidation" {
        return None;
    }
    let body = read::json(asked.request)?;
    let event = body.as_array().filter(|events| events.len() == 1)?.first()?;
    if event["eventType"] != "Microsoft.EventGrid.SubscriptionValidationEvent" {
        return None;
    }
    let code = event["data"]["validationCode"].as_str().unwrap_or_default();
    let fit = read::token("validationCode", code);
    Some(fit.map(|()| Outcome::Answer(replies::json(&json!({ "validationResponse": code })))))
}
