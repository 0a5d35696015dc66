//! Endpoints out of use: gone, switched off, removed. What is for them is held or cancelled, never lost.

use serde_json::{Value, json};

use super::{deliveries, delivery, endpoints};
use crate::harness::{PostOffice, Receiver, Reply, Setup, World, event, eventually, stories};

stories![an_endpoint_that_is_gone_is_disabled_and_brought_back, an_owner_switches_an_endpoint_off_and_on,];

fn said(output: &std::process::Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn emit(office: &dyn PostOffice) -> String {
    office.emit(&event("order.created", json!({}))).accepted()
}

/// A stack's functions remember for some seconds that an endpoint was disabled.
fn emit_until_delivered(office: &dyn PostOffice) -> String {
    eventually("an event that reaches a", || {
        let id = emit(office);
        let settled = || deliveries(office, &id).remove("a").filter(|one| one["state"] != "pending");
        (eventually("an end", settled)["state"] == "delivered").then_some(id)
    })
}

fn state(office: &dyn PostOffice, name: &str) -> Value {
    let all = office.show("/api/v1/endpoints");
    all["data"].as_array().expect("a list").iter().find(|one| one["name"] == name).expect("an endpoint").clone()
}

fn an_endpoint_that_is_gone_is_disabled_and_brought_back(world: World) {
    let receiver = Receiver::answering(vec![Reply::status(410)], Reply::status(200));
    let office = world.open(&endpoints(&receiver, &[("a", "")]));
    let first = emit(&*office);
    let held = delivery(&*office, &first, "a", "held");
    assert_eq!(held["attempts"][0]["status"], 410);
    let gone = state(&*office, "a");
    assert_eq!(
        (&gone["enabled"], &gone["disabled"]["reason"]),
        (&json!(false), &json!("the endpoint is gone (status 410)"))
    );
    let list = said(&office.verb_in(&["endpoints", "list"], &[]));
    assert!(list.contains(&receiver.url("/a")) && list.contains("disabled since"), "{list}");
    let second = emit(&*office);
    delivery(&*office, &second, "a", "held");
    assert_eq!(receiver.count(), 1, "nobody calls one that is gone");

    let enabled = said(&office.verb_in(&["endpoints", "enable", "a"], &[]));
    assert!(enabled.contains("  enabled\n2 deliveries are held for it"), "{enabled}");
    let third = emit_until_delivered(&*office);
    assert_eq!(state(&*office, "a")["enabled"], true);
    for id in [first, second] {
        delivery(&*office, &id, "a", "held");
    }
    assert_eq!(receiver.received_ids().get(&third), Some(&1));
}

fn an_owner_switches_an_endpoint_off_and_on(world: World) {
    let receiver = Receiver::start();
    let office = world.open(&endpoints(&receiver, &[("a", ""), ("b", "")]));
    let disabled = said(&office.verb_in(&["endpoints", "disable", "a"], &[]));
    assert!(disabled.contains("disabled since") && disabled.ends_with("disabled by its owner\n"), "{disabled}");
    let id = emit(&*office);
    delivery(&*office, &id, "a", "held");
    delivery(&*office, &id, "b", "delivered");
    said(&office.verb_in(&["endpoints", "enable", "a"], &[]));
    emit_until_delivered(&*office);
    let nobody = office.verb_in(&["endpoints", "enable", "nobody"], &[]);
    let words = String::from_utf8_lossy(&nobody.stderr).into_owned();
    assert!(nobody.status.code() == Some(1) && words.contains("no such endpoint"), "{words}");
}

/// What an order of the configuration does in either world.
pub(super) fn replace(office: &dyn PostOffice, config: &Value) {
    let version = office.show("/api/v1/config")["version"].as_u64().expect("a version");
    let answer = office.manage_if(&format!("\"{version}\""), "PUT", "/api/v1/config", config.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn what_waits_for_an_endpoint_that_was_removed_is_cancelled() {
    let receiver = Receiver::answering(vec![], Reply::status(500));
    let office = Setup::default().sending().start();
    let one = |name: &str| json!({ "url": receiver.url(&format!("/{name}")), "schedule": [0, 2, "1h"] });
    replace(&office, &json!({ "endpoints": { "stays": one("stays"), "goes": one("goes") } }));
    let id = eventually("both endpoints", || {
        let answer = PostOffice::emit(&office, &event("order.created", json!({})));
        (answer.json()["endpoints"] == 2).then(|| answer.accepted())
    });
    eventually("first attempts", || {
        let tried =
            |name: &str| deliveries(&office, &id)[name]["attempts"].as_array().is_some_and(|all| !all.is_empty());
        (tried("stays") && tried("goes")).then_some(())
    });
    receiver.set(Reply::status(200));
    replace(&office, &json!({ "endpoints": { "stays": one("stays") } }));
    let cancelled = delivery(&office, &id, "goes", "cancelled");
    assert_eq!(cancelled["attempts"].as_array().map(Vec::len), Some(1), "{cancelled}");
    delivery(&office, &id, "stays", "delivered");
    assert_eq!(PostOffice::emit(&office, &event("order.created", json!({}))).json()["endpoints"], 1);
}

#[test]
fn endpoints_of_the_servers_file_and_applied_ones_work_side_by_side() {
    let receiver = Receiver::start();
    let office = Setup::config(&endpoints(&receiver, &[("mine", "")])).sending().start();
    replace(&office, &json!({ "endpoints": { "applied": { "url": receiver.url("/applied") } } }));
    let id = emit(&office);
    delivery(&office, &id, "mine", "delivered");
    delivery(&office, &id, "applied", "delivered");
    let mine = json!({ "endpoints": { "mine": { "url": receiver.url("/other") } } });
    let answer = office.manage_if("\"1\"", "PUT", "/api/v1/config", mine.to_string().as_bytes());
    assert_eq!((answer.status, &*answer.code()), (409, "conflict"), "{}", answer.text());
    assert!(answer.text().contains("endpoints.mine: the server's own file names this endpoint"), "{}", answer.text());
}

#[test]
fn a_receiver_says_what_becomes_of_a_delivery_and_of_itself() {
    let order = |status: u16, order: &str| Reply::status(status).header("webhook-delivery", order);
    let cases = [
        (order(200, "disable"), "delivered", false),
        (order(500, "disable"), "held", false),
        (order(400, "abort-message"), "given_up", true),
        (order(200, "abort-message"), "delivered", true),
        (order(200, "dance"), "delivered", true),
    ];
    for (reply, expected, stays) in cases {
        let receiver = Receiver::answering(vec![reply.clone()], Reply::status(200));
        let office = Setup::config(&endpoints(&receiver, &[("a", "")])).sending().start();
        let id = emit(&office);
        delivery(&office, &id, "a", expected);
        assert_eq!(state(&office, "a")["enabled"], stays, "{reply:?}");
        let next = emit(&office);
        delivery(&office, &next, "a", if stays { "delivered" } else { "held" });
    }
}

#[test]
fn what_an_owner_decided_outlives_the_program() {
    let receiver = Receiver::answering(vec![Reply::status(410)], Reply::status(200));
    let mut office = Setup::config(&endpoints(&receiver, &[("a", ""), ("b", "")])).sending().start();
    let token = said(&office.verb(&["token", "new", "--scope", "events"])).trim().to_owned();
    said(&office.verb(&["endpoints", "disable", "b"]));
    let first = emit(&office);
    delivery(&office, &first, "a", "held");
    office.kill_and_restart();
    assert_eq!(
        (state(&office, "a")["enabled"].clone(), state(&office, "b")["enabled"].clone()),
        (json!(false), json!(false))
    );
    let second = emit(&office);
    for name in ["a", "b"] {
        delivery(&office, &second, name, "held");
        said(&office.verb(&["endpoints", "enable", name]));
    }
    office.kill_and_restart();
    let third = emit(&office);
    delivery(&office, &third, "a", "delivered");
    delivery(&office, &third, "b", "delivered");
    said(&office.verb_in(&["send", "order.created"], &[("EVENTS_TOKEN", &token)]));
}

#[test]
fn a_change_counts_from_the_next_attempt_and_choosing_is_done_when_the_event_comes() {
    let (old, new) = (Receiver::answering(vec![], Reply::status(500)), Receiver::start());
    let office = Setup::default().sending().start();
    let early = emit(&office);
    let moving = |url: String| json!({ "url": url, "schedule": [0, 2], "format": "raw" });
    replace(&office, &json!({ "endpoints": { "moving": moving(old.url("/old")) } }));
    let id = emit(&office);
    old.wait_for(1);
    let late = json!({ "url": new.url("/late") });
    replace(&office, &json!({ "endpoints": { "moving": moving(new.url("/new")), "late": late } }));
    let moved = delivery(&office, &id, "moving", "delivered");
    assert_eq!(moved["attempts"].as_array().map(Vec::len), Some(2), "{moved}");
    super::settle(&office);
    let paths: Vec<String> = new.requests().iter().map(|request| request.path().to_owned()).collect();
    assert_eq!((old.count(), paths), (1, vec!["/new".to_owned()]), "nothing of before goes to who came late");
    assert_eq!(deliveries(&office, &early).len(), 0);
}
