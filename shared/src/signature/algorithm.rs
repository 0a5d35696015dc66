//! By what a signature is made.

use super::KeyForm;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Both sides hold the key.
    Hmac { digest: Digest, key: KeyForm },
    /// The provider signs; the owner pastes its public key.
    Public { curve: Curve, key: KeyForm },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

/// Signatures by a key of which we hold the public half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    Ed25519,
}
