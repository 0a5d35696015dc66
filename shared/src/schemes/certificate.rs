//! The caller's certificate, where an API Gateway HTTP API with mutual TLS is the front door.

use std::sync::Arc;

use base64::Engine;
use sha2::{Digest, Sha256};

use super::{ClientCertificate, Fetched, Presented, Proof, Prove, Scheme, Setting, Settings, Wrong};
use crate::signature::{Fault, LENIENT};
use crate::timestamp::Timestamp;

const SUBJECT: Setting = Setting::optional("subject", "the distinguished name that the certificate is for");
const ISSUER: Setting = Setting::optional("issuer", "the distinguished name of who issued it");
const FINGERPRINT: Setting = Setting::optional("fingerprint", "the SHA-256 of the certificate's DER, in hexadecimal");

/// A Function URL and one machine see no certificates: there, nobody passes.
pub(super) fn row() -> Scheme {
    let title = "client certificate (mutual TLS at an API Gateway HTTP API)";
    let page = "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html";
    Scheme::own(("certificate", title, page), &[SUBJECT, ISSUER, FINGERPRINT], Proof::Authenticated, make)
}

/// Empty where anything will do.
struct Certificate {
    subjects: Vec<String>,
    issuers: Vec<String>,
    fingerprints: Vec<[u8; 32]>,
}

fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let texts = |setting: Setting| {
        let texts = settings.texts(setting.key)?.into_iter().map(|text| text.trim().to_owned()).collect::<Vec<_>>();
        let is_blank = texts.iter().any(String::is_empty);
        if is_blank { Err(Wrong::new(setting.key, "is empty")) } else { Ok(texts) }
    };
    let fingerprint = |text: &String| {
        let mut bytes = [0; 32];
        let read = hex::decode_to_slice(text.replace([':', ' '], ""), &mut bytes);
        read.map(|()| bytes).map_err(|_| Wrong::new(FINGERPRINT.key, "is no SHA-256 in hexadecimal"))
    };
    let fingerprints = texts(FINGERPRINT)?.iter().map(fingerprint).collect::<Result<Vec<_>, _>>()?;
    let (subjects, issuers) = (texts(SUBJECT)?, texts(ISSUER)?);
    if subjects.is_empty() && fingerprints.is_empty() {
        return Err(Wrong::new(SUBJECT.key, "is missing; write subject, fingerprint or both"));
    }
    Ok(Arc::new(Certificate { subjects, issuers, fingerprints }))
}

impl Prove for Certificate {
    fn prove(&self, request: &Presented<'_>, _: &Fetched, _: Timestamp) -> Result<Proof, Fault> {
        let shown = request.certificate.ok_or(Fault::Missing("a client certificate".into()))?;
        let is_one = |known: &[String], shown: &String| known.is_empty() || known.contains(shown);
        if !is_one(&self.subjects, &shown.subject) {
            return Err(Fault::NotAllowed("the certificate's subject".into()));
        }
        if !is_one(&self.issuers, &shown.issuer) {
            return Err(Fault::NotAllowed("the certificate's issuer".into()));
        }
        if !self.fingerprints.is_empty() && !self.fingerprints.contains(&fingerprint(shown)?) {
            return Err(Fault::NotAllowed("the certificate's fingerprint".into()));
        }
        Ok(Proof::Authenticated)
    }
}

/// The SHA-256 of the one certificate in that PEM.
fn fingerprint(certificate: &ClientCertificate) -> Result<[u8; 32], Fault> {
    let malformed = || Fault::Malformed("the client certificate".into());
    let begun = certificate.pem.split_once("-----BEGIN CERTIFICATE-----").ok_or_else(malformed)?.1;
    let encoded = begun.split_once("-----END CERTIFICATE-----").ok_or_else(malformed)?.0;
    let encoded: String = encoded.split_whitespace().collect();
    LENIENT.decode(encoded).map(|der| Sha256::digest(der).into()).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::{Value, json};

    use super::*;
    use crate::schemes::{Verifier, named};

    const SUBJECT: &str = "CN=shop.example.com,O=Shop,C=DE";
    const ISSUER: &str = "CN=Shop CA,O=Shop,C=DE";

    fn verifier(values: &[(&str, Value)]) -> Result<Verifier, Wrong> {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        Verifier::new(named("certificate").unwrap(), Settings::new([].into(), values))
    }

    fn verdict(values: &[(&str, Value)], shown: Option<&ClientCertificate>) -> Result<Proof, Fault> {
        let headers = HeaderMap::new();
        let request = Presented { certificate: shown, ..Presented::of(&headers, b"") };
        verifier(values).unwrap().verify(&request, &Fetched::default(), Timestamp(0))
    }

    #[test]
    fn everything_that_is_asked_must_hold() {
        let made = rcgen::generate_simple_self_signed(["shop.example.com".to_owned()]).unwrap();
        let (pem, der) = (made.cert.pem(), made.cert.der().to_vec());
        let shown = ClientCertificate { subject: SUBJECT.into(), issuer: ISSUER.into(), serial: "1".into(), pem };
        let print = hex::encode_upper(Sha256::digest(&der));
        let coloned =
            print.as_bytes().chunks(2).map(|two| std::str::from_utf8(two).unwrap()).collect::<Vec<_>>().join(":");
        let other = hex::encode(Sha256::digest(b"other"));
        for good in [
            &[("subject", json!(SUBJECT))][..],
            &[("subject", json!(["CN=other", SUBJECT])), ("issuer", json!(ISSUER))],
            &[("fingerprint", json!(coloned))],
            &[("fingerprint", json!([other.clone(), print.clone()])), ("subject", json!(SUBJECT))],
        ] {
            assert_eq!(verdict(good, Some(&shown)), Ok(Proof::Authenticated), "{good:?}");
            assert_eq!(verdict(good, None), Err(Fault::Missing("a client certificate".into())), "{good:?}");
        }
        for (bad, what) in [
            (&[("subject", json!("CN=shop.example.com"))][..], "subject"),
            (&[("subject", json!(SUBJECT)), ("issuer", json!(SUBJECT))], "issuer"),
            (&[("subject", json!(SUBJECT)), ("fingerprint", json!(other))], "fingerprint"),
        ] {
            let refused = Err(Fault::NotAllowed(format!("the certificate's {what}").into()));
            assert_eq!(verdict(bad, Some(&shown)), refused);
        }
        let broken = ClientCertificate { pem: "no PEM".into(), ..shown };
        assert!(verdict(&[("fingerprint", json!(print))], Some(&broken)).is_err());
    }

    #[test]
    fn an_issuer_alone_is_not_enough() {
        for wrong in [&[][..], &[("issuer", json!(ISSUER))], &[("subject", json!(""))], &[("fingerprint", json!("ab"))]]
        {
            assert!(verifier(wrong).is_err(), "{wrong:?}");
        }
    }
}
