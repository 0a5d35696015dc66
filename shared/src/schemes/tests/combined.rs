//! Several proofs at once: what counts, what is said, and what a GET must show.

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::schemes::{Fetched, Presented, Proof, Proved, Settings, Verifier, named};
use crate::secret::Secret;
use crate::signature::Fault;
use crate::timestamp::Timestamp;

fn part(scheme: &str, secret: &str, values: &[(&str, Value)]) -> Verifier {
    let secrets = if secret.is_empty() { [].into() } else { [("secret".to_owned(), vec![Secret::new(secret)])].into() };
    let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    Verifier::new(named(scheme).unwrap(), Settings::new(secrets, values)).unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

fn github() -> Verifier {
    part("github", "hush", &[])
}

fn password() -> Verifier {
    part("password", "sesame", &[])
}

fn near() -> Verifier {
    part("address", "", &[("allow", json!("192.0.2.0/24"))])
}

/// A request over these bytes that GitHub would have signed, shows the password, comes from near.
struct Sent {
    method: Method,
    is_signed: bool,
    is_open: bool,
    is_near: bool,
}

const ALL: Sent = Sent { method: Method::POST, is_signed: true, is_open: true, is_near: true };
const NONE: Sent = Sent { method: Method::POST, is_signed: false, is_open: false, is_near: false };

fn judge(verifier: &Verifier, sent: &Sent) -> Result<Proved, Fault> {
    let mut headers = HeaderMap::new();
    if sent.is_signed {
        let mac = Hmac::<Sha256>::new_from_slice(b"hush").unwrap().chain_update(b"body").finalize().into_bytes();
        headers.insert("x-hub-signature-256", format!("sha256={}", hex::encode(mac)).parse().unwrap());
    }
    if sent.is_open {
        headers.insert("authorization", "Bearer sesame".parse().unwrap());
    }
    let caller = if sent.is_near { [192, 0, 2, 1] } else { [198, 51, 100, 1] };
    let request = Presented { method: &sent.method, caller: caller.into(), ..Presented::of(&headers, b"body") };
    verifier.prove(&request, &Fetched::default(), Timestamp(0))
}

fn names(proved: &Proved) -> Vec<&'static str> {
    proved.by.iter().map(|scheme| scheme.name).collect()
}

fn absent() -> Fault {
    Fault::Absent
}

fn unsigned() -> Fault {
    Fault::Missing("header x-hub-signature-256".into())
}

fn far() -> Fault {
    Fault::NotAllowed("the caller's address".into())
}

#[test]
fn all_must_hold_and_everything_that_does_not_is_said() {
    let all = Verifier::all(vec![github(), password(), near()]).unwrap();
    let proved = judge(&all, &ALL).unwrap();
    assert_eq!((proved.proof, names(&proved)), (Proof::Signed, vec!["github", "password", "address"]));
    assert_eq!(judge(&all, &Sent { is_open: false, ..ALL }).err(), Some(absent()));
    assert_eq!(
        judge(&all, &Sent { is_signed: false, is_near: false, ..ALL }).err(),
        Some(Fault::Several(vec![unsigned(), far()]))
    );
    let every = Fault::Several(vec![unsigned(), absent(), far()]);
    assert_eq!(judge(&all, &NONE).err(), Some(every.clone()));
    assert_eq!(
        every.to_string(),
        "header x-hub-signature-256 is missing; no credential was presented; \
         this source does not allow the caller's address"
    );
    let weak = Verifier::all(vec![password(), near()]).unwrap();
    assert_eq!((weak.kind(), judge(&weak, &ALL).unwrap().proof), (Proof::Authenticated, Proof::Authenticated));
    assert_eq!(all.kind(), Proof::Signed);
}

#[test]
fn several_are_named_with_how_they_are_joined() {
    let one = |parts: Vec<Verifier>| Verifier::any(parts).unwrap();
    assert_eq!((github().names(), one(vec![github()]).names()), ("github".into(), "github".into()));
    let any = one(vec![github(), password()]);
    assert_eq!(any.names(), "github or password");
    assert_eq!(Verifier::all(vec![near(), any]).unwrap().names(), "address and (github or password)");
    assert_eq!(one(vec![near(), one(vec![password()])]).names(), "address or password");
}

#[test]
fn any_that_holds_says_what_was_proved_and_the_signature_counts_first() {
    let any = Verifier::any(vec![near(), password(), github()]).unwrap();
    assert_eq!(any.kind(), Proof::Authenticated);
    for (sent, proof, by) in [
        (ALL, Proof::Signed, "github"),
        (Sent { is_signed: true, ..NONE }, Proof::Signed, "github"),
        (Sent { is_open: true, ..NONE }, Proof::Authenticated, "password"),
        (Sent { is_signed: false, ..ALL }, Proof::Authenticated, "address"),
    ] {
        let proved = judge(&any, &sent).unwrap();
        assert_eq!((proved.proof, names(&proved)), (proof, vec![by]));
    }
    assert_eq!(judge(&any, &NONE).err(), Some(Fault::Several(vec![far(), absent(), unsigned()])));
}

#[test]
fn they_nest() {
    let inner = Verifier::all(vec![password(), near()]).unwrap();
    let any = Verifier::any(vec![github(), inner]).unwrap();
    assert_eq!(names(&judge(&any, &Sent { is_open: true, is_near: true, ..NONE }).unwrap()), ["password", "address"]);
    assert_eq!(names(&judge(&any, &Sent { is_signed: true, ..NONE }).unwrap()), ["github"]);
    assert_eq!(judge(&any, &Sent { is_open: true, ..NONE }).err(), Some(Fault::Several(vec![unsigned(), far()])));
    let all = Verifier::all(vec![near(), any]).unwrap();
    assert!(judge(&all, &Sent { is_near: false, ..ALL }).is_err());
    assert_eq!(names(&judge(&all, &ALL).unwrap()), ["address", "github"]);
    assert!(Verifier::all(Vec::new()).is_none() && Verifier::any(Vec::new()).is_none());
}

#[test]
fn a_get_proves_nothing_by_a_signature_that_does_not_cover_its_query() {
    let get = |sent| Sent { method: Method::GET, ..sent };
    let any = Verifier::any(vec![github(), password()]).unwrap();
    let proved = judge(&any, &get(ALL)).unwrap();
    assert_eq!((proved.proof, names(&proved)), (Proof::Authenticated, vec!["password"]));
    assert!(judge(&any, &get(Sent { is_signed: true, ..NONE })).is_err());
    let all = Verifier::all(vec![github(), password()]).unwrap();
    assert!(judge(&all, &get(ALL)).is_err());
    assert!(judge(&github(), &get(ALL)).is_err());
    let twilio = part("twilio", "hush", &[("url", json!("https://a.example/"))]);
    let takes = [
        (github(), false),
        (password(), true),
        (any, true),
        (all, false),
        (Verifier::all(vec![twilio.clone(), password()]).unwrap(), true),
        (twilio, true),
    ];
    for (verifier, takes_get) in takes {
        assert_eq!(verifier.takes_get(), takes_get, "{}", verifier.title(&[]));
    }
}

#[test]
fn each_part_keeps_its_own_settings() {
    let [one, other] =
        ["https://a.example/in", "https://b.example/in"].map(|url| part("twilio", "12345", &[("url", json!(url))]));
    for (parts, base) in
        [(vec![one.clone(), other.clone()], "https://a.example/in"), (vec![one, other], "https://b.example/in")]
    {
        let any = Verifier::any(parts).unwrap();
        let mac = Hmac::<sha1::Sha1>::new_from_slice(b"12345").unwrap().chain_update(base).finalize().into_bytes();
        let mut headers = HeaderMap::new();
        headers.insert("x-twilio-signature", base64_of(&mac).parse().unwrap());
        assert_eq!(any.verify(&Presented::of(&headers, b""), &Fetched::default(), Timestamp(0)), Ok(Proof::Signed));
        assert_eq!(any.parts().len(), 2);
        assert_eq!(any.secrets().len(), 1);
    }
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn one_that_never_verifies_never_does() {
    let blind = Verifier::without_secrets(named("github").unwrap(), Settings::default()).unwrap();
    assert!(judge(&Verifier::all(vec![password(), blind.clone()]).unwrap(), &ALL).is_err());
    assert!(judge(&Verifier::any(vec![blind]).unwrap(), &ALL).is_err());
}
