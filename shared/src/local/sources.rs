//! Sources in use: those of the configuration file, and those that were applied since.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::store::Store;
use crate::learned;
use crate::seal::Keys;
use crate::seam::{Answer, FindSource, LearnSecret, ListSources, TakeLearned};
use crate::secret::Secret;
use crate::source::Source;
use crate::timestamp::Timestamp;

type ByName = HashMap<String, Arc<Source>>;

#[derive(Clone)]
pub struct Sources {
    by_name: Arc<RwLock<ByName>>,
    /// Where secrets are kept that were handed over, and what they are sealed with.
    learned: Option<(Store, Keys)>,
}

impl Sources {
    pub fn new(sources: Vec<Arc<Source>>) -> Self {
        Self { by_name: Arc::new(RwLock::new(by_name(sources))), learned: None }
    }

    /// The same, with secrets that were handed over.
    pub(super) fn learning(self, store: Store, keys: Keys) -> Self {
        Self { learned: Some((store, keys)), ..self }
    }

    /// From now on it is these.
    pub(super) fn replace(&self, sources: Vec<Arc<Source>>) {
        *self.by_name.write().unwrap_or_else(PoisonError::into_inner) = by_name(sources);
    }

    /// All of them, by name.
    pub fn all(&self) -> Vec<Arc<Source>> {
        let mut all: Vec<_> = self.by_name.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
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
        let source = self.by_name.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        let (Some(source), Some((store, keys))) = (&source, &self.learned) else { return Ok(source) };
        if !source.verifier.learns() {
            return Ok(Some(Arc::clone(source)));
        }
        match learned::open(keys, name, store.read_learned(name)?.as_ref())? {
            Some(secret) => learned::join(source, secret).map(Some),
            None => Ok(Some(Arc::clone(source))),
        }
    }

    fn at_hand(&self) -> Vec<Arc<Source>> {
        self.all()
    }
}

impl LearnSecret for Sources {
    async fn learn(&self, source: &str, secret: &Secret, now: Timestamp) -> Answer<bool> {
        let Some((store, keys)) = &self.learned else { return Ok(false) };
        store.take_learned(source, &learned::seal(keys, source, secret, now)?).await
    }
}

impl ListSources for Sources {
    async fn list_sources(&self) -> Answer<Vec<Arc<Source>>> {
        Ok(self.all())
    }
}
