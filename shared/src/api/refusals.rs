//! Whom the listener turned away lately.

use http::StatusCode;
use serde_json::json;

use crate::refusals::Refusals;
use crate::reply::{self, Refused, Reply};

const ELSEWHERE: Refused = Refused::NotHere(
    "the listener is another function: its log in CloudWatch (the stack's resource ListenerLog) has a line \
     \"refused\" for each, which sam logs --name Listener shows",
);

/// Latest first.
pub(super) fn list(refusals: Option<&Refusals>) -> Result<Reply, Refused> {
    let refusals = refusals.ok_or(ELSEWHERE)?;
    Ok(reply::json(StatusCode::OK, &json!({ "data": refusals.latest() })))
}
