//! A scheme with what one source says of it: ready to judge requests.

use std::sync::Arc;

use super::by_recipe::ByRecipe;
use super::combined::{Asked, Part, Proved};
use super::differences;
use super::token::Token;
use super::{
    Check, Difference, Effort, Fetched, Presented, Proof, Prove, SECRET_KEYS, Scheme, Settings, Wanted, Wrong,
};
use crate::handshakes::Handshake;
use crate::secret::Secret;
use crate::signature::{Fault, Place};
use crate::timestamp::Timestamp;

#[derive(Clone)]
pub struct Verifier {
    asked: Arc<Asked>,
    /// The scheme, or those of which all or any must prove.
    schemes: Vec<&'static Scheme>,
    /// The first scheme's.
    settings: Arc<Settings>,
    secrets: Vec<Secret>,
    places: Vec<Place>,
}

impl Verifier {
    /// # Errors
    /// Which setting is wrong, and how.
    pub fn new(scheme: &'static Scheme, settings: Settings) -> Result<Self, Wrong> {
        if let Some(missing) = settings.missing(scheme).next() {
            return Err(missing.wrong(scheme));
        }
        if settings.all_secrets().any(|secret| secret.expose().is_empty()) {
            return Err(Wrong::new("secret", "is empty"));
        }
        let (url, proof) = (settings.url()?.map(str::to_owned), prove(scheme, &settings)?);
        let kind = proof.covers().unwrap_or(scheme.proof());
        Ok(Self::of(Asked::One(Part { scheme, settings: Arc::new(settings), kind, proof: Some(proof), url })))
    }

    /// One that nobody can satisfy, for those who never verify: its secrets are not to be had here.
    ///
    /// # Errors
    /// Which setting that is no secret is wrong, and how.
    pub fn without_secrets(scheme: &'static Scheme, settings: Settings) -> Result<Self, Wrong> {
        let is_secret = |key: &str| SECRET_KEYS.contains(&key);
        if let Some(missing) = settings.missing(scheme).find(|setting| !is_secret(setting.key)) {
            return Err(missing.wrong(scheme));
        }
        settings.url()?;
        let kind = match prove(scheme, &settings) {
            Ok(proof) => proof.covers().unwrap_or(scheme.proof()),
            Err(wrong) if is_secret(wrong.key) => scheme.proof(),
            Err(wrong) => return Err(wrong),
        };
        Ok(Self::of(Asked::One(Part { scheme, settings: Arc::default(), kind, proof: None, url: None })))
    }

    /// All of these must prove; `None` if there are none.
    pub fn all(parts: Vec<Self>) -> Option<Self> {
        Self::combined(parts, Asked::All)
    }

    /// Any of these must prove; `None` if there are none.
    pub fn any(parts: Vec<Self>) -> Option<Self> {
        Self::combined(parts, Asked::Any)
    }

    fn combined(parts: Vec<Self>, combine: impl FnOnce(Vec<Asked>) -> Asked) -> Option<Self> {
        let asked: Vec<_> = parts.iter().map(|part| Asked::clone(&part.asked)).collect();
        (!asked.is_empty()).then(|| Self::of(combine(asked)))
    }

    fn of(asked: Asked) -> Self {
        let parts = asked.parts();
        let mut secrets: Vec<_> = parts.iter().flat_map(|part| part.settings.all_secrets().cloned()).collect();
        secrets.dedup();
        let settings = parts.first().map(|part| Arc::clone(&part.settings)).unwrap_or_default();
        let schemes = parts.iter().map(|part| part.scheme).collect();
        let places = parts.iter().filter_map(|part| part.proof.as_deref()).flat_map(Prove::places).collect();
        Self { schemes, settings, secrets, places, asked: Arc::new(asked) }
    }

    /// The schemes with what the owner said of each, in the owner's order.
    pub fn parts(&self) -> Vec<&Part> {
        self.asked.parts()
    }

    /// The scheme or schemes, as the source names them.
    pub fn schemes(&self) -> &[&'static Scheme] {
        &self.schemes
    }

    /// For people: who signs so and how. Of several schemes those by which it was done, if that is known.
    pub fn title(&self, by: &[&'static Scheme]) -> String {
        let named = if by.is_empty() { &self.schemes } else { by };
        let titles: Vec<_> = named.iter().map(|scheme| scheme.title).collect();
        titles.join(", ")
    }

    /// What its proofs cover, at least.
    pub fn kind(&self) -> Proof {
        self.asked.kind()
    }

    /// Whether a GET can prove itself: its data is its query.
    pub fn takes_get(&self) -> bool {
        self.asked.takes_get()
    }

    /// Where the id stands that is the same when a delivery is repeated.
    pub fn delivery(&self) -> Option<&Place> {
        self.schemes.iter().find_map(|scheme| scheme.delivery.as_ref())
    }

    /// Where the kind of event is named.
    pub fn event(&self) -> Option<&Place> {
        self.schemes.iter().find_map(|scheme| scheme.event.as_ref())
    }

    /// What the owner said of it; of several schemes, the first one's.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What its providers ask of the address, each with what the owner said.
    pub fn handshakes(&self) -> impl Iterator<Item = (&'static Handshake, &Settings)> {
        self.parts()
            .into_iter()
            .flat_map(|part| part.scheme.handshakes.iter().map(move |handshake| (handshake, &*part.settings)))
    }

    /// Whether its provider is to hand over the secret, which nobody configured.
    pub fn learns(&self) -> bool {
        let Asked::One(part) = &*self.asked else { return false };
        part.scheme.teaches() && part.proof.is_some() && part.settings.secrets("secret").is_empty()
    }

    /// The same with the secret that was handed over.
    ///
    /// # Errors
    /// It cannot be a secret of this scheme.
    pub fn with_learned(&self, secret: Secret) -> Result<Self, Wrong> {
        match &*self.schemes {
            [scheme] => Self::new(scheme, self.settings().with_secret(secret)),
            _ => Err(Wrong::new("secret", "must be configured among several schemes")),
        }
    }

    /// The secrets, for whoever must keep them out of what is stored.
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// One that differs in its secrets; `None` if it would not, or if it is made of several schemes.
    pub fn with_other_secrets(&self, other: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let [scheme] = *self.schemes.as_slice() else { return None };
        Self::new(scheme, self.settings().with_other_secrets(other)?).ok()
    }

    /// One whose address is another; `None` if it has none, or the same, or is made of several schemes.
    pub fn with_other_url(&self, other: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let Asked::One(part) = &*self.asked else { return None };
        let url = other(part.url.as_deref()?).filter(|url| Some(url) != part.url.as_ref())?;
        Some(Self { asked: Arc::new(Asked::One(Part { url: Some(url), ..part.clone() })), ..self.clone() })
    }

    /// Where in the head its proofs stand, for whoever must keep them out of what is stored.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The names of its schemes and how they are joined, like `basic and address` or `standard or password`.
    pub fn names(&self) -> String {
        self.asked.names()
    }

    /// What must be fetched before this request can be judged.
    pub fn wants(&self, request: &Presented<'_>) -> Vec<Wanted> {
        self.asked.wants(request)
    }

    /// What was proved, or why nothing was.
    pub fn verify(&self, request: &Presented<'_>, fetched: &Fetched, now: Timestamp) -> Result<Proof, Fault> {
        self.prove(request, fetched, now).map(|proved| proved.proof)
    }

    /// What was proved and by which of the schemes, or why nothing was.
    pub fn prove(&self, request: &Presented<'_>, fetched: &Fetched, now: Timestamp) -> Result<Proved, Fault> {
        self.asked.prove(request, fetched, now)
    }

    /// What would have to be otherwise for a refused request to be proved: for its owner, never for the
    /// caller. Whether the signed time is fresh is no part of it. Empty if nothing that is tried helps.
    pub fn differences(&self, request: &Presented<'_>, now: Timestamp, effort: Effort) -> Vec<Difference> {
        let parts = self.parts();
        if parts.iter().any(|part| part.proof.is_none()) {
            return Vec::new();
        }
        let found = parts.iter().map(|part| part.differences(request, now, effort));
        let found = found.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
        if found.is_empty() { differences::by_trying(self, request, now, effort) } else { found }
    }
}

fn prove(scheme: &Scheme, settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    match &scheme.check {
        Check::Recipe(recipe) => ByRecipe::make(recipe, settings),
        Check::Own { make, .. } => make(settings),
        Check::Token { place, prefix } => Ok(Token::make(place.clone(), prefix, settings)),
    }
}
