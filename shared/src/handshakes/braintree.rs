//! Braintree: a GET with a challenge, which is signed with the private key that signs webhooks, for anybody
//! who asks: what could be asked is never taken for a webhook.
//! <https://developer.paypal.com/braintree/docs/guides/webhooks/parse>

use http::Method;

use super::{Asked, Handshake, Outcome, PLAIN, read, replies};
use crate::schemes::{Presented, Setting, braintree_key};
use crate::signature::Fault;

/// Braintree's are 20 digits and more, and no payload is so short.
const LONGEST: usize = 64;

pub(super) const ALL: &[Handshake] = &[Handshake {
    name: "braintree",
    methods: &[Method::GET],
    settings: &[Setting::needed("public_key", "the public key that Braintree shows beside the private one")],
    answer,
    forges: Some(forges),
    ..PLAIN
}];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let challenge = read::parameter(asked.request, "bt_challenge")?;
    Some(challenge.and_then(|challenge| judge(asked, &challenge)))
}

fn judge(asked: &Asked<'_>, challenge: &str) -> Result<Outcome, Fault> {
    read::fenced("bt_challenge", challenge, LONGEST, |byte| byte.is_ascii_hexdigit())?;
    let public = asked.settings.text("public_key").ok().flatten().ok_or(Fault::Absent)?;
    let private = asked.settings.secrets("secret").first().ok_or(Fault::Absent)?;
    let key = braintree_key(private).map_err(|_| Fault::Absent)?;
    let signature = hex::encode(key.sign(&[challenge]).ok_or(Fault::Absent)?);
    Ok(Outcome::Answer(replies::text(format!("{public}|{signature}"))))
}

/// A payload is base64 of XML in lines; one that could be a challenge is none.
fn forges(request: &Presented<'_>) -> bool {
    let mut payloads = form_urlencoded::parse(request.body).filter(|(name, _)| name == "bt_payload");
    payloads.any(|(_, payload)| read::is_of(payload.as_bytes(), LONGEST, |byte| byte.is_ascii_hexdigit()))
}
