//! Certificates, made at run time, and an authority that a program can be told to trust.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Good or bad in one way. All but `WrongHost` are for `localhost` and 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    Valid,
    Expired,
    /// Right in everything, but of no authority.
    SelfSigned,
    /// For `elsewhere.example` only.
    WrongHost,
    NotYetValid,
}

/// The protocols that it offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpn {
    H1,
    /// Speaks HTTP/2 whatever was agreed: a caller that only knows HTTP/1.1 fails.
    H2,
    Both,
    /// It knows nothing of ALPN, and speaks HTTP/1.1.
    None,
}

impl Alpn {
    fn protocols(self) -> Vec<Vec<u8>> {
        let (h1, h2) = (b"http/1.1".to_vec(), b"h2".to_vec());
        match self {
            Self::H1 => vec![h1],
            Self::H2 => vec![h2],
            Self::Both => vec![h2, h1],
            Self::None => Vec::new(),
        }
    }
}

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn authority() -> &'static Authority {
    static MADE: OnceLock<Authority> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut parameters = named("Hookpost test authority", &[]);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let pem = parameters.self_signed(&key).expect("a certificate").pem();
        Authority { pem, issuer: Issuer::new(parameters, key) }
    })
}

pub(super) fn authority_file() -> NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".pem").tempfile().expect("a file");
    file.write_all(authority().pem.as_bytes()).expect("a file");
    file
}

fn named(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let mut parameters = CertificateParams::new(hosts).expect("names");
    parameters.distinguished_name.push(DnType::CommonName, name);
    (parameters.not_before, parameters.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2120, 1, 1));
    parameters
}

fn parameters(certificate: Certificate) -> CertificateParams {
    let mut parameters = match certificate {
        Certificate::WrongHost => named("elsewhere.example", &["elsewhere.example"]),
        _ => named("localhost", &["localhost", "127.0.0.1"]),
    };
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    match certificate {
        Certificate::Expired => parameters.not_after = date_time_ymd(2021, 1, 1),
        Certificate::NotYetValid => parameters.not_before = date_time_ymd(2119, 1, 1),
        _ => {}
    }
    parameters
}

pub(super) fn acceptor(certificate: Certificate, alpn: Alpn) -> TlsAcceptor {
    let (parameters, key) = (parameters(certificate), KeyPair::generate().expect("a key"));
    let made = match certificate {
        Certificate::SelfSigned => parameters.self_signed(&key),
        _ => parameters.signed_by(&key, &authority().issuer),
    };
    let chain = vec![made.expect("a certificate").der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config =
        ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
    let config = config.expect("versions of TLS").with_no_client_auth().with_single_cert(chain, key);
    let mut config = config.expect("a certificate with its key");
    config.alpn_protocols = alpn.protocols();
    TlsAcceptor::from(Arc::new(config))
}
