//! History: what was accepted and what came of it, found again, whole and without secrets.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{delivery, endpoints};
use crate::harness::{PostOffice, Receiver, Reply, Setup, World, event, stories};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SLASHED: &str = "whsec_MfKQ9r8GKYqrTwjUPD8/LPZIo2LaLaSw";

stories![
    pages_show_everything_once,
    an_event_is_shown_with_its_data_and_deliveries,
    what_an_endpoint_answered_is_kept_cut_short_and_without_our_secrets,
];

/// All of a list, page after page.
fn walk(office: &dyn PostOffice, path: &str, limit: usize) -> Vec<Value> {
    let (mut all, mut iterator) = (Vec::new(), String::new());
    loop {
        let between = if path.contains('?') { '&' } else { '?' };
        let page = office.show(&format!("{path}{between}limit={limit}{iterator}"));
        let data = page["data"].as_array().expect("a list");
        assert!(data.len() <= limit, "{page}");
        all.extend(data.iter().cloned());
        match page["iterator"].as_str() {
            Some(next) => {
                assert_eq!(page["done"], false);
                iterator = format!("&iterator={next}");
            }
            None => {
                assert_eq!(page["done"], true);
                return all;
            }
        }
        assert!(all.len() < 1_000, "it goes round in circles");
    }
}

fn ids(all: &[Value], key: &str) -> Vec<String> {
    all.iter().map(|one| one[key].as_str().expect("an id").to_owned()).collect()
}

fn pages_show_everything_once(world: World) {
    let receiver = Receiver::deciding(|request| Reply::status(if request.path() == "/bad" { 400 } else { 200 }));
    let office = world.open(&endpoints(&receiver, &[("well", ""), ("bad", "schedule: [0], events: 'odd.*'")]));
    let mut emitted = Vec::new();
    for n in 0..11 {
        let kind = if n % 2 == 1 { "odd.one" } else { "even.one" };
        emitted.push(office.emit(&event(kind, json!({ "n": n }))).accepted());
    }
    emitted.push(office.emit(&json!({ "type": "x", "data": 1, "tenant": "acme" })).accepted());
    let theirs = emitted.pop().expect("an id");
    receiver.wait_for(16);
    super::settle(&*office);
    let latest_first: Vec<String> = emitted.iter().rev().cloned().collect();
    for limit in [1, 4, 250] {
        assert_eq!(ids(&walk(&*office, "/api/v1/events", limit), "id"), latest_first, "{limit}");
        let to = walk(&*office, "/api/v1/deliveries?endpoint=well", limit);
        assert_eq!(ids(&to, "event"), latest_first, "{limit}");
    }
    assert_eq!(ids(&walk(&*office, "/api/v1/events?tenant=acme", 5), "id"), [theirs]);
    let failed = walk(&*office, "/api/v1/deliveries?endpoint=bad&state=given_up", 2);
    let odd: BTreeSet<String> = emitted.iter().skip(1).step_by(2).cloned().collect();
    assert_eq!((ids(&failed, "event").into_iter().collect(), failed.len()), (odd, 5));
    for nothing in ["endpoint=bad&state=delivered", "endpoint=nobody", "endpoint=well&state=pending"] {
        assert_eq!(walk(&*office, &format!("/api/v1/deliveries?{nothing}"), 3), Vec::<Value>::new(), "{nothing}");
    }

    let all = walk(&*office, "/api/v1/events", 250);
    let third = all[8]["received"].as_str().expect("a time").to_owned();
    let since = ids(&walk(&*office, &format!("/api/v1/events?since={third}"), 2), "id");
    let until = ids(&walk(&*office, &format!("/api/v1/events?until={third}"), 2), "id");
    assert!(since.contains(&emitted[2]) && !until.contains(&emitted[2]), "{since:?} {until:?}");
    assert_eq!([since, until].concat(), latest_first);
    let to = walk(&*office, &format!("/api/v1/deliveries?endpoint=well&since={third}"), 2);
    assert_eq!(to.len(), walk(&*office, &format!("/api/v1/events?since={third}"), 250).len());
    for wrong in
        ["deliveries", "deliveries?endpoint=a&state=lost", "events?limit=0", "events?since=now", "events?iterator=x"]
    {
        let answer = office.manage("GET", &format!("/api/v1/{wrong}"), b"");
        assert_eq!((answer.status, &*answer.code()), (400, "bad_request"), "{wrong}");
    }
    for absent in ["events/nobody", "deliveries?event=nobody", "deliveries/nobody/well", "events/a.b"] {
        assert_eq!(office.manage("GET", &format!("/api/v1/{absent}"), b"").status, 404, "{absent}");
    }
}

fn an_event_is_shown_with_its_data_and_deliveries(world: World) {
    let receiver = Receiver::start();
    let office = world.open(&endpoints(&receiver, &[("a", "channels: eu"), ("b", "")]));
    let bearer = format!("Bearer {}", office.events_token());
    let data = r#"{"total":19.990,"big":12345678901234567890123,"z":1,"a":"Zoë"}"#;
    let written = format!(
        r#"{{"id": "order-7", "type": "order.created", "timestamp": "2026-11-22T10:00:00.5Z", "channels": ["uk", "eu"], "data": {data}}}"#
    );
    office.ask_sender("POST", "", &[("authorization", &bearer)], written.as_bytes()).accepted();
    delivery(&*office, "order-7", "a", "delivered");
    delivery(&*office, "order-7", "b", "delivered");
    let shown = office.manage("GET", "/api/v1/events/order-7", b"");
    assert!(shown.text().contains(&format!(r#""data":{data}"#)), "{}", shown.text());
    let shown = shown.json();
    assert_eq!(
        (&shown["id"], &shown["tenant"], &shown["type"]),
        (&json!("order-7"), &json!("default"), &json!("order.created"))
    );
    assert_eq!((&shown["timestamp"], &shown["channels"]), (&json!("2026-11-22T10:00:00.500Z"), &json!(["eu", "uk"])));
    assert_eq!(shown["deliveries"].as_array().map(Vec::len), Some(2));
    let one = office.show("/api/v1/deliveries/order-7/a");
    assert_eq!(
        (&one["state"], &one["next"], &one["type"]),
        (&json!("delivered"), &Value::Null, &json!("order.created"))
    );
    let attempt = &one["attempts"][0];
    assert_eq!((&attempt["number"], &attempt["status"], &attempt["error"]), (&json!(1), &json!(204), &Value::Null));
    assert!(attempt["took"].is_u64() && attempt["at"].is_string() && attempt["response"].is_null(), "{attempt}");
    assert_eq!(office.show("/api/v1/deliveries?event=order-7&endpoint=b")["data"].as_array().map(Vec::len), Some(1));
}

fn what_an_endpoint_answered_is_kept_cut_short_and_without_our_secrets(world: World) {
    let receiver = Receiver::deciding(|request| match request.path() {
        "/long" => Reply::status(200).body("é".repeat(20_000)),
        "/binary" => {
            let echo = request.header("authorization").unwrap_or_default();
            Reply::status(400).body([b"\xff\xfe\x00 ", echo.as_bytes()].concat())
        }
        "/cut" => Reply::status(400).body(format!("{}hush-hush-1", "x".repeat((16 << 10) - 10))),
        path => {
            let (key, password) = if path == "/php" { (SLASHED, "hush/hush/1") } else { (SECRET, "hush-hush-1") };
            let named: Vec<String> = request.headers().iter().map(|(name, value)| format!("{name}={value}")).collect();
            let told = format!("{} secret={key} password={password} {path}", named.join(";"));
            Reply::status(400).body(told.replace('/', if path == "/php" { "\\/" } else { "/" }))
        }
    });
    let given = format!("schedule: [0], secret: '{SECRET}'");
    let bearer = format!("{given}, auth: {{ bearer: hush-hush-1 }}, headers: {{ X-Key: 'k-1234567' }}");
    let basic = format!("{given}, auth: {{ basic: {{ user: us, password: hush-hush-1 }} }}");
    let php = format!("schedule: [0], secret: '{SLASHED}', auth: {{ bearer: 'hush/hush/1' }}");
    let all = [
        ("bearer", &*bearer),
        ("basic", &*basic),
        ("binary", &*bearer),
        ("long", &*given),
        ("php", &*php),
        ("cut", &*bearer),
    ];
    let office = world.open(&endpoints(&receiver, &all));
    let id = office.emit(&event("order.created", json!({}))).accepted();
    receiver.wait_for(6);
    super::settle(&*office);
    let response = |name: &str| {
        let kept = office.show(&format!("/api/v1/deliveries/{id}/{name}"));
        kept["attempts"][0]["response"].as_str().unwrap_or_default().to_owned()
    };
    let told = response("bearer");
    assert!(told.contains(&format!("webhook-id={id}")) && told.contains("[secret]"), "{told}");
    for name in ["bearer", "basic", "binary", "php", "cut"] {
        let told = response(name);
        assert!(told.len() > 10, "{name}: {told}");
        for secret in [
            "hush-hush",
            "hush\\/hush",
            "k-1234567",
            "MfKQ9r8GKYqrTwjU",
            "dXM6aHVzaC1odXNoLTE",
            &base64_of("hush-hush-1"),
        ] {
            assert!(!told.contains(secret), "{secret} of {name}: {told}");
        }
        if let Some(encoded) = told.strip_prefix("base64:") {
            let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded).expect("base64");
            assert!(!String::from_utf8_lossy(&bytes).contains("hush-hush"), "{name}: {told}");
        }
    }
    let long = response("long");
    assert!(long.len() <= 16 << 10 && long.len() > (16 << 10) - 4 && long.chars().all(|c| c == 'é'), "{}", long.len());
}

fn base64_of(text: &str) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text)
}

#[test]
fn history_outlives_the_program() {
    let receiver = Receiver::start();
    let mut office = Setup::config(&endpoints(&receiver, &[("a", "")])).sending().start();
    let id = PostOffice::emit(&office, &event("order.created", json!({ "n": 1 }))).accepted();
    let before = delivery(&office, &id, "a", "delivered");
    office.kill_and_restart();
    assert_eq!(delivery(&office, &id, "a", "delivered"), before);
    assert_eq!(receiver.count(), 1);
}
