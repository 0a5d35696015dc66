//! Given up → buried: laid among the dead letters, where its owner finds it.

use super::webhook::Webhook;
use super::{Mailer, Next};
use crate::outside::Outside;
use crate::seam::{Answer, Bury, ClaimKey, Clock, DeadLetter, Leased};

impl<S, M: Bury, E, P, C: Clock> Mailer<S, M, E, P, C> {
    /// The claim says that it was given up, but the message is still there: we died in between.
    pub(super) async fn bury_again(&self, leased: &Leased, key: ClaimKey, reason: String) -> Answer<Next> {
        let source = key.0.split('/').next().unwrap_or_default().to_owned();
        let letter = DeadLetter { claim: Some(key), ..self.dead(leased, reason) };
        self.lay(letter, leased, &source).await
    }

    /// Nobody can ever mail what nobody can read.
    pub(super) async fn bury_unreadable(&self, leased: &Leased) -> Answer<Next> {
        let letter = self.dead(leased, "the message cannot be read".into());
        self.lay(letter, leased, "").await
    }

    /// Its source was taken out of the configuration while it waited.
    pub(super) async fn bury_orphan(&self, leased: &Leased, webhook: &Webhook) -> Answer<Next> {
        let reason = format!("the source {} is no longer configured", webhook.source());
        let letter = self.dead(leased, reason);
        self.lay(letter, leased, webhook.source()).await
    }

    pub(super) async fn lay(&self, letter: DeadLetter, leased: &Leased, source: &str) -> Answer<Next> {
        self.memory.bury(&letter, leased).await?;
        let (id, tries, why) = (letter.id, letter.tries, Outside(&letter.reason));
        tracing::error!(source, %id, tries, %why, "dead letter: will not be mailed unless you retry it");
        Ok(Next::Done)
    }

    /// A letter that was never judged.
    fn dead(&self, leased: &Leased, reason: String) -> DeadLetter {
        let message = leased.message.clone();
        DeadLetter { id: leased.id, died: self.clock.now(), reason, tries: 0, claim: None, message }
    }
}
