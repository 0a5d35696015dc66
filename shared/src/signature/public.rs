//! Signatures by a key of which we hold the public half, as its provider shows it.

use std::sync::Arc;

use aws_lc_rs::digest::{self, Context};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, VerificationAlgorithm,
};
use base64::Engine;
use ed25519_dalek::{Signature, VerifyingKey};

use super::{Digest, LENIENT};

/// What such a signature is made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asymmetric {
    Ed25519,
    /// ECDSA on P-256 over SHA-256, the signature in ASN.1 (DER).
    EcdsaP256,
    /// The same, the signature as 64 bytes.
    EcdsaP256Fixed,
    /// RSA PKCS#1 v1.5 over that digest, by a key of 2,048 bits or more.
    Rsa(Digest),
}

/// A public key made ready to verify with.
#[derive(Clone)]
pub struct PublicKey(Kind);

#[derive(Clone)]
enum Kind {
    /// Wants the message once for each signature.
    Ed25519(Box<VerifyingKey>),
    Digested {
        digest: &'static digest::Algorithm,
        key: Arc<ParsedPublicKey>,
    },
}

/// What stands before the 32 bytes of an ed25519 key in DER (RFC 8410).
const ED25519_DER: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

const ED25519_BYTES: usize = 32;

/// What Standard Webhooks writes before its public keys, and before its private ones.
pub(super) const WHPK: &str = "whpk_";
pub(super) const WHSK: &str = "whsk_";

pub(super) const PRIVATE: &str = "is a private key, which stays with its owner; paste the public one";

impl PublicKey {
    /// The key as providers show it: PEM, or its DER or raw bytes in base64 or hexadecimal. The error
    /// follows the name of the setting, and shows nothing of the text.
    pub fn read(algorithm: Asymmetric, text: &str) -> Result<Self, &'static str> {
        let bytes = bytes(text.trim())?;
        if is_private(&bytes, algorithm) {
            return Err(PRIVATE);
        }
        let parsed = |algorithm: &'static dyn VerificationAlgorithm, digest, problem| {
            let key = ParsedPublicKey::new(algorithm, &bytes).map_err(|_| problem)?;
            Ok(Self(Kind::Digested { digest, key: Arc::new(key) }))
        };
        const P256: &str = "is no public key on the curve P-256";
        const RSA: &str = "is no public RSA key of 2,048 bits or more";
        match algorithm {
            Asymmetric::Ed25519 => ed25519(&bytes),
            Asymmetric::EcdsaP256 => parsed(&ECDSA_P256_SHA256_ASN1, &digest::SHA256, P256),
            Asymmetric::EcdsaP256Fixed => parsed(&ECDSA_P256_SHA256_FIXED, &digest::SHA256, P256),
            Asymmetric::Rsa(Digest::Sha1) => {
                parsed(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, &digest::SHA1_FOR_LEGACY_USE_ONLY, RSA)
            }
            Asymmetric::Rsa(Digest::Sha256) => parsed(&RSA_PKCS1_2048_8192_SHA256, &digest::SHA256, RSA),
            Asymmetric::Rsa(Digest::Sha512) => parsed(&RSA_PKCS1_2048_8192_SHA512, &digest::SHA512, RSA),
        }
    }

    /// Whether one of the signatures was made over that message, given in pieces.
    pub(crate) fn fits<P: AsRef<[u8]>>(&self, message: &[P], signatures: &[Vec<u8>]) -> bool {
        match &self.0 {
            Kind::Ed25519(key) => signatures.iter().any(|signature| streamed(key, message, signature)),
            Kind::Digested { digest, key } => {
                let mut over = Context::new(digest);
                message.iter().for_each(|piece| over.update(piece.as_ref()));
                let digest = over.finish();
                signatures.iter().any(|signature| key.verify_digest_sig(&digest, signature).is_ok())
            }
        }
    }
}

fn ed25519(bytes: &[u8]) -> Result<PublicKey, &'static str> {
    const UNFIT: &str = "is no ed25519 public key: 32 bytes, or their DER";
    let raw = bytes.strip_prefix(&ED25519_DER).unwrap_or(bytes);
    let raw: &[u8; ED25519_BYTES] = raw.try_into().map_err(|_| UNFIT)?;
    let key = VerifyingKey::from_bytes(raw).map_err(|_| UNFIT)?;
    // With such a key everybody can sign.
    if key.is_weak() { Err(UNFIT) } else { Ok(PublicKey(Kind::Ed25519(Box::new(key)))) }
}

fn streamed<P: AsRef<[u8]>>(key: &VerifyingKey, message: &[P], signature: &[u8]) -> bool {
    let verifier = Signature::from_slice(signature).and_then(|signature| key.verify_stream(&signature));
    let Ok(mut verifier) = verifier else { return false };
    message.iter().for_each(|piece| verifier.update(piece));
    verifier.finalize_and_verify().is_ok()
}

fn bytes(text: &str) -> Result<Vec<u8>, &'static str> {
    if text.contains("PRIVATE KEY") || text.starts_with(WHSK) {
        return Err(PRIVATE);
    }
    if text.contains("BEGIN CERTIFICATE") {
        return Err("is a certificate; paste the public key alone");
    }
    let encoded = match text.split_once("-----BEGIN") {
        Some((_, pem)) => pem.split("-----").nth(1).ok_or("is no complete PEM")?,
        None => text.strip_prefix(WHPK).unwrap_or(text),
    };
    // Environment variables carry PEM with its line ends written out.
    let encoded: String = encoded.replace("\\n", "").split_whitespace().collect();
    if encoded.is_empty() {
        return Err("is empty");
    }
    hex::decode(&encoded).or_else(|_| LENIENT.decode(&encoded)).map_err(|_| "is not PEM, base64 or hexadecimal")
}

/// Whether that is DER of a private key, which begins with a small number, or a seed with its public half.
fn is_private(bytes: &[u8], algorithm: Asymmetric) -> bool {
    let inner = match bytes {
        [0x30, 0x82, _, _, inner @ ..] | [0x30, 0x81, _, inner @ ..] | [0x30, _, inner @ ..] => inner,
        _ => return algorithm == Asymmetric::Ed25519 && bytes.len() == 2 * ED25519_BYTES,
    };
    matches!(inner, [0x02, 0x01, 0x00 | 0x01, ..])
}
