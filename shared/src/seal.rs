//! Secrets at rest: sealed under a key of ours, bound to the place where they belong.

use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;
use crate::sign;

/// What every sealed text begins with: the mark and its version.
const MARK: &str = "sealed:1:";

/// The keys of one key secret by id. The last one seals; every one opens what it sealed.
#[derive(Clone)]
pub struct Keys(BTreeMap<u32, Secret>);

/// Where a secret belongs. Sealed for one place, it opens at no other.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    pub kind: &'static str,
    pub name: &'a str,
    pub field: &'a str,
}

/// Why a sealed text does not open. Never says what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsealable {
    #[error("is not a sealed text")]
    Malformed,
    #[error("was sealed under key {0}, which is not there")]
    UnknownKey(u32),
    #[error("was sealed for another place, under another key, or altered")]
    Refused,
    #[error("there is no key to seal with, or no randomness")]
    NoKey,
}

impl Keys {
    /// Reads a key secret: a JSON object of key ids (whole numbers) and random texts of at least 32
    /// characters, like `{"1": "…"}`.
    pub fn read(text: &str) -> Option<Self> {
        let keys: BTreeMap<u32, String> = serde_json::from_str(text).ok()?;
        let strong = !keys.is_empty() && keys.values().all(|key| key.len() >= 32);
        strong.then(|| Self(keys.into_iter().map(|(id, key)| (id, Secret::new(key))).collect()))
    }

    /// One key, of at least 32 characters.
    pub fn one(key: Secret) -> Self {
        Self(BTreeMap::from([(1, key)]))
    }

    /// `sealed:1:KEY-ID:` and the base64 of nonce and ciphertext (AES-256-GCM). The tenant is part of
    /// what it is bound to, so that it needs no new version when there are several.
    pub fn seal(&self, secret: &Secret, binding: Binding<'_>) -> Result<String, Unsealable> {
        let (id, key) = self.0.last_key_value().ok_or(Unsealable::NoKey)?;
        let mut bytes = secret.expose().as_bytes().to_vec();
        let nonce = aead(key)?.seal_in_place_append_tag(aad(*id, binding), &mut bytes);
        let nonce = nonce.map_err(|_| Unsealable::NoKey)?;
        let sealed = [&nonce.as_ref()[..], &bytes].concat();
        Ok(format!("{MARK}{id}:{}", STANDARD_NO_PAD.encode(sealed)))
    }

    pub fn open(&self, text: &str, binding: Binding<'_>) -> Result<Secret, Unsealable> {
        let (id, sealed) =
            text.strip_prefix(MARK).and_then(|rest| rest.split_once(':')).ok_or(Unsealable::Malformed)?;
        let id: u32 = id.parse().map_err(|_| Unsealable::Malformed)?;
        let sealed = STANDARD_NO_PAD.decode(sealed).map_err(|_| Unsealable::Malformed)?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Unsealable::Malformed)?;
        let key = self.0.get(&id).ok_or(Unsealable::UnknownKey(id))?;
        let mut bytes = sealed.to_vec();
        let opened = aead(key)?.open_in_place(Nonce::from(nonce), aad(id, binding), &mut bytes);
        let opened = opened.map_err(|_| Unsealable::Refused)?;
        String::from_utf8(opened.to_vec()).map(Secret::new).map_err(|_| Unsealable::Refused)
    }

    /// The default source's password where the owner gave none: the first 40 hexadecimal digits of
    /// the HMAC-SHA256 of `default-password` under the oldest key, so that new keys do not change it.
    pub fn default_password(&self) -> Secret {
        let mut digits = hex::encode(self.derive(b"default-password"));
        digits.truncate(40);
        Secret::new(digits)
    }

    /// The key that signs for an endpoint whose owner gave none, as `whsec_…`: 32 bytes derived from
    /// the oldest key, so that new keys do not change it.
    pub fn endpoint_secret(&self, tenant: &str, endpoint: &str) -> Secret {
        sign::shared_key(self.derive(&purpose("endpoint-secret", &[tenant, endpoint])))
    }

    /// The same for an endpoint that wants public keys: ed25519, as `whsk_…`.
    pub fn endpoint_signing_key(&self, tenant: &str, endpoint: &str) -> Secret {
        sign::private_key(self.derive(&purpose("endpoint-signing-key", &[tenant, endpoint])))
    }

    fn derive(&self, purpose: &[u8]) -> [u8; 32] {
        let oldest = self.0.first_key_value().map(|(_, key)| key.expose()).unwrap_or_default();
        mac(oldest.as_bytes(), purpose)
    }
}

/// Whether a text was made by [`Keys::seal`].
pub fn is_sealed(text: &str) -> bool {
    text.starts_with(MARK)
}

fn aead(key: &Secret) -> Result<RandomizedNonceKey, Unsealable> {
    RandomizedNonceKey::new(&AES_256_GCM, &mac(key.expose().as_bytes(), b"seal")).map_err(|_| Unsealable::NoKey)
}

fn aad(id: u32, Binding { kind, name, field }: Binding<'_>) -> Aad<String> {
    Aad::from(format!("{MARK}{id}\0default\0{kind}\0{name}\0{field}"))
}

/// A purpose for one thing of many. Lengths before the names keep `a` of `bc` apart from `ab` of `c`.
fn purpose(kind: &str, names: &[&str]) -> Vec<u8> {
    let mut purpose = [kind.as_bytes(), b"\0"].concat();
    for name in names {
        purpose.extend_from_slice(&(name.len() as u64).to_be_bytes());
        purpose.extend_from_slice(name.as_bytes());
    }
    purpose
}

/// A key for one purpose out of a key for all.
fn mac(key: &[u8], purpose: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
    mac.update(purpose);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HERE: Binding<'static> = Binding { kind: "source", name: "github", field: "secret" };

    fn keys(ids: &[u32]) -> Keys {
        let keys: BTreeMap<_, _> = ids.iter().map(|id| (*id, format!("{id:>040}"))).collect();
        Keys::read(&serde_json::to_string(&keys).unwrap()).unwrap()
    }

    #[test]
    fn what_was_sealed_for_one_place_opens_nowhere_else() {
        let sealed = keys(&[1]).seal(&Secret::new("hush"), HERE).unwrap();
        assert!(!sealed.contains("hush"));
        assert_eq!(keys(&[1]).open(&sealed, HERE).unwrap().expose(), "hush");
        for other in [
            Binding { name: "gitlab", ..HERE },
            Binding { kind: "endpoint", ..HERE },
            Binding { field: "token", ..HERE },
        ] {
            assert_eq!(keys(&[1]).open(&sealed, other), Err(Unsealable::Refused));
        }
    }

    #[test]
    fn the_last_key_seals_and_every_key_opens() {
        let old = keys(&[1]).seal(&Secret::new("hush"), HERE).unwrap();
        let both = keys(&[1, 2]);
        assert_eq!(both.open(&old, HERE).unwrap().expose(), "hush");
        let new = both.seal(&Secret::new("hush"), HERE).unwrap();
        assert_eq!(keys(&[1]).open(&new, HERE), Err(Unsealable::UnknownKey(2)));
        assert_eq!(both.default_password(), keys(&[1]).default_password());
    }

    #[test]
    fn every_endpoint_has_keys_of_its_own_and_new_keys_do_not_change_them() {
        let (one, both) = (keys(&[1]), keys(&[1, 2]));
        let places =
            [("default", "a"), ("default", "b"), ("other", "a"), ("a", "bc"), ("ab", "c"), ("", "a"), ("a", "")];
        let mut seen = std::collections::BTreeSet::new();
        for (tenant, endpoint) in places {
            let (secret, key) = (one.endpoint_secret(tenant, endpoint), one.endpoint_signing_key(tenant, endpoint));
            assert_eq!(both.endpoint_secret(tenant, endpoint), secret);
            assert_eq!(both.endpoint_signing_key(tenant, endpoint), key);
            assert!(secret.expose().starts_with("whsec_") && key.expose().starts_with("whsk_"));
            for text in [secret.expose(), key.expose()] {
                let bytes = STANDARD_NO_PAD.decode(text.split_once('_').unwrap().1.trim_end_matches('=')).unwrap();
                assert!(seen.insert(bytes[..32].to_vec()), "{tenant} {endpoint}");
            }
            assert_ne!(keys(&[2]).endpoint_secret(tenant, endpoint), secret);
        }
    }

    #[test]
    fn weak_or_broken_keys_are_no_keys() {
        for text in ["", "{}", "[]", r#"{"1": "short"}"#, r#"{"a": "0123456789012345678901234567890123456789"}"#] {
            assert!(Keys::read(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_sealed_and_opened_and_no_other_text_opens(secret in ".*", other in ".*", flip: prop::sample::Index) {
            let keys = keys(&[7]);
            let sealed = keys.seal(&Secret::new(secret.as_str()), HERE).unwrap();
            let opened = keys.open(&sealed, HERE).unwrap();
            prop_assert_eq!(opened.expose(), secret.as_str());
            prop_assert!(keys.open(&other, HERE).is_err());
            let mut altered = sealed.into_bytes();
            let at = flip.index(altered.len());
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            prop_assert!(keys.open(&String::from_utf8(altered).unwrap(), HERE).is_err());
        }
    }
}
