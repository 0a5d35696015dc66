//! Invocation payloads as AWS sends them, through the compiled functions.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Function, Stack};

pub(super) fn event(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("events/{name}.json"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|problem| panic!("{}: {problem}", file.display()));
    serde_json::from_str(&text).expect("JSON")
}

pub(super) fn start(stack: &Stack, name: &str) -> Function {
    let function = name.to_lowercase();
    Function::start(name, stack.environment(&function), stack.folder().join(&function))
}

#[test]
fn every_event_of_the_listener_is_answered_as_it_must_be() {
    let stack = Stack::deploy();
    stack.apply("sources:\n  github: { verify: { scheme: github, secret: new secret }, email: ops@example.com }\n");
    let mut listener = start(&stack, "Listener");
    let expected = [
        ("listener-password", 202, ""),
        ("listener-github", 202, "Signed: the body is as the sender made it"),
        ("listener-forged", 401, ""),
        ("listener-form", 202, ""),
        ("listener-binary", 202, "The body is not UTF-8 text; it is attached"),
        ("listener-get", 202, "city: Köln"),
        ("listener-joined-headers", 202, ""),
        ("listener-http-api", 202, ""),
        ("listener-unknown-source", 404, ""),
        ("listener-broken-base64", 400, ""),
    ];
    for (name, status, text) in expected {
        let answer = listener.invoke(&event(name)).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
        assert_eq!(answer["headers"]["content-type"], "application/json", "{name}");
        let body: Value = serde_json::from_str(answer["body"].as_str().expect("a body")).expect("JSON");
        if status == 202 {
            let mail = stack.mail(body["id"].as_str().expect("an id"));
            assert!(mail.text().contains(text), "{name}: {}", mail.text());
        } else {
            assert!(body["error"]["code"].is_string(), "{name}: {body}");
        }
    }
    stack.settle();
}

#[test]
fn one_bad_message_of_a_batch_does_not_fail_its_neighbours() {
    let stack = Stack::deploy();
    let mut mailer = start(&stack, "Mailer");
    assert_eq!(mailer.invoke(&event("mailer-one")), Ok(json!({ "batchItemFailures": [] })));
    assert_eq!(stack.mails().len(), 1);
    assert_eq!(mailer.invoke(&event("mailer-one")), Ok(json!({ "batchItemFailures": [] })), "handed out again");
    assert_eq!(stack.mails().len(), 1, "a duplicate");
    assert_eq!(mailer.invoke(&event("mailer-batch")), Ok(json!({ "batchItemFailures": [] })));
    assert_eq!((stack.mails().len(), stack.rows("dead").len()), (3, 1));
}

#[test]
fn what_is_no_event_fails_and_the_next_one_is_answered() {
    let stack = Stack::deploy();
    let mut listener = start(&stack, "Listener");
    for nonsense in
        [json!({}), json!([]), json!("x"), json!({ "Records": [] }), json!({ "version": "1.0", "path": "/" })]
    {
        match listener.invoke(&nonsense) {
            Ok(answer) => assert_eq!(answer["statusCode"], 400, "{nonsense}: {answer}"),
            Err(problem) => assert!(!problem.contains("ended"), "{nonsense}: {problem}"),
        }
    }
    assert_eq!(listener.invoke(&event("listener-password")).expect("an answer")["statusCode"], 202);
    let mut mailer = start(&stack, "Mailer");
    assert!(mailer.invoke(&json!({ "Records": "x" })).is_err());
    assert_eq!(mailer.invoke(&json!({ "Records": [] })), Ok(json!({ "batchItemFailures": [] })));
    stack.settle();
}

#[test]
fn with_nothing_there_the_answer_is_503_and_the_log_says_why() {
    let stack = Stack::deploy();
    let log = stack.folder().join("alone");
    let mut environment = stack.environment("listener");
    environment.retain(|(name, _)| name != "AWS_ENDPOINT_URL");
    environment.push(("AWS_ENDPOINT_URL".into(), "http://127.0.0.1:9".into()));
    let mut listener = Function::start("Listener", environment.clone(), log.clone());
    let answer = listener.invoke(&event("listener-password")).expect("an answer");
    assert_eq!(answer["statusCode"], 503, "{answer}");
    let said = std::fs::read_to_string(&log).expect("a log");
    assert!(said.contains("cannot take webhooks") && said.contains("refused"), "{said}");
    let mut api = Function::start("Api", environment, log);
    assert_eq!(api.invoke(&event("api-config")).expect("an answer")["statusCode"], 503);
}

#[test]
fn a_variable_that_is_missing_is_named() {
    let stack = Stack::deploy();
    let log = stack.folder().join("bare");
    let mut environment = stack.environment("mailer");
    environment.retain(|(name, _)| name != "MAIL_FROM");
    let failed = Function::start("Mailer", environment, log.clone()).invoke(&json!({})).expect_err("no start");
    let said = std::fs::read_to_string(&log).expect("a log");
    assert!(said.contains("MAIL_FROM: is missing or wrong") || failed.contains("MAIL_FROM"), "{failed}: {said}");
}
