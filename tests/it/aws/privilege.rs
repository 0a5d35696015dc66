//! Least privilege, both ways: every call that a function makes is allowed by its role, and everything
//! that is allowed is used. The calls are those seen on the wire.

mod inbound;
mod outbound;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{Call, Emulator, PASSWORD, Stack, Tools};

/// A function, an action, and what it is about.
type Use = (String, String, String);

const FUNCTIONS: [&str; 6] = ["Api", "Deliverer", "Listener", "Mailer", "Sender", "Watcher"];

/// Allowed, and not to be seen on the wire: Lambda polls queues and streams in a function's name and
/// writes the logs, and S3 says "not there" only to who may list.
const UNSEEN: [&str; 10] = [
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "s3:ListBucket",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
];

/// Lambda puts failed invocations there in a function's name.
const LETTERS: &str = "OutboundDeadLetters";

const SECRETS: [&str; 3] = ["InboundKey", "OutboundKey", "AdminToken"];

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
    for function in FUNCTIONS {
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
                let all = about(&action, &resource, &statement["Condition"]);
                for about in all.into_iter().filter(|about| about != LETTERS) {
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
        if let Some(index) = after("/index/") {
            return vec![index];
        }
        let keys =
            condition.as_object().into_iter().flat_map(|all| all.values()).map(|keys| &keys["dynamodb:LeadingKeys"]);
        return keys.flat_map(list).map(|key| key.as_str().unwrap().trim_end_matches("/*").to_owned()).collect();
    }
    if action.starts_with("s3:") {
        return vec![after("Bucket.Arn}/").unwrap_or_default()];
    }
    if action.starts_with("secretsmanager:") {
        let own = SECRETS.into_iter().find(|name| text.contains(name));
        return vec![own.unwrap_or("hookpost").to_owned()];
    }
    if action.starts_with("sqs:") {
        return vec![resource["Fn::GetAtt"][0].as_str().expect("a queue").to_owned()];
    }
    vec![String::new()]
}

/// What a call was about, in the same words.
fn seen(stack: &Stack, call: &Call) -> Use {
    let own = |name: &&&str| call.about.contains(&*stack.resources[**name]);
    let queue = |name: &&&str| call.about == stack.resources[**name];
    let about = match call.action.split(':').next().unwrap() {
        "dynamodb" => call.about.split('/').next().unwrap().to_owned(),
        "s3" => call.about.split('/').nth(2).unwrap_or_default().to_owned(),
        "secretsmanager" => SECRETS.iter().find(own).copied().unwrap_or("hookpost").to_owned(),
        "sqs" => ["InboundQueue", "OutboundQueue"].iter().find(queue).copied().unwrap_or(&call.about).to_owned(),
        _ => String::new(),
    };
    // IAM knows one action for one message and for many.
    (call.function.clone(), call.action.replace("MessageBatch", "Message"), about)
}

/// The roles that a call hands on.
fn passed(call: &Call) -> Option<Use> {
    call.json()["Target"]["RoleArn"].is_string().then(|| (call.function.clone(), "iam:PassRole".into(), String::new()))
}

/// A secret and a parameter of the owner's, to which sources and endpoints may refer.
fn keep(stack: &Stack) {
    let secret = serde_json::json!({ "Name": "hookpost/a", "SecretString": "from secrets manager" });
    let parameter =
        serde_json::json!({ "Name": "/hookpost/a", "Value": "from parameter store", "Type": "SecureString" });
    stack.aws("secretsmanager", "secretsmanager.CreateSecret", &secret);
    stack.aws("ssm", "AmazonSSM.PutParameter", &parameter);
}

#[test]
fn every_call_is_allowed_and_everything_allowed_is_used() {
    let account = Emulator::running().account();
    let stream = Stack::watched_table(&account, "orders");
    let parameters = [
        ("WebhookPassword", PASSWORD),
        ("EventBusName", "default"),
        ("EventSource", "shop"),
        ("WatchStreamArn", &*stream),
    ];
    let stack = Stack::deploy_in(account, &parameters);
    keep(&stack);
    outbound::everything(&stack);
    inbound::everything(&stack);
    let calls = stack.calls();
    let used: BTreeSet<Use> =
        calls.iter().flat_map(|call| [Some(seen(&stack, call)), passed(call)]).flatten().collect();
    let allowed = allowed();
    let forbidden: Vec<_> = used.difference(&allowed).collect();
    assert!(forbidden.is_empty(), "made, and not allowed: {forbidden:?}");
    let idle: Vec<_> = allowed.difference(&used).collect();
    assert!(idle.is_empty(), "allowed, and never made: {idle:?}");
}
