//! Written → authorized: with an access token, where the endpoint wants one (RFC 6749, 4.4).

mod grant;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

use super::write::Written;
use crate::endpoint::{Endpoint, OAuth2};
use crate::seam::{Clock, NoAnswer, SendWebhook, Trouble};
use crate::secret::Secret;
use grant::Grant;

/// A request whose receiver will know by whom it was let in.
pub(super) struct Authorized<'a> {
    pub(super) written: &'a Written,
    /// `None` where the endpoint wants none.
    pub(super) token: Option<Secret>,
}

/// The token of one endpoint. Of many who want it at once, one asks.
#[derive(Default)]
pub(super) struct Tokens {
    /// How often somebody has asked.
    rounds: AtomicU64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// What was asked with.
    by: Option<Arc<OAuth2>>,
    outcome: Option<Result<Grant, NoAnswer>>,
}

impl Tokens {
    /// The token that is good now. What whoever asked meanwhile was told, counts for those who waited.
    async fn get<A>(&self, by: &Arc<OAuth2>, clock: &impl Clock, ask: impl FnOnce() -> A) -> Result<Secret, NoAnswer>
    where
        A: Future<Output = Result<Grant, NoAnswer>>,
    {
        let before = self.rounds.load(Ordering::SeqCst);
        let mut kept = self.kept.lock().await;
        let meanwhile = self.rounds.load(Ordering::SeqCst) != before;
        match kept.outcome.as_ref().filter(|_| kept.by.as_ref() == Some(by)) {
            Some(Ok(grant)) if meanwhile || grant.until > clock.now() => return Ok(grant.token.clone()),
            Some(Err(problem)) if meanwhile => return Err(problem.clone()),
            _ => {}
        }
        let outcome = ask().await;
        *kept = Kept { by: Some(Arc::clone(by)), outcome: Some(outcome.clone()) };
        self.rounds.fetch_add(1, Ordering::SeqCst);
        outcome.map(|grant| grant.token)
    }

    /// The endpoint no longer takes that token.
    pub(super) async fn forget(&self, token: &Secret) {
        let mut kept = self.kept.lock().await;
        if kept.outcome.as_ref().is_some_and(|known| known.as_ref().is_ok_and(|grant| grant.token == *token)) {
            kept.outcome = None;
        }
    }
}

/// # Errors
/// There is no token: why, without secrets.
pub(super) async fn authorize<'a>(
    (post, clock): (&impl SendWebhook, &impl Clock),
    (endpoint, tokens): (&Endpoint, &Tokens),
    written: &'a Written,
    limit: Duration,
) -> Result<Authorized<'a>, NoAnswer> {
    let Some(by) = &endpoint.oauth2 else { return Ok(Authorized { written, token: None }) };
    let ask = || async {
        let asked = clock.now();
        let received = post.send_webhook(grant::request(endpoint, by, limit)).await;
        let read =
            received.map_err(|problem| problem.to_string()).and_then(|received| grant::read(by, &received, asked));
        read.map_err(|words| NoAnswer { kind: Trouble::OAuth2, words })
    };
    let late = |_| NoAnswer { kind: Trouble::OAuth2, words: format!("timeout: no token within {limit:?}") };
    let token = timeout(limit, tokens.get(by, clock, ask)).await.map_err(late)??;
    Ok(Authorized { written, token: Some(token) })
}

#[cfg(test)]
mod tests;
