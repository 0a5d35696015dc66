//! What the mails say, and that no answer of an endpoint does harm in them.

use bytes::Bytes;
use serde_json::json;
use shared::seam::{Email, NoAnswer, Received, Trouble};

use super::office::{OWNER, Office, endpoint};
use super::{CONTACT, DAY, HOUR, hourly};
use crate::harness::{MailServer, PostOffice, Receiver, Reply, Setup, answer, event, eventually, play};

fn mail_to(office: &Office, reader: &str, at: usize) -> Email {
    let mails = office.inbox.mails().into_iter().map(|(_, email)| email);
    mails.filter(|email| email.to[0].to_string() == reader).nth(at).unwrap()
}

fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn the_owner_reads_what_happened_and_what_repairs_it() {
    play(async {
        let described = [endpoint("site-builder", json!({ "contact": CONTACT }))];
        let office = Office::new(described, |_| answer(503, &[("retry-after", "1")]));
        hourly(&office, "event", 6 * DAY).await;
        office.enable("site-builder").await;
        office.post.plays(|_| answer(200, &[]));
        hourly(&office, "up", HOUR).await;

        let failing = mail_to(&office, OWNER, 0);
        assert_eq!(failing.subject, "site-builder has been failing for 1 hour");
        let address = "https://site-builder.example.com/hook";
        let facts = ["Endpoint   site-builder\n", "Address    https://site-builder.example.com/hook\n"];
        for text in [&failing.text, &failing.html] {
            holds(text, &["site-builder.example.com", "2023-11-14T22:13:20Z", "status 503"]);
            holds(text, &["disabled at 2023-11-19T22:13:20Z", "hookpost deliveries --endpoint site-builder"]);
        }
        holds(&failing.text, &facts);

        let disabled = mail_to(&office, OWNER, 1);
        assert_eq!(disabled.subject, "site-builder is disabled: it only failed for 5 days");
        let commands = ["hookpost endpoints enable site-builder\n", "hookpost retry --endpoint site-builder --held\n"];
        holds(&disabled.text, &commands);
        holds(&disabled.text, &["Held       ", "deliver", "status 503"]);
        holds(&disabled.html, &["hookpost endpoints enable site-builder<"]);

        let recovered = mail_to(&office, OWNER, 2);
        assert_eq!(recovered.subject, "site-builder works again");
        holds(&recovered.text, &["The trouble began at 2023-11-14T22:13:20Z", "--held", "--failed --since 2023-11-14"]);

        for at in 0..3 {
            let contact = mail_to(&office, CONTACT, at);
            assert!(!contact.text.contains("hookpost ") && !contact.html.contains("hookpost "), "{}", contact.text);
            assert!(!contact.text.contains(OWNER) && !contact.subject.contains("site-builder has"), "{}", contact.text);
            holds(&contact.text, &[address, "2023-11-"]);
        }
    });
}

#[test]
fn no_answer_does_harm_in_a_mail() {
    let body =
        "</td><script>alert(1)</script>\r\nBcc: evil@example.com\r\n\r\n=?utf-8?q?x?= \u{202e}\u{1b}[2J{{ 7*7 }}";
    let long = body.to_owned() + &"x".repeat(16 << 10);
    play(async {
        let office = Office::new(super::shop(), move |outgoing| {
            if outgoing.headers["webhook-id"] == "one" {
                return Err(NoAnswer { kind: Trouble::Broken, words: "<b>\u{0}\r\nTo: x\u{2028}y".into() });
            }
            Ok(Received { status: 500, headers: Default::default(), body: Bytes::from(long.clone()) })
        });
        office.emit("one").await;
        office.pass(2 * HOUR).await;
        hourly(&office, "more", 6 * DAY).await;
        let mails = office.inbox.mails();
        assert_eq!(mails.len(), 4);
        for (_, email) in mails {
            for hidden in ['\u{202e}', '\u{1b}', '\u{0}', '\u{2028}', '\r'] {
                assert!(!email.text.contains(hidden) && !email.html.contains(hidden), "{hidden:?}");
            }
            assert!(!email.html.contains("<script") && !email.html.contains("<b>"), "{}", email.html);
            assert!(!email.text.lines().any(|line| line.starts_with("Bcc:") || line.starts_with("To:")));
            assert!(!email.subject.chars().any(char::is_control) && !email.text.contains("=?utf-8"));
            assert!(email.text.len() < 4_000 && email.html.len() < 8_000, "{}", email.text.len());
            assert!(!email.text.contains("49"), "no template is read from an answer");
        }
    });
}

#[test]
fn a_letter_that_no_server_takes_is_a_dead_letter_like_any_other() {
    let server = MailServer::start();
    server.refuse(Some("554 this message is not wanted"));
    let receiver = Receiver::answering(Vec::new(), Reply::status(410));
    let config = format!("endpoints:\n  shop: {{ url: \"{}\" }}\n", receiver.url("/"));
    let setup = Setup::config(&config).sending().with("SMTP_URL", server.url());
    let hookpost = setup.with("MAIL_FROM", "post@example.com").start();
    hookpost.emit(&event("order.created", json!({ "n": 1 }))).accepted();
    eventually("a dead letter", || (hookpost.health()["dead_letters"] == 1).then_some(()));
    hookpost.settle();
    let said = |arguments: &[&str]| {
        let output = hookpost.verb(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let list = said(&["dead", "list"]);
    holds(&list, &["endpoint shop", "554 this message is not wanted"]);
    let id = list.split_whitespace().next().unwrap().to_owned();
    holds(&said(&["dead", "show", &id]), &["\"endpoint\": \"shop\"", "the endpoint is gone (status 410)"]);
    server.refuse(None);
    said(&["dead", "retry", &id]);
    let mail = eventually("a mail", || server.mails().pop());
    holds(&mail.data, &["shop is disabled: the endpoint is gone (status 410)", "To: ops@example.com"]);
    hookpost.settle();
    assert_eq!(said(&["dead", "list"]), "No dead letters.\n");
    assert_eq!(server.mails().len(), 1);
}
