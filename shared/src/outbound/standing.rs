//! How it stands with endpoints between attempts, as far as nobody writes it down.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::authorize::Tokens;
use crate::endpoint::Endpoint;

/// Of so many endpoints it is known; then begun anew.
const MOST: usize = 10_000;

/// By tenant and name.
type Known = HashMap<(String, String), Arc<Entry>>;

/// In memory alone: each process that delivers gets tokens of its own. Those of one deliverer share it.
#[derive(Clone, Default)]
pub struct Standing(Arc<Mutex<Known>>);

/// Of one endpoint.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) tokens: Tokens,
    /// Held by whoever asks for consent.
    pub(super) asking: tokio::sync::Mutex<()>,
}

impl Standing {
    pub(super) fn of(&self, endpoint: &Endpoint) -> Arc<Entry> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (endpoint.tenant.clone(), endpoint.name.clone());
        if known.len() >= MOST && !known.contains_key(&key) {
            known.clear();
        }
        Arc::clone(known.entry(key).or_default())
    }
}
