//! Queued → mailed, for letters: claimed, given a place, composed, sent, settled.

use std::time::Duration;

use super::compose::{compose, compose_more};
use super::fence::Place;
use super::settle::Job;
use super::{Mailer, Next, send};
use crate::address::EmailAddress;
use crate::letter::{Letter, Reader};
use crate::seam::{Answer, Bury, Claim, ClaimKey, Claims, Clock, Lease, Leased, SendEmail};

/// How long news are remembered as mailed: longer than anybody may find them untold.
const REMEMBERED: Duration = Duration::from_secs(400 * 86_400);

impl<S, M: Claims + Bury, E: SendEmail, P, C: Clock> Mailer<S, M, E, P, C> {
    pub(super) async fn mail_letter(&self, leased: &Leased, letter: &Letter) -> Answer<Next> {
        let now = self.clock.now();
        // No source is called so.
        let key = ClaimKey(format!(":letter/{}", letter.id()));
        let lease = match self.memory.claim(&key, leased.id, now, self.times.lease).await? {
            Claim::Ours(lease) => lease,
            Claim::Busy { until } => return Ok(Next::Again { due: until }),
            Claim::Completed { .. } => return Ok(Next::Done),
            Claim::Buried { reason } => return self.bury_again(leased, key, reason).await,
        };
        let to = self.readers(letter);
        if to.is_empty() {
            return self.settle(job(letter, leased, lease, 0), Ok(())).await;
        }
        let job = job(letter, leased, lease, to.len());
        let email = match self.place(letter, leased.id, now).await? {
            Place::Mailed => compose(letter, leased.id, to),
            Place::More => compose_more(letter, leased.id, to, now),
            Place::Logged => {
                tracing::warn!(about = job.about, id = %leased.id, "not mailed: too many letters this hour");
                return self.settle(Job { recipients: 0, ..job }, Ok(())).await;
            }
        };
        let sent = send::send(&self.email, &email, self.times.send).await;
        self.settle(job, sent).await
    }

    /// An owner who is an endpoint's contact too has one letter, the owner's.
    fn readers(&self, letter: &Letter) -> Vec<EmailAddress> {
        let is_owner =
            |contact: &&EmailAddress| self.owner.iter().any(|o| o.address().eq_ignore_ascii_case(contact.address()));
        match letter.to {
            Reader::Owner => self.owner.clone(),
            Reader::Contact => letter.news.contact.iter().filter(|contact| !is_owner(contact)).cloned().collect(),
        }
    }
}

fn job(letter: &Letter, leased: &Leased, lease: Lease, recipients: usize) -> Job {
    Job { about: letter.about(), lease, window: REMEMBERED, leased: leased.clone(), recipients }
}
