//! What happened to an endpoint → news: state first, then told, then marked as told, so that a crash in
//! between repeats what is told and loses nothing.

use super::Deliverer;
use super::health::{Course, Outcome, course};
use super::open::Open;
use crate::endpoint::Endpoint;
use crate::seam::{
    Answer, Attempt, Clock, DISABLED_AFTER, Disabled, LastAnswer, MOST_COUNTED, News, ReadHealth, Tell, What,
    WriteEndpointState,
};
use crate::timestamp::Timestamp;

/// So many answers are told.
const MOST_ANSWERS: usize = 5;

/// So much of each response, in characters.
const SHOWN: usize = 500;

/// Whether the delivery at hand is about to be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Held,
    Other,
}

impl<F, M: WriteEndpointState + ReadHealth, P, N: Tell, C: Clock> Deliverer<F, M, P, N, C> {
    /// Notes what an attempt says of its endpoint; answers whether that is disabled for it.
    pub(super) async fn note_health(
        &self,
        open: &Open,
        outcome: Outcome,
        answers: impl Fn() -> Vec<LastAnswer>,
    ) -> Answer<bool> {
        let (endpoint, now) = (&*open.endpoint, self.clock.now());
        if course(&open.state, outcome, now) == Course::Same {
            return Ok(false);
        }
        // What was known before the attempt may be old by now; many attempts may say the same.
        let (tenant, name) = (&*endpoint.tenant, &*endpoint.name);
        let state = self.memory.endpoint_state(tenant, name).await?;
        match course(&state, outcome, now) {
            Course::Same => {}
            Course::Fails => {
                self.memory.endpoint_fails(tenant, name, now).await?;
                tracing::info!(tenant, endpoint = name, "endpoint fails");
            }
            Course::Failing { since } => {
                self.tell(endpoint, What::Failing, since, answers(), Fate::Other).await?;
                self.memory.trouble_told(tenant, name, since).await?;
                tracing::warn!(tenant, endpoint = name, %since, "endpoint only fails");
            }
            Course::TooLong => {
                let reason = format!("it only failed for {} days", DISABLED_AFTER.as_secs() / 86_400);
                let disabled = Disabled { since: now, reason, told: false };
                self.disable(endpoint, &disabled, answers(), Fate::Held).await?;
                return Ok(true);
            }
            Course::Works { trouble } => {
                if let Some(since) = trouble {
                    self.tell(endpoint, What::Recovered, since, Vec::new(), Fate::Other).await?;
                    tracing::info!(tenant, endpoint = name, %since, "endpoint works again");
                }
                self.memory.endpoint_works(tenant, name, now).await?;
            }
        }
        Ok(false)
    }

    pub(super) async fn disable(
        &self,
        endpoint: &Endpoint,
        disabled: &Disabled,
        answers: Vec<LastAnswer>,
        fate: Fate,
    ) -> Answer<()> {
        let (tenant, name) = (&*endpoint.tenant, &*endpoint.name);
        self.memory.disable_endpoint(tenant, name, disabled).await?;
        tracing::warn!(tenant, endpoint = name, why = disabled.reason, "endpoint disabled; what is for it is held");
        // Somebody else may have been first, and may have told it.
        match self.memory.endpoint_state(tenant, name).await?.disabled {
            Some(stored) if !stored.told => self.tell_disabled(endpoint, stored, answers, fate).await,
            _ => Ok(()),
        }
    }

    pub(super) async fn tell_disabled(
        &self,
        endpoint: &Endpoint,
        Disabled { since, reason, .. }: Disabled,
        answers: Vec<LastAnswer>,
        fate: Fate,
    ) -> Answer<()> {
        self.tell(endpoint, What::Disabled { reason }, since, answers, fate).await?;
        self.memory.trouble_told(&endpoint.tenant, &endpoint.name, since).await
    }

    /// All attempts at a delivery were made. Nobody asks what is held: it may be told often.
    pub(super) async fn tell_exhausted(&self, open: &Open, answers: Vec<LastAnswer>) -> Answer<()> {
        let (event, kind, attempts) = (open.event.id.clone(), open.event.kind.clone(), open.turn.number);
        let what = What::Exhausted { event, kind, attempts };
        self.news.tell(&self.news_of(&open.endpoint, what, open.event.received, answers, 0)).await
    }

    async fn tell(
        &self,
        endpoint: &Endpoint,
        what: What,
        since: Timestamp,
        answers: Vec<LastAnswer>,
        fate: Fate,
    ) -> Answer<()> {
        let held = self.memory.backlog(&endpoint.tenant, &endpoint.name).await?.held;
        let held = (held + u32::from(fate == Fate::Held)).min(MOST_COUNTED);
        self.news.tell(&self.news_of(endpoint, what, since, answers, held)).await
    }

    fn news_of(&self, endpoint: &Endpoint, what: What, since: Timestamp, answers: Vec<LastAnswer>, held: u32) -> News {
        News {
            tenant: endpoint.tenant.clone(),
            endpoint: endpoint.name.clone(),
            url: endpoint.url.url().as_str().to_owned(),
            what,
            since,
            at: self.clock.now(),
            answers,
            held,
            contact: endpoint.contact.clone(),
            is_operational: endpoint.is_operational(),
        }
    }
}

/// What came of attempts, latest first.
pub(super) fn answers<'a>(attempts: impl DoubleEndedIterator<Item = &'a Attempt>) -> Vec<LastAnswer> {
    let answer = |attempt: &Attempt| LastAnswer {
        at: attempt.at,
        status: attempt.status,
        error: attempt.error.as_deref().map(shortened),
        response: attempt.response.as_deref().map(shortened),
    };
    attempts.rev().take(MOST_ANSWERS).map(answer).collect()
}

fn shortened(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}
