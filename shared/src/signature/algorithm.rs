//! By what a signature is made.

use super::{Asymmetric, KeyForm};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Both sides hold the key.
    Hmac { digest: Digest, key: KeyForm },
    /// The provider signs; the owner pastes its public key.
    Public(Asymmetric),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    Sha1,
    Sha256,
    Sha512,
}
