//! How endpoints are doing, as their owner sees it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::again::{emit, said};
use super::{delivery, endpoint, endpoints};
use crate::harness::{Receiver, Reply, Setup, World, eventually, stories};

stories![endpoints_are_listed_page_after_page, what_an_endpoint_has_not_got_is_seen_at_its_own_tenant_alone];

fn endpoints_are_listed_page_after_page(world: World) {
    let receiver = Receiver::start();
    let names: Vec<String> = (0..60).map(|n| format!("e-{n:02}")).collect();
    let all: String = names.iter().map(|name| endpoint(name, &receiver.url("/"), "events: nothing")).collect();
    let office = world.open(&format!("endpoints:\n{all}{}", endpoint("theirs", &receiver.url("/"), "tenant: acme")));
    let names_of = |page: &Value| -> Vec<String> {
        page["data"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| one["name"].as_str().expect("a name").into())
            .collect()
    };
    let first = office.show("/api/v1/endpoints");
    assert_eq!(
        (&first["done"], &first["iterator"], names_of(&first)),
        (&json!(false), &json!("e-49"), names[..50].to_vec())
    );
    let last = office.show("/api/v1/endpoints?iterator=e-49");
    assert_eq!((&last["done"], &last["iterator"], names_of(&last)), (&json!(true), &Value::Null, names[50..].to_vec()));
    assert_eq!(names_of(&office.show("/api/v1/endpoints?limit=3&iterator=e-07")), ["e-08", "e-09", "e-10"]);
    assert_eq!(names_of(&office.show("/api/v1/endpoints?tenant=acme")), ["theirs"]);
    for wrong in ["limit=0", "limit=251", "iterator=A"] {
        let answer = office.manage("GET", &format!("/api/v1/endpoints?{wrong}"), b"");
        assert_eq!((answer.status, &*answer.code()), (400, "bad_request"), "{wrong}");
    }
    let listed = said(&office.verb_in(&["endpoints", "list"], &[]));
    assert_eq!(listed.lines().count(), 61, "{listed}");
}

fn what_an_endpoint_has_not_got_is_seen_at_its_own_tenant_alone(world: World) {
    let receiver = Receiver::answering(vec![], Reply::status(500));
    let all = [("ours", "schedule: [0, 1h]"), ("theirs", "tenant: acme, schedule: [0, 1h]")];
    let mut office = world.open(&endpoints(&receiver, &all));
    let id = emit(&*office, "order.created");
    let theirs = office.emit(&json!({ "id": id, "type": "order.created", "data": 2, "tenant": "acme" }));
    assert_eq!(theirs.accepted(), id, "an id is a tenant's own");
    for path in ["ours", "theirs?tenant=acme"] {
        let waits = || {
            Some(office.show(&format!("/api/v1/endpoints/{path}")))
                .filter(|one| one["health"]["next_attempt"].is_string())
        };
        let shown = eventually("a delivery that waits", waits);
        let health = &shown["health"];
        assert_eq!((&health["held"], &health["given_up"]), (&json!(0), &json!(0)), "{shown}");
        assert!(health["oldest_undelivered"].is_string(), "{shown}");
    }
    for absent in ["theirs", "ours?tenant=acme", "nobody"] {
        let answer = office.manage("GET", &format!("/api/v1/endpoints/{absent}"), b"");
        assert!(answer.status == 404 && answer.text().contains("no such endpoint"), "{absent}: {}", answer.text());
    }
    let answer = office.manage("PUT", "/api/v1/endpoints/ours", b"");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET")));
    office.leaves_work();
}

#[test]
fn success_and_latency_are_those_of_the_last_day() {
    let receiver = Receiver::deciding(|request| Reply::status(if request.path() == "/bad" { 500 } else { 204 }));
    let office =
        Setup::config(&endpoints(&receiver, &[("bad", "schedule: [0]"), ("idle", "events: none"), ("well", "")]))
            .sending()
            .start();
    for _ in 0..4 {
        let id = emit(&office, "order.created");
        delivery(&office, &id, "well", "delivered");
        delivery(&office, &id, "bad", "given_up");
    }
    let health = |name: &str, attempts: u64| {
        eventually(&format!("{attempts} attempts at {name}"), || {
            let shown = office.owner("GET", &format!("/api/v1/endpoints/{name}"), &[], b"").json();
            Some(shown["health"].clone()).filter(|health| health["attempts"] == attempts)
        })
    };
    let well = health("well", 4);
    assert_eq!((&well["success_rate"], &well["given_up"]), (&json!(1.0), &json!(0)), "{well}");
    let latency = |key: &str| well["latency"][key].as_u64().expect("a number");
    assert!(latency("p50") <= latency("p95") && latency("p95") <= 5_000, "{well}");
    let bad = health("bad", 4);
    assert_eq!((&bad["success_rate"], &bad["given_up"]), (&json!(0.0), &json!(4)), "{bad}");
    let idle = health("idle", 0);
    assert_eq!((&idle["success_rate"], &idle["latency"]), (&Value::Null, &Value::Null), "{idle}");

    let listed = said(&office.verb(&["endpoints", "list"]));
    let columns = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let lines: Vec<Vec<String>> = listed.lines().map(columns).collect();
    assert_eq!(lines[0].join(" "), "NAME ADDRESS SUCCESS P50/P95 OLDEST HELD NEXT TRY STATE");
    assert_eq!((&*lines[1][0], &*lines[1][2], &*lines[1][5]), ("bad", "0%", "0"), "{listed}");
    assert_eq!((&*lines[2][2], &*lines[2][3], &*lines[2][7]), ("-", "-", "enabled"), "{listed}");
    assert_eq!((&*lines[3][0], &*lines[3][2]), ("well", "100%"), "{listed}");
    let begins: BTreeSet<_> = listed.lines().skip(1).map(|line| line.find("http://")).collect();
    assert!(begins.len() == 1 && listed.chars().all(|c| c == '\n' || !c.is_control()), "{listed}");
    let shown = said(&office.verb(&["endpoints", "show", "well"]));
    assert!(shown.contains("\"success_rate\": 1.0"), "{shown}");
}
