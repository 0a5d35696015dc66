//! Asana: the first request hands over the secret that signs all later ones, and wants it said back.
//! <https://developers.asana.com/docs/webhooks-guide#the-webhook-handshake>

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};

use super::{Asked, Handshake, Outcome, PLAIN, read, replies};
use crate::secret::Secret;
use crate::signature::Fault;

const HEADER: &str = "x-hook-secret";

pub(super) const ALL: &[Handshake] = &[Handshake { name: "asana", answer, teaches: true, ..PLAIN }];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let secret = read::header(asked.request, HEADER)?;
    Some(secret.and_then(|secret| judge(asked, secret)))
}

/// What is there is never replaced: the same secret is said back once more, for an answer that was lost.
fn judge(asked: &Asked<'_>, secret: &HeaderValue) -> Result<Outcome, Fault> {
    let text = secret.to_str().map_err(|_| read::unfit(HEADER))?;
    read::secret(HEADER, text)?;
    let reply = replies::with(replies::empty(StatusCode::OK), HeaderName::from_static(HEADER), secret.clone());
    let known = asked.settings.secrets("secret");
    if known.is_empty() {
        return Ok(Outcome::Learn { secret: Secret::new(text), reply });
    }
    if known.iter().filter(|known| known.matches(text.as_bytes())).count() == 0 {
        return Err(Fault::Mismatch);
    }
    Ok(Outcome::Answer(reply))
}
