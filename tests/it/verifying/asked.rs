//! `hookpost verify`: handshakes, and requests that came from elsewhere or went to another address.

use super::SECRET;
use super::verbs::{Desk, wire};
use crate::harness::Github;

const SEVERAL: &str = "
sources:
  social: { verify: { scheme: meta, secret: env:ACME_SECRET, token: my word }, email: a@b.c }
  github: { verify: { scheme: github, secret: another }, email: a@b.c }
  near:
    verify: { all: [{ scheme: address, allow: 192.0.2.0/24 }, { scheme: github, secret: env:ACME_SECRET }] }
    email: a@b.c
  only: { verify: { scheme: address, allow: 192.0.2.0/24 }, email: a@b.c }
  tasks: { verify: { scheme: asana }, email: a@b.c }
  called: { verify: { scheme: hmac, secret: env:ACME_SECRET, header: X-Hub-Signature-256, prefix: 'sha256=', \
            message: '{url}{body}', url: 'https://example.com/in' }, email: a@b.c }
";

/// A GET of that address.
fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: hooks.example.com\r\n\r\n").into_bytes()
}

#[test]
fn a_handshake_is_recognised_and_not_judged() {
    let desk = Desk::new(SEVERAL);
    let said = |request: Vec<u8>| {
        desk.keep("request", request);
        desk.says(&["verify", "social", "--request", "request"])
    };
    let (code, words) = said(get("/in/social?hub.mode=subscribe&hub.verify_token=my%20word&hub.challenge=123"));
    assert!(
        code == 0 && words.starts_with("this is Meta's question (a handshake); it is answered, not judged"),
        "{words}"
    );
    let (code, words) = said(get("/in/social?hub.mode=subscribe&hub.verify_token=other&hub.challenge=123"));
    let refused =
        "this is Meta's question (a handshake), and it is refused: this source does not allow hub.verify_token";
    assert!(code == 1 && words.starts_with(refused), "{words}");
    let (code, words) = said(get("/in/social"));
    let expected = "not proved: this source does not allow a GET, whose query the signature does not cover\n";
    assert!(code == 1 && words.starts_with(expected), "{words}");
    desk.keep("request", wire(&[("X-Hook-Secret", "5ab1c0de0123456789abcdef01234567")], b"{}"));
    let (code, words) = desk.says(&["verify", "tasks", "--request", "request"]);
    assert!(
        code == 0 && words.contains("Asana's handshake") && words.contains("hookpost sources wait tasks"),
        "{words}"
    );
    desk.keep("request", wire(&[], b"{}"));
    let (code, words) = desk.says(&["verify", "tasks", "--request", "request"]);
    let expected = "--secret: the file has no secret for it: --secret \"$(hookpost sources secret tasks)\"";
    assert!(code == 2 && words.contains(expected), "{words}");
}

#[test]
fn where_a_request_came_from_and_where_it_went_is_tried() {
    let desk = Desk::new(SEVERAL);
    let github = Github { path: "", secret: SECRET };
    let request = |signature: &str| desk.keep("request", wire(&[("X-Hub-Signature-256", signature)], b"{}"));
    let says = |more: &[&str]| desk.says(&[&["verify"], more, &["--request", "request"]].concat());
    request(&github.signature(b"{}"));
    let (code, words) = says(&["near"]);
    assert!(code == 0 && words.contains("The caller is not known (say --caller ADDRESS): rules"), "{words}");
    assert_eq!(says(&["near", "--caller", "192.0.2.9"]), (0, "signed: the body is as the sender made it\n".into()));
    let (code, words) = says(&["near", "--caller", "198.51.100.1"]);
    assert!(code == 1 && words.starts_with("not proved: this source does not allow the caller's address\n"), "{words}");
    let (code, words) = says(&["only"]);
    assert!(code == 2 && words.contains("--caller: is missing"), "{words}");
    let (code, words) = says(&["github"]);
    assert!(code == 1 && words.contains("\nIt is genuine for the source "), "{words}");
    request(&github.signature(b"https://hooks.example.com/in/github{}"));
    let (code, words) = says(&["called"]);
    let expected = "It fits if the address is https://hooks.example.com/in/github.\nWrite  url: https://hooks";
    assert!(code == 1 && words.contains(expected), "{words}");
    request(&github.signature(b"https://hidden.example.com/x{}"));
    let (code, words) = says(&["called", "--address", "https://hidden.example.com/x"]);
    assert!(code == 1 && words.contains("It fits if the address is https://hidden.example.com/x.\n"), "{words}");
    let header = format!("X-Hub-Signature-256: {}", github.signature(b"{}"));
    let (code, words) = desk.says(&["verify", "github", "--header", &header]);
    assert!(code == 1 && words.contains("No body was given; say --body FILE, or pipe it in.\n"), "{words}");
}
