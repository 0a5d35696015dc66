//! Notion: the first request hands over the token that signs all later ones; its owner then pastes it into
//! Notion's form.
//! <https://developers.notion.com/reference/webhooks#step-2-verifying-the-subscription>

use http::StatusCode;

use super::{Asked, Handshake, Outcome, PLAIN, read, replies};
use crate::secret::Secret;
use crate::signature::Fault;

const FIELD: &str = "verification_token";

pub(super) const ALL: &[Handshake] = &[Handshake { name: "notion", answer, teaches: true, ..PLAIN }];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let body = read::json(asked.request)?;
    let fields = body.as_object().filter(|fields| fields.len() == 1)?;
    let token = fields.get(FIELD)?.as_str().unwrap_or_default();
    Some(judge(asked, token))
}

/// What is there is never replaced.
fn judge(asked: &Asked<'_>, token: &str) -> Result<Outcome, Fault> {
    read::secret(FIELD, token)?;
    let reply = replies::empty(StatusCode::OK);
    let known = asked.settings.secrets("secret");
    if known.is_empty() {
        return Ok(Outcome::Learn { secret: Secret::new(token), reply });
    }
    if known.iter().filter(|known| known.matches(token.as_bytes())).count() == 0 {
        return Err(Fault::Mismatch);
    }
    Ok(Outcome::Answer(reply))
}
