//! Sources on AWS: sealed, referred to, read again; and the default one, which needs no apply.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;

use crate::harness::{Emulator, Github, Stack, within};

fn secret(stack: &Stack, name: &str, value: &str) {
    let ask = json!({ "Name": name, "SecretString": value });
    Emulator::running().call(&stack.account, "secretsmanager", "secretsmanager.CreateSecret", &ask);
}

#[test]
fn the_default_source_needs_no_apply_and_its_password_is_shown_by_the_command_of_the_output() {
    let stack = Stack::deploy_with(&[]);
    let key: serde_json::Value = serde_json::from_str(&stack.secret("InboundKey")).expect("JSON");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key["1"].as_str().expect("a key").as_bytes()).expect("a key");
    mac.update(b"default-password");
    let password = hex::encode(mac.finalize().into_bytes())[..40].to_owned();
    stack.send("POST", "/in", &[("authorization", &format!("Bearer {password}"))], b"{}").accepted();
    assert_eq!(stack.send("POST", "/in", &[("authorization", "Bearer wrong")], b"{}").status, 401);
    stack.settle();

    // The command itself, with a secret as Secrets Manager makes them and an `aws` that shows it.
    let folder = tempfile::tempdir().expect("a folder");
    let aws = folder.path().join("aws");
    std::fs::write(&aws, "#!/bin/sh\necho '{\"1\":\"0123456789abcdefghijklmnopqrstuvwxyz\"}'\n").expect("a file");
    std::fs::set_permissions(&aws, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").expect("a path"));
    let show = || {
        let mut shell = std::process::Command::new("sh");
        let shown = shell.args(["-c", &stack.outputs["ShowPassword"]]).env("PATH", &path).output();
        String::from_utf8(shown.expect("a shell").stdout).expect("text")
    };
    let shown = show();
    let lines = "#!/bin/sh\nprintf '{\\n  \"1\": \"0123456789abcdefghijklmnopqrstuvwxyz\"\\n}\\n'\n";
    std::fs::write(&aws, lines).expect("a file");
    assert_eq!(show(), shown, "edited by hand");
    std::fs::write(&aws, "#!/bin/sh\nexit 255\n").expect("a file");
    assert_eq!(show(), "", "no password of nothing");
    let keys = shared::seal::Keys::read("{\"1\":\"0123456789abcdefghijklmnopqrstuvwxyz\"}").expect("keys");
    assert_eq!(shown.trim(), keys.default_password().expose());
}

#[test]
fn secrets_are_sealed_before_they_are_stored_and_never_come_back_out() {
    let stack = Stack::deploy();
    stack.apply("sources:\n  github: { verify: { scheme: github, secret: hush-hush-hush }, email: ops@example.com }\n");
    let row = stack.rows("config").remove(0);
    let text = row["text"]["S"].as_str().expect("a text");
    assert!(text.contains("sealed:1:1:") && !text.contains("hush"), "{text}");
    let shown = stack.admin("GET", "/api/v1/config", &[], b"");
    assert_eq!(shown.header("etag"), Some("\"1\""));
    assert!(shown.text().contains("[sealed]") && !shown.text().contains("hush"), "{}", shown.text());
    for call in stack.calls() {
        assert!(!String::from_utf8_lossy(&call.body).contains("hush"), "{} carries a secret", call.action);
    }
    Github { path: "/in/github", secret: "hush-hush-hush" }.post(&stack, "d-1", b"{}").accepted();
    stack.settle();
    assert!(!stack.log().contains("hush"));
}

#[test]
fn references_are_looked_up_by_the_function() {
    let stack = Stack::deploy();
    secret(&stack, "hookpost/github", "from secrets manager");
    let parameter = json!({ "Name": "/hookpost/shop", "Value": "from parameter store", "Type": "SecureString" });
    Emulator::running().call(&stack.account, "ssm", "AmazonSSM.PutParameter", &parameter);
    stack.apply(
        "sources:
  github: { verify: { scheme: github, secret: 'secretsmanager:hookpost/github' }, email: ops@example.com }
  shop: { verify: { scheme: password, secret: ['ssm:/hookpost/shop', other] }, email: ops@example.com }
  gone: { verify: { scheme: password, secret: 'ssm:/hookpost/gone' }, email: ops@example.com }
",
    );
    Github { path: "/in/github", secret: "from secrets manager" }.post(&stack, "d-1", b"{}").accepted();
    for password in ["from parameter store", "other"] {
        stack.send("POST", "/in/shop", &[("authorization", &format!("Bearer {password}"))], b"{}").accepted();
    }
    let gone = stack.send("POST", "/in/gone", &[("authorization", "Bearer x")], b"{}");
    assert_eq!(gone.status, 503, "the owner's to mend, and worth a retry");
    stack.settle();
    assert_eq!(stack.mails().len(), 3);
    let outside =
        "sources:\n  a: { verify: { scheme: password, secret: 'secretsmanager:AdminToken' }, email: a@example.com }\n";
    std::fs::write(stack.folder().join("outside.yaml"), outside).expect("a file");
    let refused = stack.verb(&["apply", "outside.yaml", "--yes"], &[]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("below hookpost/"), "{said}");
}

#[test]
fn a_change_is_in_use_within_thirty_seconds_and_is_read_no_more_often() {
    let stack = Stack::deploy();
    let source = |secret: &str| {
        format!("sources:\n  a: {{ verify: {{ scheme: password, secret: {secret} }}, email: ops@example.com }}\n")
    };
    stack.apply(&source("the-old-one"));
    let post = |password: &str| stack.send("POST", "/in/a", &[("authorization", &format!("Bearer {password}"))], b"{}");
    post("the-old-one").accepted();
    stack.apply(&source("the-new-one"));
    within(Duration::from_secs(35), "the new password", || (post("the-new-one").status == 202).then_some(()));
    assert_eq!(post("the-old-one").status, 401);
    let reads = |call: &&crate::harness::Call| call.function == "listener" && call.action == "dynamodb:GetItem";
    let reads = stack.calls().iter().filter(reads).count();
    assert!(reads <= 3, "{reads} reads");
}

#[test]
fn a_webhook_of_a_source_that_the_mailer_has_not_heard_of_yet_is_no_dead_letter() {
    let stack = Stack::deploy();
    let source =
        |name: &str| format!("  {name}: {{ verify: {{ scheme: password, secret: hush }}, email: ops@example.com }}\n");
    stack.apply(&format!("sources:\n{}", source("first")));
    let post = |name: &str| stack.send("POST", &format!("/in/{name}"), &[("authorization", "Bearer hush")], b"{}");
    post("first").accepted();
    stack.settle();
    stack.apply(&format!("sources:\n{}{}", source("first"), source("second")));
    within(Duration::from_secs(35), "the second", || (post("second").status == 202).then_some(()));
    stack.settle();
    assert!(stack.rows("dead").is_empty());
    assert_eq!(stack.mails().len(), 2);
}

#[test]
fn a_configuration_that_cannot_be_read_is_our_fault_until_it_is_applied_again() {
    let put = |stack: &Stack, row: serde_json::Value| {
        let ask = json!({ "TableName": stack.resources["Table"], "Item": row });
        Emulator::running().call(&stack.account, "dynamodb", "DynamoDB_20120810.PutItem", &ask);
    };
    let (pk, sk) = (json!({ "S": "config" }), json!({ "S": "config" }));
    let stack = Stack::deploy();
    put(&stack, json!({ "pk": pk, "sk": sk, "version": { "N": "7" }, "text": { "S": "{bad" } }));
    let answer = stack.send("POST", "/in/a", &[("authorization", "Bearer hush")], b"{}");
    assert_eq!(answer.status, 503, "a 404 would make the sender give up");
    stack.apply("sources:\n  a: { verify: { scheme: password, secret: hush }, email: ops@example.com }\n");
    stack.send("POST", "/in/a", &[("authorization", "Bearer hush")], b"{}").accepted();
    stack.settle();

    let torn = Stack::deploy();
    put(&torn, json!({ "pk": pk, "sk": sk, "version": { "N": "7" } }));
    assert_eq!(torn.send("POST", "/in/a", &[("authorization", "Bearer hush")], b"{}").status, 503);
}
