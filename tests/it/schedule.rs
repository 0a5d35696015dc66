//! Days in a moment: the whole schedule, what receivers ask for, endpoints that are slowed or switched off.

use std::time::Duration;

use serde_json::json;
use shared::seam::{Clock, History, NoAnswer, State, Trouble};
use shared::timestamp::Timestamp;

use crate::harness::{Days, answer, play};

const HOUR: u64 = 3_600;

/// The example of Standard Webhooks, in seconds.
const PUBLISHED: [u64; 10] = [0, 5, 300, 1_800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

fn url() -> &'static str {
    "https://example.com/hook"
}

/// The waits between what was asked, in seconds.
fn waits(start: Timestamp, asked: &[Timestamp]) -> Vec<f64> {
    let before = std::iter::once(&start).chain(asked);
    before.zip(asked).map(|(before, at)| at.since(*before).as_secs_f64()).collect()
}

#[test]
fn a_delivery_that_only_fails_is_tried_as_published_and_then_given_up() {
    play(async {
        let days = Days::new(json!({ "a": { "url": url() } }), |_| answer(500, &[]));
        let start = days.emit("one", "order.created").await.received;
        days.deliver_all().await;
        let asked: Vec<Timestamp> = days.post.asked().into_iter().map(|(at, _)| at).collect();
        let waited = waits(start, &asked);
        assert_eq!(waited.len(), PUBLISHED.len(), "{waited:?}");
        for (waited, published) in waited.into_iter().zip(PUBLISHED) {
            let published = published as f64;
            assert!((published..=published * 1.1 + 0.01).contains(&waited), "{waited} is not {published}");
        }
        let whole = asked.last().unwrap().since(start).as_secs();
        assert!((272_105..=299_400).contains(&whole), "75 hours and some: {whole}");
        let delivery = days.delivery("one", "a").await;
        assert_eq!((delivery.state, delivery.attempts.len(), delivery.next), (State::GivenUp, 10, None));
        assert!(delivery.attempts.iter().all(|attempt| attempt.status == Some(500)));
    });
}

#[test]
fn an_endpoint_may_have_a_schedule_of_its_own() {
    play(async {
        let described = json!({ "a": { "url": url(), "schedule": [1, "1m", "1h"] } });
        let days = Days::new(described, |_| Err(NoAnswer { kind: Trouble::Timeout, words: "none".into() }));
        let start = days.emit("one", "order.created").await.received;
        days.deliver_all().await;
        let asked: Vec<Timestamp> = days.post.asked().into_iter().map(|(at, _)| at).collect();
        let whole: Vec<u64> = waits(start, &asked).into_iter().map(|wait| (wait / 1.1).ceil() as u64).collect();
        assert_eq!(whole.len(), 3, "{whole:?}");
        assert_eq!(days.delivery("one", "a").await.attempts[0].error.as_deref(), Some("timeout: none"));
    });
}

#[test]
fn every_attempt_has_the_same_id_and_its_own_time_and_signature() {
    play(async {
        let days = Days::new(json!({ "a": { "url": url() } }), |_| answer(500, &[]));
        days.emit("one", "order.created").await;
        days.deliver_all().await;
        let asked = days.post.asked();
        let header = |at: usize, name: &str| asked[at].1.headers[name].to_str().unwrap().to_owned();
        for at in 0..asked.len() {
            assert_eq!(header(at, "webhook-id"), "one");
            assert_eq!(header(at, "webhook-timestamp"), asked[at].0.seconds().to_string());
            assert_eq!(asked[at].1.body, asked[0].1.body, "the bytes are the same");
        }
        let mut signatures: Vec<String> = (0..asked.len()).map(|at| header(at, "webhook-signature")).collect();
        signatures.dedup();
        assert_eq!(signatures.len(), asked.len());
    });
}

#[test]
fn retry_after_is_a_floor_in_seconds_and_as_a_date_and_capped_at_a_day() {
    let asked =
        [("120", 120.0), ("Tue, 14 Nov 2023 22:23:20 GMT", 600.0), ("99999999", 86_400.0), ("1", 5.0), ("soon", 5.0)];
    for status in [429, 502, 503, 504] {
        for (said, floor) in asked {
            play(async {
                let days =
                    Days::new(json!({ "a": { "url": url() } }), move |_| answer(status, &[("retry-after", said)]));
                let start = days.emit("one", "order.created").await.received;
                days.deliver_due().await;
                days.post.plays(|_| answer(200, &[]));
                days.deliver_all().await;
                let second = days.post.asked()[1].0.since(start).as_secs_f64();
                // Those that waited for an endpoint come back within a second.
                assert!((floor..=floor * 1.1 + 1.01).contains(&second), "{status} {said}: {second}");
            });
        }
    }
}

#[test]
fn retry_after_counts_only_where_it_slows_the_endpoint() {
    play(async {
        let days = Days::new(json!({ "a": { "url": url() } }), |_| answer(500, &[("retry-after", "3600")]));
        let start = days.emit("one", "order.created").await.received;
        days.deliver_due().await;
        let due = days.delivery("one", "a").await.next.unwrap().1;
        assert!(due.since(start) < Duration::from_secs(6), "{due}");
    });
}

#[test]
fn a_slowed_endpoint_is_left_alone_and_no_other_waits_for_it() {
    play(async {
        let described = json!({ "slow": { "url": url() }, "well": { "url": "https://well.example.com/" } });
        let days = Days::new(described, |outgoing| match &*outgoing.endpoint {
            "slow" => answer(429, &[("retry-after", "600")]),
            _ => answer(200, &[]),
        });
        let start = days.emit("one", "order.created").await.received;
        days.deliver_due().await;
        for at in 0..20 {
            days.clock.on(Duration::from_secs(1));
            days.emit(&format!("more-{at}"), "order.created").await;
            days.deliver_due().await;
        }
        let count = |endpoint: &str| days.post.asked().iter().filter(|(_, out)| out.endpoint == endpoint).count();
        assert_eq!((count("slow"), count("well")), (1, 21));
        days.post.plays(|_| answer(200, &[]));
        days.deliver_all().await;
        assert_eq!((count("slow"), count("well")), (22, 21));
        let again = days.post.asked().into_iter().filter(|(_, out)| out.endpoint == "slow").nth(1).unwrap().0;
        assert!(again.since(start) >= Duration::from_secs(600));
        let delivery = days.delivery("more-3", "slow").await;
        assert_eq!((delivery.state, delivery.attempts.len()), (State::Delivered, 1), "no attempt was spent on waiting");
    });
}

#[test]
fn a_receiver_that_is_gone_is_asked_no_more_and_what_is_for_it_is_held() {
    for (status, order) in [(410, ""), (200, "disable"), (500, "disable")] {
        play(async {
            let days =
                Days::new(json!({ "a": { "url": url() } }), move |_| answer(status, &[("webhook-delivery", order)]));
            days.emit("one", "order.created").await;
            days.deliver_all().await;
            days.emit("two", "order.created").await;
            days.deliver_all().await;
            assert_eq!(days.post.asked().len(), 1, "{status} {order}");
            let first = if status == 200 { State::Delivered } else { State::Held };
            assert_eq!(days.delivery("one", "a").await.state, first, "{status} {order}");
            assert_eq!(days.delivery("two", "a").await.state, State::Held, "{status} {order}");
        });
    }
}

#[test]
fn a_receiver_may_decline_one_message() {
    play(async {
        let days =
            Days::new(json!({ "a": { "url": url() } }), |_| answer(400, &[("webhook-delivery", "abort-message")]));
        days.emit("one", "order.created").await;
        days.deliver_all().await;
        days.emit("two", "order.created").await;
        days.deliver_all().await;
        assert_eq!(days.post.asked().len(), 2);
        assert_eq!(days.delivery("one", "a").await.state, State::GivenUp);
    });
}

#[test]
fn a_rate_spreads_deliveries_evenly_and_spends_no_attempt() {
    play(async {
        let days = Days::new(json!({ "a": { "url": url(), "rate": "2/s" } }), |_| answer(200, &[]));
        for at in 0..20 {
            days.emit(&format!("event-{at}"), "order.created").await;
        }
        days.deliver_all().await;
        let asked: Vec<Timestamp> = days.post.asked().into_iter().map(|(at, _)| at).collect();
        assert_eq!(asked.len(), 20);
        assert!(asked.windows(2).all(|pair| pair[1].since(pair[0]) >= Duration::from_millis(499)), "{asked:?}");
        assert!(asked[19].since(asked[0]) <= Duration::from_millis(10_000));
        assert_eq!(days.delivery("event-19", "a").await.attempts.len(), 1);
    });
}

#[test]
fn history_is_forgotten_after_a_month_but_not_what_is_still_on_its_way() {
    play(async {
        let days = Days::new(json!({ "a": { "url": url() } }), |_| answer(200, &[]));
        let day = Duration::from_secs(86_400);
        days.emit("old", "order.created").await;
        days.deliver_all().await;
        days.emit("waiting", "order.created").await;
        days.clock.on(day * 29);
        days.emit("new", "order.created").await;
        days.store.sweep(days.clock.now()).await.unwrap();
        days.delivery("old", "a").await;
        days.clock.on(day * 2);
        days.store.sweep(days.clock.now()).await.unwrap();
        let gone = days.store.deliveries_of("default", &"old".parse().unwrap()).await.unwrap();
        assert!(gone.is_none());
        for id in ["waiting", "new"] {
            assert_eq!(days.delivery(id, "a").await.state, State::Pending, "{id}");
        }
    });
}

#[test]
fn what_waited_for_an_endpoint_to_rest_comes_back_within_its_rate() {
    play(async {
        let mut asked = 0;
        let days = Days::new(json!({ "a": { "url": url(), "rate": "2/s" } }), move |_| {
            asked += 1;
            if asked == 2 { answer(429, &[("retry-after", "60")]) } else { answer(200, &[]) }
        });
        for at in 0..20 {
            days.emit(&format!("event-{at}"), "order.created").await;
        }
        days.deliver_all().await;
        let asked: Vec<Timestamp> = days.post.asked().into_iter().map(|(at, _)| at).collect();
        assert_eq!(asked.len(), 21);
        assert!(asked[2].since(asked[1]) >= Duration::from_secs(60), "{asked:?}");
        assert!(asked[2..].windows(2).all(|pair| pair[1].since(pair[0]) >= Duration::from_millis(499)), "{asked:?}");
    });
}

#[test]
fn an_endpoint_that_left_the_configuration_has_its_deliveries_cancelled() {
    play(async {
        let days = Days::new(json!({ "a": { "url": url() } }), |_| answer(500, &[]));
        days.emit("one", "order.created").await;
        days.deliver_due().await;
        days.endpoints.replace(Vec::new(), shared::local::Broken::default());
        days.deliver_all().await;
        assert_eq!(days.post.asked().len(), 1);
        assert_eq!(days.delivery("one", "a").await.state, State::Cancelled);
    });
}
