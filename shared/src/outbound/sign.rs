//! Written → signed: the headers of Standard Webhooks, over the very bytes that are sent.

use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::open::Open;
use super::write::Written;
use crate::seam::{KEPT, Outgoing};
use crate::timestamp::Timestamp;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const US: HeaderValue = HeaderValue::from_static(concat!("hookpost/", env!("CARGO_PKG_VERSION")));

pub(super) fn sign(open: &Open, written: Written, now: Timestamp) -> Outgoing {
    let (endpoint, id) = (&open.endpoint, open.event.id.as_str());
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(USER_AGENT, US);
    if let Some(content_type) = written.content_type {
        headers.insert(CONTENT_TYPE, content_type);
    }
    for (name, value) in &endpoint.headers {
        headers.insert(name, value.clone());
    }
    // A GET has no body: what it says stands in its query.
    let said = written.query.as_ref().map_or(&*written.body, |query| query.as_bytes());
    let signature = endpoint.signer.as_ref().map(|signer| signer.sign(id, now, said)).unwrap_or_default();
    headers.extend([(ID, value(id)), (SIGNATURE, value(&signature))]);
    headers.insert(TIMESTAMP, HeaderValue::from(now.seconds()));
    Outgoing {
        tenant: endpoint.tenant.clone(),
        endpoint: endpoint.name.clone(),
        method: endpoint.method.clone(),
        target: endpoint.url.clone(),
        query: written.query,
        headers,
        body: written.body,
        timeout: endpoint.timeout,
        identity: endpoint.identity.clone(),
        keep: KEPT,
    }
}

/// Ids and signatures are made of characters that a header can carry.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
