//! Authorized → agreed: the receiver has said that it wants webhooks in our name (CloudEvents webhooks, 4).

use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::time::timeout;

use super::Deliverer;
use super::authorize::Authorized;
use super::sign;
use super::standing::Entry;
use crate::endpoint::Endpoint;
use crate::quantity::{Rate, per_minute};
use crate::seam::{
    Answer, Clock, Consent, EndpointState, KEPT, NoAnswer, Outgoing, Received, SendWebhook, Trouble, US,
    WriteEndpointState,
};
use crate::timestamp::Timestamp;

/// Then it is asked anew.
const GOOD: Duration = Duration::from_secs(86_400);

/// So long after a refusal it is not asked again.
const REFUSED: Duration = Duration::from_secs(300);

pub(super) const ORIGIN: HeaderName = HeaderName::from_static("webhook-request-origin");
const RATE: HeaderName = HeaderName::from_static("webhook-request-rate");
const ALLOWED_ORIGIN: &str = "webhook-allowed-origin";
const ALLOWED_RATE: &str = "webhook-allowed-rate";

/// Whether it may be posted.
pub(super) enum Agreement {
    Given,
    /// It was asked with a token that is good no more.
    Unauthorized,
    None(NoAnswer),
}

impl<F, M: WriteEndpointState, P: SendWebhook, N, C: Clock> Deliverer<F, M, P, N, C> {
    /// Where somebody is asking already, what he is told counts.
    pub(super) async fn agree(
        &self,
        (endpoint, state): (&Endpoint, &EndpointState),
        (entry, authorized): (&Entry, &Authorized<'_>),
        limit: Duration,
    ) -> Answer<Agreement> {
        let Some(origin) = &endpoint.consent else { return Ok(Agreement::Given) };
        if let Some(known) = known(endpoint, state, self.clock.now()) {
            return Ok(known);
        }
        let Ok(_asking) = timeout(limit, entry.asking.lock()).await else {
            return Ok(none(format!("timeout: no answer within {limit:?}")));
        };
        let state = self.memory.endpoint_state(&endpoint.tenant, &endpoint.name).await?;
        if let Some(known) = known(endpoint, &state, self.clock.now()) {
            return Ok(known);
        }
        let received = match self.post.send_webhook(question(endpoint, origin, authorized, limit)).await {
            Ok(received) if received.status == 401 && authorized.token.is_some() => return Ok(Agreement::Unauthorized),
            Ok(received) => received,
            Err(problem) => return Ok(none(problem.to_string())),
        };
        let (rate, refused) = match read(origin, &received) {
            Ok(rate) => (rate, None),
            // It has too much to do: that is no refusal.
            Err(words) if received.status == 429 || received.status >= 500 => return Ok(none(words)),
            Err(words) => (None, Some(words)),
        };
        let (url, origin) = (endpoint.url.url().to_string(), origin.clone());
        let consent = Consent { url, origin, at: self.clock.now(), refused, rate };
        self.memory.note_consent(&endpoint.tenant, &endpoint.name, &consent).await?;
        Ok(consent.refused.map_or(Agreement::Given, none))
    }
}

fn none(words: String) -> Agreement {
    Agreement::None(NoAnswer { kind: Trouble::Consent, words })
}

/// What it answered of late, if it was asked the same.
fn known(endpoint: &Endpoint, state: &EndpointState, now: Timestamp) -> Option<Agreement> {
    let consent = state.consent_of(endpoint)?;
    let age = now.since(consent.at);
    match &consent.refused {
        None if age < GOOD => Some(Agreement::Given),
        Some(words) if age < REFUSED => Some(none(words.clone())),
        _ => None,
    }
}

/// How often it allows to be called, if it said so.
pub(super) fn allowed(endpoint: &Endpoint, state: &EndpointState) -> Option<Rate> {
    state.consent_of(endpoint)?.rate.map(per_minute)
}

/// Goes to the very address, whatever method the deliveries have.
fn question(endpoint: &Endpoint, origin: &str, authorized: &Authorized<'_>, limit: Duration) -> Outgoing {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(USER_AGENT, US);
    sign::credentials(endpoint, authorized, &mut headers);
    headers.extend(HeaderValue::from_str(origin).ok().map(|origin| (ORIGIN, origin)));
    if let Some(rate) = endpoint.rate {
        headers.insert(RATE, HeaderValue::from((rate.per_second * 60.0).ceil().max(1.0) as u64));
    }
    Outgoing {
        tenant: endpoint.tenant.clone(),
        endpoint: endpoint.name.clone(),
        method: Method::OPTIONS,
        target: endpoint.url.clone(),
        query: None,
        headers,
        body: Bytes::new(),
        timeout: limit,
        identity: endpoint.identity.clone(),
        keep: KEPT,
    }
}

/// The rate that goes with a consent, per minute. A status alone is no consent.
fn read(origin: &str, received: &Received) -> Result<Option<u32>, String> {
    let status = received.status;
    let values = |name| received.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::trim);
    let mut origins = values(ALLOWED_ORIGIN).peekable();
    if origins.peek().is_none() {
        return Err(format!("the endpoint answered {status} without WebHook-Allowed-Origin"));
    }
    if !origins.any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin)) {
        return Err(format!("the endpoint answered {status}, and its WebHook-Allowed-Origin is not {origin}"));
    }
    match values(ALLOWED_RATE).next() {
        None | Some("*") => Ok(None),
        Some(rate) => match rate.trim_start_matches('0') {
            rate if !rate.is_empty() && rate.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Some(rate.parse().unwrap_or(u32::MAX)))
            }
            _ => Err(format!("the endpoint answered {status}, and its WebHook-Allowed-Rate is no number from 1")),
        },
    }
}

#[cfg(test)]
mod tests;
