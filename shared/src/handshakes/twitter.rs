//! X: the challenge-response check, a GET that comes at registration and every hour. The answer is made with
//! the key that signs events, for anybody who asks: what could be asked is never taken for an event.
//! <https://docs.x.com/x-api/webhooks/quickstart>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::json;

use super::{Asked, Handshake, Outcome, PLAIN, read, replies};
use crate::schemes::Presented;
use crate::signature::{Digest, Fault, Key};

const LONGEST: usize = 256;

pub(super) const ALL: &[Handshake] =
    &[Handshake { name: "x", methods: &[Method::GET], answer, forges: Some(forges), ..PLAIN }];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let token = read::parameter(asked.request, "crc_token")?;
    Some(token.and_then(|token| judge(asked, &token)))
}

fn judge(asked: &Asked<'_>, token: &str) -> Result<Outcome, Fault> {
    read::fenced("crc_token", token, LONGEST, read::is_token)?;
    let secret = asked.settings.secrets("secret").first().ok_or(Fault::Absent)?;
    let key = Key::hmac(Digest::Sha256, secret.expose().as_bytes()).map_err(|_| Fault::Absent)?;
    let response = STANDARD.encode(key.sign(&[token]).ok_or(Fault::Absent)?);
    Ok(Outcome::Answer(replies::json(&json!({ "response_token": format!("sha256={response}") }))))
}

/// An event is an object; a body that could be a token is none.
fn forges(request: &Presented<'_>) -> bool {
    read::is_of(request.body, LONGEST, read::is_token)
}
