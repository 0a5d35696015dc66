//! The certificate that a provider signs with.

use aws_lc_rs::digest::Digest;
use aws_lc_rs::signature::{UnparsedPublicKey, VerificationAlgorithm};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::ParsedCertificate;

use crate::identity;
use crate::signature::Fault;
use crate::timestamp::Timestamp;

/// Whoever it names is believed because of where it was fetched: its chain is not judged.
#[derive(Debug)]
pub struct Certificate {
    /// A SubjectPublicKeyInfo (RFC 5280).
    key: Vec<u8>,
    from: Timestamp,
    until: Timestamp,
}

impl Certificate {
    pub(super) fn read(pem: &[u8]) -> Result<Self, &'static str> {
        let whole = CertificateDer::from_pem_slice(pem).map_err(|_| "it is no certificate in PEM")?;
        let parsed = ParsedCertificate::try_from(&whole).map_err(|_| "it is no certificate that can be read")?;
        let key = parsed.subject_public_key_info().as_ref().to_vec();
        let (from, until) = identity::validity(&whole);
        Ok(Self { key, from, until })
    }

    /// # Errors
    /// It is out of date.
    pub fn counts_at(&self, now: Timestamp) -> Result<(), Fault> {
        if now < self.from || now > self.until {
            return Err(Fault::NotAllowed(format!("a certificate from {} until {}", self.from, self.until).into()));
        }
        Ok(())
    }

    /// Whether its key made that signature over what has that digest.
    pub fn signed(&self, by: &'static dyn VerificationAlgorithm, digest: &Digest, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(by, &self.key).verify_digest(digest, signature).is_ok()
    }
}
