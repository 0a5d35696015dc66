//! Signatures as Standard Webhooks makes them: keys, an id, a time and bytes in; one header's value out.

mod receiver;

use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::seal::Keys;
use crate::secret::Secret;
use crate::signature::{Digest, Key, LENIENT};
use crate::timestamp::Timestamp;

pub use receiver::Receiver;

/// Before the base64 of a key that both sides hold.
const SHARED: &str = "whsec_";
/// Before the base64 of a private key: its seed of 32 bytes alone, or as Svix writes it, with the
/// public half after it.
const PRIVATE: &str = "whsk_";
/// Before the base64 of a public key.
const PUBLIC: &str = "whpk_";

/// What stands before a signature by HMAC-SHA256, and before one by ed25519.
const V1: &str = "v1,";
const V1A: &str = "v1a,";

/// How many bytes the specification gives a shared key.
const SHARED_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
const SEED_BYTES: usize = 32;

/// A rotation needs two keys; more than this only make the header long.
const MOST_KEYS: usize = 10;

/// The longest signature: `v1a,` and 64 bytes in base64, and the space before the next one.
const SIGNATURE_LENGTH: usize = 93;

/// The keys of one endpoint: all that are in force sign.
#[derive(Clone)]
pub struct Signer(Arc<[SigningKey]>);

/// One key, made ready to sign with.
struct SigningKey {
    text: Secret,
    /// It signs no more from then on.
    until: Option<Timestamp>,
    material: Material,
}

enum Material {
    Shared(Key),
    Private(Ed25519KeyPair),
}

/// Why a text is no key, worded to follow the name of its setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAKey(pub &'static str);

impl Signer {
    /// Keys as they are written (`whsec_…`, `whsk_…`), each with the time from which it signs no more;
    /// the newest first. One of them must have no such time: an endpoint never runs out of keys.
    pub fn new(keys: Vec<(Secret, Option<Timestamp>)>) -> Result<Self, NotAKey> {
        if keys.len() > MOST_KEYS {
            return Err(NotAKey("has more than 10 keys"));
        }
        if keys.iter().all(|(_, until)| until.is_some()) {
            return Err(NotAKey("has no key that never expires; a webhook would go unsigned"));
        }
        let prepare = |(text, until): (Secret, _)| {
            let material = Material::read(text.expose())?;
            Ok(SigningKey { text, until, material })
        };
        keys.into_iter().map(prepare).collect::<Result<_, _>>().map(Self)
    }

    /// The signer of an endpoint whose owner gave no key: [`Keys::endpoint_secret`].
    pub fn derived(keys: &Keys, tenant: &str, endpoint: &str) -> Result<Self, NotAKey> {
        Self::new(vec![(keys.endpoint_secret(tenant, endpoint), None)])
    }

    /// The value of `webhook-signature`: one signature for each key in force, in the keys' order.
    /// The id holds no full stop, as [`crate::event::EventId`] promises; the body is any bytes.
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let start = format!("{id}.{}.", at.seconds());
        let mut header = String::with_capacity(self.0.len() * SIGNATURE_LENGTH);
        for key in self.in_force(at) {
            if !header.is_empty() {
                header.push(' ');
            }
            key.material.sign(&start, body, &mut header);
        }
        header
    }

    /// The public halves of the keys in force, as `whpk_…`.
    pub fn public_keys(&self, now: Timestamp) -> Vec<String> {
        let public = |key: &SigningKey| match &key.material {
            Material::Shared(_) => None,
            Material::Private(pair) => Some(format!("{PUBLIC}{}", STANDARD.encode(pair.public_key()))),
        };
        self.in_force(now).filter_map(public).collect()
    }

    /// The secrets, for whoever must keep them out of what is stored.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter().map(|key| &key.text)
    }

    /// Those that sign at that time.
    pub fn secrets_at(&self, at: Timestamp) -> impl Iterator<Item = &Secret> {
        self.in_force(at).map(|key| &key.text)
    }

    fn in_force(&self, at: Timestamp) -> impl Iterator<Item = &SigningKey> {
        self.0.iter().filter(move |key| key.until.is_none_or(|until| at < until))
    }
}

impl Material {
    fn read(text: &str) -> Result<Self, NotAKey> {
        if let Some(encoded) = text.strip_prefix(SHARED) {
            let bytes = decode(encoded).ok_or(NotAKey("is not base64 after whsec_"))?;
            if !SHARED_BYTES.contains(&bytes.len()) {
                return Err(NotAKey("holds a whsec_ key of the wrong length; write the base64 of 24 to 64 bytes"));
            }
            return Key::hmac(Digest::Sha256, &bytes).map(Self::Shared).map_err(NotAKey);
        }
        if let Some(encoded) = text.strip_prefix(PRIVATE) {
            let bytes = decode(encoded).ok_or(NotAKey("is not base64 after whsk_"))?;
            return pair(&bytes).map(Self::Private);
        }
        if text.starts_with(PUBLIC) {
            return Err(NotAKey("is a public key, which cannot sign; write the private one, whsk_…"));
        }
        Err(NotAKey("does not begin with whsec_ (a shared key in base64) or whsk_ (an ed25519 private key in base64)"))
    }

    fn sign(&self, start: &str, body: &[u8], header: &mut String) {
        match self {
            Self::Shared(key) => {
                header.push_str(V1);
                STANDARD.encode_string(key.sign(&[start.as_bytes(), body]).unwrap_or_default(), header);
            }
            Self::Private(pair) => {
                header.push_str(V1A);
                STANDARD.encode_string(pair.sign(&[start.as_bytes(), body].concat()), header);
            }
        }
    }
}

/// A shared key of these bytes, as it is written.
pub fn shared_key(bytes: [u8; 32]) -> Secret {
    Secret::new(format!("{SHARED}{}", STANDARD.encode(bytes)))
}

/// A private key of that seed, as it is written: with its public half.
pub fn private_key(seed: [u8; SEED_BYTES]) -> Secret {
    let mut bytes = seed.to_vec();
    if let Ok(pair) = Ed25519KeyPair::from_seed_unchecked(&seed) {
        bytes.extend_from_slice(pair.public_key().as_ref());
    }
    Secret::new(format!("{PRIVATE}{}", STANDARD.encode(bytes)))
}

/// A seed, or a seed and the public half that belongs to it.
fn pair(bytes: &[u8]) -> Result<Ed25519KeyPair, NotAKey> {
    const UNFIT: NotAKey = NotAKey("holds a whsk_ key whose public half belongs to another key");
    match bytes.split_first_chunk::<SEED_BYTES>() {
        Some((seed, [])) => Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| UNFIT),
        Some((seed, public)) if public.len() == SEED_BYTES => {
            Ed25519KeyPair::from_seed_and_public_key(seed, public).map_err(|_| UNFIT)
        }
        _ => Err(NotAKey(
            "holds a whsk_ key of the wrong length; write the base64 of 32 bytes, or of 64 with the public half",
        )),
    }
}

fn decode(encoded: &str) -> Option<Vec<u8>> {
    LENIENT.decode(encoded).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const WHSK: &str = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    const WHPK: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    /// The seed alone of the same key.
    const SEED: &str = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=";

    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: Timestamp = Timestamp(1_614_265_330_000);
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const V1_SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const V1A_SIGNATURE: &str =
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

    fn signer(keys: &[(&str, Option<Timestamp>)]) -> Result<Signer, NotAKey> {
        Signer::new(keys.iter().map(|(text, until)| (Secret::new(*text), *until)).collect())
    }

    fn one(text: &str) -> Signer {
        signer(&[(text, None)]).unwrap()
    }

    /// From the standard's libraries (Go, JavaScript, Python …; Rust), and from Svix's server for `v1a`.
    #[test]
    fn the_published_vectors_are_signed() {
        let rust = one("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").sign(
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            Timestamp(1_649_367_553_999),
            br#"{"email":"test@example.com","username":"test_user"}"#,
        );
        assert_eq!(rust, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
        assert_eq!(one(WHSEC).sign(ID, AT, BODY), V1_SIGNATURE);
        assert_eq!(one(WHSK).sign(ID, AT, BODY), V1A_SIGNATURE);
        assert_eq!(one(WHSK).public_keys(AT), [WHPK]);
        assert!(V1A_SIGNATURE.len() < SIGNATURE_LENGTH);
    }

    #[test]
    fn a_seed_alone_and_a_text_without_padding_are_the_same_key() {
        for text in [SEED, SEED.trim_end_matches('='), WHSK.trim_end_matches('=')] {
            assert_eq!(one(text).sign(ID, AT, BODY), V1A_SIGNATURE, "{text}");
        }
        let (padded, bare) =
            (one("whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQQ=="), one("whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQQ"));
        assert_eq!(padded.sign(ID, AT, BODY), bare.sign(ID, AT, BODY));
        let seed: [u8; 32] = decode(&SEED[5..]).unwrap().try_into().unwrap();
        assert_eq!(private_key(seed).expose(), WHSK);
    }

    #[test]
    fn during_a_rotation_both_keys_sign_the_newest_first_and_afterwards_the_new_one_alone() {
        let end = AT.after(std::time::Duration::from_secs(60));
        let rotating = signer(&[(WHSK, None), (WHSEC, Some(end)), (SEED, Some(AT))]).unwrap();
        assert_eq!(rotating.sign(ID, AT, BODY), format!("{V1A_SIGNATURE} {V1_SIGNATURE}"));
        let before = Timestamp(end.0 - 1);
        assert_eq!(rotating.sign(ID, before, BODY).split(' ').count(), 2);
        assert_eq!(rotating.sign(ID, end, BODY), one(WHSK).sign(ID, end, BODY));
        assert_eq!(rotating.public_keys(AT), [WHPK]);
        assert_eq!(rotating.secrets().count(), 3);
    }

    #[test]
    fn what_is_no_key_is_refused_and_never_repeated() {
        let long = STANDARD.encode([7; 65]);
        let short = STANDARD.encode([7; 23]);
        let alien = format!("{}{}", PRIVATE, STANDARD.encode([7; 64]));
        let wrong = [
            "",
            "secret",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_",
            "whsec_%%%%",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
            &format!("{SHARED}{long}"),
            &format!("{SHARED}{short}"),
            "whsk_",
            "whsk_%%%%",
            &format!("{PRIVATE}{short}"),
            &alien,
            WHPK,
        ];
        for text in wrong {
            let words = signer(&[(text, None)]).err().unwrap_or_else(|| panic!("{text} is no key")).to_string();
            assert!(text.len() < 10 || !words.contains(&text[6..]), "{words}");
        }
        assert!(signer(&[]).is_err());
        assert!(signer(&[(WHSEC, Some(AT)), (WHSK, Some(AT))]).is_err());
        assert!(signer(&[(WHSEC, None); 10]).is_ok() && signer(&[(WHSEC, None); 11]).is_err());
    }

    #[test]
    fn derived_keys_sign() {
        let keys = Keys::one(Secret::new("k".repeat(40)));
        let derived = Signer::derived(&keys, "default", "shop").unwrap();
        assert_eq!(derived.secrets().next(), Some(&keys.endpoint_secret("default", "shop")));
        let private = one(keys.endpoint_signing_key("default", "shop").expose());
        assert_eq!(private.public_keys(AT).len(), 1);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".*", prefix in "(whsec_|whsk_|whpk_)?", bytes: Vec<u8>) {
            let encoded = format!("{prefix}{}", STANDARD.encode(bytes));
            for text in [&text, &format!("{prefix}{text}"), &encoded] {
                let _ = (signer(&[(text, None)]).is_ok(), Receiver::new(&[Secret::new(text.as_str())]).is_ok());
            }
        }
    }
}
