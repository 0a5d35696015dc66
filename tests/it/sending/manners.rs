//! Endpoints that are slow, overloaded, hostile or not where they should be, and our manners towards them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{delivery, endpoint, endpoints};
use crate::harness::{Alpn, Behaviour, Certificate, PostOffice, Receiver, Reply, Setup, World, event, stories, within};

stories![
    an_endpoint_that_asks_for_time_gets_it,
    a_redirect_is_not_followed,
    bad_endpoints_hold_up_nobody_else,
    no_endpoint_is_called_more_often_at_once_than_it_bears,
];

fn emit(office: &dyn PostOffice) -> String {
    office.emit(&event("order.created", json!({ "n": 1 }))).accepted()
}

fn an_endpoint_that_asks_for_time_gets_it(world: World) {
    let busy = |status: u16| Reply::status(status).header("retry-after", "3");
    let receiver = Receiver::answering(vec![busy(429), busy(503)], Reply::status(200));
    let office = world.open(&endpoints(&receiver, &[("a", "schedule: [0, 0, 0]")]));
    let id = emit(&*office);
    delivery(&*office, &id, "a", "delivered");
    let requests = receiver.wait_for(3);
    for two in requests.windows(2) {
        let rest = two[1].at.duration_since(two[0].at);
        assert!(rest >= Duration::from_secs(3), "it asked for 3 s and got {rest:?}");
    }
    assert_eq!(receiver.count(), 3);
}

fn a_redirect_is_not_followed(world: World) {
    let elsewhere = Receiver::start();
    let mut config = "endpoints:\n".to_owned();
    let all: Vec<(u16, Receiver)> = [301, 302, 303, 307, 308]
        .map(|status| (status, Receiver::hostile(Behaviour::Redirects { status, to: elsewhere.url("/inside") })))
        .into();
    for (status, receiver) in &all {
        config += &endpoint(&format!("r{status}"), &receiver.url("/"), "schedule: [0]");
    }
    let office = world.open(&config);
    let id = emit(&*office);
    for (status, receiver) in &all {
        let given_up = delivery(&*office, &id, &format!("r{status}"), "given_up");
        assert_eq!(given_up["attempts"][0]["status"], *status, "{given_up}");
        assert_eq!(receiver.count(), 1, "{status}");
    }
    assert_eq!(elsewhere.connections(), 0);
}

fn bad_endpoints_hold_up_nobody_else(world: World) {
    let well = Receiver::start();
    let bad = [
        ("silent", Behaviour::AcceptsAndSaysNothing),
        ("drips-head", Behaviour::DripsHead),
        ("drips-body", Behaviour::DripsBody),
        ("gigabyte", Behaviour::Gigabyte),
        ("headers", Behaviour::EndlessHeaders),
        ("chunks", Behaviour::ChunkedForever),
        ("garbage", Behaviour::Garbage),
        ("resets", Behaviour::Resets),
        ("continues", Behaviour::OneHundredContinues),
    ];
    let bad: Vec<(&str, Receiver)> = bad.map(|(name, behaviour)| (name, Receiver::hostile(behaviour))).into();
    let mut config = endpoints(&well, &[("well", "")]);
    for (name, receiver) in &bad {
        config += &endpoint(name, &receiver.url("/"), "timeout: 2s, schedule: [0]");
    }
    let office = world.open(&config);
    let start = Instant::now();
    let ids: Vec<String> = (0..5).map(|_| emit(&*office)).collect();
    well.wait_at_most(Duration::from_secs(8), 5);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    for id in &ids {
        for (name, _) in &bad {
            let settled = within(Duration::from_secs(60), name, || {
                super::deliveries(&*office, id).remove(*name).filter(|one| one["state"] != "pending")
            });
            let attempt = &settled["attempts"][0];
            assert!(attempt["took"].as_u64().is_some_and(|took| took < 10_000), "{name}: {settled}");
            // A body is no part of the answer: its beginning is kept, and what follows is not read.
            let arrived = ["drips-body", "gigabyte", "chunks"].contains(name);
            assert_eq!(settled["state"], if arrived { "delivered" } else { "given_up" }, "{name}: {settled}");
            assert!(attempt["response"].as_str().unwrap_or_default().len() <= 16 << 10, "{name}");
        }
    }
    assert_eq!(well.count(), 5);
}

#[test]
fn without_the_switch_nothing_is_sent_to_this_machine() {
    let receiver = Receiver::start();
    let office = Setup::default().start();
    let inside = ["http://[::1]/", "http://169.254.169.254/latest/", "http://[::ffff:10.0.0.1]/"].map(str::to_owned);
    for url in [receiver.url("/"), receiver.named_url("/")].into_iter().chain(inside) {
        let config = json!({ "endpoints": { "literal": { "url": url } } }).to_string();
        let answer = office.owner("PUT", "/api/v1/config", &[("if-match", "\"0\"")], config.as_bytes());
        assert_eq!((answer.status, &*answer.code()), (422, "invalid_configuration"), "{url}");
        assert!(answer.text().contains("endpoints.literal.url: "), "{}", answer.text());
    }
    assert_eq!(receiver.connections(), 0);
}

fn no_endpoint_is_called_more_often_at_once_than_it_bears(world: World) {
    const THINKS: Duration = Duration::from_millis(400);
    let receiver = Receiver::answering(vec![], Reply::status(200).after(THINKS));
    let office = world.open(&endpoints(&receiver, &[("a", "max_concurrent: 1")]));
    let ids: Vec<String> = (0..4).map(|_| emit(&*office)).collect();
    for id in &ids {
        let delivered = delivery(&*office, id, "a", "delivered");
        assert_eq!(delivered["attempts"].as_array().map(Vec::len), Some(1), "waiting is no attempt: {delivered}");
    }
    let requests = receiver.requests();
    let alone = |two: &[crate::harness::Request]| two[1].at.duration_since(two[0].at) >= THINKS;
    assert!(requests.len() == 4 && requests.windows(2).all(alone));
}

#[test]
fn no_endpoint_is_called_more_often_than_its_rate() {
    let receiver = Receiver::start();
    let office = Setup::config(&endpoints(&receiver, &[("a", "rate: 5/s"), ("b", "")])).sending().start();
    for _ in 0..10 {
        emit(&office);
    }
    let requests = receiver.wait_for(20);
    let to_a: Vec<Instant> = requests.iter().filter(|one| one.path() == "/a").map(|one| one.at).collect();
    let took = to_a[9].duration_since(to_a[0]);
    assert!((Duration::from_millis(1_600)..Duration::from_secs(6)).contains(&took), "{took:?}");
    let to_b: Vec<Instant> = requests.iter().filter(|one| one.path() == "/b").map(|one| one.at).collect();
    assert!(to_b[9].duration_since(to_b[0]) < took, "what is slow for one is not slow for another");
}

#[test]
fn a_connection_is_used_again() {
    let receiver = Receiver::start();
    let office = Setup::config(&endpoints(&receiver, &[("a", "")])).sending().start();
    for count in 1..=20 {
        emit(&office);
        receiver.wait_for(count);
    }
    assert!(receiver.connections() <= 3, "{}", receiver.connections());
}

#[test]
fn only_a_certificate_that_somebody_vouches_for_is_believed() {
    let all = [
        ("valid", Certificate::Valid),
        ("expired", Certificate::Expired),
        ("self-signed", Certificate::SelfSigned),
        ("wrong-host", Certificate::WrongHost),
    ];
    let all = all.map(|(name, certificate)| (name, Receiver::tls(certificate, Alpn::Both)));
    let each = all.iter().map(|(name, receiver)| endpoint(name, &receiver.named_url("/"), "schedule: [0]"));
    let config = format!("endpoints:\n{}", each.collect::<String>());
    let authority = all[0].1.ca_pem().display().to_string();
    let office = Setup::config(&config).sending().with("SSL_CERT_FILE", authority).start();
    let id = emit(&office);
    delivery(&office, &id, "valid", "delivered");
    for (name, receiver) in &all[1..] {
        let given_up = delivery(&office, &id, name, "given_up");
        let error = given_up["attempts"][0]["error"].as_str().unwrap_or_default().to_owned();
        assert!(error.starts_with("tls"), "{name}: {error}");
        assert_eq!((receiver.count(), &given_up["attempts"][0]["status"]), (0, &Value::Null), "{name}");
    }
}

#[test]
fn what_was_accepted_survives_the_program() {
    let receiver = Receiver::answering(vec![], Reply::status(200).after(Duration::from_millis(300)));
    let mut office = Setup::config(&endpoints(&receiver, &[("a", ""), ("b", "")])).sending().start();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.extend((0..10).map(|_| emit(&office)));
        office.kill_and_restart();
    }
    for id in &ids {
        for name in ["a", "b"] {
            let delivered = delivery(&office, id, name, "delivered");
            assert!(delivered["attempts"].as_array().is_some_and(|all| !all.is_empty()), "{delivered}");
        }
    }
    let received = super::received(&receiver);
    for name in ["a", "b"] {
        assert!(ids.iter().all(|id| received[name].contains(id)), "each came at least once");
    }
}
