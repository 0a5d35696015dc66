//! Sources in use: those of the configuration file, and those that were applied since.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::seam::{Answer, FindSource};
use crate::source::Source;

type ByName = HashMap<String, Arc<Source>>;

#[derive(Clone)]
pub struct Sources(Arc<RwLock<ByName>>);

impl Sources {
    pub fn new(sources: Vec<Arc<Source>>) -> Self {
        Self(Arc::new(RwLock::new(by_name(sources))))
    }

    /// From now on it is these.
    pub(super) fn replace(&self, sources: Vec<Arc<Source>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = by_name(sources);
    }

    /// All of them, by name.
    pub fn all(&self) -> Vec<Arc<Source>> {
        let mut all: Vec<_> = self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }
}

/// Of two of one name the first counts.
fn by_name(sources: Vec<Arc<Source>>) -> ByName {
    sources.into_iter().rev().map(|source| (source.name.clone(), source)).collect()
}

impl FindSource for Sources {
    async fn find(&self, name: &str) -> Answer<Option<Arc<Source>>> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned())
    }
}
