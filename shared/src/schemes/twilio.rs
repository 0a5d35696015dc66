//! Twilio: the address and a form's fields sorted, or the address with the body's digest in it.

use std::borrow::Cow;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::settings::{SECRET, URL};
use super::{Fetched, Presented, Proof, Prove, Scheme, Setting, Settings, Wrong};
use crate::signature::{Algorithm, Digest, Encoding, Fault, Field, Key, KeyForm, Place, sorted_fields};
use crate::timestamp::Timestamp;

const SIGNATURE: &str = "x-twilio-signature";
/// By which key and algorithm it was signed, if not by the account's token.
const HOW: &str = "x-twilio-webhooks-signature-settings";
const BODY_DIGEST: &str = "bodySHA256";

const ALGORITHM: Setting =
    Setting::optional("algorithm", "sha1 for the account's auth token, as is usual; sha256 for a shared key");

pub(super) fn row() -> Scheme {
    let title = "Twilio (HMAC-SHA1 over the address and the form, or the body's digest)";
    let page = "https://www.twilio.com/docs/usage/webhooks/webhooks-security";
    Scheme::own(("twilio", title, page), &[SECRET, URL, ALGORITHM], Proof::Signed, make)
        .query_too()
        .delivery(Place::header("i-twilio-idempotency-token"))
}

struct Twilio {
    digest: Digest,
    keys: Vec<Key>,
}

fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let digest = match settings.text(ALGORITHM.key)? {
        None | Some("sha1") => Digest::Sha1,
        Some("sha256") => Digest::Sha256,
        Some(_) => return Err(Wrong::new(ALGORITHM.key, "is neither sha1 nor sha256")),
    };
    let algorithm = Algorithm::Hmac { digest, key: KeyForm::Utf8 };
    let keys = settings.keys(|secret| Key::new(algorithm, secret))?;
    Ok(Arc::new(Twilio { digest, keys }))
}

impl Prove for Twilio {
    fn prove(&self, request: &Presented<'_>, _: &Fetched, _: Timestamp) -> Result<Proof, Fault> {
        let place = Place::header(SIGNATURE);
        let signature = Encoding::Base64.decode(&place.one(request)?).ok_or_else(|| Fault::Malformed(place.name()))?;
        self.is_ours(request)?;
        let fields = match Place::Query(BODY_DIGEST.into()).one(request) {
            Ok(digest) => {
                let is_body = digest.eq_ignore_ascii_case(&hex::encode(Sha256::digest(request.body)));
                if is_body { Vec::new() } else { return Err(Fault::Mismatch) }
            }
            Err(Fault::Missing(_)) => fields(request.body)?,
            Err(fault) => return Err(fault),
        };
        let address = request.address().ok_or(Fault::Missing("url".into()))?;
        let fits = |address: &str| {
            let named = fields.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
            let message: Vec<_> = [address.as_bytes()].into_iter().chain(named).collect();
            self.keys.iter().any(|key| key.fits(&message, std::slice::from_ref(&signature)))
        };
        let [without, with] = ports(&address);
        if fits(&without) || fits(&with) { Ok(Proof::Signed) } else { Err(Fault::Mismatch) }
    }
}

impl Twilio {
    /// The header says by which algorithm; what counts is the owner's, and it must be the same.
    fn is_ours(&self, request: &Presented<'_>) -> Result<(), Fault> {
        let place = Place::header(HOW);
        let said = match place.one(request) {
            Ok(said) => said,
            Err(Fault::Missing(_)) => Cow::Borrowed(""),
            Err(fault) => return Err(fault),
        };
        let named = said.split(',').find_map(|part| part.trim().strip_prefix("algorithm="));
        let is_ours = match self.digest {
            Digest::Sha256 => named == Some("HMAC_SHA256"),
            _ => named.is_none_or(|named| named == "HMAC_SHA1"),
        };
        if is_ours { Ok(()) } else { Err(Fault::NotAllowed(format!("the algorithm in {}", place.name()).into())) }
    }
}

/// The fields of a form in the order of their names, then values, each pair once.
fn fields(body: &[u8]) -> Result<Vec<Field<'_>>, Fault> {
    let mut fields = sorted_fields(body)?;
    fields.dedup();
    Ok(fields)
}

/// The address without its port, and with it: Twilio signs now one, now the other.
fn ports(address: &str) -> [String; 2] {
    let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let colon = host.rfind(':').filter(|colon| !host[*colon..].contains(']'));
    let bare = colon.map_or(host, |colon| &host[..colon]);
    let usual = if scheme == "http" { "80" } else { "443" };
    let port = colon.map_or(usual, |colon| &host[colon + 1..]);
    [format!("{scheme}://{bare}{path}"), format!("{scheme}://{bare}:{port}{path}")]
}

#[cfg(test)]
#[path = "tests/twilio.rs"]
mod tests;
