//! Sources as the configuration file named them when the program started.

use std::collections::HashMap;
use std::sync::Arc;

use crate::seam::{Answer, FindSource};
use crate::source::Source;

#[derive(Clone)]
pub struct Sources(Arc<HashMap<String, Arc<Source>>>);

impl Sources {
    pub fn new(sources: Vec<Arc<Source>>) -> Self {
        Self(Arc::new(sources.into_iter().map(|source| (source.name.clone(), source)).collect()))
    }
}

impl FindSource for Sources {
    async fn find(&self, name: &str) -> Answer<Option<Arc<Source>>> {
        Ok(self.0.get(name).cloned())
    }
}
