//! When an endpoint fails: who is told, how often, in which words, and what becomes of the endpoint.

mod crash;
mod letters;
mod office;
mod programs;
mod storms;
mod worlds;

use std::time::Duration;

use serde_json::json;
use shared::seam::{Clock, DeliveryKey, Disabled, History, State, WriteEndpointState};

use crate::harness::{answer, play};
use office::{OWNER, Office, endpoint};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

const CONTACT: &str = "dev@shop.example";

/// The endpoint `shop`, of somebody else.
fn shop() -> [(String, serde_json::Value); 1] {
    [endpoint("shop", json!({ "contact": CONTACT }))]
}

/// An event every hour, for so long.
async fn hourly(office: &Office, name: &str, span: Duration) {
    for hour in 0..span.as_secs() / 3_600 {
        office.emit(&format!("{name}-{hour}")).await;
        office.pass(HOUR).await;
    }
}

async fn state_of(office: &Office, event: &str) -> State {
    let key = DeliveryKey { tenant: "default".into(), event: event.parse().unwrap(), endpoint: "shop".into() };
    office.store().delivery(&key).await.unwrap().unwrap().state
}

#[test]
fn five_days_of_failures_are_told_as_they_begin_and_disable_the_endpoint() {
    play(async {
        let office = Office::new(shop(), |_| answer(500, &[]));
        let start = office.clock.now();
        hourly(&office, "down", 6 * DAY).await;
        let owner = ["shop has been failing for 1 hour", "shop is disabled: it only failed for 5 days"];
        assert_eq!(office.inbox.subjects(OWNER), owner);
        let host = "shop.example.com";
        let contact = [
            format!("Webhooks to {host} have been failing for 1 hour"),
            format!("Webhooks to {host} are stopped: it only failed for 5 days"),
        ];
        assert_eq!(office.inbox.subjects(CONTACT), contact);
        assert!(office.inbox.mails().iter().all(|(_, email)| email.to.len() == 1), "never both in one mail");
        let disabled = office.state("shop").await.disabled.unwrap();
        let after = disabled.since.since(start);
        assert!((5 * DAY..5 * DAY + 2 * HOUR).contains(&after), "{after:?}");
        // What was under way, and what came since, is held and not given up.
        assert_eq!(state_of(&office, "down-0").await, State::GivenUp);
        assert_eq!(state_of(&office, "down-119").await, State::Held);
        assert_eq!(state_of(&office, "down-143").await, State::Held);
        let asked = office.post.asked().len();
        hourly(&office, "held", DAY).await;
        assert_eq!(office.post.asked().len(), asked, "nothing is sent to it");

        office.enable("shop").await;
        office.post.plays(|_| answer(200, &[]));
        hourly(&office, "up", 3 * DAY).await;
        assert_eq!(office.inbox.subjects(OWNER)[2..], ["shop works again"]);
        assert_eq!(office.inbox.subjects(CONTACT)[2..], [format!("Webhooks to {host} arrive again")]);
        assert_eq!(state_of(&office, "up-0").await, State::Delivered);
        assert_eq!(state_of(&office, "down-143").await, State::Held, "nothing is replayed by itself");
    });
}

#[test]
fn an_endpoint_that_fails_now_and_then_is_not_spoken_of() {
    play(async {
        let mut asked = 0;
        let office = Office::new(shop(), move |_| {
            asked += 1;
            answer(if asked % 3 == 0 { 200 } else { 503 }, &[])
        });
        for at in 0..14 * 24 * 2 {
            office.emit(&format!("event-{at}")).await;
            office.pass(30 * MINUTE).await;
        }
        assert_eq!(office.inbox.mails(), []);
        assert_eq!(office.state("shop").await.disabled, None);
    });
}

#[test]
fn flapping_for_a_day_makes_no_storm() {
    play(async {
        let described = [endpoint("shop", json!({ "contact": CONTACT, "schedule": [0, "1m", "5m"] }))];
        let office = Office::new(described, |_| answer(200, &[]));
        for at in 0..24 * 60 / 5 {
            let down = at / 4 % 2 == 0;
            office.post.plays(move |_| answer(if down { 500 } else { 200 }, &[]));
            office.emit(&format!("event-{at}")).await;
            office.pass(5 * MINUTE).await;
        }
        assert_eq!(office.inbox.mails(), [], "20 minutes down, 20 minutes up");
    });
}

#[test]
fn a_restart_forgives_nothing() {
    play(async {
        let mut office = Office::new(shop(), |_| answer(500, &[]));
        for part in 0..60 {
            hourly(&office, &format!("part-{part}"), 2 * HOUR).await;
            office.restart();
        }
        assert_eq!(office.inbox.subjects(OWNER), ["shop has been failing for 1 hour"]);
        hourly(&office, "last", 2 * HOUR).await;
        assert_eq!(office.inbox.subjects(OWNER)[1..], ["shop is disabled: it only failed for 5 days"]);
        office.restart();
        assert!(office.state("shop").await.disabled.unwrap().told);
        office.emit("after").await;
        office.pass(HOUR).await;
        assert_eq!(state_of(&office, "after").await, State::Held);
        assert_eq!(office.inbox.subjects(OWNER).len(), 2);
    });
}

#[test]
fn one_success_begins_the_five_days_anew() {
    play(async {
        let office = Office::new(shop(), |_| answer(500, &[]));
        hourly(&office, "first", 4 * DAY).await;
        office.post.plays(|_| answer(200, &[]));
        hourly(&office, "between", HOUR).await;
        office.post.plays(|_| answer(500, &[]));
        hourly(&office, "second", 4 * DAY).await;
        let failing = "shop has been failing for 1 hour";
        assert_eq!(office.inbox.subjects(OWNER), [failing, "shop works again", failing]);
        assert_eq!(office.state("shop").await.disabled, None);
        hourly(&office, "third", 2 * DAY).await;
        assert!(office.state("shop").await.disabled.is_some());
    });
}

#[test]
fn an_endpoint_that_is_gone_is_told_at_once_and_once() {
    play(async {
        let office = Office::new(shop(), |_| answer(410, &[]));
        for at in 0..5 {
            office.emit(&format!("event-{at}")).await;
        }
        office.pass(DAY).await;
        assert_eq!(office.post.asked().len(), 1);
        assert_eq!(office.inbox.subjects(OWNER), ["shop is disabled: the endpoint is gone (status 410)"]);
        assert_eq!(office.inbox.subjects(CONTACT).len(), 1);
        office.post.plays(|_| answer(200, &[]));
        office.enable("shop").await;
        hourly(&office, "again", 2 * HOUR).await;
        assert_eq!(office.inbox.subjects(OWNER)[1..], ["shop works again"]);
    });
}

#[test]
fn what_the_owner_disables_is_told_to_nobody() {
    play(async {
        let office = Office::new(shop(), |_| answer(200, &[]));
        let disabled = Disabled { since: office.clock.now(), reason: "disabled by its owner".into(), told: true };
        office.store().disable_endpoint("default", "shop", &disabled).await.unwrap();
        hourly(&office, "held", 3 * HOUR).await;
        office.enable("shop").await;
        hourly(&office, "sent", 3 * HOUR).await;
        assert_eq!((office.inbox.mails(), office.post.asked().len()), (vec![], 3));
    });
}

#[test]
fn an_endpoint_that_wants_no_more_of_a_message_is_well() {
    play(async {
        let office = Office::new(shop(), |_| answer(400, &[("webhook-delivery", "abort-message")]));
        hourly(&office, "event", 6 * DAY).await;
        assert_eq!((office.inbox.mails(), office.state("shop").await.failing), (vec![], None));
    });
}

#[test]
fn an_owner_who_is_the_contact_too_has_one_mail() {
    play(async {
        let office =
            Office::new([endpoint("shop", json!({ "contact": "Me <Owner@example.com>" }))], |_| answer(410, &[]));
        office.emit("one").await;
        office.pass(HOUR).await;
        assert_eq!(office.inbox.mails().len(), 1);
        assert_eq!(office.inbox.subjects(OWNER).len(), 1);
    });
}
