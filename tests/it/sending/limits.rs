//! How much is taken: events of a tenant in a span of time, and all of them together.

use std::time::Duration;

use serde_json::json;

use super::{endpoint, endpoints};
use crate::harness::{PostOffice, Receiver, Setup, World, event, eventually, stories, within};

stories![events_over_their_tenants_rate_are_told_to_come_back];

/// Two an hour: the second takes place half an hour ahead, so that one is taken and the next are not.
fn events_over_their_tenants_rate_are_told_to_come_back(world: World) {
    let receiver = Receiver::start();
    let limits = "limits: { tenants: { default: { rate: 2/h }, quick: { rate: 1/s } } }\n";
    let office = world.open(&format!("{limits}{}", endpoints(&receiver, &[("a", "")])));
    let emit = |id: &str, tenant: &str| office.emit(&json!({ "id": id, "type": "a", "data": 1, "tenant": tenant }));
    emit("first", "default").accepted();
    let refused = emit("second", "default");
    assert_eq!((refused.status, &*refused.code()), (429, "rate_limited"), "{}", refused.text());
    let message = "the tenant default may emit 2/h; send the event again under the same id";
    assert_eq!(refused.json()["error"]["message"], message);
    let wait: u64 = refused.header("retry-after").and_then(|wait| wait.parse().ok()).expect("seconds");
    assert!((1_700..=1_800).contains(&wait), "{wait}");
    assert_eq!(office.manage("GET", "/api/v1/events/second", b"").status, 404, "nothing is kept of it");
    // Who is not limited notices nothing, and who comes back is taken.
    (0..5).for_each(|at| drop(emit(&format!("free-{at}"), "acme").accepted()));
    let statuses: Vec<u16> = (0..6).map(|at| emit(&format!("quick-{at}"), "quick").status).collect();
    assert!(statuses.contains(&202) && statuses.contains(&429), "{statuses:?}");
    let late = statuses.iter().position(|status| *status == 429).expect("one");
    within(Duration::from_secs(20), "a place", || {
        (emit(&format!("quick-{late}"), "quick").status == 202).then_some(())
    });
    receiver.wait_for(1);
}

#[test]
fn the_servers_file_decides_about_limits_and_what_was_applied_counts_where_it_is_silent() {
    let emit = |office: &dyn PostOffice| office.emit(&event("a", json!(1))).status;
    let apply = |office: &crate::harness::Hookpost| {
        std::fs::write(office.folder().join("e.yaml"), "sources: {}\nlimits: { rate: 1/h }\n").expect("a file");
        let said = office.verb(&["apply", "e.yaml", "--yes"]);
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8_lossy(&said.stdout).into_owned()
    };
    let silent = Setup::default().start();
    assert!(apply(&silent).contains("  + limits\n"));
    assert_eq!((emit(&silent), emit(&silent)), (202, 429));
    assert_eq!(silent.show("/api/v1/config")["limits"], json!({ "rate": "1/h" }));
    let says = Setup::config("limits: { rate: none }\nsources: {}\n").start();
    apply(&says);
    assert_eq!((emit(&says), emit(&says)), (202, 202));
}

#[test]
fn a_full_history_forgets_the_oldest_that_ended_and_refuses_what_then_does_not_fit() {
    let receiver = Receiver::start();
    let off = endpoint("off", &receiver.url("/off"), "enabled: false, events: held");
    let config = format!("{}{off}", endpoints(&receiver, &[("a", "events: sent")]));
    let office = Setup::config(&config).with("HOOKPOST_HISTORY", "1MB").sending().start();
    let emit = |id: &str, kind: &str| office.emit(&json!({ "id": id, "type": kind, "data": "x".repeat(40_000) }));
    let kept = |id: &str| office.manage("GET", &format!("/api/v1/events/{id}"), b"").status == 200;
    for at in 0..22 {
        emit(&format!("sent-{at}"), "sent").accepted();
    }
    office.settle();
    // Beyond nineteen twentieths: who comes then makes others go.
    (22..25).for_each(|at| drop(emit(&format!("sent-{at}"), "sent")));
    eventually("room", || (!kept("sent-0") && kept("sent-21")).then_some(()));
    let mut at = 0;
    let refused = within(Duration::from_secs(90), "a history of what is held", || {
        at += 1;
        let answer = emit(&format!("held-{at}"), "held");
        let is_left = (0..25).any(|at| kept(&format!("sent-{at}")));
        (answer.status == 507 && !is_left).then_some(answer)
    });
    assert_eq!(&*refused.code(), "history_full");
    assert!(refused.json()["error"]["message"].as_str().is_some_and(|said| said.contains("HOOKPOST_HISTORY")));
    assert!(kept("held-1"));
}

#[test]
fn more_endpoints_than_a_tenant_may_have_are_refused() {
    let receiver = Receiver::start();
    let office = Setup::default().sending().start();
    let config = format!("limits: {{ endpoints: 1 }}\n{}", endpoints(&receiver, &[("a", ""), ("b", "")]));
    std::fs::write(office.folder().join("e.yaml"), config).expect("a file");
    let said = office.verb(&["apply", "e.yaml", "--yes"]);
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("endpoints: the tenant default has 2; limits allow it 1"), "{said}");
}
