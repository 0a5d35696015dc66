//! Okta: a GET with a challenge in a header. A GET without one is none.
//! <https://developer.okta.com/docs/concepts/event-hooks/#one-time-verification-request>

use http::Method;
use serde_json::json;

use super::{Asked, Handshake, Outcome, PLAIN, read, replies};
use crate::signature::Fault;

const HEADER: &str = "x-okta-verification-challenge";

pub(super) const ALL: &[Handshake] = &[Handshake { name: "okta", methods: &[Method::GET], answer, ..PLAIN }];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let challenge = read::header(asked.request, HEADER)?;
    let text = challenge.and_then(|value| value.to_str().map_err(|_| read::unfit(HEADER)));
    let fit = text.and_then(|text| read::plain(HEADER, text).map(|()| text));
    Some(fit.map(|challenge| Outcome::Answer(replies::json(&json!({ "verification": challenge })))))
}
