//! What happens to endpoints that people and programs are told of.

use std::future::Future;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Answer;
use crate::address::EmailAddress;
use crate::event::{EventId, OPERATIONAL};
use crate::timestamp::Timestamp;

/// People are told of a run of failures that has lasted so long.
pub const TOLD_AFTER: Duration = Duration::from_secs(3_600);

/// An endpoint that only failed for so long is disabled.
pub const DISABLED_AFTER: Duration = Duration::from_secs(5 * 86_400);

/// Something happened to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    pub tenant: String,
    pub endpoint: String,
    pub url: String,
    #[serde(flatten)]
    pub what: What,
    /// When the trouble began, or what it is about was accepted. With endpoint and `what` it names these
    /// news: the same again are told once.
    pub since: Timestamp,
    pub at: Timestamp,
    /// The last answers, latest first.
    pub answers: Vec<LastAnswer>,
    /// Deliveries held for it, up to [`super::MOST_COUNTED`].
    pub held: u32,
    /// Who is told beside the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<EmailAddress>,
    /// It takes operational events itself: none is made of it, so that none can cause another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_operational: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// It only failed for an hour.
    Failing,
    Disabled {
        reason: String,
    },
    /// It took a webhook, after people were told of trouble.
    Recovered,
    /// All attempts at a delivery were made.
    Exhausted {
        event: EventId,
        kind: crate::event::EventType,
        attempts: u32,
    },
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastAnswer {
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The first of the response's body, secrets removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
}

impl News {
    /// The type of the event about it.
    pub fn kind(&self) -> &'static str {
        match self.what {
            What::Failing => OPERATIONAL[0],
            What::Disabled { .. } => OPERATIONAL[1],
            What::Recovered => OPERATIONAL[2],
            What::Exhausted { .. } => OPERATIONAL[3],
        }
    }

    /// The same for the same news to the same reader, whenever they are told: a name to tell them once by.
    pub fn digest(&self, reader: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        let since = self.since.0.to_string();
        let (event, attempts) = match &self.what {
            What::Exhausted { event, attempts, .. } => (event.as_str(), attempts.to_string()),
            _ => ("", String::new()),
        };
        for part in [reader, self.kind(), &self.tenant, &self.endpoint, &since, event, &attempts] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().into()
    }
}

/// Tells people by e-mail, and programs by operational events.
pub trait Tell {
    /// Once this answers, it outlives any crash. The same news again change nothing.
    fn tell(&self, news: &News) -> impl Future<Output = Answer<()>> + Send;
}
