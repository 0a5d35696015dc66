//! The verbs that send, receive and look: what they print, and what they say of a mistake.

mod receiving;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::endpoints;
use crate::harness::{ADMIN, EVENTS, Hookpost, PostOffice, Receiver, Reply, Setup, eventually, hookpost};

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The exit code, and the words after `hookpost: `.
pub(super) fn refused(output: &Output) -> (Option<i32>, String) {
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.stdout.is_empty(), "{output:?}");
    (output.status.code(), words.strip_prefix("hookpost: ").unwrap_or(&words).to_owned())
}

/// With a raw endpoint for everything, and one that fails for `order.*`.
fn office(receiver: &Receiver) -> Hookpost {
    receiver.decide(|request| Reply::status(if request.path() == "/bad" { 500 } else { 200 }));
    let all = [("raw", "format: raw"), ("bad", "events: 'order.*', schedule: [0]")];
    Setup::config(&endpoints(receiver, &all)).sending().start()
}

#[test]
fn an_event_is_sent_from_the_command_line() {
    let receiver = Receiver::start();
    let office = office(&receiver);
    let data = r#"{ "total": 19.990, "big": 12345678901234567890123 }"#;
    let sent = said(&office.verb(&["send", "invoice.paid", "--data", data, "--id", "in-1"]));
    assert_eq!(sent, "in-1  for 1 endpoint\n");
    assert_eq!(receiver.wait_for(1)[0].text(), data);

    std::fs::write(office.folder().join("data.json"), "{\"from\": \"a file\"}\n").expect("a file");
    let sent = said(&office.verb(&["send", "order.created", "--data", "@data.json"]));
    assert!(sent.starts_with("msg_") && sent.ends_with("  for 2 endpoints\n"), "{sent}");
    let id = sent.split(' ').next().expect("an id").to_owned();
    let raw = |id: &str| {
        let all = receiver.requests().into_iter();
        let mut all = all.filter(|one| one.path() == "/raw" && one.header("webhook-id") == Some(id));
        eventually("a request", || all.next()).text()
    };
    receiver.wait_for(3);
    assert_eq!(raw(&id), "{\"from\": \"a file\"}");

    let mut command = Command::new(hookpost());
    let url = format!("http://{}", office.address);
    command
        .env_clear()
        .env("HOOKPOST_URL", url)
        .env("EVENTS_TOKEN", EVENTS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let arguments = [
        "--id",
        "in-2",
        "--channel",
        "eu",
        "--channel",
        "uk",
        "--timestamp",
        "2026-11-22T10:00:00Z",
        "--tenant",
        "acme",
    ];
    let mut child = command.args(["send", "a.b", "--data", "-"]).args(arguments).spawn().expect("hookpost starts");
    child.stdin.take().expect("a pipe").write_all(b"[1, 2]").expect("a reader");
    assert_eq!(said(&child.wait_with_output().expect("an end")), "in-2  for 0 endpoints\n");
    let shown: Value =
        serde_json::from_str(&said(&office.verb(&["events", "show", "in-2", "--tenant", "acme"]))).expect("JSON");
    assert_eq!((&shown["channels"], &shown["data"]), (&serde_json::json!(["eu", "uk"]), &serde_json::json!([1, 2])));
    assert_eq!(shown["timestamp"], "2026-11-22T10:00:00.000Z");
}

#[test]
fn who_waits_reads_what_each_endpoint_said() {
    let receiver = Receiver::start();
    let office = office(&receiver);
    let output = office.verb(&["send", "order.created", "--wait"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), &*words), (Some(1), "hookpost: one endpoint has not taken it\n"));
    let mut lines: Vec<&str> = told.lines().collect();
    assert!(lines.remove(0).ends_with("  for 2 endpoints"), "{told}");
    lines.sort_unstable();
    assert!(lines[0].starts_with("  bad  rejected  status 500  ") && lines[0].ends_with(" ms"), "{told}");
    assert!(lines[1].starts_with("  raw  fulfilled  status 200  ") && lines[1].ends_with(" ms"), "{told}");
    assert_eq!(lines.len(), 2);
    let told = said(&office.verb(&["send", "invoice.paid", "--wait"]));
    assert!(told.lines().count() == 2 && told.contains("  raw  fulfilled  status 200  "), "{told}");
}

#[test]
fn what_cannot_be_sent_is_said_in_words() {
    let receiver = Receiver::start();
    let office = office(&receiver);
    let wrong: [(&[&str], i32, &str); 6] = [
        (&["send", "a", "--data", "{"], 2, "--data: is not JSON"),
        (&["send", "a", "--data", "@nowhere.json"], 2, "--data: @nowhere.json: No such file"),
        (&["send", "a b"], 2, "type: is not an event type; write words"),
        (&["send", "a", "--id", "a.b"], 2, "id: is not an id; write 1 to 128"),
        (&["send", "a", "--timestamp", "now"], 2, "timestamp: is not a time; write one like"),
        (&["send", "a", "--tenant", "A"], 2, "tenant: is not a name"),
    ];
    for (arguments, code, expected) in wrong {
        let (found, words) = refused(&office.verb(arguments));
        assert!(found == Some(code) && words.starts_with(expected), "{arguments:?}: {found:?} {words}");
    }
    said(&office.verb(&["send", "a", "--id", "one"]));
    let (code, words) = refused(&office.verb(&["send", "b", "--id", "one"]));
    assert!(code == Some(1) && words.contains("id: another event was accepted under this id"), "{code:?} {words}");
    for token in ["wrong", ADMIN] {
        let (code, words) = refused(&office.verb_in(&["send", "a"], &[("EVENTS_TOKEN", token)]));
        assert!(code == Some(1) && words.contains("set EVENTS_TOKEN (hookpost token new --scope events"), "{words}");
    }
    let (code, words) = refused(&office.verb_in(&["send", "a"], &[("EVENTS_TOKEN", "")]));
    assert!(
        code == Some(2)
            && words.starts_with("EVENTS_TOKEN: is missing, and so is ")
            && words.contains("hookpost token new"),
        "{code:?} {words}"
    );
    let (code, words) = refused(&office.verb_in(&["send", "a"], &[("HOOKPOST_URL", "http://127.0.0.1:9")]));
    assert!(code == Some(1) && words.contains("does it run?"), "{code:?} {words}");
}

#[test]
fn events_and_deliveries_are_looked_up() {
    let receiver = Receiver::start();
    let office = office(&receiver);
    assert_eq!(said(&office.verb(&["events", "list"])), "No events.\n");
    assert_eq!(said(&office.verb(&["deliveries"])), "No deliveries.\n");
    for (id, kind) in [("one", "order.created"), ("two", "invoice.paid"), ("three", "order.changed")] {
        office.verb(&["send", kind, "--id", id, "--wait"]);
    }
    let words = |arguments: &[&str]| -> Vec<Vec<String>> {
        said(&office.verb(arguments)).lines().map(|line| line.split("  ").map(str::to_owned).collect()).collect()
    };
    let events = words(&["events", "list"]);
    let shown: Vec<_> = events.iter().map(|event| (&*event[1], &*event[2])).collect();
    assert_eq!(shown, [("three", "order.changed"), ("two", "invoice.paid"), ("one", "order.created")]);
    assert_eq!(words(&["events", "list", "--limit", "1"]).len(), 1);
    assert_eq!(words(&["events", "list", "--since", &events[1][0]]).len(), 2);
    assert_eq!(words(&["events", "list", "--until", &events[1][0]]).len(), 1);
    assert_eq!(words(&["deliveries"]).len(), 5);
    assert_eq!(words(&["deliveries", "--limit", "2"]).len(), 2);
    assert_eq!(words(&["deliveries", "--event", "one"]).len(), 2);
    assert_eq!(words(&["deliveries", "--endpoint", "raw", "--state", "delivered"]).len(), 3);
    let failed = said(&office.verb(&["deliveries", "--state", "given_up"]));
    assert!(
        failed.lines().count() == 2 && failed.lines().all(|line| line.contains("bad") && line.contains("status 500")),
        "{failed}"
    );
    let (code, missing) = refused(&office.verb(&["events", "show", "nobody"]));
    assert_eq!((code, &*missing), (Some(1), "no such event\n"));
    let (code, wrong) = refused(&office.verb(&["deliveries", "--state", "lost"]));
    assert!(
        code == Some(2) && wrong.contains("state is pending, delivered, given_up, held or cancelled"),
        "{code:?} {wrong}"
    );
    let (code, wrong) = refused(&office.verb(&["events", "list", "--since", "yesterday"]));
    assert!(code == Some(2) && wrong.contains("since and until are times like"), "{code:?} {wrong}");
}

#[test]
fn tokens_are_made_listed_and_taken_back() {
    let receiver = Receiver::start();
    let office = office(&receiver);
    assert_eq!(said(&office.verb(&["token", "list"])), "No tokens.\n");
    let token = said(&office.verb(&["token", "new", "--scope", "events"])).trim().to_owned();
    let send = || office.verb_in(&["send", "a"], &[("EVENTS_TOKEN", &token)]);
    said(&send());
    let listed = said(&office.verb(&["token", "list"]));
    assert!(
        listed.lines().count() == 1 && listed.contains("  events  made 20") && !listed.contains(&token),
        "{listed}"
    );
    let id = listed.split(' ').next().expect("an id");
    said(&office.verb(&["token", "remove", id]));
    assert_eq!(refused(&send()).0, Some(1));
    assert_eq!(refused(&office.verb(&["token", "remove", id])), (Some(1), "no such token\n".into()));
    assert_eq!(said(&office.verb(&["token", "list"])), "No tokens.\n");
    assert!(office.log().lines().all(|line| !line.contains(&token)));
}

#[test]
fn endpoints_are_listed_for_a_person() {
    let receiver = Receiver::start();
    let all = [("a", ""), ("off", "enabled: false"), ("theirs", "tenant: acme")];
    let office = Setup::config(&endpoints(&receiver, &all)).sending().start();
    let listed = said(&office.verb(&["endpoints", "list"]));
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].starts_with("NAME  ADDRESS ") && lines.len() == 3, "{listed}");
    assert!(
        lines[1].starts_with(&format!("a     {}  ", receiver.url("/a"))) && lines[1].ends_with("  enabled"),
        "{listed}"
    );
    assert!(lines[2].starts_with("off ") && lines[2].ends_with("  not enabled, by its configuration"), "{listed}");
    assert!(said(&office.verb(&["endpoints", "list", "--tenant", "acme"])).contains("\ntheirs  "));
    assert_eq!(said(&office.verb(&["endpoints", "list", "--tenant", "nobody"])), "No endpoints.\n");
    assert!(said(&office.verb(&["endpoints", "secret", "a"])).starts_with("whsec_"));
    let (code, words) = refused(&office.verb(&["endpoints", "secret", "theirs"]));
    assert_eq!((code, &*words), (Some(1), "no such endpoint\n"));
    let held = PostOffice::emit(&office, &crate::harness::event("a", Value::Null));
    assert_eq!(held.json()["endpoints"], 2);
    eventually("a held delivery", || {
        said(&office.verb(&["deliveries", "--state", "held"])).contains("  off").then_some(())
    });
}
