//! The keys that a secret may be meant to be.

use super::Difference;
use crate::schemes::words::{DIGESTS, KEYS, word};
use crate::secret::Secret;
use crate::signature::{Algorithm, Digest, Key, KeyForm};

pub(super) struct Reading {
    pub(super) key: Key,
    pub(super) otherwise: Vec<Difference>,
}

/// A text written otherwise; `None` if that is no other.
pub(super) type Spelling = fn(&str) -> Option<String>;

/// What people get wrong in a secret that they paste, in words that follow "it fits if the secret".
pub(super) const SPELLINGS: [(&str, Spelling); 5] = [
    ("has no space around it", |text| Some(text.trim().to_owned()).filter(|other| other != text)),
    ("has no quotes around it", |text| {
        let inner = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
        inner('"').or_else(|| inner('\'')).map(str::to_owned)
    }),
    ("has no whsec_ before it", |text| text.strip_prefix("whsec_").map(str::to_owned)),
    ("has whsec_ before it", |text| (!text.starts_with("whsec_")).then(|| format!("whsec_{text}"))),
    ("has a line break after it", |text| (!text.ends_with('\n')).then(|| format!("{text}\n"))),
];

/// As it is configured first; what a secret cannot be read as is left out.
pub(super) fn all(algorithm: Algorithm, secrets: &[Secret]) -> Vec<Reading> {
    let mut ways = vec![(algorithm, Vec::new())];
    if let Algorithm::Hmac { digest, key } = algorithm {
        ways.extend(hmac(digest, key));
    }
    let read = |(algorithm, otherwise): &(Algorithm, Vec<Difference>)| {
        let keys = secrets.iter().filter_map(|secret| Key::new(*algorithm, secret).ok());
        keys.map(|key| Reading { key, otherwise: otherwise.clone() }).collect::<Vec<_>>()
    };
    let spelt = SPELLINGS.iter().flat_map(|(words, spell)| {
        let others = secrets.iter().filter_map(|secret| spell(secret.expose()).map(Secret::new));
        let keys = others.filter_map(|secret| Key::new(algorithm, &secret).ok());
        keys.map(move |key| Reading { key, otherwise: vec![Difference::new(format!("the secret {words}"))] })
    });
    ways.iter().flat_map(read).chain(spelt).collect()
}

fn hmac(digest: Digest, key: KeyForm) -> Vec<(Algorithm, Vec<Difference>)> {
    let all = DIGESTS.iter().flat_map(|(_, digest)| KEYS.iter().map(|(_, key)| (*digest, *key)));
    let others = all.filter(|other| *other != (digest, key));
    others
        .map(|(other_digest, other_key)| {
            let digest = (other_digest != digest).then(|| by(other_digest));
            let key = (other_key != key).then(|| read_as(other_key));
            (Algorithm::Hmac { digest: other_digest, key: other_key }, digest.into_iter().chain(key).collect())
        })
        .collect()
}

fn by(digest: Digest) -> Difference {
    let word = word(DIGESTS, &digest);
    Difference::new(format!("it is made by HMAC-{}", word.to_uppercase())).by("digest", word)
}

fn read_as(key: KeyForm) -> Difference {
    let words = match key {
        KeyForm::Utf8 => "the secret is used as it stands, not decoded",
        KeyForm::Base64 => "the secret is read as base64",
        KeyForm::Hex => "the secret is read as hexadecimal",
        KeyForm::Sha1 => "the secret's SHA-1 digest is the key",
        KeyForm::Whsec => "the secret is read as base64, without whsec_ before it",
    };
    Difference::new(words).by("key", word(KEYS, &key))
}
