//! How callers prove themselves: one row for each scheme, and what checks by the rows.

mod address;
mod adyen;
mod api_key;
mod basic;
mod braintree;
mod by_recipe;
mod certificate;
mod combined;
mod differences;
mod fetched;
mod gitlab;
mod graph;
mod hmac;
mod hubspot;
mod jwt;
mod keygen;
mod meant;
pub mod password;
mod paypal;
mod plivo;
mod presented;
mod settings;
pub mod sns;
mod table;
mod token;
mod twilio;
mod verifier;
mod words;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::handshakes::{self, Handshake};
use crate::signature::{Fault, Place, Recipe};
use crate::timestamp::Timestamp;

pub(crate) use braintree::key as braintree_key;
pub use combined::{Part, Proved};
pub use differences::{Difference, Effort};
pub use fetched::{Certificate, Fetched, Form, KeySet, Material, NotFetched, PublicKey, Wanted};
pub use hmac::written;
pub use meant::meant;
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
    /// What its provider asks of an address.
    pub handshakes: &'static [Handshake],
    /// Whether its own code proves the query.
    covers_query: bool,
}

/// How a row's proofs are checked.
pub enum Check {
    /// As its recipe says, with each of the secrets.
    Recipe(Recipe),
    /// By code of its own, made from the settings.
    Own { proof: Proof, make: Make },
    /// One of the secrets stands in that place, behind that prefix.
    Token { place: Place, prefix: &'static str },
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

    /// What its proofs cover, where the settings decide and not the row.
    fn covers(&self) -> Option<Proof> {
        None
    }

    /// Where in the head the proof stands, beside what the row says: none of that is kept.
    fn places(&self) -> Vec<Place> {
        Vec::new()
    }

    /// What would have to be otherwise for a refused request to be proved: for its owner only. Whether the
    /// signed time is fresh is no part of it. Empty where nothing is known.
    fn differences(&self, _request: &Presented<'_>, _now: Timestamp, _effort: Effort) -> Vec<Difference> {
        Vec::new()
    }
}

impl Scheme {
    fn row(
        (name, title, page): (&'static str, &'static str, &'static str),
        check: Check,
        settings: Vec<Setting>,
    ) -> Self {
        let (delivery, event, handshakes) = (None, None, &[]);
        Self { name, title, page, check, settings, delivery, event, handshakes, covers_query: false }
    }

    /// A provider that signs by a recipe with a secret, and names neither deliveries nor events.
    pub fn signed(name: &'static str, title: &'static str, page: &'static str, recipe: Recipe) -> Self {
        let url = recipe.wants_url().then_some(settings::URL);
        let settings = [settings::SECRET].into_iter().chain(url).collect();
        Self::row((name, title, page), Check::Recipe(recipe), settings)
    }

    /// A provider that signs by a recipe with a key of which it shows the public half.
    pub fn public(name: &'static str, title: &'static str, page: &'static str, recipe: Recipe) -> Self {
        let settings = vec![settings::PUBLIC_KEY];
        Self { settings, ..Self::signed(name, title, page, recipe) }
    }

    /// One that is checked by code of its own, and wants these settings.
    pub fn own(
        (name, title, page): (&'static str, &'static str, &'static str),
        settings: &[Setting],
        proof: Proof,
        make: Make,
    ) -> Self {
        Self::row((name, title, page), Check::Own { proof, make }, settings.to_vec())
    }

    /// Its deliveries are named there.
    pub fn delivery(self, place: Place) -> Self {
        Self { delivery: Some(place), ..self }
    }

    /// Its events are named there.
    pub fn event(self, place: Place) -> Self {
        Self { event: Some(place), ..self }
    }

    /// Its own code proves the query with the rest.
    pub fn query_too(self) -> Self {
        Self { covers_query: true, ..self }
    }

    /// Whether a proof covers the query, which is the data of a GET.
    pub fn covers_query(&self) -> bool {
        match &self.check {
            Check::Recipe(recipe) => recipe.covers_query(),
            Check::Own { .. } => self.covers_query,
            Check::Token { .. } => false,
        }
    }

    /// It wants that too.
    pub fn setting(mut self, setting: Setting) -> Self {
        self.settings.push(setting);
        self
    }

    /// With the handshakes of its provider and what they need to know.
    fn with_handshakes(mut self) -> Self {
        self.handshakes = handshakes::of(self.name);
        for setting in self.handshakes.iter().flat_map(|handshake| handshake.settings) {
            if self.settings.iter().all(|known| known.key != setting.key) {
                self.settings.push(*setting);
            }
        }
        if self.teaches() {
            self.settings.iter_mut().filter(|setting| setting.key == "secret").for_each(|it| it.is_needed = false);
        }
        self
    }

    /// Whether its provider hands over the secret, so that none need be configured.
    pub fn teaches(&self) -> bool {
        self.handshakes.iter().any(|handshake| handshake.teaches)
    }

    /// Where its proofs stand, as far as the row says it: none of that is kept.
    pub fn places(&self) -> Vec<&Place> {
        match &self.check {
            Check::Recipe(recipe) => vec![&recipe.place],
            Check::Token { place, .. } => vec![place],
            Check::Own { .. } => Vec::new(),
        }
    }

    /// A provider that shows a secret in that place, behind that prefix.
    pub fn shown(
        (name, title, page): (&'static str, &'static str, &'static str),
        place: Place,
        prefix: &'static str,
    ) -> Self {
        let settings = vec![settings::SECRET];
        Self::row((name, title, page), Check::Token { place, prefix }, settings)
    }

    /// Whether the value there is covered by the proof, so that nobody can change it on its way.
    pub fn covers(&self, place: &Place) -> bool {
        match &self.check {
            Check::Recipe(recipe) => recipe.covers(place),
            Check::Own { proof, .. } => *proof == Proof::Signed && place.is_in_body(),
            Check::Token { .. } => false,
        }
    }

    /// What its proofs cover.
    pub fn proof(&self) -> Proof {
        match &self.check {
            Check::Recipe(recipe) => recipe.proof(),
            Check::Token { .. } => Proof::Authenticated,
            Check::Own { proof, .. } => *proof,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
pub(crate) use tests::keys as test_keys;
