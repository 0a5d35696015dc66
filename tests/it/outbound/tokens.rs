//! Access tokens: what goes wrong with them is an attempt's error, and nothing of them is kept.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::json;
use shared::seam::{NoAnswer, Outgoing, Received, State};

use super::{delivery, emitted, serving, tried};
use crate::harness::{Behaviour, Days, Receiver, Reply, play};

fn described() -> serde_json::Value {
    let oauth2 = json!({ "token_url": "https://id.example/token", "client_id": "us", "client_secret": "hush-secret" });
    json!({ "e": { "url": "https://a.example/", "auth": { "oauth2": oauth2 }, "schedule": [0, 60] } })
}

fn said(status: u16, body: String) -> Result<Received, NoAnswer> {
    Ok(Received { status, headers: HeaderMap::new(), body: Bytes::from(body) })
}

/// Hands out tokens by number; the endpoint takes that one and says what it was shown.
fn taking(number: u32) -> impl FnMut(&Outgoing) -> Result<Received, NoAnswer> + Send {
    let mut handed_out = 0;
    move |outgoing| {
        if outgoing.target.url().host_str() == Some("id.example") {
            handed_out += 1;
            let token = format!("token-number-{handed_out}");
            return said(200, json!({ "access_token": token, "token_type": "Bearer" }).to_string());
        }
        let shown = outgoing.headers["authorization"].to_str().expect("a text");
        let status = if shown == format!("Bearer token-number-{number}") { 200 } else { 401 };
        said(status, format!("you showed {shown}, and your secret is hush-secret"))
    }
}

#[test]
fn a_token_that_is_refused_is_replaced_once_in_the_same_attempt() {
    play(async {
        let days = Days::new(described(), taking(2));
        days.emit("one", "order.created").await;
        days.deliver_due().await;
        let delivery = days.delivery("one", "e").await;
        assert_eq!((delivery.state, delivery.attempts.len()), (State::Delivered, 1));
        assert_eq!(days.post.asked().len(), 4, "token, webhook, token, webhook");
        days.emit("two", "order.created").await;
        days.deliver_due().await;
        assert_eq!(days.post.asked().len(), 5, "the token is good");
    });
}

#[test]
fn a_second_refusal_is_a_failed_attempt_and_nothing_secret_is_kept_of_it() {
    play(async {
        let days = Days::new(described(), taking(9));
        days.emit("one", "order.created").await;
        days.deliver_due().await;
        let delivery = days.delivery("one", "e").await;
        let attempt = &delivery.attempts[0];
        assert_eq!((delivery.state, attempt.status, days.post.asked().len()), (State::Pending, Some(401), 4));
        assert_eq!(attempt.response.as_deref(), Some("you showed Bearer [secret], and your secret is [secret]"));
    });
}

#[test]
fn a_token_endpoint_that_hangs_or_redirects_fails_the_attempt_in_time_and_the_endpoint_is_not_asked() {
    let (well, hanging) = (Receiver::start(), Receiver::hostile(Behaviour::AcceptsAndSaysNothing));
    let elsewhere = Receiver::start();
    let redirecting = Receiver::answering(Vec::new(), Reply::status(307).header("location", &elsewhere.url("/token")));
    let large = Receiver::answering(Vec::new(), Reply::status(200).body(vec![b' '; 200_000]));
    let one = |name: &str, server: &Receiver| {
        let (url, token_url) = (well.url("/"), server.url("/token"));
        let oauth2 = format!("{{ token_url: '{token_url}', client_id: us, client_secret: hush-hush }}");
        format!("  {name}: {{ url: '{url}', timeout: 1s, schedule: [0], auth: {{ oauth2: {oauth2} }} }}\n")
    };
    let all = [one("hanging", &hanging), one("redirecting", &redirecting), one("large", &large)].concat();
    let hookpost = serving(&all).start();
    emitted(&hookpost, "one", "order.created");
    let errors = [
        ("hanging", "oauth2: timeout: no "),
        ("redirecting", "oauth2: the token endpoint answered 307; redirects are not followed"),
        ("large", "oauth2: the token endpoint answered 200 without an access token"),
    ];
    for (name, words) in errors {
        let found = tried(&hookpost, "one", name);
        let attempt = &found["attempts"][0];
        assert!(attempt["error"].as_str().is_some_and(|error| error.starts_with(words)), "{found}");
        assert!(attempt["took"].as_u64().is_some_and(|took| took < 3_000), "{found}");
        assert_eq!(delivery(&hookpost, "one", name)["state"], "given_up");
    }
    assert_eq!((well.count(), elsewhere.count()), (0, 0));
    assert!(!hookpost.log().contains("hush-hush"));
}
