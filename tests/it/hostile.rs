//! Hostile input is ordinary: any bytes get a clear answer, and the next caller is served.

use crate::harness::{Exchange, PASSWORD, Setup, World, raw, stories};

stories![bodies_that_are_not_what_they_say_are_mailed_all_the_same];

#[test]
fn broken_http_gets_an_answer_or_a_closed_door_and_nothing_else_happens() {
    let hookpost = Setup::default().start();
    let long = format!("GET /in HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(100_000));
    let many = format!("GET /in HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(500));
    let requests: [&[u8]; 12] = [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /in HTTP/9.9\r\n\r\n",
        b"POST /in HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /in HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"POST /in HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"POST /in HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST /in HTTP/1.1\r\nhost: x\r\nx: a\x00b\r\n\r\n",
        b"POST /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        long.as_bytes(),
        many.as_bytes(),
    ];
    for request in requests {
        let mut exchange = Exchange::open(hookpost.address).expect("a connection");
        exchange.send(request).expect("sent");
        if let Ok(answer) = exchange.answer() {
            assert!((400..500).contains(&answer.status), "{answer:?} to {:?}", String::from_utf8_lossy(request));
        }
    }
    hookpost.post_default(b"{}").accepted();
}

#[test]
fn a_caller_that_goes_away_leaves_nothing_behind() {
    let hookpost = Setup::default().start();
    for _ in 0..50 {
        let mut exchange = Exchange::open(hookpost.address).expect("a connection");
        let head = format!(
            "POST /in HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {PASSWORD}\r\ncontent-length: 100\r\n\r\nhalf"
        );
        exchange.send(head.as_bytes()).expect("sent");
    }
    hookpost.post_default(b"{}").accepted();
    hookpost.settle();
    assert_eq!(hookpost.mails().len(), 1);
}

fn bodies_that_are_not_what_they_say_are_mailed_all_the_same(world: World) {
    let hookpost = world.open_default();
    let deep = "[".repeat(100_000);
    let bomb = r#"<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>"#;
    let wide = format!("{}1{}", "[".repeat(120), "]".repeat(120));
    let bodies: [(&str, &[u8]); 9] = [
        ("application/json", deep.as_bytes()),
        ("application/json", wide.as_bytes()),
        ("application/json", b"\xff\xfe\x00"),
        ("application/json", b""),
        ("application/xml", bomb.as_bytes()),
        ("text/html", b"<script>alert(1)</script><img src=x onerror=alert(1)>"),
        ("application/x-www-form-urlencoded", b"%zz=%&&&==&a=%ff"),
        ("text/plain; charset=\"\r\n", b"Subject: evil\r\nBcc: evil@example.com\r\n\r\n.\r\nQUIT\r\n"),
        ("multipart/form-data; boundary=", b"--\r\n"),
    ];
    for (content_type, body) in bodies {
        let content_type = content_type.replace("\r\n", "");
        let headers = [("authorization", &*format!("Bearer {PASSWORD}")), ("content-type", &content_type)];
        let id = hookpost.post("/in", &headers, body).accepted();
        let mail = hookpost.mail(&id);
        assert_eq!(mail.to(), "ops@example.com");
        assert!(!mail.html().contains("<script>alert") && !mail.html().contains("<img"), "{}", mail.html());
    }
}

#[test]
fn an_event_name_cannot_add_a_header_to_the_mail() {
    let config = "sources:\n  s: { verify: { scheme: password, secret: hush }, email: ops@example.com, event_type: { pointer: /type } }\n";
    let hookpost = Setup::config(config).start();
    let evil = [
        "x\\r\\nBcc: evil@example.com",
        "x\\u2028Bcc: y",
        "\\u202egnp.exe",
        "=?utf-8?q?=0d=0aBcc:_evil?=",
        "é\\u0000ü",
    ];
    for name in evil {
        let long = "y".repeat(3_000);
        for name in [name.to_owned(), format!("{name}{long}")] {
            let body = format!("{{\"type\": \"{name}\"}}");
            let id = hookpost.post("/in/s", &[("authorization", "Bearer hush")], body.as_bytes()).accepted();
            let eml = String::from_utf8(hookpost.eml(&id)).expect("ASCII");
            let head = eml.split("\r\n\r\n").next().expect("a head");
            let names: Vec<_> =
                head.lines().filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(':').next()).collect();
            assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("bcc")), "{head}");
            assert_eq!(names.iter().filter(|name| **name == "Subject").count(), 1, "{head}");
            assert!(hookpost.mail(&id).subject().chars().count() < 130, "{head}");
        }
    }
}

#[test]
fn text_from_outside_cannot_forge_a_log_line() {
    let hookpost = Setup::default().start();
    let path = format!("/in/{}", "a%0a{}".repeat(200));
    assert_eq!(hookpost.post(&path, &[], b"").status, 404);
    raw(hookpost.address, b"POST /in/\"x\\u0022 HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        .ok();
    for line in hookpost.log().lines() {
        let parsed: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        let source = parsed["source"].as_str().unwrap_or_default();
        assert!(source.len() <= 204, "{line}");
    }
}
