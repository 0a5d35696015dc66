//! Agreed → signed: the headers of Standard Webhooks, over the very bytes that are sent.

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::authorize::Authorized;
use super::consent::ORIGIN;
use super::open::Open;
use crate::endpoint::Endpoint;
use crate::seam::{KEPT, Outgoing, US};
use crate::timestamp::Timestamp;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

pub(super) fn sign(open: &Open, authorized: &Authorized<'_>, now: Timestamp, limit: Duration) -> Outgoing {
    let (endpoint, id, written) = (&open.endpoint, open.event.id.as_str(), authorized.written);
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(USER_AGENT, US);
    if let Some(content_type) = &written.content_type {
        headers.insert(CONTENT_TYPE, content_type.clone());
    }
    credentials(endpoint, authorized, &mut headers);
    if let Some(origin) = &endpoint.consent {
        headers.insert(ORIGIN, value(origin));
    }
    headers.extend(written.headers.iter().cloned());
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
        query: written.query.clone(),
        headers,
        body: written.body.clone(),
        timeout: limit,
        identity: endpoint.identity.clone(),
        keep: KEPT,
    }
}

/// The headers that its owner gave, and the token.
pub(super) fn credentials(endpoint: &Endpoint, authorized: &Authorized<'_>, headers: &mut HeaderMap) {
    for (name, value) in &endpoint.headers {
        headers.insert(name, value.clone());
    }
    if let Some(token) = &authorized.token {
        let mut bearer = value(&format!("Bearer {}", token.expose()));
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
    }
}

/// Ids, signatures, tokens and origins are made of characters that a header can carry.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
