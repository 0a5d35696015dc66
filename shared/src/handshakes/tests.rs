//! Handshakes as providers ask them, and as attackers would.

mod refused;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

use super::{Asked, Outcome, of};
use crate::reply::Reply;
use crate::schemes::{Presented, Settings};
use crate::secret::Secret;
use crate::signature::Fault;

/// A request to a source of that scheme, whose secret is `hush`.
struct Request<'a> {
    method: Method,
    query: &'a str,
    headers: &'a [(&'static str, &'a str)],
    body: &'a [u8],
    settings: Settings,
}

fn get(query: &str) -> Request<'_> {
    Request { method: Method::GET, query, headers: &[], body: b"", settings: settings(json!({})) }
}

fn post(body: &str) -> Request<'_> {
    Request { method: Method::POST, query: "", body: body.as_bytes(), ..get("") }
}

/// The secrets `hush` and `t`, and those values.
fn settings(values: Value) -> Settings {
    let secrets = [("secret", "hush"), ("token", "t")];
    let secrets = secrets.map(|(key, text)| (key.to_owned(), vec![Secret::new(text)]));
    Settings::new(BTreeMap::from(secrets), serde_json::from_value(values).unwrap())
}

/// What the handshakes of a scheme make of a request; `None`: it is none.
fn ask(scheme: &str, request: &Request<'_>) -> Option<Result<Outcome, Fault>> {
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    let query = Some(request.query).filter(|query| !query.is_empty());
    let presented = Presented { method: &request.method, query, ..Presented::of(&headers, request.body) };
    let asked = Asked { request: &presented, settings: &request.settings };
    of(scheme).iter().filter(|one| one.methods.contains(&request.method)).find_map(|one| (one.answer)(&asked))
}

fn fault(scheme: &str, request: &Request<'_>) -> Fault {
    match ask(scheme, request) {
        Some(Err(fault)) => fault,
        Some(Ok(_)) => panic!("{scheme} was answered"),
        None => panic!("{scheme}: no handshake"),
    }
}

fn read(reply: Reply) -> (StatusCode, HeaderMap, Bytes) {
    let (head, body): (_, Full<Bytes>) = reply.into_parts();
    let body = futures_util::FutureExt::now_or_never(body.collect()).unwrap().unwrap().to_bytes();
    (head.status, head.headers, body)
}

/// The status, the type and the body of the answer. Nothing may keep it, run it or tell of it.
fn answer(scheme: &str, request: &Request<'_>) -> (u16, String, String) {
    let Some(Ok(Outcome::Answer(reply))) = ask(scheme, request) else { panic!("{scheme}: no answer") };
    let (status, headers, body) = read(reply);
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("cache-control", "no-store"), ("referrer-policy", "no-referrer")]
    {
        assert_eq!(headers[name], value, "{scheme}");
    }
    let kind = headers.get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    (status.as_u16(), kind.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
}

#[test]
fn each_is_answered_to_the_byte() {
    let text = |body: &str| (200, "text/plain".to_owned(), body.to_owned());
    let json = |body: &str| (200, "application/json".to_owned(), body.to_owned());
    let slack = r#"{"token": "x", "challenge": "3eZbrw1aB1O", "type": "url_verification"}"#;
    assert_eq!(answer("slack", &post(slack)), text("3eZbrw1aB1O"));
    assert_eq!(answer("dropbox", &get("challenge=abc-_1")), text("abc-_1"));
    let meta = get("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=t");
    assert_eq!(answer("meta", &meta), text("1158201444"));
    let graph = "validationToken=Validation%3a+Testing+client+application+reachability+Request-Id%3a+522a8e7e";
    let graph = Request { query: graph, ..post("") };
    let said = "Validation: Testing client application reachability Request-Id: 522a8e7e";
    assert_eq!(answer("microsoft-graph", &graph), text(said));
    let okta = Request { headers: &[("x-okta-verification-challenge", "c-1")], ..get("") };
    assert_eq!(answer("okta", &okta), json(r#"{"verification":"c-1"}"#));
    assert_eq!(answer("monday", &post(r#"{ "challenge": "c" }"#)), json(r#"{"challenge":"c"}"#));
    let twitch = Request {
        headers: &[("twitch-eventsub-message-type", "webhook_callback_verification")],
        ..post(r#"{"challenge": "pogchamp-kappa", "subscription": {}}"#)
    };
    assert_eq!(answer("twitch", &twitch), text("pogchamp-kappa"));
    assert_eq!(answer("trello", &Request { method: Method::HEAD, ..get("") }), (200, String::new(), String::new()));
    let grid = r#"[{"id": "1", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6-c7b8", "validationUrl": "https://example.com"}}]"#;
    let grid = Request { headers: &[("aeg-event-type", "SubscriptionValidation")], ..post(grid) };
    assert_eq!(answer("azure-event-grid", &grid), json(r#"{"validationResponse":"512d38b6-c7b8"}"#));
    assert_eq!(answer("discord", &post(r#"{"id": "1", "type": 1}"#)), json(r#"{"type":1}"#));
    assert_eq!(answer("discord", &post(r#"{"type": 0}"#)), (204, "application/json".into(), String::new()));
}

/// The values were made with Python's hmac and hashlib.
#[test]
fn challenges_are_signed_as_their_providers_check_them() {
    let zoom = r#"{"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}}"#;
    let (_, kind, body) = answer("zoom", &post(zoom));
    assert_eq!((&*kind, &*body), ("application/json", ZOOM));
    let (_, kind, body) = answer("x", &get("crc_token=MTIzNDU2Nzg5MA.-_~%2B%2F%3D"));
    assert_eq!((&*kind, &*body), ("application/json", X));
    let braintree =
        Request { settings: settings(json!({ "public_key": "public" })), ..get("bt_challenge=f15fbb1cffe2") };
    let (_, kind, body) = answer("braintree", &braintree);
    assert_eq!((&*kind, &*body), ("text/plain", BRAINTREE));
    let ebay = settings(json!({ "url": "https://example.com/in/ebay" }));
    let (_, kind, body) = answer("ebay", &Request { settings: ebay, ..get("challenge_code=a8628072-3d33") });
    assert_eq!((&*kind, &*body), ("application/json", EBAY));
}

const ZOOM: &str = r#"{"encryptedToken":"36517668f50730dfc6247803d9cc2b23e89a05172ec38cd1797466a23164362a","plainToken":"qgg8vlvZRS6UYooatFL8Aw"}"#;
const X: &str = r#"{"response_token":"sha256=SxwX5basNAuRc5srWUy1f/I5PpVP1Zg6YyEDnlFKiko="}"#;
const BRAINTREE: &str = "public|18348f8acd65470be4e83baf42ae04c136a334b4";
const EBAY: &str = r#"{"challengeResponse":"4fa6b8f0367f46caedc0930d45578a4f025dd675946690ecf3361f7521db4def"}"#;

#[test]
fn a_sender_of_cloud_events_may_send_if_its_owner_says_so() {
    let asks = |values: Value, headers: &[(&'static str, &str)]| {
        let request = Request { method: Method::OPTIONS, headers, settings: settings(values), ..get("") };
        ask("cloudevents", &request).map(|outcome| match outcome? {
            Outcome::Answer(reply) => Ok(read(reply).1),
            _ => panic!("an answer is all that is due"),
        })
    };
    let origin = ("webhook-request-origin", "eventgrid.azure.net");
    let granted = asks(json!({}), &[origin, ("webhook-request-rate", "120")]).unwrap().unwrap();
    let said = ["webhook-allowed-origin", "webhook-allowed-rate", "allow"].map(|name| granted[name].to_str().unwrap());
    assert_eq!(said, ["eventgrid.azure.net", "120", "POST"]);
    let granted = asks(json!({ "origins": "EventGrid.azure.net" }), &[origin]).unwrap().unwrap();
    assert_eq!(granted["webhook-allowed-rate"], "*");
    let refused = asks(json!({ "origins": ["other.example"] }), &[origin]).unwrap();
    assert_eq!(refused.err(), Some(Fault::NotAllowed("webhook-request-origin".into())));
    assert!(asks(json!({}), &[("webhook-request-origin", "a, b")]).unwrap().is_err());
    assert!(asks(json!({}), &[origin, ("webhook-request-rate", "*")]).unwrap().is_err());
    assert!(asks(json!({}), &[]).is_none());
}

#[test]
fn what_teaches_a_secret_teaches_it_once() {
    let secret = "0123456789abcdef0123456789abcdef";
    let body = format!(r#"{{"verification_token": "{secret}"}}"#);
    let headers = [("x-hook-secret", secret)];
    for (scheme, request) in [("asana", Request { headers: &headers, ..post("") }), ("notion", post(&body))] {
        let fresh = Request { settings: Settings::default(), ..request };
        let Some(Ok(Outcome::Learn { secret: learned, reply })) = ask(scheme, &fresh) else { panic!("{scheme}") };
        assert_eq!((learned.expose(), reply.status()), (secret, StatusCode::OK));
        let said = reply.headers().get("x-hook-secret").map(|said| said.to_str().unwrap());
        assert_eq!(said, (scheme == "asana").then_some(secret));
        let again = Request { settings: Settings::with_secrets(vec![Secret::new(secret)]), ..fresh };
        assert!(matches!(ask(scheme, &again), Some(Ok(Outcome::Answer(_)))), "an answer was lost");
        let other = Request { settings: Settings::with_secrets(vec![Secret::new("another")]), ..again };
        assert_eq!(fault(scheme, &other), Fault::Mismatch);
    }
}
