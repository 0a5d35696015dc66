//! Certificates and keys, good and bad.

use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, date_time_ymd};

use super::*;

/// A certificate for the years of that range, and its key, both in PEM.
fn made(years: [i32; 2]) -> (String, Secret) {
    let key = KeyPair::generate().expect("as it was made");
    let mut parameters = CertificateParams::new(["client.example".to_owned()]).expect("as it was made");
    (parameters.not_before, parameters.not_after) = (date_time_ymd(years[0], 1, 1), date_time_ymd(years[1], 1, 1));
    (parameters.self_signed(&key).expect("as it was made").pem(), Secret::new(key.serialize_pem()))
}

#[test]
fn an_identity_is_known_by_all_that_it_was_made_of() {
    let ((certificate, key), (other, other_key)) = (made([2020, 2120]), made([2020, 2120]));
    let digest = |ca, shown| Identity::read(ca, shown).expect("as it was made").digest;
    let all = [
        digest(Some(&*other), None),
        digest(None, Some((&*certificate, &key))),
        digest(None, Some((&*other, &other_key))),
        digest(Some(&*other), Some((&*certificate, &key))),
        digest(Some(&*certificate), Some((&*certificate, &key))),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(!all[..at].contains(one), "{at}");
    }
    assert_eq!(digest(None, Some((&*certificate, &key))), all[1]);
}

#[test]
fn a_bundle_holds_many_authorities_and_a_chain_its_own_first() {
    let ((one, key), (two, _)) = (made([2020, 2120]), made([2020, 2120]));
    let bundle = format!("# ours\n{one}\n\n{two}trailing words\n");
    let identity = Identity::read(Some(&bundle), Some((&format!("{one}{two}"), &key))).expect("as it was made");
    assert!(identity.believed.is_some());
    assert_eq!(identity.shown.as_ref().map(|shown| shown.cert.len()), Some(2));
    assert!(!format!("{identity:?}").contains("PRIVATE"));
    let wrong = Identity::read(None, Some((&format!("{two}{one}"), &key))).err();
    assert_eq!(wrong, Some(Wrong::Key("does not fit the first certificate of tls.certificate")));
}

#[test]
fn keys_of_every_kind_are_read() {
    for key in [KeyPair::generate_for(&rcgen::PKCS_ED25519), KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)] {
        let key = key.expect("as it was made");
        let certificate = CertificateParams::new(Vec::new())
            .expect("as it was made")
            .self_signed(&key)
            .expect("as it was made")
            .pem();
        assert!(Identity::read(None, Some((&certificate, &Secret::new(key.serialize_pem())))).is_ok());
    }
    let rsa = KeyPair::generate_for(&PKCS_RSA_SHA256).expect("as it was made");
    let certificate =
        CertificateParams::new(Vec::new()).expect("as it was made").self_signed(&rsa).expect("as it was made").pem();
    assert!(Identity::read(None, Some((&certificate, &Secret::new(rsa.serialize_pem())))).is_ok());
}

#[test]
fn what_cannot_be_used_is_refused_by_its_part() {
    let (certificate, key) = made([2020, 2120]);
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let authorities = |text: &str| match Identity::read(Some(text), None) {
        Err(Wrong::Authorities(problem)) => problem,
        _ => panic!("it is taken: {text}"),
    };
    assert!(authorities("").starts_with("holds no certificate"));
    assert!(authorities("hello").starts_with("holds no certificate"));
    assert_eq!(authorities("-----BEGIN CERTIFICATE-----\nAAAA"), "is no PEM");
    assert!(authorities(&format!("{certificate}{broken}")).ends_with("cannot be read, number 2"));
    assert!(authorities(&certificate.repeat(21)).starts_with("holds 21 certificates; at most 20"));
    assert!(authorities(&" ".repeat(33_000)).starts_with("is longer than 32768"));
    assert!(authorities(&format!("{certificate}{}", key.expose())).starts_with("holds a private key"));

    let pair = |certificate: &str, key: &str| match Identity::read(None, Some((certificate, &Secret::new(key)))) {
        Err(Wrong::Certificate(problem)) => format!("certificate {problem}"),
        Err(Wrong::Key(problem)) => format!("key {problem}"),
        _ => panic!("it is taken"),
    };
    assert!(pair(&certificate, "").starts_with("key holds no private key"));
    assert!(pair(&certificate, &certificate).starts_with("key holds no private key"));
    assert!(pair(&certificate, made([2020, 2120]).1.expose()).starts_with("key does not fit"));
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----";
    assert!(pair(&certificate, encrypted).starts_with("key is encrypted"));
    let unknown = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
    assert!(pair(&certificate, unknown).starts_with("key is of a kind"));
    assert!(pair(broken, key.expose()).starts_with("certificate holds a certificate that cannot be read"));
    assert!(pair(&certificate, &"x".repeat(20_000)).starts_with("key is longer"));
}

#[test]
fn a_certificate_out_of_date_says_since_when() {
    let now = Timestamp::read("2026-11-22T00:00:00Z").expect("as it was made");
    let said = |years| {
        let (certificate, key) = made(years);
        Identity::read(None, Some((&certificate, &key))).expect("as it was made").out_of_date(now)
    };
    assert_eq!(said([2020, 2120]), None);
    assert_eq!(said([2020, 2021]).as_deref(), Some("expired on 2021-01-01T00:00:00Z"));
    assert_eq!(said([2119, 2120]).as_deref(), Some("is not valid before 2119-01-01T00:00:00Z"));
    assert_eq!(Identity::read(Some(&made([2020, 2021]).0), None).expect("as it was made").out_of_date(now), None);
}
