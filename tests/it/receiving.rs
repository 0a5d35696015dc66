//! Webhooks at the door: who gets in, who does not, and what they are told.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::harness::{Answer, Github, PASSWORD, PostOffice, World, now, standard, stories};

const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const SOURCES: &str = r#"
sources:
  github:
    verify: { scheme: github, secret: [new secret, old secret] }
    email: [ops@example.com]
  events:
    verify: { scheme: standard, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw }
    email: [ops@example.com, shop@example.com]
"#;

const GITHUB: Github<'_> = Github { path: "/in/github", secret: "new secret" };

stories![
    a_genuine_webhook_becomes_an_e_mail,
    a_forged_webhook_does_not,
    who_is_refused_early_reads_the_answer_all_the_same,
    a_signature_vouches_for_no_query,
    a_stale_webhook_is_refused_and_a_replayed_one_mailed_once,
    a_duplicate_is_mailed_once_and_logged_with_the_id_of_the_first,
    without_a_delivery_id_every_webhook_is_distinct,
    deliveries_are_told_apart_by_body_header_or_pointer_where_the_owner_says_so,
    secrets_are_rotated_without_losing_a_webhook,
    a_password_is_taken_wherever_the_caller_can_put_it,
    put_and_get_work_and_the_data_of_a_get_is_its_query,
];

fn post_standard(to: &dyn PostOffice, id: &str, timestamp: u64, body: &[u8]) -> Answer {
    let headers = standard(WHSEC, id, timestamp, body);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    to.post("/in/events", &headers, body)
}

fn a_genuine_webhook_becomes_an_e_mail(world: World) {
    let hookpost = world.open(SOURCES);
    let answer = GITHUB.post(&*hookpost, "d-1", br#"{"ref": "refs/heads/main"}"#);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let mail = hookpost.mail(&answer.accepted());
    assert!(mail.subject().starts_with("github: push "), "{mail:?}");
    assert!(mail.text().contains("\"ref\": \"refs/heads/main\""), "{}", mail.text());
    assert!(mail.text().contains("Signed: the body is as the sender made it"), "{}", mail.text());
    assert!(mail.text().contains("d-1") && mail.text().contains("127.0.0.1"), "{}", mail.text());
    assert_eq!(mail.to(), "ops@example.com");

    let answer = post_standard(&*hookpost, "msg_1", now(), br#"{"type": "invoice.paid", "data": {}}"#);
    let mail = hookpost.mail(&answer.accepted());
    assert!(mail.subject().starts_with("events: invoice.paid "), "{mail:?}");
    assert_eq!(mail.to(), "ops@example.com, shop@example.com");
}

fn a_forged_webhook_does_not(world: World) {
    let hookpost = world.open(SOURCES);
    let body = br#"{"ref": "refs/heads/main"}"#;
    let forged = Github { secret: "guess", ..GITHUB }.post(&*hookpost, "d-1", body);
    assert_eq!((forged.status, forged.code().as_str()), (401, "unauthorized"));
    assert_eq!(forged.json()["error"]["message"], "not authenticated", "the caller learns no more");

    let signature = GITHUB.signature(body);
    let mut altered = body.to_vec();
    altered[3] ^= 1;
    let headers = [("x-hub-signature-256", &*signature), ("x-github-delivery", "d-2")];
    assert_eq!(hookpost.post("/in/github", &headers, &altered).status, 401);
    assert_eq!(hookpost.post("/in/github", &[], body).status, 401);
    assert!(hookpost.mails().is_empty());
    hookpost.logged("no secret that is known here fits");
    hookpost.logged("header x-hub-signature-256 is missing");
}

fn who_is_refused_early_reads_the_answer_all_the_same(world: World) {
    let hookpost = world.open(SOURCES);
    let body = vec![b'x'; 4 << 20];
    for _ in 0..5 {
        assert_eq!(hookpost.post("/in/nobody", &[], &body).status, 404);
        assert_eq!(hookpost.send("DELETE", "/in/github", &[], &body).status, 405);
    }
}

fn a_signature_vouches_for_no_query(world: World) {
    let hookpost = world.open(SOURCES);
    let body = b"{}";
    let signature = GITHUB.signature(body);
    let get = hookpost.send("GET", "/in/github?amount=1000000", &[("x-hub-signature-256", &signature)], body);
    assert_eq!((get.status, get.header("allow")), (405, Some("POST, PUT")));
    assert!(hookpost.mails().is_empty());
}

fn a_stale_webhook_is_refused_and_a_replayed_one_mailed_once(world: World) {
    let hookpost = world.open(SOURCES);
    assert_eq!(post_standard(&*hookpost, "msg_1", now() - 301, b"{}").status, 401);
    assert_eq!(post_standard(&*hookpost, "msg_1", now() + 310, b"{}").status, 401);
    let sent = now() - 200;
    let first = post_standard(&*hookpost, "msg_2", sent, b"{}").accepted();
    hookpost.mail(&first);
    for _ in 0..3 {
        post_standard(&*hookpost, "msg_2", sent, b"{}").accepted();
    }
    hookpost.settle();
    assert_eq!(hookpost.mails().len(), 1);
}

fn a_duplicate_is_mailed_once_and_logged_with_the_id_of_the_first(world: World) {
    let hookpost = world.open(SOURCES);
    let first = GITHUB.post(&*hookpost, "d-1", b"{\"n\": 1}").accepted();
    hookpost.mail(&first);
    let second = GITHUB.post(&*hookpost, "d-1", b"{\"n\": 1}").accepted();
    GITHUB.post(&*hookpost, "d-2", b"{\"n\": 1}").accepted();
    hookpost.settle();
    assert_eq!(hookpost.mails().len(), 2);
    let skipped = hookpost.logged("duplicate skipped");
    assert!(skipped.contains(&first) && skipped.contains(&second), "{skipped}");
}

fn without_a_delivery_id_every_webhook_is_distinct(world: World) {
    let hookpost = world.open(SOURCES);
    for _ in 0..3 {
        GITHUB.post(&*hookpost, "", b"{}").accepted();
    }
    hookpost.settle();
    assert_eq!(hookpost.mails().len(), 3);
}

fn deliveries_are_told_apart_by_body_header_or_pointer_where_the_owner_says_so(world: World) {
    let verify = r#"verify: { scheme: password, secret: hush }, email: ops@example.com"#;
    let hookpost = world.open(&format!(
        r#"
sources:
  by-body: {{ {verify}, deduplicate: body, window: 10m }}
  by-header: {{ {verify}, delivery_id: {{ header: X-Order-Token }}, event_type: {{ header: X-Kind }} }}
  by-pointer: {{ {verify}, delivery_id: {{ pointer: /order/id }}, event_type: {{ pointer: /kind }} }}
  never: {{ {verify}, delivery_id: {{ header: X-Order }}, deduplicate: none }}
"#
    ));
    let send = |path: &str, header: (&str, &str), body: &str| {
        hookpost.post(path, &[("authorization", "Bearer hush"), header], body.as_bytes()).accepted()
    };
    for body in ["{\"a\":1}", "{\"a\":1}", "{\"a\":2}"] {
        send("/in/by-body", ("x-a", "1"), body);
        hookpost.settle();
    }
    for token in ["one", "one", "two"] {
        send("/in/by-header", ("x-order-token", token), "{}");
        hookpost.settle();
    }
    for id in ["7", "7", "8"] {
        send("/in/by-pointer", ("x-a", "1"), &format!("{{\"kind\": \"paid\", \"order\": {{\"id\": {id}}}}}"));
        hookpost.settle();
    }
    for _ in 0..3 {
        send("/in/never", ("x-order", "1"), "{}");
    }
    hookpost.settle();
    let subjects: Vec<String> = hookpost.mails().iter().map(|mail| mail.subject().to_owned()).collect();
    for (source, expected) in [("by-body", 2), ("by-header", 2), ("by-pointer: paid", 2), ("never", 3)] {
        assert_eq!(
            subjects.iter().filter(|subject| subject.starts_with(source)).count(),
            expected,
            "{source}: {subjects:?}"
        );
    }
}

fn secrets_are_rotated_without_losing_a_webhook(world: World) {
    let hookpost = world.open(SOURCES);
    GITHUB.post(&*hookpost, "d-1", b"{}").accepted();
    Github { secret: "old secret", ..GITHUB }.post(&*hookpost, "d-2", b"{}").accepted();
    assert_eq!(Github { secret: "older secret", ..GITHUB }.post(&*hookpost, "d-3", b"{}").status, 401);
}

fn a_password_is_taken_wherever_the_caller_can_put_it(world: World) {
    let hookpost = world.open_default();
    let basic = format!("Basic {}", STANDARD.encode(format!("anyone:{PASSWORD}")));
    let bearer = format!("Bearer {PASSWORD}");
    for header in [("authorization", &*bearer), ("authorization", &*basic), ("x-webhook-password", PASSWORD)] {
        hookpost.post("/in", &[header], b"{}").accepted();
    }
    let query = PASSWORD.replace(' ', "%20");
    hookpost.post(&format!("/in/default?token={query}"), &[], b"{}").accepted();
    assert_eq!(hookpost.post("/in?token=wrong", &[], b"{}").status, 401);
    assert_eq!(hookpost.post("/in", &[("authorization", "Bearer wrong")], b"{}").status, 401);
}

fn put_and_get_work_and_the_data_of_a_get_is_its_query(world: World) {
    let hookpost = world.open_default();
    let bearer = format!("Bearer {PASSWORD}");
    let put = hookpost.send("PUT", "/in", &[("authorization", &bearer)], b"{\"a\": 1}").accepted();
    assert!(hookpost.mail(&put).text().contains("\"a\": 1"));
    let query = PASSWORD.replace(' ', "+");
    let get = hookpost.send("GET", &format!("/in?city=K%C3%B6ln&token={query}&n=2"), &[], b"").accepted();
    let mail = hookpost.mail(&get);
    assert!(mail.text().contains("city: Köln\nn: 2\n"), "{}", mail.text());
    assert!(!mail.text().contains("token"), "{}", mail.text());
}
