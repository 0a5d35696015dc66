//! The proof of most providers: a recipe, with each of a source's secrets.

use std::sync::Arc;

use super::differences::differences;
use super::settings::PUBLIC_KEY;
use super::{Difference, Effort, Fetched, Presented, Proof, Prove, Settings, Wrong};
use crate::secret::Secret;
use crate::signature::{Algorithm, Fault, Key, Place, Recipe};
use crate::timestamp::Timestamp;

pub(super) struct ByRecipe {
    recipe: Recipe,
    keys: Vec<Key>,
    /// As they were given, for whoever looks into a refusal.
    secrets: Vec<Secret>,
}

impl ByRecipe {
    pub(super) fn make(recipe: &Recipe, settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
        let (setting, secrets) = match recipe.algorithm {
            Algorithm::Hmac { .. } => ("secret", settings.secrets("secret").to_vec()),
            Algorithm::Public(_) => (PUBLIC_KEY.key, public_keys(settings)?),
        };
        let keys = secrets.iter().map(|secret| recipe.read_key(secret)).collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(|problem| Wrong::new(setting, problem))?;
        Ok(Arc::new(Self { recipe: recipe.clone(), keys, secrets }))
    }
}

/// Any of them will do, so that they can be rotated.
fn public_keys(settings: &Settings) -> Result<Vec<Secret>, Wrong> {
    Ok(settings.texts(PUBLIC_KEY.key)?.into_iter().map(Secret::new).collect())
}

impl Prove for ByRecipe {
    fn prove(&self, request: &Presented<'_>, _: &Fetched, now: Timestamp) -> Result<Proof, Fault> {
        self.recipe.verify(&self.keys, request, now)?;
        Ok(self.recipe.proof())
    }

    fn places(&self) -> Vec<Place> {
        vec![self.recipe.place.clone()]
    }

    fn covers(&self) -> Option<Proof> {
        Some(self.recipe.proof())
    }

    fn differences(&self, request: &Presented<'_>, now: Timestamp, effort: Effort) -> Vec<Difference> {
        differences(&self.recipe, &self.secrets, request, now, effort)
    }
}
