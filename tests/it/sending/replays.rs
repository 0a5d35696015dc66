//! Replays on their way: in order, at the endpoint's pace, stopped, cut short, and as the verbs tell of them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::again::{begin, emit, ended, path, replay, said};
use super::{delivery, endpoints, received};
use crate::harness::{Hookpost, Receiver, Reply, Setup, World, eventually, stories, within};

stories![a_replay_is_refused_with_what_to_do_instead];

/// At two a second a replay releases twenty, and then waits for ten seconds.
const PACED: &str = "rate: 2/s";
const PAGE: usize = 20;

/// With so many events held for `a`, which is back.
fn office(receiver: &Receiver, rest: &str, held: usize) -> (Hookpost, Vec<String>) {
    let office = Setup::config(&endpoints(receiver, &[("a", rest)])).sending().start();
    said(&office.verb(&["endpoints", "disable", "a"]));
    let ids: Vec<String> = (0..held).map(|_| emit(&office, "order.created")).collect();
    delivery(&office, &ids[held - 1], "a", "held");
    eventually("all held", || (held_for_a(&office) == held as u64).then_some(()));
    said(&office.verb(&["endpoints", "enable", "a"]));
    // Those of one millisecond have no other order.
    let ids = BTreeSet::from_iter(ids).into_iter().collect();
    (office, ids)
}

fn held_for_a(office: &Hookpost) -> u64 {
    office.owner("GET", "/api/v1/endpoints/a", &[], b"").json()["health"]["held"].as_u64().expect("a number")
}

/// A replay of what is held, once its first page is on its way.
fn under_way(office: &Hookpost) -> Value {
    let begun = begin(office, "a", &json!({ "of": "held" }));
    eventually("the first page", || Some(replay(office, "a", &begun)).filter(|found| found["queued"] == PAGE))
}

#[test]
fn a_replay_keeps_to_its_endpoints_rate_and_says_how_far_it_is() {
    let receiver = Receiver::start();
    let (office, mut ids) = office(&receiver, PACED, PAGE + 4);
    let waited = office.verb(&["retry", "--endpoint", "a", "--held", "--wait"]);
    let progress = String::from_utf8_lossy(&waited.stderr).into_owned();
    let told = said(&waited);
    assert!(
        told.starts_with("replay rp_")
            && told.contains(" of what is held for a is under way; hookpost replays --endpoint a shows"),
        "{told}"
    );
    assert!(told.ends_with('\n') && told.contains("  held  done  queued 24  ended 20"), "{told}");
    assert!(progress.contains("20 on their way, through 20"), "{progress}");
    let listed = said(&office.verb(&["replays", "--endpoint", "a"]));
    assert!(listed.lines().count() == 1 && listed.contains("  held  done  queued 24"), "{listed}");
    let requests = receiver.wait_for(PAGE + 4);
    let took = requests[PAGE + 3].at.duration_since(requests[0].at);
    assert!(took >= Duration::from_millis(11_000), "two a second: {took:?}");
    ids.sort();
    assert_eq!(received(&receiver)["a"], ids);
}

#[test]
fn a_replay_begins_with_the_oldest_and_one_that_is_stopped_leaves_the_rest_held() {
    let receiver = Receiver::start();
    let (office, ids) = office(&receiver, PACED, PAGE + 5);
    let running = under_way(&office);
    assert!(running["next"].is_string() && running["through"].is_string(), "{running}");
    let stopped = said(&office.verb(&["replays", "--endpoint", "a", "--stop", running["id"].as_str().expect("an id")]));
    assert!(
        stopped.contains("  held  stopped  queued 20") && stopped.contains("  why its owner stopped it"),
        "{stopped}"
    );
    receiver.wait_for(PAGE);
    assert_eq!(held_for_a(&office), 5);
    ids[PAGE..].iter().for_each(|id| drop(delivery(&office, id, "a", "held")));
    ids[..PAGE].iter().for_each(|id| drop(delivery(&office, id, "a", "delivered")));
    assert_eq!(replay(&office, "a", &running)["state"], "stopped");
    let next = begin(&office, "a", &json!({ "of": "held" }));
    assert!(next["id"] != running["id"], "one that was stopped can be begun again at once");
    assert_eq!(ended(&office, "a", &next)["queued"], 5);
    let (code, words) = super::verbs::refused(&office.verb(&["replays", "--endpoint", "a", "--stop", "rp_1"]));
    assert_eq!((code, &*words), (Some(1), "no such replay\n"));
}

#[test]
fn a_replay_goes_on_when_the_program_comes_back() {
    let receiver = Receiver::start();
    let (mut office, ids) = office(&receiver, PACED, PAGE + 5);
    let running = under_way(&office);
    office.kill_and_restart();
    let done = ended(&office, "a", &running);
    assert_eq!((&done["id"], &done["state"], &done["queued"]), (&running["id"], &json!("done"), &json!(PAGE + 5)));
    for id in &ids {
        delivery(&office, id, "a", "delivered");
    }
    assert!(receiver.received_ids().values().all(|times| *times <= 2));
}

#[test]
fn a_replay_stops_when_its_endpoint_is_disabled_and_what_is_left_stays_held() {
    let receiver = Receiver::answering(vec![Reply::status(200)], Reply::status(410));
    let (office, ids) = office(&receiver, PACED, PAGE + 5);
    let stopped = ended(&office, "a", &under_way(&office));
    let why = stopped["why"].as_str().unwrap_or_default();
    assert!(stopped["state"] == "stopped" && why.contains("disabled"), "{stopped}");
    delivery(&office, &ids[0], "a", "delivered");
    within(Duration::from_secs(20), "the rest held", || (held_for_a(&office) == PAGE as u64 + 4).then_some(()));
    assert_eq!(receiver.count(), 2, "nobody calls one that is gone");
    let waited = office.verb(&["retry", "--endpoint", "a", "--held"]);
    let words = String::from_utf8_lossy(&waited.stderr).into_owned();
    assert!(
        waited.status.code() == Some(1) && words.contains("enable it first: hookpost endpoints enable a"),
        "{words}"
    );
}

#[test]
fn the_verb_sends_exactly_one_kind_again() {
    let receiver = Receiver::start();
    let office = Setup::config(&endpoints(&receiver, &[("a", ""), ("theirs", "tenant: acme")])).sending().start();
    let id = emit(&office, "order.created");
    delivery(&office, &id, "a", "delivered");
    let wrong: [(&[&str], &str); 8] = [
        (&[], "<--held|--failed|--missing|--event <ID>>"),
        (&["--held", "--failed", "--since", "1h"], "cannot be used with"),
        (&["--failed"], "--since <TIME>"),
        (&["--missing"], "--since <TIME>"),
        (&["--since", "1h"], "<--held|--failed|--missing|--event <ID>>"),
        (&["--held", "--since", "1h"], "cannot be used with"),
        (&["--event", "x", "--since", "1h"], "cannot be used with"),
        (&["--failed", "--since", "yesterday"], "since: is not a time; write one like"),
    ];
    for (arguments, expected) in wrong {
        let output = office.verb(&[&["retry", "--endpoint", "a"], arguments].concat());
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && words.contains(expected), "{arguments:?}: {words}");
    }
    assert_eq!(said(&office.verb(&["replays", "--endpoint", "a"])), "No replays.\n");
    let told = said(&office.verb(&["retry", "--endpoint", "a", "--event", &id]));
    assert!(told.contains(&format!(" of event {id} for a is under way")), "{told}");
    receiver.wait_for(2);
    let told = said(&office.verb(&["retry", "--endpoint", "a", "--failed", "--since", "2h"]));
    assert!(told.contains(" of what was given up for a since 20"), "{told}");
    let told = said(&office.verb(&["retry", "--endpoint", "theirs", "--tenant", "acme", "--missing", "--since", "7d"]));
    assert!(
        told.contains(" of what theirs has missed since 20") && told.contains("--endpoint theirs --tenant acme shows"),
        "{told}"
    );
    let output = office.verb(&["retry", "--endpoint", "theirs", "--held"]);
    assert_eq!(super::verbs::refused(&output), (Some(1), "no such endpoint\n".into()));
    let listed = said(&office.verb(&["events", "list", "--since", "1h"]));
    assert_eq!(
        (listed.lines().count(), said(&office.verb(&["events", "list", "--until", "1h"])).as_str()),
        (1, "No events.\n")
    );
}

#[test]
fn what_was_said_of_an_endpoint_is_missing_to_nobody_who_did_not_ask_for_it() {
    let receiver = Receiver::answering(vec![Reply::status(410)], Reply::status(200));
    let office = Setup::default().sending().start();
    let applied = |events: &str| {
        let gone = json!({ "url": receiver.url("/gone"), "events": "order.*" });
        let ops = json!({ "url": receiver.url("/ops"), "operational": "endpoint.*" });
        let all = json!({ "url": receiver.url("/all"), "events": events });
        super::stopping::replace(&office, &json!({ "endpoints": { "gone": gone, "ops": ops, "all": all } }));
    };
    applied("nothing");
    let id = emit(&office, "order.created");
    delivery(&office, &id, "gone", "held");
    let said = || office.owner("GET", "/api/v1/events", &[], b"").json()["data"].as_array().map(Vec::len);
    eventually("an event about the endpoint", || (said() == Some(2)).then_some(()));
    applied("*");
    let done =
        ended(&office, "all", &begin(&office, "all", &json!({ "of": "missing", "since": "2026-01-01T00:00:00Z" })));
    assert_eq!(done["queued"], 1, "{done}");
    delivery(&office, &id, "all", "delivered");
}

fn a_replay_is_refused_with_what_to_do_instead(world: World) {
    let receiver = Receiver::start();
    let office = world.open(&endpoints(&receiver, &[("a", ""), ("off", "enabled: false"), ("theirs", "tenant: acme")]));
    let order = |endpoint: &str, order: &str| office.manage("POST", &path(endpoint), order.as_bytes());
    for (endpoint, body, status, words) in [
        ("a", "", 422, "body: is not a JSON object"),
        ("a", r#"{"of": "all"}"#, 422, "of: write held, failed, missing or one"),
        ("a", r#"{"of": "held", "limit": 1}"#, 422, "unknown field `limit`, expected one of `of`, `since`, `event`"),
        ("a", r#"{"of": "failed"}"#, 422, "since: is missing; failed needs it"),
        ("a", r#"{"of": "missing", "since": "2999-01-01T00:00:00Z"}"#, 422, "since: is in the future"),
        ("a", r#"{"of": "one", "event": "nobody"}"#, 404, "no such event"),
        ("nobody", r#"{"of": "held"}"#, 404, "no such endpoint"),
        ("theirs", r#"{"of": "held"}"#, 404, "no such endpoint"),
        ("off", r#"{"of": "held"}"#, 409, "is not enabled, by its configuration; say enabled: true there first"),
    ] {
        let answer = order(endpoint, body);
        assert!(
            answer.status == status && answer.text().contains(words),
            "{body}: {} {}",
            answer.status,
            answer.text()
        );
    }
    for (method, rest, allow) in [("PUT", "", "GET, POST"), ("POST", "/rp_1", "GET"), ("GET", "/rp_1/stop", "POST")] {
        let answer = office.manage(method, &format!("{}{rest}", path("a")), b"");
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{method} {rest}");
    }
    for (method, rest) in [("GET", "/rp_1"), ("POST", "/rp_1/stop")] {
        let answer = office.manage(method, &format!("{}{rest}", path("a")), b"");
        assert!(answer.status == 404 && answer.text().contains("no such replay"), "{}", answer.text());
    }
    assert_eq!(office.show(&path("a"))["data"], json!([]));
}
