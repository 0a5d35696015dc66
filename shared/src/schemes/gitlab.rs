//! GitLab: a signing token by which it signs as Standard Webhooks do, or a secret token that it shows.
//!
//! The owner's secret says which: one that begins with `whsec_` is a signing token, and such a source
//! never takes the other, whatever a request holds.

use std::sync::Arc;

use super::settings::SECRET;
use super::{Fetched, Presented, Proof, Prove, STANDARD, Scheme, Settings, Wrong};
use crate::secret::Secret;
use crate::signature::{Fault, Key, Place};
use crate::timestamp::Timestamp;

const SIGNING: &str = "whsec_";
const SIGNATURE: &str = "webhook-signature";
const TOKEN: &str = "x-gitlab-token";

pub(super) fn row() -> Scheme {
    Scheme::own(
        (
            "gitlab",
            "GitLab (Standard Webhooks with a signing token, whsec_…; else its secret token)",
            "https://docs.gitlab.com/user/project/integrations/webhooks/",
        ),
        &[SECRET],
        Proof::Authenticated,
        make,
    )
    .delivery(Place::header("idempotency-key"))
    .event(Place::header("x-gitlab-event"))
}

fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let secrets = settings.secrets("secret");
    let is_signing = |secret: &&Secret| secret.expose().starts_with(SIGNING);
    match secrets.iter().filter(is_signing).count() {
        0 => Ok(Arc::new(Shown(secrets.to_vec()))),
        count if count == secrets.len() => {
            Ok(Arc::new(Signed(settings.keys(|secret| Key::new(STANDARD.algorithm, secret))?)))
        }
        _ => Err(Wrong::new("secret", "mixes signing tokens (whsec_…) and secret tokens; only the first sign")),
    }
}

struct Signed(Vec<Key>);

impl Prove for Signed {
    fn covers(&self) -> Option<Proof> {
        Some(Proof::Signed)
    }

    fn prove(&self, request: &Presented<'_>, _: &Fetched, now: Timestamp) -> Result<Proof, Fault> {
        STANDARD.verify(&self.0, request, now).map(|()| Proof::Signed)
    }
}

struct Shown(Vec<Secret>);

impl Prove for Shown {
    /// A signature that cannot be checked here is not passed over.
    fn prove(&self, request: &Presented<'_>, _: &Fetched, _: Timestamp) -> Result<Proof, Fault> {
        let value = Place::header(TOKEN).one(request)?;
        if request.headers.contains_key(SIGNATURE) {
            return Err(Fault::NotAllowed("header webhook-signature without its whsec_ secret here".into()));
        }
        let fits = self.0.iter().filter(|secret| secret.matches(value.as_bytes())).count() > 0;
        if fits { Ok(Proof::Authenticated) } else { Err(Fault::Mismatch) }
    }
}
