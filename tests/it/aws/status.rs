//! `hookpost status`: which click is missing.

use crate::harness::{Bend, Stack};

fn status(stack: &Stack) -> (bool, String) {
    let output = stack.verb(&["status"], &[]);
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn what_is_missing_is_named_and_what_is_confirmed_too() {
    let stack = Stack::deploy();
    let (fine, said) = status(&stack);
    assert!(fine && said.contains("ok       sender") && said.contains("ok       alarms"), "{said}");

    stack.wire().bend(&stack.account, |call| match &*call.action {
        "ses:GetEmailIdentity" => Some(Bend::Answered { body: r#"{"VerifiedForSendingStatus": false}"# }),
        "ses:GetAccount" => Some(Bend::Answered { body: r#"{"ProductionAccessEnabled": false}"# }),
        _ => None,
    });
    let (fine, said) = status(&stack);
    assert!(!fine, "{said}");
    assert!(said.contains("MISSING  sender     post@example.com is not verified in SES"), "{said}");
    assert!(said.contains("MISSING  recipient  ops@example.com is not verified; SES is in its sandbox"), "{said}");
    assert!(said.contains("ok       alarms"), "{said}");
}

#[test]
fn an_alarm_subscription_that_nobody_confirmed_is_missing() {
    let stack = Stack::deploy();
    stack.wire().bend(&stack.account, |call| {
        let pending = "<ListSubscriptionsByTopicResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><ListSubscriptionsByTopicResult><Subscriptions><member><SubscriptionArn>PendingConfirmation</SubscriptionArn></member></Subscriptions></ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>";
        (call.action == "sns:ListSubscriptionsByTopic").then_some(Bend::Answered { body: pending })
    });
    let (fine, said) = status(&stack);
    assert!(!fine && said.contains("MISSING  alarms"), "{said}");
}

#[test]
fn the_api_wants_the_admin_token_and_knows_its_addresses() {
    let stack = Stack::deploy();
    for path in ["/api/v1/config", "/api/v1/status", "/api/v1/dead", "/api/v1/nothing"] {
        assert_eq!(stack.ask("ApiUrl", "GET", path, &[], b"").status, 401, "{path}");
        let wrong = stack.ask("ApiUrl", "GET", path, &[("authorization", "Bearer wrong")], b"");
        assert_eq!(wrong.status, 401, "{path}");
    }
    assert_eq!(stack.admin("GET", "/api/v1/nothing", &[], b"").status, 404);
    assert_eq!(stack.admin("GET", "/elsewhere", &[], b"").status, 404);
    assert_eq!(stack.admin("DELETE", "/api/v1/config", &[], b"").header("allow"), Some("GET, PUT"));
}
