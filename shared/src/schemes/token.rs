//! The proof of providers that show a secret as it is: in a header, in the query or in the body.

use std::sync::Arc;

use super::{Fetched, Presented, Proof, Prove, Settings};
use crate::secret::Secret;
use crate::signature::{Fault, Place};
use crate::timestamp::Timestamp;

pub(super) struct Token {
    place: Place,
    prefix: &'static str,
    secrets: Vec<Secret>,
}

impl Token {
    pub(super) fn make(place: Place, prefix: &'static str, settings: &Settings) -> Arc<dyn Prove> {
        Arc::new(Self { place, prefix, secrets: settings.secrets("secret").to_vec() })
    }
}

impl Prove for Token {
    fn places(&self) -> Vec<Place> {
        vec![self.place.clone()]
    }

    fn prove(&self, request: &Presented<'_>, _: &Fetched, _: Timestamp) -> Result<Proof, Fault> {
        let value = self.place.one(request)?;
        let shown = value.strip_prefix(self.prefix).ok_or_else(|| Fault::Malformed(self.place.name()))?;
        let fits = self.secrets.iter().filter(|secret| secret.matches(shown.as_bytes())).count() > 0;
        if fits { Ok(Proof::Authenticated) } else { Err(Fault::Mismatch) }
    }
}
