//! CloudEvents: OPTIONS, by which a sender asks whether it may send. Its callback address is never called:
//! anybody could write one.
//! <https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#4-abuse-protection>

use http::header::{ALLOW, HeaderName};
use http::{HeaderValue, Method, StatusCode};

use super::{Asked, Handshake, Outcome, PLAIN, read, replies};
use crate::reply::Refused;
use crate::schemes::Setting;
use crate::signature::Fault;

const ORIGIN: &str = "webhook-request-origin";
const RATE: &str = "webhook-request-rate";
const ALLOWED_ORIGIN: HeaderName = HeaderName::from_static("webhook-allowed-origin");
const ALLOWED_RATE: HeaderName = HeaderName::from_static("webhook-allowed-rate");

pub(super) const OPTIONS: Handshake = Handshake {
    name: "cloudevents",
    methods: &[Method::OPTIONS],
    settings: &[Setting::optional("origins", "the senders that may send, like eventgrid.azure.net; any without it")],
    answer,
    refused: Refused::MethodNotAllowed { allow: "POST" },
    ..PLAIN
};

pub(super) const ALL: &[Handshake] = &[OPTIONS];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let origin = read::header(asked.request, ORIGIN)?;
    Some(origin.and_then(|origin| judge(asked, origin)))
}

/// Whatever is sent must be proved all the same: this is only consent to be sent it.
fn judge(asked: &Asked<'_>, origin: &HeaderValue) -> Result<Outcome, Fault> {
    let name = origin.to_str().map_err(|_| read::unfit(ORIGIN))?;
    read::fenced(ORIGIN, name, 253, |byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))?;
    let allowed = asked.settings.texts("origins").map_err(|_| Fault::NotAllowed(ORIGIN.into()))?;
    if !allowed.is_empty() && !allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(name)) {
        return Err(Fault::NotAllowed(ORIGIN.into()));
    }
    let reply = replies::with(replies::empty(StatusCode::OK), ALLOW, HeaderValue::from_static("POST"));
    let reply = replies::with(reply, ALLOWED_ORIGIN, origin.clone());
    Ok(Outcome::Answer(replies::with(reply, ALLOWED_RATE, rate(asked)?)))
}

/// As many a minute as are wished for: limits answer 429 where they are reached.
fn rate(asked: &Asked<'_>) -> Result<HeaderValue, Fault> {
    let Some(rate) = read::header(asked.request, RATE) else { return Ok(HeaderValue::from_static("*")) };
    let rate = rate?;
    let is_number = read::is_of(rate.as_bytes(), 9, |byte| byte.is_ascii_digit());
    if is_number { Ok(rate.clone()) } else { Err(read::unfit(RATE)) }
}
