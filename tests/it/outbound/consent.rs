//! Consent: asked before anything is sent, remembered for a day, and honoured when it is withdrawn.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use shared::seam::{NoAnswer, Outgoing, Received, State};

use crate::harness::{Days, answer, play};

const URL: &str = "https://a.example/hook?own=1";

fn described(more: Value) -> Value {
    let mut endpoint = json!({ "url": URL, "consent": "events.example.com", "schedule": [0, 60, 600] });
    endpoint.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
    json!({ "e": endpoint })
}

/// What is answered to the question, as it is told.
type Told = Arc<Mutex<Vec<(&'static str, &'static str)>>>;

fn told(headers: &[(&'static str, &'static str)]) -> Told {
    Arc::new(Mutex::new(headers.to_vec()))
}

fn receiver(told: &Told) -> impl FnMut(&Outgoing) -> Result<Received, NoAnswer> + Send + 'static {
    let told = Arc::clone(told);
    move |outgoing| match outgoing.method {
        Method::OPTIONS => answer(200, &told.lock().expect("a lock")),
        _ => answer(204, &[]),
    }
}

const CONSENTS: [(&str, &str); 1] = [("webhook-allowed-origin", "events.example.com")];

fn methods(days: &Days) -> Vec<Method> {
    days.post.asked().into_iter().map(|(_, outgoing)| outgoing.method).collect()
}

#[test]
fn consent_is_asked_with_the_endpoints_own_headers_and_named_in_every_webhook() {
    play(async {
        let more = json!({ "rate": "100/m", "auth": { "bearer": "hush" }, "method": "GET" });
        let days = Days::new(described(more), receiver(&told(&CONSENTS)));
        days.emit("one", "order.created").await;
        days.deliver_due().await;
        assert_eq!(methods(&days), [Method::OPTIONS, Method::GET]);
        let asked = days.post.asked();
        let (question, webhook) = (&asked[0].1, &asked[1].1);
        assert_eq!((question.target.url().as_str(), &question.query, question.body.len()), (URL, &None, 0));
        let sent = |outgoing: &Outgoing, name: &str| {
            outgoing.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
        };
        for (name, value) in [
            ("webhook-request-origin", "events.example.com"),
            ("webhook-request-rate", "100"),
            ("authorization", "Bearer hush"),
        ] {
            assert_eq!(sent(question, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(sent(webhook, "webhook-request-origin").as_deref(), Some("events.example.com"));
        assert_eq!((sent(question, "webhook-signature"), sent(webhook, "webhook-request-rate")), (None, None));
    });
}

#[test]
fn consent_holds_for_a_day_and_nothing_is_sent_once_it_is_withdrawn() {
    play(async {
        let told = told(&CONSENTS);
        let days = Days::new(described(json!({})), receiver(&told));
        for id in ["one", "two"] {
            days.emit(id, "order.created").await;
            days.deliver_due().await;
            days.clock.on(Duration::from_secs(86_000));
        }
        assert_eq!(methods(&days), [Method::OPTIONS, Method::POST, Method::POST]);
        told.lock().expect("a lock").clear();
        days.emit("three", "order.created").await;
        days.deliver_due().await;
        let delivery = days.delivery("three", "e").await;
        let error = "consent: the endpoint answered 200 without WebHook-Allowed-Origin";
        assert_eq!((delivery.state, delivery.attempts[0].error.as_deref()), (State::Pending, Some(error)));
        assert_eq!(methods(&days)[3..], [Method::OPTIONS]);
        // A minute later it is not asked again, ten minutes later it is, and has changed its mind.
        days.clock.on(Duration::from_secs(70));
        days.deliver_due().await;
        assert_eq!((days.delivery("three", "e").await.attempts.len(), methods(&days).len()), (2, 4));
        told.lock().expect("a lock").extend(CONSENTS);
        days.clock.on(Duration::from_secs(700));
        days.deliver_due().await;
        assert_eq!(methods(&days)[4..], [Method::OPTIONS, Method::POST]);
        assert_eq!(days.delivery("three", "e").await.state, State::Delivered);
    });
}

#[test]
fn an_endpoint_that_does_not_answer_the_question_has_not_refused() {
    play(async {
        let days = Days::new(described(json!({})), |_| answer(503, &[]));
        days.emit("one", "order.created").await;
        days.deliver_due().await;
        let told = told(&CONSENTS);
        days.post.plays(receiver(&told));
        days.clock.on(Duration::from_secs(70));
        days.deliver_due().await;
        assert_eq!(methods(&days), [Method::OPTIONS, Method::OPTIONS, Method::POST]);
    });
}

#[test]
fn the_rate_that_was_allowed_is_kept_to() {
    play(async {
        let told = told(&[("webhook-allowed-origin", "*"), ("webhook-allowed-rate", "60")]);
        let days = Days::new(described(json!({ "rate": "10/s" })), receiver(&told));
        days.emit("first", "order.created").await;
        days.deliver_all().await;
        for id in ["one", "two", "three"] {
            days.emit(id, "order.created").await;
        }
        days.deliver_all().await;
        let asked = days.post.asked();
        let posted: Vec<u64> = asked.iter().filter(|(_, one)| one.method == Method::POST).map(|(at, _)| at.0).collect();
        let apart: Vec<u64> = posted[1..].windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(apart, [1_000, 1_000], "{posted:?}");
    });
}
