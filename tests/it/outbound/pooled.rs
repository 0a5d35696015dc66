//! Kept connections that are closed at the other end: no attempt is lost to it.

use std::time::Duration;

use super::{delivery, emitted, endpoint, serving};
use crate::harness::{Behaviour, Receiver, eventually};

#[test]
fn a_kept_connection_that_was_closed_costs_no_attempt() {
    let receivers = [
        ("pooled", Receiver::hostile(Behaviour::ClosesPooled)),
        ("after", Receiver::hostile(Behaviour::ClosesAfterAnswer)),
    ];
    let endpoints: String = receivers.iter().map(|(name, receiver)| endpoint(name, &receiver.url("/"), "")).collect();
    let hookpost = serving(&endpoints).start();
    for number in 0..10 {
        emitted(&hookpost, &format!("event-{number}"), "order.created");
        std::thread::sleep(Duration::from_millis(if number % 2 == 0 { 0 } else { 150 }));
    }
    for (name, _) in &receivers {
        for number in 0..10 {
            let found = eventually("a delivery", || {
                let found = delivery(&hookpost, &format!("event-{number}"), name);
                (found["state"] == "delivered").then_some(found)
            });
            assert_eq!(found["attempts"].as_array().unwrap().len(), 1, "{name}: {found}");
        }
    }
}

#[test]
fn a_receiver_that_was_away_gets_what_waited() {
    let receiver = Receiver::start();
    let hookpost = serving(&endpoint("a", &receiver.url("/"), "schedule: [0, 1, 1, 1, 1, 1, 1, 1]")).start();
    emitted(&hookpost, "before", "order.created");
    receiver.wait_for(1);
    receiver.stop();
    emitted(&hookpost, "meanwhile", "order.created");
    let failed = super::tried(&hookpost, "meanwhile", "a");
    assert_eq!(failed["attempts"][0]["error"], "connect: connection refused", "{failed}");
    receiver.start_again();
    receiver.wait_for(2);
}
