//! Least privilege, both ways: every call that a function makes is allowed by its role, and everything
//! that is allowed is used. The calls are those seen on the wire.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Bend, Call, Emulator, PASSWORD, Stack, Tools, eventually};

/// A function, an action, and what it is about.
type Use = (String, String, String);

/// Allowed, and not to be seen on the wire: Lambda polls in the mailer's name and writes the logs, and
/// S3 says "not there" only to who may list.
const UNSEEN: [&str; 6] = [
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "s3:ListBucket",
];

fn template() -> Value {
    let template = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    Tools::ready().python_of("sam", "template.py", &[&template.display().to_string()]).remove(0)
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

/// What the roles allow.
fn allowed() -> BTreeSet<Use> {
    let (template, mut allowed) = (template(), BTreeSet::new());
    for function in ["Listener", "Mailer", "Api"] {
        let role = &template["Resources"][format!("{function}Role")]["Properties"];
        for statement in
            role["Policies"].as_array().unwrap().iter().flat_map(|p| list(&p["PolicyDocument"]["Statement"]))
        {
            for (action, resource) in list(&statement["Action"]).iter().flat_map(|action| {
                list(&statement["Resource"]).into_iter().map(move |resource| (action.clone(), resource))
            }) {
                let action = action.as_str().unwrap().to_owned();
                if UNSEEN.contains(&&*action) {
                    continue;
                }
                for about in about(&action, &resource, &statement["Condition"]) {
                    allowed.insert((function.to_lowercase(), action.clone(), about));
                }
            }
        }
    }
    allowed
}

/// A statement's objects, in the words that calls are reduced to below.
fn about(action: &str, resource: &Value, condition: &Value) -> Vec<String> {
    let text = resource.to_string();
    let after = |mark: &str| text.split(mark).nth(1).map(|rest| rest.split(['/', '*', '"']).next().unwrap().to_owned());
    if action.starts_with("dynamodb:") {
        let keys =
            condition.as_object().into_iter().flat_map(|all| all.values()).map(|keys| &keys["dynamodb:LeadingKeys"]);
        return keys.flat_map(list).map(|key| key.as_str().unwrap().trim_end_matches("/*").to_owned()).collect();
    }
    if action.starts_with("s3:") {
        return vec![after("Bucket.Arn}/").unwrap_or_default()];
    }
    if action.starts_with("secretsmanager:") {
        let own = ["InboundKey", "AdminToken"].into_iter().find(|name| text.contains(name));
        return vec![own.unwrap_or("hookpost").to_owned()];
    }
    vec![String::new()]
}

/// What a call was about, in the same words.
fn seen(stack: &Stack, call: &Call) -> Use {
    let own = |name: &&&str| call.about.contains(&*stack.resources[**name]);
    let about = match call.action.split(':').next().unwrap() {
        "dynamodb" => call.about.split('/').next().unwrap().to_owned(),
        "s3" => call.about.split('/').nth(2).unwrap_or_default().to_owned(),
        "secretsmanager" => ["InboundKey", "AdminToken"].iter().find(own).copied().unwrap_or("hookpost").to_owned(),
        _ => String::new(),
    };
    (call.function.clone(), call.action.clone(), about)
}

/// Everything that the functions can do, once.
fn everything(stack: &Stack) {
    let secret = json!({ "Name": "hookpost/a", "SecretString": "from secrets manager" });
    let parameter = json!({ "Name": "/hookpost/a", "Value": "from parameter store", "Type": "SecureString" });
    Emulator::running().call(&stack.account, "secretsmanager", "secretsmanager.CreateSecret", &secret);
    Emulator::running().call(&stack.account, "ssm", "AmazonSSM.PutParameter", &parameter);
    stack.apply(
        "sources:
  a: { verify: { scheme: password, secret: ['secretsmanager:hookpost/a', 'ssm:/hookpost/a'] }, email: ops@example.com }
",
    );
    stack.send("POST", "/in/a", &[("authorization", "Bearer from parameter store")], b"{}").accepted();
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

#[test]
fn every_call_is_allowed_and_everything_allowed_is_used() {
    let stack = Stack::deploy();
    everything(&stack);
    let used: BTreeSet<Use> = stack.calls().iter().map(|call| seen(&stack, call)).collect();
    let allowed = allowed();
    let forbidden: Vec<_> = used.difference(&allowed).collect();
    assert!(forbidden.is_empty(), "made, and not allowed: {forbidden:?}");
    let idle: Vec<_> = allowed.difference(&used).collect();
    assert!(idle.is_empty(), "allowed, and never made: {idle:?}");
}
