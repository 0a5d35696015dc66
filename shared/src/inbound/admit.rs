//! HTTP request → admitted: a known source, a caller it allows, a body of bearable size.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use http::request::Parts;
use http_body::Body;

use super::turn::Turned;
use super::{Arrival, Listener};
use crate::body::{self, Memory};
use crate::reply::Refused;
use crate::schemes::Proof;
use crate::seam::{Enqueue, FindSource, PutBody};
use crate::source::Source;

const METHODS: &str = "POST, PUT, GET";

/// A request that may be looked at. Its credentials go no further than the next stage.
pub(super) struct Admitted {
    pub(super) source: Arc<Source>,
    pub(super) arrival: Arrival,
    /// The head as it came, credentials included: for the proof only.
    pub(super) presented: Parts,
    pub(super) body: Bytes,
    /// Its share of the memory for bodies, given back when the request ends.
    pub(super) memory: Memory,
}

pub(super) async fn admit<S, Q, B>(
    listener: &Listener<S, Q>,
    name: &str,
    presented: Parts,
    body: Pin<&mut B>,
    arrival: Arrival,
) -> Result<Admitted, Turned>
where
    S: FindSource,
    Q: Enqueue + PutBody,
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    let source = listener.sources.find(name).await.map_err(Turned::ours)?;
    let source = source.ok_or(Turned::new(Refused::NotFound("no such source"), "no such source"))?;
    if ![Method::POST, Method::PUT, Method::GET].contains(&presented.method) {
        return Err(Turned::new(Refused::MethodNotAllowed { allow: METHODS }, "no such method"));
    }
    if presented.method == Method::GET && source.verifier.kind() == Proof::Signed {
        let why = "a GET's data is its query, which this scheme does not sign";
        return Err(Turned::new(Refused::MethodNotAllowed { allow: "POST, PUT" }, why));
    }
    if !source.allows(arrival.caller) {
        return Err(Turned::new(Refused::Unauthorized, "the caller's address is not on the allow list"));
    }
    let knock = listener.limits.caller(&source, arrival.caller, arrival.at);
    let slow_down = |retry_after| Turned::new(Refused::TooMany { retry_after }, "too many requests from this address");
    knock.map_err(slow_down)?;
    let mut memory = Memory::of(&listener.in_flight);
    let body = body::read(body, &mut memory).await?;
    Ok(Admitted { source, arrival, presented, body, memory })
}
