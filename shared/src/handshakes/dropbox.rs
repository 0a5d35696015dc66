//! Dropbox: a GET with a challenge.
//! <https://www.dropbox.com/developers/reference/webhooks#documentation>

use http::Method;

use super::{Asked, Handshake, Outcome, PLAIN, read, replies};
use crate::signature::Fault;

pub(super) const ALL: &[Handshake] = &[Handshake { name: "dropbox", methods: &[Method::GET], answer, ..PLAIN }];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let challenge = read::parameter(asked.request, "challenge")?;
    let fit = challenge.and_then(|text| read::token("challenge", &text).map(|()| text));
    Some(fit.map(|challenge| Outcome::Answer(replies::text(challenge))))
}
