//! A crash at every call: whatever happens, the mails are those that were promised.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use shared::seam::Clock;
use shared::timestamp::Timestamp;

use super::office::{OWNER, Office, endpoint};
use super::{CONTACT, DAY};
use crate::crash::faulty::{Mode, Plan};
use crate::harness::{Hand, Played, answer, play as run};

/// Until then `shop` fails.
const REPAIRED: Duration = Duration::from_secs(7 * 86_400);

fn office(plan: Plan) -> (Office, Timestamp) {
    let clock = Hand::default();
    let (start, now) = (clock.now(), clock.clone());
    let post = Played::new(&clock, move |outgoing| {
        let is_down = now.now() < start.after(REPAIRED);
        match &*outgoing.endpoint {
            "shop" if is_down => answer(500, &[]),
            "gone" if is_down => answer(410, &[]),
            _ => answer(200, &[]),
        }
    });
    let described = [
        endpoint("shop", json!({ "contact": CONTACT, "schedule": [0, "2h", "5d", "1d"] })),
        endpoint("gone", json!({})),
        endpoint("watch", json!({ "operational": "endpoint.*" })),
    ];
    (Office::planned(described, plan, clock, post), start)
}

/// Told again after a crash, it goes on where it was.
async fn story(office: &Office, start: Timestamp) {
    office.emit("one").await;
    office.until(start.after(REPAIRED)).await;
    for name in ["shop", "gone"] {
        office.enable(name).await;
    }
    office.emit("two").await;
    office.until(start.after(REPAIRED + DAY)).await;
}

const PROMISED: [(&str, &str); 8] = [
    (CONTACT, "Webhooks to shop.example.com are stopped: it only failed for 5 days"),
    (CONTACT, "Webhooks to shop.example.com arrive again"),
    (CONTACT, "Webhooks to shop.example.com have been failing for 2 hours"),
    (OWNER, "gone is disabled: the endpoint is gone (status 410)"),
    (OWNER, "gone works again"),
    (OWNER, "shop has been failing for 2 hours"),
    (OWNER, "shop is disabled: it only failed for 5 days"),
    (OWNER, "shop works again"),
];

fn judge(office: &Office, context: &str) {
    let mut mailed = BTreeMap::new();
    for (_, email) in office.inbox.mails() {
        *mailed.entry((email.to[0].to_string(), email.subject)).or_insert(0) += 1;
    }
    let promised = PROMISED.map(|(reader, subject)| (reader.to_owned(), subject.to_owned()));
    assert_eq!(mailed.keys().cloned().collect::<Vec<_>>(), promised, "{context}");
    // Twice only if the fault fell between a mail and its record.
    let most = if matches!(office.plan.came(), Some("send_email" | "complete")) { 9 } else { 8 };
    assert!(mailed.values().sum::<usize>() <= most, "{mailed:?}; {context}");
    let told = office.operational("watch");
    let mut told: Vec<_> =
        told.iter().map(|event| (event["data"]["endpoint"].as_str(), event["type"].as_str())).collect();
    told.sort();
    let expected = [
        ("gone", "endpoint.disabled"),
        ("gone", "endpoint.recovered"),
        ("shop", "endpoint.disabled"),
        ("shop", "endpoint.failing"),
        ("shop", "endpoint.recovered"),
    ];
    assert_eq!(told, expected.map(|(name, kind)| (Some(name), Some(kind))), "{context}");
}

/// Plays the story with that fault; tells how many calls it took, if the fault never came.
fn play(mode: Mode, at: usize) -> Option<usize> {
    let mut calls = None;
    run(async {
        let (mut office, start) = office(Plan::new(mode, at));
        let plan = office.plan.clone();
        tokio::select! {
            biased;
            () = plan.stopped() => {}
            () = story(&office, start) => {}
        }
        let fault = plan.came();
        plan.works_again();
        office.restart();
        story(&office, start).await;
        judge(&office, &format!("{mode:?} at call {at}: {fault:?}"));
        calls = fault.is_none().then(|| plan.calls());
    });
    calls
}

fn at_every_call(mode: Mode) {
    let calls = (1..).find_map(|at| play(mode, at)).unwrap();
    assert!(calls > 150, "the story is shorter than it should be: {calls}");
}

#[test]
fn a_call_that_fails_without_effect_loses_no_mail_and_doubles_none() {
    at_every_call(Mode::FailsBefore);
}

#[test]
fn a_call_that_fails_after_its_effect_loses_no_mail_and_doubles_none() {
    at_every_call(Mode::FailsAfter);
}

#[test]
fn a_crash_before_any_call_loses_no_mail_and_doubles_none() {
    at_every_call(Mode::StopsBefore);
}

#[test]
fn a_crash_after_any_call_loses_no_mail_and_doubles_none() {
    at_every_call(Mode::StopsAfter);
}
