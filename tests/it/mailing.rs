//! From the queue to people: what a mail holds, and what happens when the mail server does not want it.

use std::time::Duration;

use crate::harness::{MailServer, PASSWORD, Setup, World, eventually, stories, within};

stories![a_body_that_is_cut_or_no_text_is_attached_whole];

#[test]
fn mail_goes_through_the_server_and_says_what_came() {
    let server = MailServer::start();
    let hookpost =
        Setup::default().with("SMTP_URL", server.url()).with("MAIL_FROM", "Hookpost <post@example.com>").start();
    let id = hookpost.post_default(br#"{"order": 17}"#).accepted();
    let mail = eventually("a mail", || server.mails().pop());
    assert_eq!(mail.from, "<post@example.com>");
    assert_eq!(mail.to, ["<ops@example.com>"]);
    assert!(mail.data.contains(&format!("X-Hookpost-Id: {id}\r\n")), "{}", mail.data);
    assert!(mail.data.contains(&format!("Message-ID: <{id}@example.com>\r\n")), "{}", mail.data);
    assert!(mail.data.contains("Auto-Submitted: auto-generated\r\n"), "{}", mail.data);
    assert!(mail.data.contains("\"order\": 17"), "{}", mail.data);
}

#[test]
fn a_mail_server_that_is_down_then_up_gets_every_mail_once() {
    let server = MailServer::start();
    let hookpost = Setup::default().with("SMTP_URL", server.url()).with("MAIL_FROM", "post@example.com").start();
    server.down();
    for n in 0..5 {
        hookpost.post_default(format!("{{\"n\": {n}}}").as_bytes()).accepted();
    }
    eventually("refusals", || (hookpost.log().matches("will be tried again").count() >= 5).then_some(()));
    assert_eq!(hookpost.health()["queued"], 5);
    server.up();
    within(Duration::from_secs(60), "five mails", || (server.mails().len() == 5).then_some(()));
    hookpost.settle();
    assert_eq!(server.mails().len(), 5);
    assert_eq!(hookpost.health()["dead_letters"], 0);
}

#[test]
fn what_the_server_refuses_for_now_waits_ten_seconds() {
    let server = MailServer::start();
    let hookpost = Setup::default().with("SMTP_URL", server.url()).with("MAIL_FROM", "post@example.com").start();
    server.refuse(Some("451 greylisted, come back"));
    let start = std::time::Instant::now();
    hookpost.post_default(b"{}").accepted();
    let line =
        eventually("a refusal", || hookpost.log().lines().find(|l| l.contains("tried again")).map(str::to_owned));
    assert!(line.contains("451 greylisted, come back"), "the server's words are kept: {line}");
    server.refuse(None);
    let mail = eventually("a mail", || server.mails().pop());
    let waited = mail.at.duration_since(start);
    assert!(waited >= Duration::from_secs(10) && waited < Duration::from_secs(14), "{waited:?}");
}

#[test]
fn what_the_server_will_never_take_becomes_a_dead_letter_at_once() {
    let server = MailServer::start();
    let hookpost = Setup::default().with("SMTP_URL", server.url()).with("MAIL_FROM", "post@example.com").start();
    server.refuse(Some("550 5.1.1 no such user"));
    let id = hookpost.post_default(br#"{"keep": "me"}"#).accepted();
    eventually("a dead letter", || (hookpost.health()["dead_letters"] == 1).then_some(()));
    assert_eq!(hookpost.health()["status"], "attention");
    let line =
        eventually("a line", || hookpost.log().lines().find(|line| line.contains("dead letter")).map(str::to_owned));
    assert!(line.contains("\"ERROR\"") && line.contains(&id) && line.contains("550 5.1.1 no such user"), "{line}");
}

#[test]
fn nobody_is_trusted_with_credentials_in_the_clear() {
    // A server that is not on this machine must offer STARTTLS: see the unit tests of SMTP_URL.
    // One on this machine that asks for a password without TLS is given it.
    let server = MailServer::start();
    let url = server.url().replace("smtp://", "smtp://user:hush@");
    let hookpost = Setup::default().with("SMTP_URL", url).with("MAIL_FROM", "post@example.com").start();
    hookpost.post_default(b"{}").accepted();
    // It offers no AUTH, so nothing can be sent; the webhook waits.
    eventually("a refusal", || hookpost.log().contains("tried again").then_some(()));
    assert!(!hookpost.log().contains("hush"));
    let mut hookpost = hookpost;
    hookpost.leaves_work();
}

#[test]
fn no_credential_reaches_mail_log_or_store() {
    let config = "sources:\n  s: { verify: { scheme: password, secret: dont-tell-anyone }, email: ops@example.com }\n";
    let mut hookpost = Setup::config(config).start();
    let headers = [
        ("authorization", "Bearer dont-tell-anyone"),
        ("x-custom", "a dont-tell-anyone b"),
        ("cookie", "session=cookie-value"),
        ("x-api-key", "api-key-value"),
    ];
    let path = "/in/s?a=1&access_token=dont-tell-anyone&next=%2Fx%3Ft%3Ddont-tell-anyone&token=other-token";
    let id = hookpost.post(path, &headers, b"{}").accepted();
    let mail = hookpost.mail(&id);
    assert!(mail.text().contains("a=1"), "{}", mail.text());
    let eml = String::from_utf8_lossy(&hookpost.eml(&id)).into_owned();
    hookpost.signal(rustix::process::Signal::TERM);
    hookpost.end();
    let store = std::fs::read(hookpost.data().join("hookpost.redb")).expect("a store");
    let store = String::from_utf8_lossy(&store);
    for secret in ["dont-tell-anyone", "cookie-value", "api-key-value", "other-token"] {
        for (place, text) in [("mail", &*eml), ("html", mail.html()), ("log", &hookpost.log()), ("store", &store)] {
            assert!(!text.contains(secret), "{secret} in {place}");
        }
    }
}

fn a_body_that_is_cut_or_no_text_is_attached_whole(world: World) {
    let hookpost = world.open_default();
    let bearer = format!("Bearer {PASSWORD}");
    let binary =
        hookpost.post("/in", &[("authorization", &bearer), ("content-type", "image/png")], b"\x89PNG\xff").accepted();
    let mail = hookpost.mail(&binary);
    assert!(mail.text().contains("not UTF-8"), "{}", mail.text());
    assert_eq!(mail.0["attachments"][0]["name"], "payload.bin");
    let long = format!("[{}1]", "1,".repeat(60_000));
    let id = hookpost
        .post("/in", &[("authorization", &bearer), ("content-type", "application/json")], long.as_bytes())
        .accepted();
    assert_eq!(hookpost.mail(&id).0["attachments"][0]["bytes"], long.len());
}

#[test]
fn an_answer_too_many_is_not_taken_for_the_next_mails() {
    let server = MailServer::start();
    let hookpost = Setup::default().with("SMTP_URL", server.url()).with("MAIL_FROM", "post@example.com").start();
    server.stutter();
    hookpost.post_default(b"first").accepted();
    eventually("a mail", || server.mails().pop());
    std::thread::sleep(Duration::from_millis(200));
    server.refuse(Some("554 not this one"));
    hookpost.post_default(b"second").accepted();
    // Whether it notices at once or after a new connection: the second was never taken.
    within(Duration::from_secs(60), "a dead letter", || (hookpost.health()["dead_letters"] == 1).then_some(()));
    assert_eq!(server.mails().len(), 1);
    assert_eq!(hookpost.log().matches("\"e-mailed\"").count(), 1);
}

#[test]
fn one_recipient_who_is_not_there_keeps_nobody_else_from_the_mail() {
    let server = MailServer::start();
    let hookpost = Setup::default()
        .with("SMTP_URL", server.url())
        .with("MAIL_FROM", "post@example.com")
        .with("EMAIL_ADDRESS", "nobody@example.com,ops@example.com")
        .start();
    hookpost.post_default(b"{}").accepted();
    let mail = eventually("a mail", || server.mails().pop());
    assert_eq!(mail.to, ["<ops@example.com>"]);
    let line =
        eventually("a line", || hookpost.log().lines().find(|line| line.contains("refuses one of")).map(str::to_owned));
    assert!(line.contains("\"ERROR\"") && line.contains("nobody@example.com") && line.contains("550"), "{line}");
}

#[test]
fn a_lone_carriage_return_cannot_end_a_mail_early() {
    let server = MailServer::start();
    let hookpost = Setup::default().with("SMTP_URL", server.url()).with("MAIL_FROM", "post@example.com").start();
    hookpost.post_default(b"hello\r.\rMAIL FROM:<evil@example.com>\r\n.\r\nQUIT\r\n").accepted();
    let mail = eventually("a mail", || server.mails().pop());
    assert!(!mail.data.replace("\r\n", "").contains('\r'), "{:?}", mail.data);
    hookpost.settle();
    assert_eq!(server.mails().len(), 1);
}
