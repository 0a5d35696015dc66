//! Keygen: ed25519 over method, path, host, date and the body's digest.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::settings::{PUBLIC_KEY, URL};
use super::{Fetched, Presented, Proof, Prove, Scheme, Settings, Wrong};
use crate::signature::{Asymmetric, Encoding, Fault, Place, PublicKey, judge};
use crate::timestamp::Timestamp;

const SIGNATURE: &str = "keygen-signature";
/// Keygen signs each attempt anew.
const TOLERANCE: Duration = Duration::from_secs(300);

pub(super) fn row() -> Scheme {
    let title = "Keygen (ed25519 over method, path, host, date and the body's digest)";
    let page = "https://keygen.sh/docs/api/signatures/#webhook-signatures";
    Scheme::own(("keygen", title, page), &[PUBLIC_KEY, URL], Proof::Signed, make)
        .query_too()
        .delivery(Place::pointer("/data/id"))
        .event(Place::pointer("/data/attributes/event"))
}

struct Keygen(Vec<PublicKey>);

fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let keys = settings.texts(PUBLIC_KEY.key)?.into_iter().map(|text| PublicKey::read(Asymmetric::Ed25519, text));
    let keys = keys.collect::<Result<_, _>>().map_err(|problem| Wrong::new(PUBLIC_KEY.key, problem))?;
    Ok(Arc::new(Keygen(keys)))
}

impl Prove for Keygen {
    fn prove(&self, request: &Presented<'_>, _: &Fetched, now: Timestamp) -> Result<Proof, Fault> {
        let date = Place::header("date");
        let text = date.one(request)?;
        let signed = httpdate::parse_http_date(&text).ok().and_then(|date| date.duration_since(UNIX_EPOCH).ok());
        let signed = signed.ok_or_else(|| Fault::Malformed(date.name()))?;
        judge(signed.as_secs().saturating_mul(1_000), TOLERANCE, now)?;
        let (target, host) = called(request)?;
        let digest = STANDARD.encode(Sha256::digest(request.body));
        let method = request.method.as_str().to_ascii_lowercase();
        let message =
            format!("(request-target): {method} {target}\nhost: {host}\ndate: {text}\ndigest: sha-256={digest}");
        let shown = [shown(request)?];
        let fits = self.0.iter().any(|key| key.fits(&[message.as_bytes()], &shown));
        if fits { Ok(Proof::Signed) } else { Err(Fault::Mismatch) }
    }
}

/// The signature; the algorithm and the list of what is signed are Keygen's, not the header's.
fn shown(request: &Presented<'_>) -> Result<Vec<u8>, Fault> {
    let place = Place::Element { header: SIGNATURE.into(), separator: ',', prefix: "signature=\"".into() };
    let shown = place.one(request)?;
    let encoded = shown.strip_suffix('"').and_then(|encoded| Encoding::Base64.decode(encoded));
    encoded.ok_or_else(|| Fault::Malformed(place.name()))
}

/// Path with query, and host, as Keygen knows them.
fn called(request: &Presented<'_>) -> Result<(String, String), Fault> {
    let missing = || Fault::Missing("url".into());
    let address = request.address().ok_or_else(missing)?;
    let rest = address.split_once("://").ok_or_else(missing)?.1;
    let target = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    let url = Url::parse(&address).map_err(|_| missing())?;
    Ok((target, url.host_str().ok_or_else(missing)?.to_owned()))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};
    use serde_json::json;

    use super::*;
    use crate::schemes::{Verifier, named};

    /// Of Keygen's own Go library: an answer, which is signed as its webhooks are.
    const KEY: &str = "e8601e48b69383ba520245fd07971e983d06d22c4257cfd82304601479cee788";
    const SHOWN: &str = r#"keyid="1fddcec8-8dd3-4d8d-9b16-215cac0f9b52", algorithm="ed25519", signature="IiyYX1ah2HFzbcCx+3sv+KJpOppFdMRuZ7NWlnwZMKAf5khj9c4TO4z6fr62BqNXlyROOTxZinX8UpXHJHVyAw==", headers="(request-target) host date digest""#;
    const DATE: &str = "Wed, 15 Jun 2022 18:52:14 GMT";
    const THEN: Timestamp = Timestamp(1_655_319_134_000);
    const BODY: &[u8] = include_bytes!("tests/keygen.json");
    const CALLED: &str = "https://api.keygen.sh/v1/accounts/1fddcec8-8dd3-4d8d-9b16-215cac0f9b52/me";

    fn verdict(url: &str, shown: &str, date: &str, body: &[u8], now: Timestamp) -> Result<Proof, Fault> {
        let values = [("public_key".to_owned(), json!(KEY)), ("url".to_owned(), json!(url))].into();
        let verifier = Verifier::new(named("keygen").unwrap(), Settings::new([].into(), values)).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(SIGNATURE, shown.parse().unwrap());
        headers.insert("date", date.parse().unwrap());
        let request = Presented { method: &Method::GET, ..Presented::of(&headers, body) };
        verifier.verify(&request, &Fetched::default(), now)
    }

    #[test]
    fn keygens_own_vector_is_signed() {
        assert_eq!(verdict(CALLED, SHOWN, DATE, BODY, THEN), Ok(Proof::Signed));
        assert_eq!(verdict(CALLED, SHOWN, DATE, &BODY[1..], THEN), Err(Fault::Mismatch));
        assert_eq!(verdict(&CALLED.replace("api", "app"), SHOWN, DATE, BODY, THEN), Err(Fault::Mismatch));
        assert_eq!(verdict(&CALLED.replace("/me", "/you"), SHOWN, DATE, BODY, THEN), Err(Fault::Mismatch));
        assert_eq!(verdict(CALLED, SHOWN, &DATE.replace("14 GMT", "15 GMT"), BODY, THEN), Err(Fault::Mismatch));
        let late = THEN.after(Duration::from_secs(301));
        assert_eq!(verdict(CALLED, SHOWN, DATE, BODY, late), Err(Fault::TooOld(301)));
        for wrong in ["", "signature=", "signature=\"!\"", &SHOWN.replace("==\"", "==")] {
            assert!(matches!(verdict(CALLED, wrong, DATE, BODY, THEN), Err(Fault::Malformed(_))), "{wrong}");
        }
        assert!(matches!(verdict(CALLED, SHOWN, "yesterday", BODY, THEN), Err(Fault::Malformed(_))));
    }
}
