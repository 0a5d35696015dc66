//! Receivers that mean no good: each is judged rightly, in bounded time and memory, and nobody else waits.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{emitted, endpoint, most_memory, promptness, serving, tried};
use crate::harness::{Behaviour, Receiver};

/// What history must say of the attempt: the state, the status and how the error begins.
type Verdict = (&'static str, Option<u64>, Option<&'static str>);

const ARRIVED: Verdict = ("delivered", Some(200), None);

fn refused(status: u64) -> Verdict {
    ("given_up", Some(status), None)
}

fn redirected(status: u64) -> Verdict {
    ("given_up", Some(status), Some("redirects are not followed"))
}

fn unanswered(words: &'static str) -> Verdict {
    ("given_up", None, Some(words))
}

fn cases() -> Vec<(&'static str, Behaviour, Verdict)> {
    let to = |url: &str| Behaviour::Redirects { status: 302, to: url.into() };
    let late = unanswered("timeout: no answer within 1s");
    let not_http = unanswered("broken: the answer is not HTTP");
    let too_large = unanswered("broken: the head of the answer is too large");
    let closed = unanswered("broken: the connection was closed without an answer");
    vec![
        ("silent", Behaviour::AcceptsAndSaysNothing, late),
        ("crowded", Behaviour::SlowToAccept, late),
        ("drips-head", Behaviour::DripsHead, late),
        ("drips-body", Behaviour::DripsBody, ARRIVED),
        ("gigabyte", Behaviour::Gigabyte, ARRIVED),
        ("endless-headers", Behaviour::EndlessHeaders, too_large),
        ("endless-line", Behaviour::EndlessHeaderLine, too_large),
        ("resets", Behaviour::Resets, unanswered("broken: connection reset")),
        ("inside", to("http://169.254.169.254/latest/meta-data/"), redirected(302)),
        ("closes-after", Behaviour::ClosesAfterAnswer, ("delivered", Some(204), None)),
        ("stutters", Behaviour::TwoHundredThenFiveHundred, ARRIVED),
        ("garbage", Behaviour::Garbage, not_http),
        ("garbage-tls", Behaviour::GarbageTls, unanswered("tls: ")),
        ("truncated", Behaviour::TruncatedBody, ARRIVED),
        ("chunks", Behaviour::ChunkedForever, ARRIVED),
        ("wrong-chunks", Behaviour::WrongChunks, ARRIVED),
        ("continues", Behaviour::OneHundredContinues, late),
        ("switches", Behaviour::SwitchingProtocols, refused(101)),
        ("http09", Behaviour::Http09, not_http),
        ("huge-line", Behaviour::HugeStatusLine, too_large),
        ("nul", Behaviour::NulInHeaders, not_http),
        ("latin", Behaviour::NonAsciiHeaders, ARRIVED),
        ("two-lengths", Behaviour::DuplicateContentLength, not_http),
        ("says-nothing", Behaviour::Says(Vec::new()), closed),
    ]
}

fn is(found: &Value, (state, status, error): Verdict) -> bool {
    let attempt = &found["attempts"][0];
    let words = attempt["error"].as_str();
    found["state"] == state
        && attempt["status"].as_u64() == status
        && match error {
            Some(begins) => words.is_some_and(|words| words.starts_with(begins)),
            None => words.is_none(),
        }
}

#[test]
fn each_is_judged_rightly_in_bounded_time_and_memory_while_others_are_served() {
    let cases = cases();
    let receivers: Vec<Receiver> = cases.iter().map(|(_, behaviour, _)| Receiver::hostile(behaviour.clone())).collect();
    let (well, inside) = (Receiver::start(), Receiver::start());
    let mut endpoints = endpoint("well", &well.url("/"), "");
    let rules = "timeout: 1s, schedule: [0], events: hostile.asked";
    for ((name, _, _), receiver) in cases.iter().zip(&receivers) {
        endpoints += &endpoint(name, &receiver.url("/hook"), rules);
    }
    // It may be noticed before the request or after it.
    let rude = Receiver::hostile(Behaviour::ResetsAtOnce);
    endpoints += &endpoint("rude", &rude.url("/"), rules);
    let led = Receiver::hostile(Behaviour::Redirects { status: 307, to: inside.url("/") });
    endpoints += &endpoint("led", &led.url("/"), rules);
    let hookpost = serving(&endpoints).start();
    let began = Instant::now();
    emitted(&hookpost, "one", "hostile.asked");
    emitted(&hookpost, "two", "hostile.asked");
    let took = promptness(&hookpost, &well, "meanwhile", 100);
    assert!(took[98] < Duration::from_secs(1), "others waited: {took:?}");
    let mut wrong = Vec::new();
    for event in ["one", "two"] {
        for (name, _, verdict) in &cases {
            let found = tried(&hookpost, event, name);
            if !is(&found, *verdict) {
                wrong.push(format!("{name} {}: {}", found["state"], found["attempts"]));
            }
            let took = found["attempts"][0]["took"].as_u64().unwrap();
            assert!(took < 2_500, "{name} took {took} ms");
        }
        assert!(is(&tried(&hookpost, event, "led"), redirected(307)));
        let error = tried(&hookpost, event, "rude")["attempts"][0]["error"].to_string();
        assert!(error.contains("connection reset"), "{error}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let (whole, memory) = (began.elapsed(), most_memory(&hookpost));
    let sent: u64 = receivers.iter().map(Receiver::sent).max().unwrap();
    println!("{whole:?}, the healthy one waited {:?} at most, {memory} MB, {} kB sent", took[99], sent >> 10);
    assert_eq!(inside.count(), 0, "a redirect was followed");
    assert!(memory < 100, "{memory} MB");
    for ((name, behaviour, _), receiver) in cases.iter().zip(&receivers) {
        let most = if matches!(behaviour, Behaviour::OneHundredContinues) { u64::MAX } else { 16 << 20 };
        assert!(receiver.sent() < most, "{name} was read for {} bytes", receiver.sent());
    }
}

#[test]
fn whoever_asks_for_years_of_rest_gets_a_day() {
    let receiver = Receiver::hostile(Behaviour::RetryAfter { status: 503, text: "99999999".into() });
    let hookpost = serving(&endpoint("tired", &receiver.url("/"), "schedule: [0, 1]")).start();
    emitted(&hookpost, "one", "order.created");
    let found = tried(&hookpost, "one", "tired");
    let at = |text: &Value| shared::timestamp::Timestamp::read(text.as_str().unwrap()).unwrap();
    let wait = at(&found["next"]["due"]).since(at(&found["attempts"][0]["at"])).as_secs();
    assert!((86_390..=86_410).contains(&wait), "{wait}");
    emitted(&hookpost, "two", "order.created");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(receiver.count(), 1, "it is left alone");
}
