//! What a caller is told: JSON, never cached, and no more than it needs.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;

use crate::config::ConfigError;
use crate::quantity::Rate;

/// A reply whose body is already there.
pub type Reply = Response<Full<Bytes>>;

/// Any JSON reply.
pub fn json(status: StatusCode, body: &impl Serialize) -> Reply {
    let mut text = serde_json::to_vec(body).unwrap_or_default();
    text.push(b'\n');
    let mut reply = Response::new(Full::new(Bytes::from(text)));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// The error reply: `{"error": {"code": …, "message": …}}`.
pub fn error(status: StatusCode, code: &str, message: &str) -> Reply {
    json(status, &ErrorBody { error: Problem { code, message } })
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: Problem<'a>,
}

#[derive(Serialize)]
struct Problem<'a> {
    code: &'a str,
    message: &'a str,
}

/// Why a caller did not get what it asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    /// No such address, source or thing.
    NotFound(&'static str),
    MethodNotAllowed {
        allow: &'static str,
    },
    /// Not proved genuine. Which part failed is for the owner's log.
    Unauthorized,
    /// The same, in the word of a provider that wants this one.
    Forbidden,
    TooLarge {
        most: usize,
    },
    TooMany {
        retry_after: Duration,
    },
    /// More events of a tenant than its owner allows.
    OverRate {
        tenant: String,
        rate: Rate,
        retry_after: Duration,
    },
    /// There is no room for more events.
    HistoryFull,
    /// The body did not arrive in time.
    TooSlow,
    /// What was sent is understood, and wrong: which key, and why.
    Invalid {
        key: String,
        problem: String,
    },
    /// An event that cannot be taken as it is: which field, and why.
    InvalidEvent {
        field: String,
        problem: String,
    },
    /// An order that cannot be carried out as it is: which field, and why.
    InvalidOrder {
        field: String,
        problem: String,
    },
    /// Something else must be done first: what.
    NotNow(String),
    /// What is sent is of a kind that is not taken.
    UnsupportedMediaType,
    /// Another event was accepted under that id.
    Taken,
    /// A file on the server's machine says what this is: the kind of it, and its name.
    Owned {
        kind: &'static str,
        name: String,
    },
    /// What is kept is not what the order was made from.
    Changed,
    /// The order does not say what it was made from.
    Unconditional,
    /// The request does not say what it must, or not to its end.
    BadRequest(&'static str),
    /// What is asked for is somewhere else: where.
    NotHere(&'static str),
    /// We cannot keep it now.
    Unavailable {
        retry_after: Duration,
    },
}

impl Refused {
    pub fn reply(&self) -> Reply {
        match self {
            Self::NotFound(message) => error(StatusCode::NOT_FOUND, "not_found", message),
            Self::MethodNotAllowed { allow } => {
                let message = format!("use one of: {allow}");
                with(error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", &message), |headers| {
                    headers.insert(ALLOW, HeaderValue::from_static(allow));
                })
            }
            Self::Unauthorized => {
                with(error(StatusCode::UNAUTHORIZED, "unauthorized", "not authenticated"), |headers| {
                    headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"hookpost\""));
                })
            }
            Self::Forbidden => error(StatusCode::FORBIDDEN, "forbidden", "not authenticated"),
            Self::TooLarge { most } => {
                error(StatusCode::PAYLOAD_TOO_LARGE, "too_large", &format!("the body is larger than {most} bytes"))
            }
            Self::TooMany { retry_after } => after(
                error(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "too many requests; slow down"),
                *retry_after,
            ),
            Self::OverRate { tenant, rate, retry_after } => {
                let message = format!("the tenant {tenant} may emit {rate}; send the event again under the same id");
                after(error(StatusCode::TOO_MANY_REQUESTS, "rate_limited", &message), *retry_after)
            }
            Self::HistoryFull => error(
                StatusCode::INSUFFICIENT_STORAGE,
                "history_full",
                "history has the size that HOOKPOST_HISTORY allows, and nothing in it can be forgotten yet; \
                 allow more, or enable the endpoints for which deliveries are held and send those again",
            ),
            Self::TooSlow => error(StatusCode::REQUEST_TIMEOUT, "timeout", "the body did not arrive in time"),
            Self::Invalid { key, problem } => {
                error(StatusCode::UNPROCESSABLE_ENTITY, "invalid_configuration", &format!("{key}: {problem}"))
            }
            Self::InvalidEvent { field, problem } => {
                error(StatusCode::UNPROCESSABLE_ENTITY, "invalid_event", &format!("{field}: {problem}"))
            }
            Self::InvalidOrder { field, problem } => {
                error(StatusCode::UNPROCESSABLE_ENTITY, "invalid_order", &format!("{field}: {problem}"))
            }
            Self::NotNow(message) => error(StatusCode::CONFLICT, "conflict", message),
            Self::UnsupportedMediaType => error(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "send one event at a time, as application/json or as a CloudEvent",
            ),
            Self::Taken => error(StatusCode::CONFLICT, "conflict", "id: another event was accepted under this id"),
            Self::Owned { kind, name } => {
                let message = format!("{kind}s.{name}: the server's own file names this {kind}; change it there");
                error(StatusCode::CONFLICT, "conflict", &message)
            }
            Self::Changed => error(
                StatusCode::PRECONDITION_FAILED,
                "precondition_failed",
                "the configuration is not of that version any more; look again and repeat",
            ),
            Self::Unconditional => error(
                StatusCode::PRECONDITION_REQUIRED,
                "precondition_required",
                "If-Match must name the version that this replaces, like \"0\"; ?dry_run=true shows what would change",
            ),
            Self::NotHere(message) => error(StatusCode::NOT_IMPLEMENTED, "not_here", message),
            Self::BadRequest(message) => error(StatusCode::BAD_REQUEST, "bad_request", message),
            Self::Unavailable { retry_after } => after(
                error(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "cannot keep this now; send it again later"),
                *retry_after,
            ),
        }
    }
}

impl From<ConfigError> for Refused {
    fn from(ConfigError { key, problem }: ConfigError) -> Self {
        Self::Invalid { key, problem }
    }
}

fn after(reply: Reply, wait: Duration) -> Reply {
    let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
    with(reply, |headers| {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    })
}

fn with(mut reply: Reply, change: impl FnOnce(&mut HeaderMap)) -> Reply {
    change(reply.headers_mut());
    reply
}
