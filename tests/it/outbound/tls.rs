//! Certificates of every kind, and both versions of HTTP.

use super::{emitted, endpoint, serving, tried};
use crate::harness::{Alpn, Certificate, Receiver};

#[test]
fn only_who_proves_to_be_the_receiver_gets_the_webhook() {
    let cases = [
        ("expired", Certificate::Expired, "tls: invalid peer certificate: certificate expired"),
        ("self-signed", Certificate::SelfSigned, "tls: invalid peer certificate: UnknownIssuer"),
        ("wrong-host", Certificate::WrongHost, "tls: invalid peer certificate: certificate not valid for name"),
        ("not-yet-valid", Certificate::NotYetValid, "tls: invalid peer certificate: certificate not valid yet"),
    ];
    let bad: Vec<Receiver> = cases.iter().map(|(_, certificate, _)| Receiver::tls(*certificate, Alpn::Both)).collect();
    let good = [
        ("h1", Alpn::H1, "HTTP/1.1"),
        ("h2", Alpn::H2, "HTTP/2"),
        ("both", Alpn::Both, "HTTP/2"),
        ("none", Alpn::None, "HTTP/1.1"),
    ];
    let well: Vec<Receiver> = good.iter().map(|(_, alpn, _)| Receiver::tls(Certificate::Valid, *alpn)).collect();
    let rules = "timeout: 2s, schedule: [0]";
    let mut endpoints: String =
        cases.iter().zip(&bad).map(|((name, ..), receiver)| endpoint(name, &receiver.named_url("/"), rules)).collect();
    for ((name, ..), receiver) in good.iter().zip(&well) {
        endpoints += &endpoint(name, &receiver.named_url("/"), rules);
        endpoints += &endpoint(&format!("{name}-by-address"), &receiver.url("/"), rules);
    }
    let authority = well[0].ca_pem().to_str().unwrap();
    let hookpost = serving(&endpoints).with("SSL_CERT_FILE", authority).start();
    for event in ["one", "two"] {
        emitted(&hookpost, event, "order.created");
        for ((name, _, words), receiver) in cases.iter().zip(&bad) {
            let found = tried(&hookpost, event, name);
            let error = found["attempts"][0]["error"].as_str().unwrap_or_default();
            assert!(found["state"] == "given_up" && error.starts_with(words), "{name}: {found}");
            assert_eq!(receiver.count(), 0, "{name} got it");
        }
        for ((name, ..), receiver) in good.iter().zip(&well) {
            for name in [(*name).to_owned(), format!("{name}-by-address")] {
                let found = tried(&hookpost, event, &name);
                assert_eq!(found["state"], "delivered", "{name}: {found}");
            }
            receiver.wait_for(2);
        }
    }
    for ((name, _, version), receiver) in good.iter().zip(&well) {
        let requests = receiver.wait_for(4);
        assert!(requests.iter().all(|request| request.version() == *version), "{name}: {}", requests[0].version());
    }
}
