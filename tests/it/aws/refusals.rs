//! What SES may say instead of taking a mail, and what becomes of it.

use std::time::{Duration, Instant};

use crate::harness::{Bend, PASSWORD, Stack, eventually, within};

fn post(stack: &Stack, body: &[u8]) -> String {
    stack.send("POST", "/in", &[("authorization", &format!("Bearer {PASSWORD}"))], body).accepted()
}

fn refuse(stack: &Stack, status: u16, code: &'static str, message: &'static str) {
    let refused = Bend::Refused { status, code, message };
    stack.wire().bend(&stack.account, move |call| (call.action == "ses:SendEmail").then(|| refused.clone()));
}

fn refused(stack: &Stack) -> usize {
    stack.calls().iter().filter(|call| call.action == "ses:SendEmail" && call.status != 200).count()
}

/// Refused so, a mail waits its ten seconds and goes out when SES changes its mind.
fn waits(status: u16, code: &'static str, message: &'static str) {
    let stack = Stack::deploy();
    refuse(&stack, status, code, message);
    let posted = Instant::now();
    let id = post(&stack, b"{}");
    eventually("a refusal", || (refused(&stack) == 1).then_some(()));
    stack.wire().straighten(&stack.account);
    within(Duration::from_secs(60), "a mail", || stack.mails().into_iter().find(|mail| mail.id() == id));
    assert!(posted.elapsed() >= Duration::from_secs(9), "{:?}", posted.elapsed());
    assert_eq!(refused(&stack), 1, "SES is asked once for each try");
    stack.settle();
    assert!(stack.rows("dead").is_empty());
    let log = stack.log();
    assert!(log.contains("will be tried again") && log.contains(code) && log.contains(message), "{log}");
}

#[test]
fn a_sender_that_is_not_verified_yet_waits() {
    waits(
        400,
        "MessageRejected",
        "Email address is not verified. The following identities failed the check: post@example.com",
    );
}

#[test]
fn a_throttled_mail_waits() {
    waits(429, "TooManyRequestsException", "Maximum sending rate exceeded.");
}

#[test]
fn a_mail_beyond_the_daily_quota_waits() {
    waits(400, "LimitExceededException", "Daily message quota exceeded.");
}

#[test]
fn a_mail_that_ses_may_not_send_yet_waits() {
    waits(403, "AccessDeniedException", "User is not authorized to perform: ses:SendEmail");
}

#[test]
fn what_ses_will_never_take_becomes_a_dead_letter_that_can_be_retried() {
    let stack = Stack::deploy();
    refuse(&stack, 400, "BadRequestException", "Missing final '@domain'");
    let body = vec![b'x'; 300_000];
    let id = post(&stack, &body);
    eventually("a dead letter", || Some(stack.rows("dead")).filter(|rows| rows.len() == 1));
    stack.settle();
    let said = |arguments: &[&str]| {
        let output = stack.verb(arguments, &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let list = said(&["dead", "list"]);
    assert!(list.contains(&id) && list.contains("default") && list.contains("Missing final '@domain'"), "{list}");
    assert!(said(&["dead", "show", &id]).len() > 300_000, "its body is kept");
    stack.wire().straighten(&stack.account);
    said(&["dead", "retry", &id]);
    assert_eq!(stack.mail(&id).0["attachments"][0]["bytes"], 300_000);
    assert_eq!(said(&["dead", "list"]), "No dead letters.\n");
    stack.settle();
    assert_eq!(stack.mails().len(), 1);
}

#[test]
fn an_answer_of_ses_that_is_lost_is_asked_for_again_later_and_not_at_once() {
    let stack = Stack::deploy();
    let mut lost = 0;
    stack.wire().bend(&stack.account, move |call| {
        let first = call.action == "ses:SendEmail" && lost == 0;
        lost += usize::from(first);
        first.then_some(Bend::AnswerLost)
    });
    let id = post(&stack, b"{}");
    let again = within(Duration::from_secs(60), "a mail", || stack.mails().into_iter().find(|mail| mail.id() == id));
    assert_eq!(again.id(), id);
    let sends = stack.calls().into_iter().filter(|call| call.action == "ses:SendEmail").count();
    assert_eq!(sends, 2, "SES has no way to say that it took it: one repetition");
    stack.settle();
}

#[test]
fn a_table_that_does_not_answer_puts_a_message_off_and_loses_nothing() {
    let stack = Stack::deploy();
    stack.wire().bend(&stack.account, |call| {
        let refused = Bend::Refused { status: 500, code: "InternalServerError", message: "as planned" };
        (call.function == "mailer" && call.action == "dynamodb:UpdateItem").then_some(refused)
    });
    post(&stack, b"{}");
    eventually("an error line", || stack.log().contains("the store did not answer").then_some(()));
    assert_eq!((stack.queued("InboundQueue"), stack.mails().len()), (1, 0));
}

#[test]
fn a_queue_that_does_not_answer_is_answered_503_and_the_log_says_why() {
    let stack = Stack::deploy();
    stack.wire().bend(&stack.account, |call| {
        let refused = Bend::Refused { status: 400, code: "QueueDoesNotExist", message: "there is no such queue" };
        (call.action == "sqs:SendMessage").then_some(refused)
    });
    let answer = stack.send("POST", "/in", &[("authorization", &format!("Bearer {PASSWORD}"))], b"{}");
    assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"));
    assert!(answer.header("retry-after").is_some());
    eventually("an error line", || stack.log().contains("there is no such queue").then_some(()));
    assert!(!stack.log().contains(PASSWORD));
}
