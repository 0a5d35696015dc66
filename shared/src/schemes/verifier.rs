//! A scheme with what one source says of it: ready to judge requests.

use std::sync::Arc;

use super::by_recipe::ByRecipe;
use super::combined::{All, Any};
use super::{Check, Fetched, Presented, Proof, Prove, Scheme, Settings, Wanted, Wrong};
use crate::secret::Secret;
use crate::signature::{Fault, Place};
use crate::timestamp::Timestamp;

#[derive(Clone)]
pub struct Verifier {
    /// One, or those of which all or any must prove.
    schemes: Vec<&'static Scheme>,
    kind: Proof,
    /// `None` with those who never verify.
    proof: Option<Arc<dyn Prove>>,
    settings: Arc<Settings>,
    secrets: Vec<Secret>,
    url: Option<String>,
}

impl Verifier {
    /// # Errors
    /// Which setting is wrong, and how.
    pub fn new(scheme: &'static Scheme, settings: Settings) -> Result<Self, Wrong> {
        let needed = scheme.settings.iter().filter(|setting| setting.is_needed);
        for setting in needed {
            if settings.secrets(setting.key).is_empty() && settings.value(setting.key).is_none() {
                return Err(Wrong::new(setting.key, format!("is missing; it is {}", setting.what)));
            }
        }
        let mut secrets: Vec<_> = settings.all_secrets().cloned().collect();
        if secrets.iter().any(|secret| secret.expose().is_empty()) {
            return Err(Wrong::new("secret", "is empty"));
        }
        secrets.dedup();
        let url = settings.text("url")?.map(str::to_owned);
        let proof = match &scheme.check {
            Check::Recipe(recipe) => ByRecipe::make(recipe, &settings)?,
            Check::Own { make, .. } => make(&settings)?,
        };
        let settings = Arc::new(settings);
        Ok(Self { schemes: vec![scheme], kind: scheme.proof(), proof: Some(proof), settings, secrets, url })
    }

    /// One that nobody can satisfy, for those who never verify.
    pub fn without_secrets(scheme: &'static Scheme) -> Self {
        let (kind, settings) = (scheme.proof(), Arc::default());
        Self { schemes: vec![scheme], kind, proof: None, settings, secrets: Vec::new(), url: None }
    }

    /// All of these must prove; `None` if there are none.
    pub fn all(parts: Vec<Self>) -> Option<Self> {
        let is_signed = parts.iter().any(|part| part.kind == Proof::Signed);
        let kind = if is_signed { Proof::Signed } else { Proof::Authenticated };
        Self::combined(parts, kind, |proofs| Arc::new(All(proofs)))
    }

    /// Any of these must prove; `None` if there are none.
    pub fn any(parts: Vec<Self>) -> Option<Self> {
        let is_signed = parts.iter().all(|part| part.kind == Proof::Signed);
        let kind = if is_signed { Proof::Signed } else { Proof::Authenticated };
        Self::combined(parts, kind, |proofs| Arc::new(Any(proofs)))
    }

    fn combined(
        parts: Vec<Self>,
        kind: Proof,
        combine: impl FnOnce(Vec<Arc<dyn Prove>>) -> Arc<dyn Prove>,
    ) -> Option<Self> {
        let settings = Arc::clone(&parts.first()?.settings);
        let proofs: Option<Vec<_>> = parts.iter().map(|part| part.proof.clone()).collect();
        Some(Self {
            kind,
            proof: proofs.map(combine),
            settings,
            secrets: parts.iter().flat_map(|part| part.secrets.clone()).collect(),
            url: parts.iter().find_map(|part| part.url.clone()),
            schemes: parts.into_iter().flat_map(|part| part.schemes).collect(),
        })
    }

    /// The scheme or schemes, as the source names them.
    pub fn schemes(&self) -> &[&'static Scheme] {
        &self.schemes
    }

    /// For people: who signs so and how.
    pub fn title(&self) -> String {
        let titles: Vec<_> = self.schemes.iter().map(|scheme| scheme.title).collect();
        titles.join(", ")
    }

    /// What its proofs cover, at least.
    pub fn kind(&self) -> Proof {
        self.kind
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

    /// The secrets, for whoever must keep them out of what is stored.
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// What must be fetched before this request can be judged.
    pub fn wants(&self, request: &Presented<'_>) -> Vec<Wanted> {
        self.proof.as_ref().map(|proof| proof.wants(request)).unwrap_or_default()
    }

    /// What was proved, or why nothing was.
    pub fn verify(&self, request: &Presented<'_>, fetched: &Fetched, now: Timestamp) -> Result<Proof, Fault> {
        let request = Presented { url: self.url.as_deref(), ..*request };
        self.proof.as_ref().ok_or(Fault::Absent)?.prove(&request, fetched, now)
    }
}
