//! Signatures as Standard Webhooks makes them: keys, an id, a time and bytes in; one header's value out.

use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The keys of one endpoint: all that are in force sign.
#[derive(Clone)]
pub struct Signer {
    keys: Vec<(Secret, Option<Timestamp>)>,
}

/// Why a text is no key, worded to follow the name of its setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAKey(pub &'static str);

impl Signer {
    /// Keys as they are written (`whsec_…`, `whsk_…`), each with the time from which it signs no more.
    pub fn new(keys: Vec<(Secret, Option<Timestamp>)>) -> Result<Self, NotAKey> {
        Ok(Self { keys })
    }

    /// The value of `webhook-signature`.
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let _ = (id, at, body, &self.keys);
        String::new()
    }

    /// The public halves of the keys in force, as `whpk_…`.
    pub fn public_keys(&self, now: Timestamp) -> Vec<String> {
        let _ = now;
        Vec::new()
    }

    /// The secrets, for whoever must keep them out of what is stored.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.keys.iter().map(|(secret, _)| secret)
    }
}
