//! Receivers behind TLS: whom the post believes, and HTTP/2.

use http::Response;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::*;

pub(super) const URL: &str = "https://hooks.example.com/";

/// A certificate for that name, its own authority, and the TLS of a receiver that has it.
fn identity(name: &str, alpn: &[u8]) -> (CertificateDer<'static>, TlsAcceptor) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let (certificate, key) = (made.cert.der().clone(), made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], PrivateKeyDer::Pkcs8(key.into()));
    let mut config = config.expect("a key");
    config.alpn_protocols = vec![alpn.to_vec()];
    (certificate, TlsAcceptor::from(Arc::new(config)))
}

pub(super) async fn answering(tls: TlsAcceptor) -> SocketAddr {
    receiver(move |stream, _| {
        let tls = tls.clone();
        async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let answer = service_fn(|request: http::Request<_>| async move {
                let version = format!("{:?}", request.version());
                Ok::<_, io::Error>(Response::new(Full::new(Bytes::from(version))))
            });
            let stream = TokioIo::new(stream);
            let _ = match is_h2 {
                true => {
                    hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                        .serve_connection(stream, answer)
                        .await
                }
                false => hyper::server::conn::http1::Builder::new().serve_connection(stream, answer).await,
            };
        }
    })
    .await
}

fn trusting(certificate: &CertificateDer<'_>, dialler: &Dialler) -> Post<Names, Dialler> {
    let trust = Trust::Only(vec![certificate.to_vec()]);
    Post::with(PUBLIC, Names::of([&["93.184.216.34"]]), dialler.clone(), trust).expect("a root")
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_over_kept_connections() {
    for (alpn, version) in [(&b"h2"[..], "HTTP/2.0"), (b"http/1.1", "HTTP/1.1")] {
        let (certificate, tls) = identity("hooks.example.com", alpn);
        let dialler = Dialler::to(answering(tls).await);
        let post = trusting(&certificate, &dialler);
        for _ in 0..3 {
            let answer = send(&post, URL).await.expect("an answer");
            assert_eq!((answer.status, &answer.body[..]), (200, version.as_bytes()));
        }
        assert_eq!(dialler.dialled(), ["93.184.216.34:443"]);
    }
}

#[tokio::test]
async fn a_request_that_http2_refused_undone_is_asked_again_at_once() {
    let (certificate, tls) = identity("hooks.example.com", b"h2");
    let address = receiver(move |stream, number| {
        let tls = tls.clone();
        async move {
            let stream = tls.accept(stream).await.expect("TLS");
            let mut connection = h2::server::handshake(stream).await.expect("HTTP/2");
            let mut requests = 0;
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                requests += 1;
                match (number, requests) {
                    (0, 2) => respond.send_reset(h2::Reason::REFUSED_STREAM),
                    _ => respond.send_response(Response::new(()), true).map(drop).expect("a stream"),
                }
            }
        }
    });
    let dialler = Dialler::to(address.await);
    let post = trusting(&certificate, &dialler);
    for _ in 0..2 {
        assert_eq!(send(&post, URL).await.map(|answer| answer.status), Ok(200));
    }
    assert_eq!(dialler.dialled().len(), 2);
}

#[tokio::test]
async fn a_certificate_for_another_name_or_from_a_stranger_is_trouble_with_tls() {
    let (certificate, tls) = identity("other.example.com", b"h2");
    let post = trusting(&certificate, &Dialler::to(answering(tls).await));
    let answer = send(&post, URL).await.expect_err("another name");
    assert!(answer.kind == Trouble::Tls && answer.words.contains("not valid for name"), "{answer}");

    let (_, tls) = identity("hooks.example.com", b"h2");
    let post = trusting(&certificate, &Dialler::to(answering(tls).await));
    let answer = send(&post, URL).await.expect_err("a stranger");
    assert!(answer.kind == Trouble::Tls && answer.words.contains("invalid peer certificate"), "{answer}");
}

#[tokio::test]
async fn what_speaks_no_tls_is_trouble_with_tls() {
    let plain = receiver(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.read(&mut [0; 4_096]).await;
    });
    let (certificate, _) = identity("hooks.example.com", b"h2");
    let answer = send(&trusting(&certificate, &Dialler::to(plain.await)), URL).await.expect_err("no TLS");
    assert_eq!(answer.kind, Trouble::Tls, "{answer}");

    let closing = receiver(|stream, _| async move { drop(stream) });
    let answer = send(&trusting(&certificate, &Dialler::to(closing.await)), URL).await.expect_err("no TLS");
    assert_eq!(answer.kind, Trouble::Tls, "{answer}");
}
