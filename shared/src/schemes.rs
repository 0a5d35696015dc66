//! How callers prove themselves: one row for each scheme, and what checks by the rows.

mod by_recipe;
mod combined;
mod fetched;
pub mod password;
mod presented;
mod settings;
mod table;
mod verifier;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::signature::{Fault, Place, Recipe};
use crate::timestamp::Timestamp;

pub use fetched::{Fetched, Wanted};
pub use presented::{ClientCertificate, Presented};
pub use settings::{SECRET_KEYS, Setting, Settings, Wrong};
pub(crate) use table::STANDARD;
pub use table::{all, named};
pub use verifier::Verifier;

/// One way of proving that a webhook is genuine, and what its provider says about a delivery.
pub struct Scheme {
    /// As written in `verify: { scheme: … }`.
    pub name: &'static str,
    /// Who signs so and how, for people.
    pub title: &'static str,
    /// The provider's page that this row was made from.
    pub page: &'static str,
    pub check: Check,
    /// What its owner says in `verify` beside `scheme`.
    pub settings: Vec<Setting>,
    /// Where the id stands that is the same when a delivery is repeated.
    pub delivery: Option<Place>,
    /// Where the kind of event is named.
    pub event: Option<Place>,
}

/// How a row's proofs are checked.
pub enum Check {
    /// As its recipe says, with each of the secrets.
    Recipe(Recipe),
    /// By code of its own, made from the settings.
    Own { proof: Proof, make: Make },
}

/// Makes a proof of what the owner says. The error says which setting is wrong.
pub type Make = fn(&Settings) -> Result<Arc<dyn Prove>, Wrong>;

/// What the proof covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// The body is covered: nobody changed it on its way.
    Signed,
    /// The caller is known; the body is not covered.
    Authenticated,
}

/// Checks what a caller shows. Pure: what must be fetched is asked for first, and then handed over.
pub trait Prove: Send + Sync {
    /// What must be fetched before this request can be judged. Empty for one that cannot be read: to say
    /// so is [`Prove::prove`]'s.
    fn wants(&self, _request: &Presented<'_>) -> Vec<Wanted> {
        Vec::new()
    }

    /// What was proved, or why nothing was. Compares in constant time.
    fn prove(&self, request: &Presented<'_>, fetched: &Fetched, now: Timestamp) -> Result<Proof, Fault>;
}

impl Scheme {
    /// A provider that signs by a recipe with a secret, and names neither deliveries nor events.
    pub fn signed(name: &'static str, title: &'static str, page: &'static str, recipe: Recipe) -> Self {
        let settings = vec![settings::SECRET];
        Self { name, title, page, check: Check::Recipe(recipe), settings, delivery: None, event: None }
    }

    /// One that is checked by code of its own, and wants these settings.
    pub fn own(
        (name, title, page): (&'static str, &'static str, &'static str),
        settings: &[Setting],
        proof: Proof,
        make: Make,
    ) -> Self {
        let settings = settings.to_vec();
        Self { name, title, page, check: Check::Own { proof, make }, settings, delivery: None, event: None }
    }

    /// Its deliveries are named there.
    pub fn delivery(self, place: Place) -> Self {
        Self { delivery: Some(place), ..self }
    }

    /// Its events are named there.
    pub fn event(self, place: Place) -> Self {
        Self { event: Some(place), ..self }
    }

    /// It wants that too.
    pub fn setting(mut self, setting: Setting) -> Self {
        self.settings.push(setting);
        self
    }

    /// What its proofs cover.
    pub fn proof(&self) -> Proof {
        match &self.check {
            Check::Recipe(recipe) if recipe.covers_body() => Proof::Signed,
            Check::Recipe(_) => Proof::Authenticated,
            Check::Own { proof, .. } => *proof,
        }
    }
}

#[cfg(test)]
mod tests;
