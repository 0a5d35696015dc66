//! Admitted → answered, if it is a handshake: none is queued, and none is mailed.

use http::{HeaderName, HeaderValue};

use super::Listener;
use super::admit::Admitted;
use super::confirm::confirm;
use super::turn::Turned;
use crate::handshakes::{self, Asked, Handshake, Outcome, When};
use crate::reply::{Refused, Reply};
use crate::schemes::{Presented, Scheme, Settings};
use crate::seam::{LearnSecret, SendWebhook};
use crate::secret::Secret;
use crate::signature::Fault;

/// The answer, if the request is a handshake of its source's providers. Called before anything is proved
/// and once it is: each handshake is looked at once.
pub(super) async fn shake<S: LearnSecret, Q, P: SendWebhook>(
    listener: &Listener<S, Q, P>,
    admitted: &Admitted,
    when: When,
) -> Result<Option<Reply>, Turned> {
    let presented = admitted.shown();
    for (handshake, settings) in admitted.source.verifier.handshakes() {
        if handshake.when != when || !handshake.methods.contains(presented.method) {
            continue;
        }
        if let Some(outcome) = answer(handshake, settings, &presented) {
            let reply = match outcome.map_err(|fault| refused(handshake, fault))? {
                Outcome::Answer(reply) => reply,
                Outcome::Learn { secret, reply } => learn(listener, admitted, &secret).await.map(|()| reply)?,
                Outcome::Confirm { url, reply } => {
                    confirm((&listener.post, listener.guard), &url).await.map(|()| reply)?
                }
                Outcome::Tell { owner, reply } => {
                    tracing::warn!(source = admitted.source.name, id = %admitted.arrival.id, "{owner}");
                    reply
                }
            };
            listener.turned_away.shook(handshake.name, &admitted.source.name, admitted.arrival);
            return Ok(Some(reply));
        }
    }
    match when {
        When::Unproved => stop(admitted, &presented).map(|()| None),
        When::Proved => Ok(None),
    }
}

fn answer(handshake: &Handshake, settings: &Settings, request: &Presented<'_>) -> Option<Result<Outcome, Fault>> {
    let configured = settings.text("url").ok().flatten();
    let request = Presented { url: configured, ..*request };
    (handshake.answer)(&Asked { request: &request, settings })
}

/// What is no handshake and goes no further for it.
fn stop(admitted: &Admitted, presented: &Presented<'_>) -> Result<(), Turned> {
    let verifier = &admitted.source.verifier;
    if let Some((refused, why)) = admitted.only_a_handshake.clone() {
        return Err(Turned::new(refused, why));
    }
    if verifier.handshakes().any(|(handshake, _)| handshake.forges.is_some_and(|forges| forges(presented))) {
        return Err(Turned::new(Refused::Unauthorized, "its signature may be the answer to a handshake"));
    }
    if verifier.learns() {
        let why = "no secret was handed over yet; hookpost sources wait lets the next one in";
        return Err(Turned::new(Refused::Unauthorized, why));
    }
    Ok(())
}

/// The answer that its provider wants to a webhook that is taken, if not our own.
pub(super) fn taken(by: &[&'static Scheme]) -> Option<Reply> {
    by.iter().find_map(|scheme| handshakes::taken(scheme.name))
}

/// What the provider wants to read again in the answer to a webhook that is taken: what it was proved by.
pub(super) fn echo(admitted: &Admitted) -> Option<(HeaderName, HeaderValue)> {
    let mut names = admitted.source.verifier.handshakes().filter_map(|(handshake, _)| handshake.echoes);
    let said = |name: &'static str| Some((HeaderName::from_static(name), admitted.shown().headers.get(name)?.clone()));
    names.find_map(said)
}

async fn learn<S: LearnSecret, Q, P>(
    listener: &Listener<S, Q, P>,
    admitted: &Admitted,
    secret: &Secret,
) -> Result<(), Turned> {
    let (source, arrival) = (&admitted.source.name, admitted.arrival);
    if !listener.sources.learn(source, secret, arrival.at).await.map_err(Turned::ours)? {
        let why = "a secret was offered, and the source waits for none; hookpost sources wait lets the next one in";
        return Err(Turned::new(Refused::Unauthorized, why));
    }
    tracing::warn!(%source, id = %arrival.id, caller = %arrival.caller, "a secret was handed over and is in use now");
    Ok(())
}

fn refused(handshake: &Handshake, fault: Fault) -> Turned {
    let mut turned = Turned::unproved(None, fault);
    turned.refused = handshake.refused.clone();
    turned
}
