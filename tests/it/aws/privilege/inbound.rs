//! Everything that a webhook can set off, once.

use crate::harness::{Bend, PASSWORD, Stack, eventually};

pub fn everything(stack: &Stack) {
    stack.apply(
        "sources:
  b: { verify: { scheme: asana }, email: ops@example.com }
  a: { verify: { scheme: password, secret: ['secretsmanager:hookpost/a', 'ssm:/hookpost/a'] }, email: ops@example.com }
",
    );
    crate::harness::within(std::time::Duration::from_secs(35), "the source", || {
        let answer = stack.send("POST", "/in/a", &[("authorization", "Bearer from parameter store")], b"{}");
        (answer.status == 202).then_some(())
    });
    stack.settle();
    let bearer = format!("Bearer {PASSWORD}");
    let post = |body: &[u8]| stack.send("POST", "/in", &[("authorization", &bearer)], body).accepted();
    handed_over(stack);
    // Refused for now, then for good: hidden, then dead, with a body in the bucket.
    let mut refusals = 0;
    stack.wire().bend(&stack.account, move |call| {
        let code = if refusals == 0 { "TooManyRequestsException" } else { "BadRequestException" };
        let refused = Bend::Refused { status: 400, code, message: "as planned" };
        let hit = call.action == "ses:SendEmail";
        refusals += usize::from(hit);
        hit.then_some(refused)
    });
    let dead = post(&[b'x'; 300_000]);
    stack.put_into_queue(&"x".repeat(600_000));
    eventually("two dead letters", || (stack.rows("dead").len() == 2).then_some(()));
    stack.wire().straighten(&stack.account);
    for verb in [&["dead", "list"][..], &["dead", "show", &dead], &["dead", "retry", &dead]] {
        assert!(stack.verb(verb, &[]).status.success(), "{verb:?}");
    }
    stack.mail(&dead);
    stack.verb(&["status"], &[]);
    stack.settle();
}

/// A secret that is waited for, taken, and forgotten.
fn handed_over(stack: &Stack) {
    let run = |verb: &str| assert!(stack.verb(&["sources", verb, "b"], &[]).status.success(), "{verb}");
    run("wait");
    let secret = ("x-hook-secret", "0123456789abcdef0123456789abcdef");
    assert_eq!(stack.send("POST", "/in/b", &[secret], b"{}").status, 200);
    run("secret");
    run("forget");
}
