//! eBay: a GET with a code, which is said back hashed with the owner's token and the address.
//! <https://developer.ebay.com/marketplace-account-deletion>

use http::Method;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Asked, Handshake, Outcome, PLAIN, read, replies};
use crate::schemes::Setting;
use crate::signature::Fault;

pub(super) const ALL: &[Handshake] = &[Handshake {
    name: "ebay",
    methods: &[Method::GET],
    settings: &[
        Setting::needed("token", "the verification token that you give eBay with the address"),
        Setting::needed("url", "the address of this source as you give it to eBay"),
    ],
    answer,
    ..PLAIN
}];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let code = read::parameter(asked.request, "challenge_code")?;
    Some(code.and_then(|code| judge(asked, &code)))
}

fn judge(asked: &Asked<'_>, code: &str) -> Result<Outcome, Fault> {
    read::token("challenge_code", code)?;
    let token = asked.settings.secrets("token").first().ok_or(Fault::Absent)?;
    let url = asked.settings.text("url").ok().flatten().ok_or(Fault::Absent)?;
    let digest = Sha256::new().chain_update(code).chain_update(token.expose()).chain_update(url).finalize();
    Ok(Outcome::Answer(replies::json(&json!({ "challengeResponse": hex::encode(digest) }))))
}
