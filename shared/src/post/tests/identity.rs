//! Authorities and certificates of one endpoint: for it alone.

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use super::tls::{URL, answering};
use super::*;
use crate::identity::Identity;
use crate::secret::Secret;

/// An authority, and what it says of others.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("no names");
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = parameters.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    fn signs(&self, name: &str, purpose: ExtendedKeyUsagePurpose, until: i32) -> (rcgen::Certificate, KeyPair) {
        let mut parameters = CertificateParams::new([name.to_owned()]).expect("a name");
        (parameters.not_before, parameters.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until, 1, 1));
        parameters.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().expect("a key");
        (parameters.signed_by(&key, &self.issuer).expect("a certificate"), key)
    }

    /// Who we say we are.
    fn client(&self, until: i32) -> (String, Secret) {
        let (certificate, key) = self.signs("us.example", ExtendedKeyUsagePurpose::ClientAuth, until);
        (certificate.pem(), Secret::new(key.serialize_pem()))
    }

    /// A receiver of that name, certified by this authority, which lets in whom `clients` certifies.
    async fn receiver(&self, name: &str, clients: &Self, alpn: &[u8]) -> SocketAddr {
        let (certificate, key) = self.signs(name, ExtendedKeyUsagePurpose::ServerAuth, 2120);
        let mut roots = RootCertStore::empty();
        let root = rustls::pki_types::pem::PemObject::from_pem_slice(clients.pem.as_bytes()).expect("a certificate");
        roots.add(root).expect("an authority");
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(verifier.build().expect("a verifier"))
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()));
        let mut config = config.expect("a key");
        config.alpn_protocols = vec![alpn.to_vec()];
        answering(TlsAcceptor::from(Arc::new(config))).await
    }
}

const HOST: &str = "hooks.example.com";

fn identity(ca: Option<&Authority>, shown: Option<&(String, Secret)>) -> Arc<Identity> {
    let shown = shown.map(|(certificate, key)| (&**certificate, key));
    Arc::new(Identity::read(ca.map(|ca| &*ca.pem), shown).expect("an identity"))
}

async fn send_as(
    post: &Post<Names, Dialler>,
    endpoint: &str,
    identity: Option<&Arc<Identity>>,
) -> Result<Received, NoAnswer> {
    let outgoing = Outgoing { endpoint: endpoint.into(), identity: identity.cloned(), ..outgoing(URL) };
    post.send_webhook(outgoing).await
}

fn public(receiver: SocketAddr) -> (Post<Names, Dialler>, Dialler) {
    let dialler = Dialler::to(receiver);
    (post(PUBLIC, &Names::of([&["93.184.216.34"]]), &dialler), dialler)
}

#[tokio::test]
async fn who_shows_the_right_certificate_is_let_in_and_nobody_else_over_both_versions_of_http() {
    let (servers, clients, strangers) =
        (Authority::new("servers"), Authority::new("clients"), Authority::new("strangers"));
    for alpn in [&b"h2"[..], b"http/1.1"] {
        let (post, dialler) = public(servers.receiver(HOST, &clients, alpn).await);
        let right = identity(Some(&servers), Some(&clients.client(2120)));
        for _ in 0..2 {
            assert_eq!(send_as(&post, "e", Some(&right)).await.map(|answer| answer.status), Ok(200));
        }
        assert_eq!(dialler.dialled().len(), 1, "its connection is kept");
        let none = identity(Some(&servers), None);
        let wrong = identity(Some(&servers), Some(&strangers.client(2120)));
        for (identity, words) in [(none, "CertificateRequired"), (wrong, "UnknownCA")] {
            let answer = send_as(&post, "e", Some(&identity)).await.expect_err("a stranger");
            assert!(answer.kind == Trouble::Tls && answer.words.contains(words), "{answer}");
        }
    }
}

#[tokio::test]
async fn an_expired_certificate_is_not_shown_and_said_to_be_expired() {
    let authority = Authority::new("one");
    let (post, dialler) = public(authority.receiver(HOST, &authority, b"h2").await);
    let expired = identity(Some(&authority), Some(&authority.client(2021)));
    let answer = send_as(&post, "e", Some(&expired)).await.expect_err("expired");
    assert_eq!(answer.to_string(), "tls: our certificate expired on 2021-01-01T00:00:00Z");
    assert_eq!(dialler.dialled(), [""; 0]);
}

#[tokio::test]
async fn a_private_authority_is_believed_for_its_endpoint_alone_and_for_no_other_name() {
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let (post, _) = public(ours.receiver(HOST, &ours, b"h2").await);
    let client = ours.client(2120);
    let right = identity(Some(&ours), Some(&client));
    assert_eq!(send_as(&post, "e", Some(&right)).await.map(|answer| answer.status), Ok(200));
    for (endpoint, identity) in [("f", None), ("e", Some(identity(Some(&others), Some(&client))))] {
        let answer = send_as(&post, endpoint, identity.as_ref()).await.expect_err("an unknown authority");
        assert!(answer.words.contains("UnknownIssuer"), "{answer}");
    }
    let (post, _) = public(ours.receiver("other.example.com", &ours, b"h2").await);
    let answer = send_as(&post, "e", Some(&right)).await.expect_err("another name");
    assert!(answer.kind == Trouble::Tls && answer.words.contains("not valid for name"), "{answer}");
}

#[tokio::test]
async fn authorities_of_an_endpoint_replace_those_of_the_system() {
    let (system, ours) = (Authority::new("system"), Authority::new("ours"));
    let root: rustls::pki_types::CertificateDer<'_> =
        rustls::pki_types::pem::PemObject::from_pem_slice(system.pem.as_bytes()).expect("a certificate");
    let dialler = Dialler::to(system.receiver(HOST, &ours, b"h2").await);
    let trust = Trust::Only(vec![root.to_vec()]);
    let post = Post::with(PUBLIC, Names::of([&["93.184.216.34"]]), dialler, trust).expect("a post");
    let client = ours.client(2120);
    let shown = identity(None, Some(&client));
    assert_eq!(send_as(&post, "e", Some(&shown)).await.map(|answer| answer.status), Ok(200));
    let answer = send_as(&post, "e", Some(&identity(Some(&ours), Some(&client)))).await.expect_err("not believed");
    assert!(answer.words.contains("UnknownIssuer"), "{answer}");
}

#[tokio::test]
async fn neither_connections_nor_sessions_outlive_the_identity_that_opened_them() {
    let authority = Authority::new("one");
    let (post, dialler) = public(authority.receiver(HOST, &authority, b"h2").await);
    let (one, two) = (authority.client(2120), authority.client(2120));
    let (one, two) = (identity(Some(&authority), Some(&one)), identity(Some(&authority), Some(&two)));
    for (identity, dialled) in [(&one, 1), (&one, 1), (&two, 2), (&two, 2), (&one, 3)] {
        assert_eq!(send_as(&post, "e", Some(identity)).await.map(|answer| answer.status), Ok(200));
        assert_eq!(dialler.dialled().len(), dialled);
    }
    let none = identity(Some(&authority), None);
    assert_eq!(send_as(&post, "f", Some(&none)).await.expect_err("a stranger").kind, Trouble::Tls);
}
