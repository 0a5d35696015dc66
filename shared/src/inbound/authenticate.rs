//! Admitted → authentic: the proof is checked over the bytes as received, then the credentials go.

use std::sync::Arc;

use http::Method;

use super::admit::Admitted;
use super::redact;
use super::turn::Turned;
use super::webhook::{Head, Webhook};
use crate::body::Memory;
use crate::schemes::{Fetched, Presented};
use crate::source::Source;

/// A webhook that was proved genuine, with the rest of what its request holds.
pub(super) struct Authentic {
    pub(super) source: Arc<Source>,
    pub(super) webhook: Webhook,
    pub(super) memory: Memory,
}

pub(super) fn authenticate(admitted: Admitted) -> Result<Authentic, Turned> {
    let Admitted { source, arrival, presented, body, memory } = admitted;
    let shown = Presented {
        method: &presented.method,
        headers: &presented.headers,
        query: presented.uri.query(),
        body: &body,
        caller: arrival.caller,
        certificate: presented.extensions.get(),
        url: None,
    };
    let proof = source.verifier.verify(&shown, &Fetched::default(), arrival.at).map_err(Turned::unproved)?;
    let kept = redact::redact(&presented, &source);
    // The data of a GET is its query.
    let is_get = presented.method == Method::GET;
    let body = if is_get { kept.query.clone().unwrap_or_default().into() } else { body };
    let head = Head {
        id: arrival.id,
        source: source.name.clone(),
        received: arrival.at,
        caller: arrival.caller,
        method: presented.method.to_string(),
        proof,
        delivery: kept.delivery,
        event: kept.event,
        headers: kept.headers,
        query: kept.query,
    };
    let webhook = Webhook::new(head, body);
    Ok(Authentic { source, webhook, memory })
}
