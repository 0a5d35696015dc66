//! Public keys: every form in which they are shown, and what is none.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use proptest::prelude::*;

use crate::schemes::Presented;
use crate::secret::Secret;
use crate::signature::{Asymmetric, Digest, Fault, Freshness, Part, Place, PublicKey, Recipe};
use crate::timestamp::Timestamp;

type Sign = dyn Fn(&[u8]) -> Vec<u8> + Send + Sync;

/// A pair of each kind: what signs, and the public key's raw bytes and DER.
struct Pair {
    kind: Asymmetric,
    sign: Box<Sign>,
    raw: Vec<u8>,
    der: Vec<u8>,
    private: Vec<Vec<u8>>,
}

static PAIRS: LazyLock<Vec<Pair>> = LazyLock::new(pairs);

fn pairs() -> Vec<Pair> {
    let ed25519 = Ed25519KeyPair::generate().unwrap();
    let mut seeded = [3; 32].to_vec();
    seeded.extend_from_slice(Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap().public_key().as_ref());
    let mut pairs = vec![Pair {
        kind: Asymmetric::Ed25519,
        raw: ed25519.public_key().as_ref().to_vec(),
        der: AsDer::<PublicKeyX509Der<'_>>::as_der(ed25519.public_key()).unwrap().as_ref().to_vec(),
        private: vec![ed25519.to_pkcs8().unwrap().as_ref().to_vec(), seeded],
        sign: Box::new(move |message| ed25519.sign(message).as_ref().to_vec()),
    }];
    for (kind, algorithm) in [
        (Asymmetric::EcdsaP256, &ECDSA_P256_SHA256_ASN1_SIGNING),
        (Asymmetric::EcdsaP256Fixed, &ECDSA_P256_SHA256_FIXED_SIGNING),
    ] {
        let pair = EcdsaKeyPair::generate(algorithm).unwrap();
        pairs.push(Pair {
            kind,
            raw: pair.public_key().as_ref().to_vec(),
            der: AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap().as_ref().to_vec(),
            private: vec![pair.to_pkcs8v1().unwrap().as_ref().to_vec()],
            sign: Box::new(move |message| pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()),
        });
    }
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let padding: &'static dyn RsaEncoding = &RSA_PKCS1_SHA256;
    pairs.push(Pair {
        kind: Asymmetric::Rsa(Digest::Sha256),
        raw: rsa.public_key().as_ref().to_vec(),
        der: AsDer::<PublicKeyX509Der<'_>>::as_der(rsa.public_key()).unwrap().as_ref().to_vec(),
        private: vec![AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&rsa).unwrap().as_ref().to_vec()],
        sign: Box::new(move |message| {
            let mut signature = vec![0; rsa.public_modulus_len()];
            rsa.sign(padding, &SystemRandom::new(), message, &mut signature).unwrap();
            signature
        }),
    });
    pairs
}

fn forms(raw: &[u8], der: &[u8]) -> Vec<String> {
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", STANDARD.encode(der));
    let encoded = [raw, der].map(|bytes| [hex::encode(bytes), hex::encode_upper(bytes), STANDARD.encode(bytes)]);
    encoded.into_iter().flatten().chain([pem.replace('\n', "\r\n"), pem]).collect()
}

#[test]
fn a_key_is_read_in_every_form_that_consoles_show() {
    for pair in PAIRS.iter() {
        let recipe = Recipe::new("x-signature").public(pair.kind);
        let signature = hex::encode((pair.sign)(b"body"));
        for form in forms(&pair.raw, &pair.der) {
            let key =
                recipe.read_key(&Secret::new(&*form)).unwrap_or_else(|why| panic!("{:?} {form}: {why}", pair.kind));
            let headers = [("x-signature".parse().unwrap(), signature.parse().unwrap())].into_iter().collect();
            let judge = |body| recipe.verify(std::slice::from_ref(&key), &Presented::of(&headers, body), Timestamp(0));
            assert_eq!(judge(b"body"), Ok(()), "{:?}", pair.kind);
            assert_eq!(judge(b"bodx"), Err(Fault::Mismatch), "{:?}", pair.kind);
        }
    }
}

#[test]
fn what_is_no_public_key_is_refused_with_words_that_do_not_show_it() {
    for pair in PAIRS.iter() {
        for private in &pair.private {
            let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", STANDARD.encode(private));
            for text in [hex::encode(private), STANDARD.encode(private), pem] {
                let why = PublicKey::read(pair.kind, &text).err().unwrap();
                assert!(why.contains("private key"), "{:?}: {why}", pair.kind);
            }
        }
        let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
        for text in ["", " ", "-----BEGIN PUBLIC KEY-----", "no key", "abc", "AAAA", certificate, "whsk_AAAA"] {
            assert!(PublicKey::read(pair.kind, text).is_err(), "{:?} {text}", pair.kind);
        }
        for other in PAIRS.iter().filter(|other| other.raw.len() != pair.raw.len()) {
            assert!(PublicKey::read(pair.kind, &hex::encode(&other.der)).is_err(), "{:?} {:?}", pair.kind, other.kind);
        }
    }
    // A key of small order, with which everybody signs everything.
    assert!(PublicKey::read(Asymmetric::Ed25519, &hex::encode([0; 32])).is_err());
    let short = STANDARD.encode(RsaKeyPair::generate(KeySize::Rsa2048).unwrap().public_key().as_ref());
    assert!(PublicKey::read(Asymmetric::Rsa(Digest::Sha256), &short[..short.len() / 2]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_signed_in_pieces_verifies_and_nothing_else_does(body: Vec<u8>, flip: prop::sample::Index, bit in 0..8u8) {
        let time = "1800000000";
        let now = Timestamp(1_800_000_000_000);
        for pair in PAIRS.iter() {
            let recipe = Recipe::new("x-signature")
                .public(pair.kind)
                .message([Part::header("x-time"), Part::literal("."), Part::Body])
                .fresh(Freshness::new(Place::header("x-time")));
            let key = [recipe.read_key(&Secret::new(hex::encode(&pair.der))).unwrap()];
            let signature = (pair.sign)(&[b"1800000000.", &body[..]].concat());
            let judge = |signature: &[u8], body: &[u8]| {
                let mut headers = HeaderMap::new();
                headers.insert("x-time", time.parse().unwrap());
                headers.insert("x-signature", hex::encode(signature).parse().unwrap());
                recipe.verify(&key, &Presented::of(&headers, body), now)
            };
            prop_assert_eq!(judge(&signature, &body), Ok(()));
            let mut altered = signature.clone();
            altered[flip.index(signature.len())] ^= 1 << bit;
            prop_assert_eq!(judge(&altered, &body), Err(Fault::Mismatch));
            let mut longer = body.clone();
            longer.push(0);
            prop_assert_eq!(judge(&signature, &longer), Err(Fault::Mismatch));
        }
    }

    #[test]
    fn no_text_and_no_bytes_make_the_reader_panic(text in ".*", bytes: Vec<u8>) {
        for kind in [Asymmetric::Ed25519, Asymmetric::EcdsaP256, Asymmetric::Rsa(Digest::Sha1), Asymmetric::Rsa(Digest::Sha512)] {
            for text in [&text, &hex::encode(&bytes), &format!("-----BEGIN {text}"), &format!("whpk_{text}")] {
                let _ = PublicKey::read(kind, text).is_ok();
            }
        }
    }
}
