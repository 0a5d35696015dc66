//! Queued → claimed: read back, told from its duplicates, and ours alone for a while.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::settle::Job;
use super::webhook::{Message, Unreadable, Webhook};
use super::{Mailer, Next};
use crate::id::WebhookId;
use crate::outside::Outside;
use crate::seam::{Answer, Bury, Claim, ClaimKey, Claims, Clock, FindSource, GetBody, Leased};
use crate::signature::Place;
use crate::source::{Deduplicate, Source};

/// How long a webhook that nothing can be a duplicate of is remembered: longer than a queue may
/// hand out a message again that was removed.
const UNNAMED: Duration = Duration::from_secs(86_400);

/// Delivery ids longer than this are remembered by their digest.
const LONGEST: usize = 200;

/// What the claim stage makes of a message.
pub(super) enum Claimed {
    Work(Box<Work>),
    /// There is nothing to mail.
    Settled(Next),
}

/// A webhook that is ours to mail.
pub(super) struct Work {
    pub(super) source: Arc<Source>,
    pub(super) webhook: Webhook,
    pub(super) event: Option<String>,
    pub(super) delivery: Option<String>,
    pub(super) job: Job,
}

impl<S: FindSource, M: Claims + GetBody + Bury, E, P, C: Clock> Mailer<S, M, E, P, C> {
    pub(super) async fn claim(&self, leased: &Leased) -> Answer<Claimed> {
        let Ok(webhook) = open(&self.memory, leased).await? else {
            return self.bury_unreadable(leased).await.map(Claimed::Settled);
        };
        let Some(source) = self.sources.find(webhook.source()).await? else {
            return self.bury_orphan(leased, &webhook).await.map(Claimed::Settled);
        };
        let delivery = delivery(&source, &webhook);
        let (key, window) = key(&source, &webhook, delivery.as_deref());
        match self.memory.claim(&key, webhook.id(), self.clock.now(), self.times.lease).await? {
            Claim::Ours(lease) => {
                let event = event(&source, &webhook);
                let (about, recipients) = (source.name.clone(), source.email.len());
                let job = Job { about, lease, window, leased: leased.clone(), recipients };
                Ok(Claimed::Work(Box::new(Work { source, webhook, event, delivery, job })))
            }
            Claim::Busy { until } => Ok(Claimed::Settled(Next::Again { due: until })),
            Claim::Completed { by } => {
                skip(&webhook, delivery.as_deref(), by);
                Ok(Claimed::Settled(Next::Done))
            }
            Claim::Buried { reason } => self.bury_again(leased, key, reason).await.map(Claimed::Settled),
        }
    }
}

/// A webhook that was mailed before: by another of the same name, or by itself before a crash.
fn skip(webhook: &Webhook, delivery: Option<&str>, first: WebhookId) {
    if first != webhook.id() {
        let delivery = Outside(delivery.unwrap_or_default());
        tracing::info!(source = webhook.source(), id = %webhook.id(), %first, %delivery, "duplicate skipped");
    }
}

/// The webhook in a message, its body fetched where it was kept apart.
async fn open(bodies: &impl GetBody, leased: &Leased) -> Answer<Result<Webhook, Unreadable>> {
    let headed = match Webhook::read(&leased.message) {
        Ok(Message::Whole(webhook)) => return Ok(Ok(webhook)),
        Ok(Message::Headed(headed)) => headed,
        Err(unreadable) => return Ok(Err(unreadable)),
    };
    let body = bodies.get_body(headed.id()).await?;
    Ok(body.map(|body| headed.with_body(body)).ok_or(Unreadable))
}

fn delivery(source: &Source, webhook: &Webhook) -> Option<String> {
    named(source.delivery(&webhook.by())?, webhook.delivery(), webhook)
}

fn event(source: &Source, webhook: &Webhook) -> Option<String> {
    named(source.event(&webhook.by())?, webhook.event(), webhook)
}

/// What stands at a place: in the body, or in the head, from which it was taken at the door.
fn named(place: &Place, in_head: Option<&str>, webhook: &Webhook) -> Option<String> {
    if place.is_in_body() { place.read_body(webhook.body()) } else { in_head.map(str::to_owned) }
}

/// What makes this webhook the same as another, and for how long.
fn key(source: &Source, webhook: &Webhook, delivery: Option<&str>) -> (ClaimKey, Duration) {
    let (kind, value, window) = match (source.deduplicate, delivery) {
        (Deduplicate::ById { window }, Some(id)) if id.len() <= LONGEST => ("id", id.to_owned(), window),
        (Deduplicate::ById { window }, Some(id)) => ("id-sha256", hex::encode(Sha256::digest(id)), window),
        (Deduplicate::ByBody { window }, _) => ("body", hex::encode(Sha256::digest(webhook.body())), window),
        (Deduplicate::ById { .. } | Deduplicate::Never, _) => ("webhook", webhook.id().to_string(), UNNAMED),
    };
    (ClaimKey(format!("{}/{kind}/{value}", source.name)), window)
}
