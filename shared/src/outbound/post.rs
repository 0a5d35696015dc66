//! Written → authorized → agreed → signed → posted: carried to the endpoint, with an answer or none.

use std::time::Duration;

use super::authorize::{Authorized, authorize};
use super::consent::Agreement;
use super::open::Open;
use super::standing::Entry;
use super::write::Written;
use super::{Deliverer, redact, sign};
use crate::endpoint::Endpoint;
use crate::seam::{Answer, Clock, NoAnswer, Received, SendWebhook, Trouble, WriteEndpointState};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// What came of an attempt.
pub(super) struct Posted {
    pub(super) outcome: Result<Received, NoAnswer>,
    pub(super) at: Timestamp,
    pub(super) ended: Timestamp,
}

type Outcome = Result<Received, NoAnswer>;

impl<F, M: WriteEndpointState, P: SendWebhook, N, C: Clock> Deliverer<F, M, P, N, C> {
    /// All of it within the endpoint's timeout. A token that is good no more is replaced once.
    pub(super) async fn reach(&self, open: &Open, written: &Written) -> Answer<Posted> {
        let at = self.clock.now();
        if !asks_first(&open.endpoint) {
            let outcome = self.post(open, &Authorized { written, token: None }, at).await;
            return Ok(Posted { outcome, at, ended: self.clock.now() });
        }
        let entry = self.standing.of(&open.endpoint);
        let (mut outcome, token) = self.once(open, written, &entry, at).await?;
        let refused = |received: &Received| received.status == 401 && !open.endpoint.is_success(401);
        if let Some(token) = token.filter(|_| outcome.as_ref().is_ok_and(refused)) {
            entry.tokens.forget(&token).await;
            (outcome, _) = self.once(open, written, &entry, at).await?;
            if let Ok(received) = &mut outcome {
                received.body = redact::without_token(&received.body, &token);
            }
        }
        Ok(Posted { outcome, at, ended: self.clock.now() })
    }

    /// The outcome, and the token that was shown.
    async fn once(
        &self,
        open: &Open,
        written: &Written,
        entry: &Entry,
        at: Timestamp,
    ) -> Answer<(Outcome, Option<Secret>)> {
        let (endpoint, ports) = (&open.endpoint, (&self.post, &self.clock));
        let authorized = match authorize(ports, (endpoint, &entry.tokens), written, self.left(open, at)).await {
            Ok(authorized) => authorized,
            Err(problem) => return Ok((Err(problem), None)),
        };
        let agreement = self.agree((endpoint, &open.state), (entry, &authorized), self.left(open, at)).await?;
        let outcome = match agreement {
            Agreement::Given => self.post(open, &authorized, at).await,
            Agreement::Unauthorized => Ok(unauthorized()),
            Agreement::None(problem) => Err(problem),
        };
        Ok((outcome, authorized.token))
    }

    async fn post(&self, open: &Open, authorized: &Authorized<'_>, at: Timestamp) -> Outcome {
        let limit = self.left(open, at);
        if limit.is_zero() {
            let words = format!("nothing was left of {:?}", open.endpoint.timeout);
            return Err(NoAnswer { kind: Trouble::Timeout, words });
        }
        let signed = sign::sign(open, authorized, self.clock.now(), limit);
        let mut received = self.post.send_webhook(signed).await?;
        if let Some(token) = &authorized.token {
            received.body = redact::without_token(&received.body, token);
        }
        Ok(received)
    }

    /// What is left of the endpoint's timeout, where anybody else may have taken of it.
    fn left(&self, open: &Open, at: Timestamp) -> Duration {
        let endpoint = &open.endpoint;
        match asks_first(endpoint) {
            true => endpoint.timeout.saturating_sub(self.clock.now().since(at)),
            false => endpoint.timeout,
        }
    }
}

/// Whether somebody is asked for a token or for consent before it is posted.
fn asks_first(endpoint: &Endpoint) -> bool {
    endpoint.oauth2.is_some() || endpoint.consent.is_some()
}

fn unauthorized() -> Received {
    Received { status: 401, headers: http::HeaderMap::new(), body: bytes::Bytes::new() }
}
