//! Plivo, signatures V3: over the address with its query sorted, the sorted fields of the form, and a nonce.

use std::sync::Arc;

use super::settings::{SECRET, URL};
use super::{Fetched, Presented, Proof, Prove, Scheme, Settings, Wrong};
use crate::signature::{Algorithm, Digest, Encoding, Fault, Key, KeyForm, Place, sorted_fields};
use crate::timestamp::Timestamp;

pub(super) fn row() -> Scheme {
    Scheme::own(
        (
            "plivo",
            "Plivo, signatures V3 (HMAC-SHA256 over address, form and nonce)",
            "https://www.plivo.com/docs/messaging/concepts/signature-validation",
        ),
        &[SECRET, URL],
        Proof::Signed,
        make,
    )
    .query_too()
}

const NONCE: &str = "x-plivo-signature-v3-nonce";

/// By the account's own token, and by its main account's.
const SIGNATURES: [&str; 2] = ["x-plivo-signature-v3", "x-plivo-signature-ma-v3"];

const MOST_SIGNATURES: usize = 16;

struct Plivo(Vec<Key>);

fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let algorithm = Algorithm::Hmac { digest: Digest::Sha256, key: KeyForm::Utf8 };
    Ok(Arc::new(Plivo(settings.keys(|secret| Key::new(algorithm, secret))?)))
}

impl Prove for Plivo {
    fn prove(&self, request: &Presented<'_>, _: &Fetched, _: Timestamp) -> Result<Proof, Fault> {
        let place = Place::any_of(SIGNATURES);
        let values = place.all(request)?;
        let texts = values.iter().flat_map(|value| value.split(',').take(MOST_SIGNATURES));
        let shown: Vec<_> = texts.filter_map(|text| Encoding::Base64.decode(text.trim())).collect();
        if shown.is_empty() {
            return Err(Fault::Malformed(place.name()));
        }
        let nonce = Place::header(NONCE).one(request)?;
        // The fields would end where it says.
        if nonce.contains('.') {
            return Err(Fault::Malformed(Place::header(NONCE).name()));
        }
        let message = message(request)?;
        let fits = self.0.iter().any(|key| key.fits(&[message.as_bytes(), b".", nonce.as_bytes()], &shown));
        if fits { Ok(Proof::Signed) } else { Err(Fault::Mismatch) }
    }
}

/// Takes memory in proportion to the form.
fn message(request: &Presented<'_>) -> Result<String, Fault> {
    let address = request.address().ok_or(Fault::Missing("url".into()))?;
    let (base, query) = address.split_once('?').unwrap_or((&address, ""));
    let query = sorted(query.as_bytes(), "=", "&")?;
    let form = if request.method == http::Method::GET { String::new() } else { sorted(request.body, "", "")? };
    let start = if query.is_empty() && form.is_empty() { "" } else { "?" };
    let between = if query.is_empty() || form.is_empty() { "" } else { "." };
    Ok([base, start, &query, between, &form].concat())
}

fn sorted(encoded: &[u8], equals: &str, between: &str) -> Result<String, Fault> {
    let fields = sorted_fields(encoded)?;
    let fields: Vec<_> = fields.iter().map(|(name, value)| [&**name, equals, &**value].concat()).collect();
    Ok(fields.join(between))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};
    use proptest::prelude::*;

    use super::*;
    use crate::schemes::{Verifier, named};
    use crate::secret::Secret;

    const TOKEN: &str = "an auth token";
    const URL: &str = "https://example.com/abcd";

    fn verdict(headers: &HeaderMap, method: &Method, query: Option<&str>, body: &[u8]) -> Result<Proof, Fault> {
        let secrets = vec![Secret::new("other"), Secret::new(TOKEN)];
        let settings = Settings::new([("secret".into(), secrets)].into(), [("url".into(), URL.into())].into());
        let verifier = Verifier::new(named("plivo").unwrap(), settings).unwrap();
        let shown = Presented { method, query, ..Presented::of(headers, body) };
        verifier.verify(&shown, &Fetched::default(), Timestamp(0))
    }

    fn headers(name: &'static str, token: &str, signed: &str) -> HeaderMap {
        let algorithm = Algorithm::Hmac { digest: Digest::Sha256, key: KeyForm::Utf8 };
        let key = Key::new(algorithm, &Secret::new(token)).unwrap();
        let signature = Encoding::Base64.encode(&key.sign(&[signed]).unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(name, format!("AAAA, {signature}").parse().unwrap());
        headers.insert(NONCE, "12345".parse().unwrap());
        headers
    }

    /// The first is the example of Plivo's page.
    #[test]
    fn what_is_signed_depends_on_what_there_is() {
        let form = "From=%2B15551111111&To=%2B15555555555&CallUuid=4vbcpem8-0u46-x1ha-9af1-438vc92bf374&Digits=1234";
        let fields = "CallUuid4vbcpem8-0u46-x1ha-9af1-438vc92bf374Digits1234From+15551111111To+15555555555";
        let cases = [
            (Method::POST, Some("foo=bar"), form, format!("{URL}?foo=bar.{fields}.12345")),
            (Method::POST, None, form, format!("{URL}?{fields}.12345")),
            (Method::POST, Some("b=2&a=%2B1"), "", format!("{URL}?a=+1&b=2.12345")),
            (Method::POST, None, "", format!("{URL}.12345")),
            (Method::GET, Some("b=2&a=1"), "x=1", format!("{URL}?a=1&b=2.12345")),
        ];
        for (method, query, body, signed) in cases {
            for name in SIGNATURES {
                let right = headers(name, TOKEN, &signed);
                assert_eq!(verdict(&right, &method, query, body.as_bytes()), Ok(Proof::Signed), "{signed}");
                let other = verdict(&right, &method, Some("foo=baz"), body.as_bytes());
                assert_eq!(other, Err(Fault::Mismatch), "{signed}");
                let wrong = headers(name, "wrong", &signed);
                assert_eq!(verdict(&wrong, &method, query, body.as_bytes()), Err(Fault::Mismatch), "{signed}");
            }
        }
    }

    #[test]
    fn form_nonce_and_signature_all_count() {
        let right = headers(SIGNATURES[0], TOKEN, &format!("{URL}?a1.12345"));
        assert_eq!(verdict(&right, &Method::POST, None, b"a=1"), Ok(Proof::Signed));
        assert_eq!(verdict(&right, &Method::POST, None, b"a=2"), Err(Fault::Mismatch));
        let mut other = right.clone();
        other.insert(NONCE, "12346".parse().unwrap());
        assert_eq!(verdict(&other, &Method::POST, None, b"a=1"), Err(Fault::Mismatch));
        for name in [NONCE, SIGNATURES[0]] {
            let mut other = right.clone();
            other.remove(name);
            assert!(matches!(verdict(&other, &Method::POST, None, b"a=1"), Err(Fault::Missing(_))), "{name}");
            let mut other = right.clone();
            other.append(name, "x".parse().unwrap());
            assert!(matches!(verdict(&other, &Method::POST, None, b"a=1"), Err(Fault::Malformed(_))), "{name}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic_or_pass(signature in "[ -~]{0,60}", query in "[ -~]{0,40}", body: Vec<u8>) {
            let mut headers = HeaderMap::new();
            headers.insert(SIGNATURES[0], signature.parse().unwrap());
            headers.insert(NONCE, "1".parse().unwrap());
            prop_assert!(verdict(&headers, &Method::POST, Some(&query), &body).is_err());
        }
    }
}
