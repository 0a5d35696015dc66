//! Events about endpoints: who gets them, what they say, and that none causes another.

use serde_json::{Value, json};
use shared::seam::{Clock, History, Range};

use super::office::{OWNER, Office, endpoint};
use super::{DAY, HOUR, MINUTE, hourly};
use crate::harness::{answer, play};

fn types(told: &[Value]) -> Vec<&str> {
    told.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[test]
fn a_program_that_asks_for_them_gets_what_happens_to_endpoints() {
    play(async {
        let described = [
            endpoint("shop", json!({})),
            endpoint("all", json!({ "operational": "*" })),
            endpoint("some", json!({ "operational": ["endpoint.disabled", "endpoint.recovered"] })),
            endpoint("ordinary", json!({ "events": ["endpoint.*", "order.*"] })),
        ];
        let office =
            Office::new(described, |outgoing| answer(if outgoing.endpoint == "shop" { 500 } else { 200 }, &[]));
        hourly(&office, "down", 5 * DAY + 3 * HOUR).await;
        office.enable("shop").await;
        office.post.plays(|_| answer(200, &[]));
        hourly(&office, "up", 3 * HOUR).await;
        let all = office.operational("all");
        let exhausted = |kind: &&&str| **kind == "message.attempt.exhausted";
        let kinds = types(&all);
        assert!(kinds.iter().filter(exhausted).count() > 100, "each delivery that was given up");
        let about: Vec<&str> = kinds.iter().filter(|kind| !exhausted(kind)).copied().collect();
        assert_eq!(about, ["endpoint.failing", "endpoint.disabled", "endpoint.recovered"]);
        assert_eq!(types(&office.operational("some")), ["endpoint.disabled", "endpoint.recovered"]);
        let ordinary = office.operational("ordinary");
        assert!(types(&ordinary).iter().all(|kind| *kind == "order.created"), "{ordinary:?}");

        let find = |kind: &str| all.iter().find(|event| event["type"] == kind).unwrap()["data"].clone();
        let failing = find("endpoint.failing");
        assert_eq!((&failing["endpoint"], &failing["tenant"]), (&json!("shop"), &json!("default")));
        assert_eq!(failing["url"], "https://shop.example.com/hook");
        assert_eq!(
            (&failing["since"], &failing["answers"][0]["status"]),
            (&json!("2023-11-14T22:13:20Z"), &json!(500))
        );
        assert_eq!(find("endpoint.disabled")["reason"], "it only failed for 5 days");
        let exhausted = find("message.attempt.exhausted");
        assert_eq!((&exhausted["event"], &exhausted["attempts"]), (&json!("down-0"), &json!(3)));
        assert_eq!(exhausted["type"], "order.created");
    });
}

#[test]
fn they_reach_the_endpoints_tenant_and_the_owners() {
    play(async {
        let described = [
            endpoint("shop", json!({ "tenant": "acme" })),
            endpoint("theirs", json!({ "tenant": "acme", "operational": "endpoint.*" })),
            endpoint("ours", json!({ "operational": "endpoint.*" })),
            endpoint("others", json!({ "tenant": "other", "operational": "endpoint.*" })),
        ];
        let office =
            Office::new(described, |outgoing| answer(if outgoing.endpoint == "shop" { 410 } else { 200 }, &[]));
        office.emit_for("acme", "one").await;
        office.pass(HOUR).await;
        for watcher in ["theirs", "ours"] {
            let told = office.operational(watcher);
            assert_eq!(types(&told), ["endpoint.disabled"], "{watcher}");
            assert_eq!(told[0]["data"]["tenant"], "acme");
        }
        assert_eq!(office.operational("others"), Vec::<Value>::new());
        let text = &office.inbox.mails()[0].1.text;
        assert!(text.contains("hookpost endpoints enable shop --tenant acme\n"), "{text}");
    });
}

#[test]
fn endpoints_that_take_them_and_fail_cause_none() {
    play(async {
        let described = [
            endpoint("shop", json!({ "schedule": [0, "1h"] })),
            endpoint("left", json!({ "operational": "*" })),
            endpoint("right", json!({ "operational": "*" })),
        ];
        let office = Office::new(described, |_| answer(500, &[]));
        for at in 0..24 * 2 {
            office.emit(&format!("event-{at}")).await;
            office.pass(3 * HOUR).await;
        }
        office.pass(10 * DAY).await;
        assert!(office.store().next_turn().is_none(), "nothing goes on for ever");
        let range = Range { since: Default::default(), until: office.clock.now(), most: 1_000, after: None };
        let events = office.store().events("default", &range).await.unwrap().items;
        let (told, emitted): (Vec<_>, Vec<_>) = events.into_iter().partition(|event| event.id.is_operational());
        let given_up = told.iter().filter(|event| event.kind.as_str() == "message.attempt.exhausted").count();
        assert!(given_up <= emitted.len(), "{given_up}");
        let about = told.len() - given_up;
        assert_eq!((emitted.len(), about), (48, 2), "failing and disabled, of the shop alone");
        // Their own trouble is mailed all the same.
        let subjects = office.inbox.subjects(OWNER);
        for name in ["shop", "left", "right"] {
            let of = |subject: &&String| subject.starts_with(&format!("{name} "));
            assert_eq!(subjects.iter().filter(of).count(), 2, "{name}: {subjects:?}");
        }
    });
}

#[test]
fn nothing_is_kept_where_nobody_asked() {
    play(async {
        let office = Office::new([endpoint("shop", json!({ "schedule": [0] }))], |_| answer(500, &[]));
        office.emit("one").await;
        office.pass(2 * MINUTE).await;
        let range = Range { since: Default::default(), until: office.clock.now(), most: 10, after: None };
        assert_eq!(office.store().events("default", &range).await.unwrap().items.len(), 1);
    });
}
