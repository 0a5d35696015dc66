//! Meta (Facebook, WhatsApp, Messenger, Instagram): a GET with the token that the owner chose.
//! <https://developers.facebook.com/docs/graph-api/webhooks/getting-started>

use http::Method;

use super::{Asked, Handshake, Outcome, PLAIN, read, replies};
use crate::reply::Refused;
use crate::schemes::Setting;
use crate::signature::Fault;

pub(super) const ALL: &[Handshake] = &[Handshake {
    name: "meta",
    methods: &[Method::GET],
    settings: &[Setting::optional("token", "the verify token that you give Meta with the address")],
    answer,
    refused: Refused::Forbidden,
    ..PLAIN
}];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let challenge = read::parameter(asked.request, "hub.challenge")?;
    Some(judge(asked, challenge))
}

fn judge(asked: &Asked<'_>, challenge: Result<String, Fault>) -> Result<Outcome, Fault> {
    let challenge = challenge?;
    let said = |name| read::parameter(asked.request, name).unwrap_or(Err(Fault::Missing(name.into())));
    if said("hub.mode")? != "subscribe" {
        return Err(read::unfit("hub.mode"));
    }
    let token = said("hub.verify_token")?;
    let tokens = asked.settings.secrets("token");
    if tokens.is_empty() {
        return Err(Fault::Missing("the source's setting token, which Meta repeats as hub.verify_token,".into()));
    }
    // Each is compared, whichever fits.
    if tokens.iter().filter(|known| known.matches(token.as_bytes())).count() == 0 {
        return Err(Fault::NotAllowed("hub.verify_token".into()));
    }
    read::token("hub.challenge", &challenge)?;
    Ok(Outcome::Answer(replies::text(challenge)))
}
