//! Slack: `url_verification`, signed like every event.
//! <https://docs.slack.dev/reference/events/url_verification>

use super::{Asked, Handshake, Outcome, PLAIN, When, read, replies};
use crate::signature::Fault;

pub(super) const ALL: &[Handshake] = &[Handshake { name: "slack", when: When::Proved, answer, ..PLAIN }];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let body = read::json(asked.request)?;
    if body["type"] != "url_verification" {
        return None;
    }
    let challenge = body["challenge"].as_str()?;
    let fit = read::plain("challenge", challenge);
    Some(fit.map(|()| Outcome::Answer(replies::text(challenge.to_owned()))))
}
