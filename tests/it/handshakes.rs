//! Handshakes: what providers ask an address, what they are answered, and who is answered nothing.

mod learned;
mod oracles;

use learned::{
    a_secret_is_handed_over_while_its_owner_waits_and_never_again, notions_token_is_shown_to_who_must_paste_it,
};
use oracles::nobody_gets_a_signature_that_passes_for_an_events;

use crate::harness::{Answer, PostOffice, World, mac, now, stories};

const SOURCES: &str = "
sources:
  slack: { verify: { scheme: slack, secret: hush }, email: ops@example.com }
  zoom: { verify: { scheme: zoom, secret: hush }, email: ops@example.com }
  twitch: { verify: { scheme: twitch, secret: hush }, email: ops@example.com }
  x: { verify: { scheme: x, secret: hush }, email: ops@example.com }
  meta: { verify: { scheme: meta, secret: hush, token: my word }, email: ops@example.com }
  dropbox: { verify: { scheme: dropbox, secret: hush }, email: ops@example.com }
  trello: { verify: { scheme: trello, secret: hush, url: 'https://example.com/in/trello' }, email: ops@example.com }
  okta: { verify: { scheme: okta, secret: hush }, email: ops@example.com }
  events: { verify: { scheme: cloudevents, secret: hush, origins: [events.example] }, email: ops@example.com }
  grid: { verify: { scheme: azure-event-grid-key, secret: hush }, email: ops@example.com }
  ebay: { verify: { scheme: ebay, secret: hush, token: t, url: 'https://example.com/in/ebay' }, email: ops@example.com }
  adobe: { verify: { scheme: adobe-sign, secret: client-1 }, email: ops@example.com }
  fenced: { verify: { scheme: dropbox, secret: hush }, allow: 192.0.2.1, email: ops@example.com }
  slow: { verify: { scheme: dropbox, secret: hush }, caller_limit: 1/h, email: ops@example.com }
";

stories![
    providers_that_ask_are_answered_and_nobody_is_mailed,
    who_asks_what_no_provider_asks_is_told_what_is_allowed,
    fences_and_limits_hold_for_handshakes,
    a_secret_is_handed_over_while_its_owner_waits_and_never_again,
    notions_token_is_shown_to_who_must_paste_it,
    nobody_gets_a_signature_that_passes_for_an_events,
];

/// As a provider sends it that signs `PREFIX{time}{between}{body}`.
fn signed(to: &dyn PostOffice, path: &str, secret: &str, body: &str) -> Answer {
    let time = now().to_string();
    let signature = format!("v0={}", hex::encode(mac(secret.as_bytes(), format!("v0:{time}:{body}").as_bytes())));
    let vendor = if path.ends_with("zoom") { "x-zm" } else { "x-slack" };
    let names = [format!("{vendor}-request-timestamp"), format!("{vendor}-signature")];
    to.post(path, &[(&*names[0], &*time), (&*names[1], &*signature)], body.as_bytes())
}

/// The status, the type and the body. Nothing may keep it, run it or tell of it.
#[track_caller]
fn said(answer: &Answer) -> (u16, String, String) {
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("cache-control", "no-store"), ("referrer-policy", "no-referrer")]
    {
        assert_eq!(answer.header(name), Some(value), "{answer:?}");
    }
    (answer.status, answer.header("content-type").unwrap_or_default().to_owned(), answer.text())
}

fn providers_that_ask_are_answered_and_nobody_is_mailed(world: World) {
    let hookpost = world.open(SOURCES);
    let text = |body: &str| (200, "text/plain".to_owned(), body.to_owned());
    let json = |body: &str| (200, "application/json".to_owned(), body.to_owned());
    let get = |path: &str, headers: &[(&str, &str)]| said(&hookpost.send("GET", path, headers, b""));

    let asked = r#"{"token":"x","challenge":"3eZbrw1aB1O","type":"url_verification"}"#;
    assert_eq!(said(&signed(&*hookpost, "/in/slack", "hush", asked)), text("3eZbrw1aB1O"));
    let asked = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vl"},"event_ts":1}"#;
    let encrypted = hex::encode(mac(b"hush", b"qgg8vl"));
    let answer = json(&format!(r#"{{"encryptedToken":"{encrypted}","plainToken":"qgg8vl"}}"#));
    assert_eq!(said(&signed(&*hookpost, "/in/zoom", "hush", asked)), answer);
    let (id, time) = ("e76c6bd4", shared::timestamp::Timestamp::now().to_string());
    let body = r#"{"challenge":"pogchamp","subscription":{}}"#;
    let signature = format!("sha256={}", hex::encode(mac(b"hush", format!("{id}{time}{body}").as_bytes())));
    let headers = [
        ("twitch-eventsub-message-id", id),
        ("twitch-eventsub-message-timestamp", &*time),
        ("twitch-eventsub-message-signature", &*signature),
        ("twitch-eventsub-message-type", "webhook_callback_verification"),
    ];
    assert_eq!(said(&hookpost.post("/in/twitch", &headers, body.as_bytes())), text("pogchamp"));
    let meta = "/in/meta?hub.mode=subscribe&hub.challenge=1158&hub.verify_token=my%20word";
    assert_eq!(get(meta, &[]), text("1158"));
    assert_eq!(get("/in/dropbox?challenge=c-1", &[]), text("c-1"));
    assert_eq!(get("/in/okta", &[("x-okta-verification-challenge", "c")]), json(r#"{"verification":"c"}"#));
    assert_eq!(said(&hookpost.send("HEAD", "/in/trello", &[], b"")).0, 200);
    let adobe = hookpost.send("GET", "/in/adobe", &[("x-adobesign-clientid", "client-1")], b"");
    assert_eq!((adobe.status, adobe.header("x-adobesign-clientid")), (200, Some("client-1")));
    let hashed = "5fc3b7972c8d81c2ad121f5036460de5cb6595890f6cecd7f3b474fa271f3988";
    assert_eq!(get("/in/ebay?challenge_code=a-1", &[]), json(&format!(r#"{{"challengeResponse":"{hashed}"}}"#)));
    let grid = r#"[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"5-a"}}]"#;
    let answer = hookpost.post("/in/grid", &[("aeg-event-type", "SubscriptionValidation")], grid.as_bytes());
    assert_eq!(said(&answer), json(r#"{"validationResponse":"5-a"}"#));
    let headers = [
        ("webhook-request-origin", "events.example"),
        ("webhook-request-rate", "120"),
        ("webhook-request-callback", "http://127.0.0.1:1/never-called"),
    ];
    let granted = hookpost.send("OPTIONS", "/in/events", &headers, b"");
    assert_eq!((granted.status, granted.header("allow")), (200, Some("POST")));
    assert_eq!(granted.header("webhook-allowed-origin"), Some("events.example"));
    assert_eq!(granted.header("webhook-allowed-rate"), Some("120"));

    // Adobe wants to read it again in each answer.
    let posted = hookpost.post("/in/adobe", &[("x-adobesign-clientid", "client-1")], br#"{"event":"X"}"#);
    assert_eq!(posted.header("x-adobesign-clientid"), Some("client-1"));
    hookpost.mail(&posted.accepted());
    // What comes after is a webhook like any other.
    let event = signed(&*hookpost, "/in/slack", "hush", r#"{"type":"event_callback","event_id":"Ev1"}"#).accepted();
    hookpost.mail(&event);
    hookpost.settle();
    assert_eq!(hookpost.mails().len(), 2);
    assert!(hookpost.logged("handshake answered").contains("slack"));
}

fn who_asks_what_no_provider_asks_is_told_what_is_allowed(world: World) {
    let hookpost = world.open(SOURCES);
    let ask = |method: &str, path: &str| {
        let answer = hookpost.send(method, path, &[], b"");
        (answer.status, answer.header("allow").unwrap_or_default().to_owned())
    };
    let allowed = |allow: &str| (405, allow.to_owned());
    assert_eq!(ask("GET", "/in/slack?challenge=c&crc_token=c"), allowed("POST, PUT"));
    assert_eq!(ask("GET", "/in/dropbox"), allowed("POST, PUT, GET"));
    assert_eq!(ask("GET", "/in/dropbox?crc_token=c"), allowed("POST, PUT, GET"));
    assert_eq!(ask("HEAD", "/in/dropbox?challenge=c"), allowed("POST, PUT, GET"));
    // It signs the address, which is all that a GET says.
    assert_eq!(ask("OPTIONS", "/in/trello"), allowed("POST, PUT, GET, HEAD"));
    assert_eq!(ask("OPTIONS", "/in/events"), allowed("POST, PUT, GET, OPTIONS"));
    assert_eq!(ask("DELETE", "/in/events"), allowed("POST, PUT, GET, OPTIONS"));
    let refused = hookpost.send("OPTIONS", "/in/events", &[("webhook-request-origin", "other.example")], b"");
    assert_eq!((refused.status, refused.header("allow")), (405, Some("POST")));
    assert_eq!(refused.header("webhook-allowed-origin"), None);
}

fn fences_and_limits_hold_for_handshakes(world: World) {
    let hookpost = world.open(SOURCES);
    let get = |path: &str| hookpost.send("GET", path, &[], b"").status;
    assert_eq!(get("/in/fenced?challenge=c"), 401);
    assert_eq!((get("/in/slow?challenge=c"), get("/in/slow?challenge=c")), (200, 429));
}
