//! Receivers of every kind, and the real program that must deliver to the others meanwhile.

mod consent;
mod fairness;
mod guarded;
mod hostile;
mod large;
mod meanwhile;
mod pooled;
mod tls;
mod tokens;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{ADMIN, Hookpost, Receiver, Request, Setup, emit, eventually};

const TOKEN: &str = "events-token-of-the-tests";

/// A program with these endpoints below `endpoints:`, which may be on loopback.
fn serving(endpoints: &str) -> Setup {
    let setup = Setup::config(&format!("endpoints:\n{endpoints}"));
    setup.with("HOOKPOST_ALLOW_LOOPBACK", "true").with("EVENTS_TOKEN", TOKEN)
}

/// One endpoint of such a list.
fn endpoint(name: &str, url: &str, more: &str) -> String {
    format!("  {name}: {{ url: \"{url}\", {more} }}\n")
}

#[track_caller]
fn emitted(hookpost: &Hookpost, id: &str, kind: &str) {
    let answer = emit(hookpost.address, TOKEN, &json!({ "id": id, "type": kind, "data": { "id": id } }));
    assert_eq!(answer.status, 202, "{}", answer.text());
}

#[track_caller]
fn asked(hookpost: &Hookpost, path: &str) -> Value {
    let answer = hookpost.send("GET", path, &[("authorization", &format!("Bearer {ADMIN}"))], b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// What history says of a delivery.
#[track_caller]
fn delivery(hookpost: &Hookpost, event: &str, endpoint: &str) -> Value {
    let found = asked(hookpost, &format!("/api/v1/deliveries?event={event}&endpoint={endpoint}"));
    found["data"][0].clone()
}

/// The same, once an attempt was made.
fn tried(hookpost: &Hookpost, event: &str, endpoint: &str) -> Value {
    eventually(&format!("an attempt for {endpoint}"), || {
        let found = delivery(hookpost, event, endpoint);
        found["attempts"].as_array().is_some_and(|all| !all.is_empty()).then_some(found)
    })
}

/// Emits so many events, one after the other, and tells how long each took from its acceptance to `well`.
fn promptness(hookpost: &Hookpost, well: &Receiver, prefix: &str, count: usize) -> Vec<Duration> {
    let mut accepted = Vec::new();
    for number in 0..count {
        let id = format!("{prefix}-{number}");
        emitted(hookpost, &id, "well.asked");
        accepted.push((id, Instant::now()));
        std::thread::sleep(Duration::from_millis(10));
    }
    let came = |request: &Request, id: &str| request.header("webhook-id") == Some(id);
    let mut took: Vec<Duration> = accepted
        .iter()
        .map(|(id, at)| {
            let found = eventually(&format!("{id} at the healthy endpoint"), || {
                well.requests().into_iter().find(|request| came(request, id))
            });
            found.at.saturating_duration_since(*at)
        })
        .collect();
    took.sort();
    took
}

/// The most memory that the program has had, in megabytes.
fn most_memory(hookpost: &Hookpost) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", hookpost.pid())).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<u64>().ok()).expect("a number") / 1024
}
