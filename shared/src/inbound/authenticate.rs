//! With keys → authentic: the proof is checked over the bytes as received, then the credentials go.

use std::sync::Arc;

use http::Method;

use super::admit::Admitted;
use super::fetch::Keyed;
use super::redact;
use super::turn::Turned;
use super::webhook::{Head, Webhook};
use crate::body::Memory;
use crate::schemes::{Presented, Proved, Scheme};
use crate::signature::Fault;
use crate::source::Source;

/// A webhook that was proved genuine, with the rest of what its request holds.
pub(super) struct Authentic {
    pub(super) source: Arc<Source>,
    pub(super) webhook: Webhook,
    pub(super) memory: Memory,
}

/// A request that was proved genuine, credentials included: a handshake, or a webhook.
pub(super) struct Genuine {
    admitted: Admitted,
    proved: Proved,
}

impl Genuine {
    pub(super) fn admitted(&self) -> &Admitted {
        &self.admitted
    }

    /// The schemes that proved it.
    pub(super) fn by(&self) -> &[&'static Scheme] {
        &self.proved.by
    }
}

/// What the request proves. `hint` is asked what may help the owner of one that is not genuine.
pub(super) fn authenticate(
    Keyed { admitted, fetched }: Keyed,
    hint: impl FnOnce(&Source, &Presented<'_>, &Fault) -> Option<String>,
) -> Result<Genuine, Turned> {
    let (shown, source) = (admitted.shown(), &admitted.source);
    let unproved = |fault| Turned::unproved(hint(source, &shown, &fault), fault);
    let proved = source.verifier.prove(&shown, &fetched, admitted.arrival.at).map_err(unproved)?;
    Ok(Genuine { admitted, proved })
}

/// What is kept of a webhook.
pub(super) fn without_credentials(Genuine { admitted, proved: Proved { proof, by } }: Genuine) -> Authentic {
    let Admitted { source, arrival, presented, body, memory, .. } = admitted;
    let kept = redact::redact(&presented, &source, &by);
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
        by: names(&source, &by),
        delivery: kept.delivery,
        event: kept.event,
        headers: kept.headers,
        query: kept.query,
    };
    let webhook = Webhook::new(head, body);
    Authentic { source, webhook, memory }
}

/// The schemes that proved it, where its source has several.
fn names(source: &Source, by: &[&'static Scheme]) -> Vec<String> {
    let several = if source.verifier.schemes().len() > 1 { by } else { &[] };
    several.iter().map(|scheme| scheme.name.to_owned()).collect()
}
