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
use crate::schemes::Presented;
use crate::seam::{Enqueue, FindSource, PutBody};
use crate::source::Source;

/// What may be sent to a source: webhooks by POST and PUT, by GET where that is proved, and handshakes.
fn allowed(takes: impl Fn(&Method) -> bool) -> &'static str {
    match (takes(&Method::GET), takes(&Method::HEAD), takes(&Method::OPTIONS)) {
        (false, false, false) => "POST, PUT",
        (false, false, true) => "POST, PUT, OPTIONS",
        (false, true, false) => "POST, PUT, HEAD",
        (false, true, true) => "POST, PUT, HEAD, OPTIONS",
        (true, false, false) => "POST, PUT, GET",
        (true, false, true) => "POST, PUT, GET, OPTIONS",
        (true, true, false) => "POST, PUT, GET, HEAD",
        (true, true, true) => "POST, PUT, GET, HEAD, OPTIONS",
    }
}

/// A request that may be looked at. Its credentials go no further than the next stage.
pub(super) struct Admitted {
    pub(super) source: Arc<Source>,
    pub(super) arrival: Arrival,
    /// The head as it came, credentials included: for the proof only.
    pub(super) presented: Parts,
    pub(super) body: Bytes,
    /// What it is told if it is no handshake, which is all that its method is good for here.
    pub(super) only_a_handshake: Option<(Refused, &'static str)>,
    /// Its share of the memory for bodies, given back when the request ends.
    pub(super) memory: Memory,
}

impl Admitted {
    /// What it shows to prove itself.
    pub(super) fn shown(&self) -> Presented<'_> {
        Presented {
            method: &self.presented.method,
            headers: &self.presented.headers,
            query: self.presented.uri.query(),
            body: &self.body,
            caller: self.arrival.caller,
            certificate: self.presented.extensions.get(),
            url: None,
        }
    }
}

/// The method's fault, if it is good for nothing; or for nothing but a handshake.
fn judge_method(source: &Source, method: &Method) -> Result<Option<(Refused, &'static str)>, Turned> {
    let takes_get = source.verifier.takes_get();
    let carries =
        |method: &Method| [Method::POST, Method::PUT].contains(method) || (*method == Method::GET && takes_get);
    if carries(method) {
        return Ok(None);
    }
    let shakes =
        |method: &Method| source.verifier.handshakes().any(|(handshake, _)| handshake.methods.contains(method));
    let allow = allowed(|method| carries(method) || shakes(method));
    let why = if *method == Method::GET {
        "a GET's data is its query, which this scheme does not sign"
    } else {
        "no such method"
    };
    let refused = Refused::MethodNotAllowed { allow };
    if shakes(method) { Ok(Some((refused, why))) } else { Err(Turned::new(refused, why)) }
}

pub(super) async fn admit<S, Q, P, B>(
    listener: &Listener<S, Q, P>,
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
    let only_a_handshake = let_in(listener, &source, &presented, arrival).map_err(|turned| turned.at(&source))?;
    let mut memory = Memory::of(&listener.in_flight);
    let body = body::read(body, &mut memory).await.map_err(|unread| Turned::from(unread).at(&source))?;
    if presented.method == Method::GET && !body.is_empty() {
        let why = "a GET's data is its query; it has no body";
        return Err(Turned::new(Refused::BadRequest(why), why).at(&source));
    }
    Ok(Admitted { source, arrival, presented, body, only_a_handshake, memory })
}

/// What can be said before a byte of the body is read.
fn let_in<S, Q, P>(
    listener: &Listener<S, Q, P>,
    source: &Source,
    presented: &Parts,
    arrival: Arrival,
) -> Result<Option<(Refused, &'static str)>, Turned> {
    let only_a_handshake = judge_method(source, &presented.method)?;
    if !source.allows(arrival.caller) {
        return Err(Turned::new(Refused::Unauthorized, "the caller's address is not on the allow list"));
    }
    let knock = listener.limits.caller(source, arrival.caller, arrival.at);
    let slow_down = |retry_after| Turned::new(Refused::TooMany { retry_after }, "too many requests from this address");
    knock.map_err(slow_down).map(|()| only_a_handshake)
}
