//! Where a library is narrower or wider than its provider: we hold to the provider.

use serde_json::{Value, json};

use super::cases::HMAC_KEY;
use super::library::{Libraries, Tongue};
use super::ours;
use super::request::Request;
use super::sent::{self, adyen, event};
use crate::harness::now;

/// A request that a library judges otherwise than we do.
struct Quirk<'a> {
    library: &'a str,
    /// The library has it in `secret`.
    settings: Value,
    request: Request,
    ours: bool,
}

impl Quirk<'_> {
    fn show(&self, libraries: &mut Libraries) {
        let Self { library, settings, request, ours } = self;
        let secret = settings["secret"].as_str().expect("a secret");
        let verdict = libraries.verify(library, secret, request);
        assert_eq!(verdict.is_ok(), !ours, "{library} is no longer so: {verdict:?}");
        let proof = ours::judge(library, settings, request, now(), "");
        assert_eq!(proof.is_ok(), *ours, "{library}: {proof:?}");
    }
}

fn empty(scheme: &str) -> Request {
    ours::sign(scheme, "hush", &sent::empty(scheme, 0), now()).expect("a signature")
}

/// Its libraries for Python and Node take an empty body for none; a provider may send one all the same.
#[test]
fn an_empty_body_that_is_signed_is_genuine() {
    let settings = json!({ "secret": "hush", "url": "https://hooks.example.com/in/square" });
    let square = Quirk { library: "square", settings, request: empty("square"), ours: true };
    square.show(&mut Libraries::start(Tongue::Python));
    let settings = json!({ "secret": "hush" });
    let github = Quirk { library: "github", settings, request: empty("github"), ours: true };
    github.show(&mut Libraries::start(Tongue::Node));
}

/// Adyen's library looks at the first item and passes the others unseen.
#[test]
fn every_item_of_a_notification_must_be_signed() {
    let mut libraries = Libraries::start(Tongue::Python);
    let request = libraries.sign("adyen", HMAC_KEY, &adyen("adyen", 0), 0);
    let mut body: Value = serde_json::from_slice(&request.body).expect("JSON");
    let settings = json!({ "secret": HMAC_KEY });
    assert!(ours::judge("adyen", &settings, &request, now(), "").is_ok());
    body["notificationItems"][1]["NotificationRequestItem"]["amount"]["value"] = json!(9_999);
    let request = Request { body: body.to_string().into(), ..request };
    Quirk { library: "adyen", settings, request, ours: false }.show(&mut libraries);
}

/// While a secret is rotated Paddle sends a signature for each; its library reads the last.
#[test]
fn one_of_several_signatures_is_enough_wherever_it_stands() {
    let mut libraries = Libraries::start(Tongue::Node);
    let signed = ours::sign("paddle", "hush", &event("paddle", 0), now()).expect("a signature");
    let header = signed.header("paddle-signature").expect("a signature").to_owned();
    let mut request = signed.clone();
    request.set("paddle-signature", &format!("{header};h1={}", "0".repeat(64)));
    let settings = json!({ "secret": "hush" });
    Quirk { library: "paddle", settings, request, ours: true }.show(&mut libraries);
    libraries.verify("paddle", "hush", &signed).expect("the same with the one");
}
