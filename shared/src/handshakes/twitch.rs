//! Twitch: `webhook_callback_verification`, signed like every event.
//! <https://dev.twitch.tv/docs/eventsub/handling-webhook-events/#responding-to-a-challenge-request>

use super::{Asked, Handshake, Outcome, PLAIN, When, read, replies};
use crate::signature::Fault;

pub(super) const ALL: &[Handshake] = &[Handshake { name: "twitch", when: When::Proved, answer, ..PLAIN }];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let kind = read::header(asked.request, "twitch-eventsub-message-type")?.ok()?;
    if kind != "webhook_callback_verification" {
        return None;
    }
    let body = read::json(asked.request)?;
    let challenge = body["challenge"].as_str()?;
    let fit = read::plain("challenge", challenge);
    Some(fit.map(|()| Outcome::Answer(replies::text(challenge.to_owned()))))
}
