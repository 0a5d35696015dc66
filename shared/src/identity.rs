//! How we and an endpoint know each other over TLS: whose certificates are believed, and the one that we show.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, RootCertStore};
use sha2::{Digest, Sha256};

use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// No list of certificates is longer, in bytes of PEM and in certificates.
const LONGEST: (usize, usize) = (32 << 10, 20);

/// No private key is longer, in PEM.
const LONGEST_KEY: usize = 16 << 10;

/// Of one endpoint, in force for it alone.
pub struct Identity {
    /// Certificates of these authorities are believed, and no others; `None` for those whom the system trusts.
    pub(crate) believed: Option<Arc<WebPkiServerVerifier>>,
    /// What we show to whoever asks for it.
    pub(crate) shown: Option<Arc<CertifiedKey>>,
    /// Of all that it was made of: what differs is another identity.
    pub(crate) digest: [u8; 32],
}

/// What is wrong with which part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    Authorities(String),
    Certificate(String),
    Key(&'static str),
}

impl Identity {
    /// Reads all of it as PEM.
    ///
    /// # Errors
    /// The first part that cannot be used. What is out of date can: see [`Identity::out_of_date`].
    pub fn read(authorities: Option<&str>, shown: Option<(&str, &Secret)>) -> Result<Self, Wrong> {
        let mut digest = Sha256::new();
        let key = shown.map(|(_, key)| key.expose());
        for part in [authorities, shown.map(|(certificate, _)| certificate), key] {
            digest.update(part.map_or(u64::MAX, |part| part.len() as u64).to_be_bytes());
            digest.update(part.unwrap_or_default());
        }
        let believed = authorities.map(believed).transpose()?;
        let shown = shown.map(|(certificate, key)| pair(certificate, key)).transpose()?;
        Ok(Self { believed, shown, digest: digest.finalize().into() })
    }

    /// Whether the certificate that we show can be shown at that time; if not, why, to follow its name.
    pub fn out_of_date(&self, now: Timestamp) -> Option<String> {
        out_of_date(self.shown.as_ref()?.cert.first()?, now)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[identity]")
    }
}

/// Whether a certificate cannot be used at that time: why, to follow its name.
fn out_of_date(certificate: &CertificateDer<'static>, now: Timestamp) -> Option<String> {
    match problem(certificate, now)? {
        CertificateError::ExpiredContext { not_after, .. } => Some(format!("expired on {}", moment(not_after))),
        CertificateError::NotValidYetContext { not_before, .. } => {
            Some(format!("is not valid before {}", moment(not_before)))
        }
        _ => None,
    }
}

/// From when until when a certificate can be used.
pub(crate) fn validity(certificate: &CertificateDer<'static>) -> (Timestamp, Timestamp) {
    let (first, last) = (Timestamp::default(), Timestamp(u64::MAX / 2));
    let from = match problem(certificate, first) {
        Some(CertificateError::NotValidYetContext { not_before, .. }) => moment(not_before),
        _ => first,
    };
    let until = match problem(certificate, last) {
        Some(CertificateError::ExpiredContext { not_after, .. }) => moment(not_after),
        _ => last,
    };
    (from, until)
}

fn problem(certificate: &CertificateDer<'static>, now: Timestamp) -> Option<CertificateError> {
    let mut itself = RootCertStore::empty();
    itself.add(certificate.clone()).ok()?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(itself), provider()).build().ok()?;
    let time = UnixTime::since_unix_epoch(Duration::from_millis(now.0));
    match verifier.verify_client_cert(certificate, &[], time).err()? {
        Error::InvalidCertificate(problem) => Some(problem),
        _ => None,
    }
}

fn moment(time: UnixTime) -> Timestamp {
    Timestamp(time.as_secs() * 1_000)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// # Errors
/// It is no certificate in PEM: the problem, to follow the name of the setting.
pub(crate) fn check_certificates(text: &str) -> Result<(), String> {
    certificates(text).map(drop)
}

fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    if text.len() > LONGEST.0 {
        return Err(format!("is longer than {} bytes", LONGEST.0));
    }
    let mut found = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes()) {
        match section.map_err(|_| "is no PEM".to_owned())? {
            (SectionKind::Certificate, der) => found.push(CertificateDer::from(der)),
            (SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey, _) => {
                return Err("holds a private key, which belongs under tls.key: certificates are shown".into());
            }
            _ => {}
        }
    }
    match found.len() {
        0 => Err("holds no certificate; write -----BEGIN CERTIFICATE----- and so on".into()),
        many if many > LONGEST.1 => Err(format!("holds {many} certificates; at most {} are allowed", LONGEST.1)),
        _ => Ok(found),
    }
}

fn believed(text: &str) -> Result<Arc<WebPkiServerVerifier>, Wrong> {
    let mut roots = RootCertStore::empty();
    for (at, certificate) in certificates(text).map_err(Wrong::Authorities)?.into_iter().enumerate() {
        let unreadable = |_| Wrong::Authorities(format!("holds a certificate that cannot be read, number {}", at + 1));
        roots.add(certificate).map_err(unreadable)?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    verifier.map_err(|_| Wrong::Authorities("holds no authority".into()))
}

fn pair(certificate: &str, key: &Secret) -> Result<Arc<CertifiedKey>, Wrong> {
    let chain = certificates(certificate).map_err(Wrong::Certificate)?;
    let key = key.expose();
    if key.len() > LONGEST_KEY {
        return Err(Wrong::Key("is longer than 16384 bytes"));
    }
    if key.contains("ENCRYPTED") {
        return Err(Wrong::Key("is encrypted; write it without a passphrase"));
    }
    let no_key = |_| Wrong::Key("holds no private key in PEM; write -----BEGIN PRIVATE KEY----- and so on");
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(no_key)?;
    let pair = CertifiedKey::from_der(chain, key, &provider()).map_err(|problem| match problem {
        Error::InconsistentKeys(_) => Wrong::Key("does not fit the first certificate of tls.certificate"),
        Error::InvalidCertificate(_) => Wrong::Certificate("holds a certificate that cannot be read".into()),
        _ => Wrong::Key("is of a kind that is not known; RSA, ECDSA and Ed25519 are"),
    })?;
    Ok(Arc::new(pair))
}

#[cfg(test)]
mod tests;
