//! Answers to handshakes: what the provider expects to the byte, and nothing that a browser would run or keep.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use http_body_util::Full;
use serde_json::Value;

use crate::reply::Reply;

pub(super) fn text(body: impl Into<Bytes>) -> Reply {
    of(StatusCode::OK, Some("text/plain"), body.into())
}

pub(super) fn json(body: &Value) -> Reply {
    of(StatusCode::OK, Some("application/json"), body.to_string().into())
}

pub(super) fn empty(status: StatusCode) -> Reply {
    of(status, None, Bytes::new())
}

pub(super) fn with(mut reply: Reply, name: HeaderName, value: HeaderValue) -> Reply {
    reply.headers_mut().insert(name, value);
    reply
}

pub(super) fn of(status: StatusCode, kind: Option<&'static str>, body: Bytes) -> Reply {
    let mut reply = Reply::new(Full::new(body));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    if let Some(kind) = kind {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}
