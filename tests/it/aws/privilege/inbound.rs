//! Everything that a webhook can set off, once.

use crate::harness::{Bend, PASSWORD, Stack, eventually};

pub fn everything(stack: &Stack) {
    stack.apply(
        "sources:
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
