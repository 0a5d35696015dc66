//! monday.com: a challenge, alone in its body, that is said back as it came.
//! <https://developer.monday.com/api-reference/reference/webhooks#url-verification>

use serde_json::json;

use super::{Asked, Handshake, Outcome, PLAIN, read, replies};
use crate::signature::Fault;

pub(super) const ALL: &[Handshake] = &[Handshake { name: "monday", answer, ..PLAIN }];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let body = read::json(asked.request)?;
    let challenge = body.as_object().filter(|fields| fields.len() == 1)?.get("challenge")?.as_str()?;
    let fit = read::plain("challenge", challenge);
    Some(fit.map(|()| Outcome::Answer(replies::json(&json!({ "challenge": challenge })))))
}
