//! A letter's place: so many an hour to one reader, however many endpoints fail.

use std::time::Duration;

use super::Mailer;
use crate::id::WebhookId;
use crate::letter::{Letter, Reader};
use crate::seam::{Answer, Claim, ClaimKey, Claims, Clock};
use crate::timestamp::Timestamp;

/// So many letters a clock hour are mailed to one reader.
pub(super) const MOST_LETTERS: u32 = 10;

pub(super) const HOUR: Duration = Duration::from_secs(3_600);

/// Whether a letter is mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Mailed,
    /// It is the first that is not: the reader is told that there are more.
    More,
    Logged,
}

impl<S, M: Claims, E, P, C: Clock> Mailer<S, M, E, P, C> {
    /// A place is taken before the letter is sent and stays its own: one that is tried again within the
    /// hour takes no other.
    pub(super) async fn place(&self, letter: &Letter, id: WebhookId, now: Timestamp) -> Answer<Place> {
        for number in 1..=MOST_LETTERS + 1 {
            let place = if number > MOST_LETTERS { Place::More } else { Place::Mailed };
            match self.memory.claim(&key(letter, number, now), id, now, self.times.lease).await? {
                Claim::Ours(lease) => {
                    self.memory.complete(&lease, now.after(HOUR * 2)).await?;
                    return Ok(place);
                }
                Claim::Completed { by } if by == id => return Ok(place),
                Claim::Completed { .. } | Claim::Busy { .. } | Claim::Buried { .. } => {}
            }
        }
        Ok(Place::Logged)
    }
}

/// No source is called so.
fn key(letter: &Letter, number: u32, now: Timestamp) -> ClaimKey {
    let contact = letter.news.contact.as_ref().filter(|_| letter.to == Reader::Contact);
    let reader = contact.map_or("owner".to_owned(), |contact| contact.address().to_lowercase());
    ClaimKey(format!(":letters/{reader}/{}/{number}", now.seconds() / HOUR.as_secs()))
}
