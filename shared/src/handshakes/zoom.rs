//! Zoom: `endpoint.url_validation`. The answer is made with the key that signs events, so it is given only
//! to who has proved to have it, and never over anything like what an event's signature covers.
//! <https://developers.zoom.us/docs/api/webhooks/#validate-your-webhook-endpoint>

use serde_json::json;

use super::{Asked, Handshake, Outcome, PLAIN, When, read, replies};
use crate::signature::{Digest, Fault, Key};

/// Zoom's are 22 characters.
const LONGEST: usize = 128;

pub(super) const ALL: &[Handshake] = &[Handshake { name: "zoom", when: When::Proved, answer, ..PLAIN }];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let body = read::json(asked.request)?;
    if body["event"] != "endpoint.url_validation" {
        return None;
    }
    Some(judge(asked, body["payload"]["plainToken"].as_str().unwrap_or_default()))
}

fn judge(asked: &Asked<'_>, plain: &str) -> Result<Outcome, Fault> {
    // What events are signed over begins `v0:`.
    read::fenced("plainToken", plain, LONGEST, read::is_token)?;
    let secret = asked.settings.secrets("secret").first().ok_or(Fault::Absent)?;
    let key = Key::hmac(Digest::Sha256, secret.expose().as_bytes()).map_err(|_| Fault::Absent)?;
    let encrypted = hex::encode(key.sign(&[plain]).ok_or(Fault::Absent)?);
    Ok(Outcome::Answer(replies::json(&json!({ "plainToken": plain, "encryptedToken": encrypted }))))
}
