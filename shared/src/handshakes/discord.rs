//! Discord: PING, signed like everything else; of interactions with type 1, of webhook events with type 0.
//! <https://docs.discord.com/developers/events/webhook-events#acknowledging-ping-requests>

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;

use super::{Asked, Handshake, Outcome, PLAIN, When, read, replies};
use crate::signature::Fault;

pub(super) const ALL: &[Handshake] = &[Handshake { name: "discord", when: When::Proved, answer, ..PLAIN }];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let body = read::json(asked.request)?;
    // A webhook event is of type 1 too, and says which.
    let reply = match body["type"].as_u64()? {
        1 if body.get("event").is_none() => replies::json(&json!({ "type": 1 })),
        // Discord wants a type of the content that is not there.
        0 => {
            let kind = HeaderValue::from_static("application/json");
            replies::with(replies::empty(StatusCode::NO_CONTENT), CONTENT_TYPE, kind)
        }
        _ => return None,
    };
    Some(Ok(Outcome::Answer(reply)))
}
