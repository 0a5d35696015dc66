//! Limits at the door: addresses, sizes, rates and times.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use crate::harness::{Exchange, Github, PASSWORD, Setup, World, eventually, raw, stories};

stories![callers_outside_the_allow_list_are_refused, too_many_knocks_are_told_when_to_come_back];

#[test]
fn other_methods_sources_and_addresses_are_told_so() {
    let hookpost = Setup::default().start();
    let delete = hookpost.send("DELETE", "/in", &[], b"");
    assert_eq!((delete.status, delete.header("allow")), (405, Some("POST, PUT, GET")));
    assert_eq!((delete.code().as_str(), delete.header("cache-control")), ("method_not_allowed", Some("no-store")));
    for path in ["/in/nobody", "/in/default/more", "/in/%2e%2e", "/nowhere", "/api/v2/dead"] {
        let answer = hookpost.post(path, &[], b"{}");
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{path}");
    }
    assert_eq!(hookpost.post("/health", &[], b"").status, 405);
}

#[test]
fn four_megabytes_pass_and_one_byte_more_does_not() {
    let hookpost = Setup::default().start();
    let bearer = format!("Bearer {PASSWORD}");
    let mut body = vec![b'x'; 4 << 20];
    let id = hookpost.post("/in", &[("authorization", &bearer)], &body).accepted();
    assert!(hookpost.mail(&id).text().contains("all of it is attached"));
    body.push(b'x');
    let refused = hookpost.post("/in", &[("authorization", &bearer)], &body);
    assert_eq!((refused.status, refused.code().as_str()), (413, "too_large"));

    let mut chunked = format!("POST /in HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {bearer}\r\ntransfer-encoding: chunked\r\n\r\n").into_bytes();
    for chunk in body.chunks(1 << 20) {
        chunked.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        chunked.extend_from_slice(chunk);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(raw(hookpost.address, &chunked).expect("an answer").status, 413);
}

fn callers_outside_the_allow_list_are_refused(world: World) {
    let source =
        |allow| format!("{{ verify: {{ scheme: password, secret: hush }}, email: ops@example.com, allow: {allow} }}");
    let config =
        format!("sources:\n  here: {}\n  there: {}\n", source("[192.0.2.0/24, 127.0.0.1]"), source("192.0.2.0/24"));
    let hookpost = world.open(&config);
    let post = |path| hookpost.post(path, &[("authorization", "Bearer hush"), ("x-forwarded-for", "192.0.2.7")], b"{}");
    post("/in/here").accepted();
    assert_eq!(post("/in/there").status, 401, "a header does not make an address");
}

fn too_many_knocks_are_told_when_to_come_back(world: World) {
    let verify = "verify: { scheme: password, secret: hush }, email: ops@example.com";
    let config =
        format!("sources:\n  knocks: {{ {verify}, caller_limit: 3/m }}\n  genuine: {{ {verify}, limit: 2/h }}\n");
    let hookpost = world.open(&config);
    let post =
        |path: &str, password: &str| hookpost.post(path, &[("authorization", &format!("Bearer {password}"))], b"{}");
    for _ in 0..3 {
        assert_eq!(post("/in/knocks", "wrong").status, 401);
    }
    let refused = post("/in/knocks", "hush");
    assert_eq!((refused.status, refused.code().as_str()), (429, "too_many_requests"));
    let wait: u64 = refused.header("retry-after").expect("a header").parse().expect("seconds");
    assert!((1..=20).contains(&wait), "{wait}");

    for _ in 0..5 {
        assert_eq!(post("/in/genuine", "wrong").status, 401, "forged ones use up nothing");
    }
    post("/in/genuine", "hush").accepted();
    post("/in/genuine", "hush").accepted();
    assert_eq!(post("/in/genuine", "hush").status, 429);
}

#[test]
fn a_thousand_at_once_are_all_kept() {
    let config = "sources:\n  github: { verify: { scheme: github, secret: s }, email: ops@example.com }\n";
    let hookpost = Setup::config(config).start();
    let github = Github { path: "/in/github", secret: "s" };
    let start = Arc::new(Barrier::new(1_000));
    let ids: Vec<String> = thread::scope(|scope| {
        let callers: Vec<_> = (0..1_000)
            .map(|n| {
                let (start, hookpost, github) = (Arc::clone(&start), &hookpost, &github);
                let post = move || {
                    start.wait();
                    github.post(hookpost, &format!("d-{n}"), format!("{{\"n\": {n}}}").as_bytes()).accepted()
                };
                thread::Builder::new().stack_size(128 << 10).spawn_scoped(scope, post).expect("a thread")
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().expect("an answer")).collect()
    });
    hookpost.settle();
    let mut mailed: Vec<String> = hookpost.mails().iter().map(|mail| mail.id().to_owned()).collect();
    let mut ids = ids;
    ids.sort();
    mailed.sort();
    assert_eq!(ids, mailed);
}

#[test]
fn bodies_in_flight_are_bounded() {
    let hookpost = Setup::default().start();
    let almost =
        [b"POST /in HTTP/1.1\r\nhost: x\r\ncontent-length: 4194304\r\n\r\n", &vec![b'x'; (4 << 20) - 1][..]].concat();
    let mut halves = Vec::new();
    // Sixteen bodies of nearly 4 MB that never end fill the 64 MB; of some that come together at the
    // limit all are refused, so more come until there is room for none.
    let refused = eventually("a 503", || {
        for _ in 0..8 {
            let mut exchange = Exchange::open(hookpost.address).expect("a connection");
            exchange.send(&almost).ok();
            halves.push(exchange);
        }
        let answer = hookpost.post("/in", &[("authorization", &format!("Bearer {PASSWORD}"))], &vec![b'y'; 3 << 20]);
        (answer.status == 503).then_some(answer)
    });
    assert_eq!(refused.header("retry-after"), Some("1"));
    drop(halves);
    eventually("memory given back", || {
        (hookpost.post("/in", &[("authorization", &format!("Bearer {PASSWORD}"))], &vec![b'y'; 3 << 20]).status == 202)
            .then_some(())
    });
}

#[test]
fn a_caller_that_has_said_all_is_answered() {
    let hookpost = Setup::default().start();
    let mut exchange = Exchange::open(hookpost.address).expect("a connection");
    let head = format!(
        "POST /in HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {PASSWORD}\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    exchange.send(head.as_bytes()).expect("sent");
    exchange.says_no_more();
    exchange.answer().expect("an answer").accepted();
}

#[test]
fn a_caller_that_never_reads_is_cut_off() {
    let hookpost = Setup::default().start();
    let mut exchange = Exchange::open(hookpost.address).expect("a connection");
    let requests = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1_000);
    let start = std::time::Instant::now();
    // Answers pile up unread until nothing more is taken; then the connection ends.
    while exchange.send(requests.as_bytes()).is_ok() {
        assert!(start.elapsed() < Duration::from_secs(90), "still open");
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn a_slow_caller_is_cut_off() {
    let hookpost = Setup::default().start();
    let mut slow_head = Exchange::open(hookpost.address).expect("a connection");
    slow_head.send(b"POST /in HTTP/1.1\r\nhost: x\r\n").expect("half a head");
    let mut slow_body = Exchange::open(hookpost.address).expect("a connection");
    slow_body.send(b"POST /in HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc").expect("half a body");
    let start = std::time::Instant::now();
    // The head: closed, with or without a 408. The body: told so.
    drop(slow_head.answer());
    assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
    let answer = slow_body.answer().expect("an answer");
    assert_eq!((answer.status, answer.code().as_str()), (408, "timeout"));
    assert!(start.elapsed() < Duration::from_secs(45), "{:?}", start.elapsed());
    hookpost.post_default(b"{}").accepted();
}
