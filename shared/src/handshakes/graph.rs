//! Microsoft Graph: a POST with `validationToken` in the query and no body.
//! <https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks#notificationurl-validation>

use super::{Asked, Handshake, Outcome, PLAIN, read, replies};
use crate::signature::Fault;

pub(super) const ALL: &[Handshake] = &[Handshake { name: "microsoft-graph", answer, ..PLAIN }];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let token = read::parameter(asked.request, "validationToken").filter(|_| asked.request.body.is_empty())?;
    let fit = token.and_then(|token| read::plain("validationToken", &token).map(|()| token));
    Some(fit.map(|token| Outcome::Answer(replies::text(token))))
}
