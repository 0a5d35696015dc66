//! Which calls a webhook makes: each is money and time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::harness::{PASSWORD, Stack, eventually};

fn bearer() -> String {
    format!("Bearer {PASSWORD}")
}

/// What the listener asked for since that many calls.
fn asked(stack: &Stack, since: usize) -> Vec<String> {
    let calls = stack.calls().into_iter().skip(since);
    calls.filter(|call| call.function == "listener").map(|call| call.action).collect()
}

#[test]
fn accepting_makes_one_send_and_nothing_else() {
    let stack = Stack::deploy();
    let authorization = bearer();
    let post = |path: &str, authorization: &str, body: &[u8]| {
        let since = stack.calls().len();
        let status = stack.send("POST", path, &[("authorization", authorization)], body).status;
        (status, asked(&stack, since))
    };
    let (status, first) = post("/in", &authorization, b"{}");
    assert_eq!(status, 202);
    let mut first = first;
    first.sort();
    let read = ["dynamodb:GetItem", "secretsmanager:GetSecretValue", "sqs:SendMessage"];
    assert_eq!(first, read, "what every webhook needs is read once");
    assert_eq!(post("/in", &authorization, b"{}"), (202, vec!["sqs:SendMessage".into()]));
    assert_eq!(post("/in", &authorization, &[b'x'; 200_000]), (202, vec!["sqs:SendMessage".into()]));
    let big = post("/in", &authorization, &[b'x'; 200_001]);
    assert_eq!(big, (202, vec!["s3:PutObject".into(), "sqs:SendMessage".into()]));
    assert_eq!(post("/in", "Bearer wrong", b"{}"), (401, vec![]));
    assert_eq!(post("/in/nobody", &authorization, b"{}"), (404, vec![]));
    stack.settle();
}

#[test]
fn four_megabytes_arrive_whole_through_the_bucket() {
    let stack = Stack::deploy();
    let authorization = bearer();
    let form: Vec<u8> = b"a=%C3%B6&".iter().copied().cycle().take(4 << 20).collect();
    let binary: Vec<u8> = (0..=255).cycle().take(4 << 20).collect();
    for (content_type, body) in [("application/x-www-form-urlencoded", form), ("application/octet-stream", binary)] {
        let headers = [("authorization", &*authorization), ("content-type", content_type)];
        let id = stack.send("POST", "/in", &headers, &body).accepted();
        let attached = &stack.mail(&id).0["attachments"][0];
        assert_eq!(attached["sha256"], hex::encode(Sha256::digest(&body)), "{content_type}");
    }
    let mut body = vec![b'x'; 4 << 20];
    body.push(b'x');
    assert_eq!(stack.send("POST", "/in", &[("authorization", &authorization)], &body).status, 413);
}

#[test]
fn a_poison_message_becomes_a_dead_letter_while_its_neighbours_are_mailed() {
    let stack = Stack::deploy();
    let first = stack.send("POST", "/in", &[("authorization", &bearer())], b"first").accepted();
    for poison in ["not ours", "\u{1f4a3} {}", &STANDARD.encode([1, 0, 0, 0, 9, 9]), &"x".repeat(900_000)] {
        stack.put_into_queue(poison);
    }
    let second = stack.send("POST", "/in", &[("authorization", &bearer())], b"second").accepted();
    stack.mail(&first);
    stack.mail(&second);
    stack.settle();
    let letters = eventually("four letters", || Some(stack.rows("dead")).filter(|rows| rows.len() == 4));
    assert!(letters.iter().all(|letter| letter["reason"]["S"] == "the message cannot be read"), "{letters:?}");
    assert_eq!(stack.queued("InboundDeadLetters"), 0, "those are for what fails for ever");
    let list = stack.verb(&["dead", "list"], &[]);
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert_eq!(list.matches("the message cannot be read").count(), 4, "{list}");
    let shown = |id: &str| String::from_utf8_lossy(&stack.verb(&["dead", "show", id], &[]).stdout).into_owned();
    let ids = letters.iter().filter_map(|letter| letter["sk"]["S"].as_str());
    assert_eq!(ids.filter(|id| shown(id).contains("\"body\": \"not ours\"")).count(), 1, "it is shown as it is");
}

#[test]
fn no_credential_reaches_the_queue_the_table_the_mail_or_the_log() {
    let stack = Stack::deploy();
    stack.apply("sources:\n  s: { verify: { scheme: password, secret: dont-tell-anyone }, email: ops@example.com }\n");
    let headers = [
        ("authorization", "Bearer dont-tell-anyone"),
        ("x-custom", "a dont-tell-anyone b"),
        ("cookie", "session=cookie-value"),
        ("x-api-key", "api-key-value"),
    ];
    let path = "/in/s?a=1&access_token=dont-tell-anyone&token=other-token";
    let body = vec![b'x'; 210_000];
    stack.mail(&stack.send("POST", path, &headers, &body).accepted());
    stack.settle();
    let mut seen = vec![("log", stack.log())];
    for call in stack.calls() {
        let text = String::from_utf8_lossy(&call.body).into_owned();
        let message = call.json()["MessageBody"].as_str().map(|message| STANDARD.decode(message).expect("base64"));
        seen.push(("a call", text));
        seen.extend(message.map(|message| ("the queue", String::from_utf8_lossy(&message).into_owned())));
    }
    assert!(seen.iter().any(|(place, text)| *place == "the queue" && text.contains("a=1")), "nothing was queued");
    for secret in ["dont-tell-anyone", "cookie-value", "api-key-value", "other-token"] {
        for (place, text) in &seen {
            assert!(!text.contains(secret), "{secret} in {place}");
        }
    }
}
