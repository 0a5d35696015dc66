//! Braintree: a form of two fields, of which one is signed with a digest of the private key.
//!
//! The key also signs short hexadecimal challenges that anyone may ask for, so that a payload which looks
//! like one proves nothing.

use std::borrow::Cow;
use std::sync::Arc;

use super::settings::SECRET;
use super::{Fetched, Presented, Proof, Prove, Scheme, Settings, Wrong};
use crate::secret::Secret;
use crate::signature::{Algorithm, Digest, Fault, Key, KeyForm};
use crate::timestamp::Timestamp;

pub(super) fn row() -> Scheme {
    Scheme::own(
        (
            "braintree",
            "Braintree (HMAC-SHA1 over the payload; the secret is the private key)",
            "https://developer.paypal.com/braintree/docs/guides/webhooks/parse",
        ),
        &[SECRET],
        Proof::Signed,
        make,
    )
}

const SIGNATURE: &str = "bt_signature";
const PAYLOAD: &str = "bt_payload";

/// No payload is that short.
const LONGEST_CHALLENGE: usize = 64;

/// A pair for each of an account's keys.
const MOST_PAIRS: usize = 16;

struct Braintree(Vec<Key>);

/// The key of signatures and of answers to challenges.
pub(crate) fn key(private: &Secret) -> Result<Key, &'static str> {
    Key::new(Algorithm::Hmac { digest: Digest::Sha1, key: KeyForm::Sha1 }, private)
}

fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    Ok(Arc::new(Braintree(settings.keys(key)?)))
}

impl Prove for Braintree {
    fn prove(&self, request: &Presented<'_>, _: &Fetched, _: Timestamp) -> Result<Proof, Fault> {
        let (signatures, payload) = fields(request.body)?;
        let is_challenge = payload.len() <= LONGEST_CHALLENGE && payload.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_challenge {
            return Err(Fault::Malformed(format!("{PAYLOAD} in the form").into()));
        }
        let hex = signatures.split('&').take(MOST_PAIRS).filter_map(|pair| pair.rsplit_once('|'));
        let shown: Vec<_> = hex.filter_map(|(_, hex)| hex::decode(hex).ok()).collect();
        if shown.is_empty() {
            return Err(Fault::Malformed(format!("{SIGNATURE} in the form").into()));
        }
        let fits = self.0.iter().any(|key| key.fits(&[payload.as_bytes()], &shown));
        if fits { Ok(Proof::Signed) } else { Err(Fault::Mismatch) }
    }
}

/// The signatures and what they are over. What else a form holds nobody signed, so that there may be
/// nothing else.
fn fields(body: &[u8]) -> Result<(Cow<'_, str>, Cow<'_, str>), Fault> {
    let (mut signatures, mut payload) = (None, None);
    for (name, value) in form_urlencoded::parse(body) {
        let field = match &*name {
            SIGNATURE => &mut signatures,
            PAYLOAD => &mut payload,
            _ => return Err(Fault::NotAllowed("another field of the form".into())),
        };
        if field.replace(value).is_some() {
            return Err(Fault::Malformed(format!("{name} in the form").into()));
        }
    }
    let missing = |name: &str| Fault::Missing(format!("{name} in the form").into());
    Ok((signatures.ok_or_else(|| missing(SIGNATURE))?, payload.ok_or_else(|| missing(PAYLOAD))?))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use proptest::prelude::*;

    use super::*;
    use crate::schemes::Verifier;

    const PAYLOAD_TEXT: &str =
        "PG5vdGlmaWNhdGlvbj48a2luZD5jaGVjazwva2luZD48dGltZXN0YW1wPjIwMTk8L3RpbWVzdGFtcD48L25vdGlmaWNhdGlvbj4=\n";

    fn verdict(body: &[u8]) -> Result<Proof, Fault> {
        let secrets = ("secret".to_owned(), vec![Secret::new("other"), Secret::new("private")]);
        let settings = Settings::new([secrets].into(), [("public_key".to_owned(), "public".into())].into());
        let verifier = Verifier::new(crate::schemes::named("braintree").unwrap(), settings).unwrap();
        verifier.verify(&Presented::of(&HeaderMap::new(), body), &Fetched::default(), Timestamp(0))
    }

    fn signature(secret: &str, payload: &str) -> String {
        let key = key(&Secret::new(secret)).unwrap();
        hex::encode(key.sign(&[payload]).unwrap())
    }

    fn form(signature: &str, payload: &str, more: &[(&str, &str)]) -> Vec<u8> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair(SIGNATURE, signature).append_pair(PAYLOAD, payload).extend_pairs(more);
        form.finish().into_bytes()
    }

    #[test]
    fn one_pair_that_fits_is_enough() {
        let right = signature("private", PAYLOAD_TEXT);
        for pairs in [format!("key|{right}"), format!("a|00&key|{right}"), format!("key|{right}&b|zz&nonsense")] {
            assert_eq!(verdict(&form(&pairs, PAYLOAD_TEXT, &[])), Ok(Proof::Signed), "{pairs}");
        }
        let wrong = signature("wrong", PAYLOAD_TEXT);
        for pairs in [format!("key|{wrong}"), format!("key|{}", &right[..38])] {
            assert_eq!(verdict(&form(&pairs, PAYLOAD_TEXT, &[])), Err(Fault::Mismatch), "{pairs}");
        }
        for pairs in [right.as_str(), "", "key|zz"] {
            assert!(matches!(verdict(&form(pairs, PAYLOAD_TEXT, &[])), Err(Fault::Malformed(_))), "{pairs}");
        }
        assert_eq!(verdict(&form(&format!("key|{right}"), &PAYLOAD_TEXT[4..], &[])), Err(Fault::Mismatch));
    }

    /// Made with Python's hmac and hashlib.
    #[test]
    fn the_key_is_the_digest_of_the_private_key() {
        let signature = "3cda3f6af43c901c1bab1f36a1cf6e6b36ce977e";
        assert_eq!(verdict(&form(&format!("key|{signature}"), "PG4+Cg==\n", &[])), Ok(Proof::Signed));
    }

    #[test]
    fn an_answered_challenge_is_no_webhook() {
        let challenge = "20f9f8ed05f77439fe955c977e4c8a53";
        let body = form(&format!("key|{}", signature("private", challenge)), challenge, &[]);
        assert!(matches!(verdict(&body), Err(Fault::Malformed(_))));
        let body = form(&format!("key|{}", signature("private", "")), "", &[]);
        assert!(matches!(verdict(&body), Err(Fault::Malformed(_))));
    }

    #[test]
    fn nothing_stands_beside_the_two_fields() {
        let pair = format!("key|{}", signature("private", PAYLOAD_TEXT));
        let fault = verdict(&form(&pair, PAYLOAD_TEXT, &[("a", "1")])).unwrap_err();
        assert!(matches!(fault, Fault::NotAllowed(_)), "{fault}");
        let fault = verdict(&form(&pair, PAYLOAD_TEXT, &[(PAYLOAD, PAYLOAD_TEXT)])).unwrap_err();
        assert!(matches!(fault, Fault::Malformed(_)), "{fault}");
        assert!(matches!(verdict(b""), Err(Fault::Missing(_))));
        assert!(matches!(verdict(b"bt_signature=a"), Err(Fault::Missing(_))));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_pass(body: Vec<u8>) {
            prop_assert!(verdict(&body).is_err());
        }
    }
}
