//! The proof of most providers: a recipe, with each of a source's secrets.

use std::sync::Arc;

use super::{Fetched, Presented, Proof, Prove, Settings, Wrong};
use crate::signature::{Fault, Key, Recipe};
use crate::timestamp::Timestamp;

pub(super) struct ByRecipe {
    recipe: Recipe,
    keys: Vec<Key>,
}

impl ByRecipe {
    pub(super) fn make(recipe: &Recipe, settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
        let secrets = settings.secrets("secret").iter();
        let keys = secrets.map(|secret| Key::new(recipe.algorithm, secret)).collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(|problem| Wrong::new("secret", problem))?;
        Ok(Arc::new(Self { recipe: recipe.clone(), keys }))
    }
}

impl Prove for ByRecipe {
    fn prove(&self, request: &Presented<'_>, _: &Fetched, now: Timestamp) -> Result<Proof, Fault> {
        self.recipe.verify(&self.keys, request, now)?;
        Ok(if self.recipe.covers_body() { Proof::Signed } else { Proof::Authenticated })
    }
}
