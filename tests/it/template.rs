//! What the SAM template promises, read in what AWS's own translator makes of it.

mod outbound;
mod roles;

use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use crate::harness::{Tools, built};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const TEMPLATE: &str = include_str!("../../template.yaml");
const MAILER: &str = include_str!("../../functions/mailer/src/main.rs");
const BURY: &str = include_str!("../../shared/src/inbound/bury.rs");
const SETTLE: &str = include_str!("../../shared/src/inbound/settle.rs");

const FUNCTIONS: [&str; 6] = ["Api", "Deliverer", "Listener", "Mailer", "Sender", "Watcher"];

/// The template's resources, expanded.
fn resources() -> &'static Map<String, Value> {
    static EXPANDED: OnceLock<Value> = OnceLock::new();
    let template = format!("{ROOT}/template.yaml");
    let expand = || Tools::ready().python_of("sam", "template.py", &[template.as_str()]).remove(0);
    EXPANDED.get_or_init(expand)["Resources"].as_object().expect("resources")
}

/// The properties of a resource.
fn of(name: &str) -> &'static Value {
    &resources()[name]["Properties"]
}

/// The resources of a type: their names and properties, of which there is at least one.
fn all(kind: &str) -> Vec<(&'static str, &'static Value)> {
    let found = resources().iter().filter(|(_, resource)| resource["Type"] == kind);
    let found: Vec<_> = found.map(|(name, resource)| (name.as_str(), &resource["Properties"])).collect();
    assert!(!found.is_empty(), "no {kind}");
    found
}

/// Several values, or one as a list, as policies have it.
fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |several| several.iter().collect())
}

/// The role of a function.
fn role(function: &str) -> &'static Value {
    of(of(function)["Role"]["Fn::GetAtt"][0].as_str().expect("a role"))
}

/// What a function's role allows.
fn statements(function: &str) -> Vec<&'static Value> {
    let policies = list(&role(function)["Policies"]).into_iter();
    policies.flat_map(|policy| list(&policy["PolicyDocument"]["Statement"])).collect()
}

fn actions(statement: &'static Value) -> Vec<&'static str> {
    list(&statement["Action"]).into_iter().map(|action| action.as_str().expect("an action")).collect()
}

fn arn(name: &str) -> Value {
    json!({ "Fn::GetAtt": [name, "Arn"] })
}

#[test]
fn consumers_take_back_single_messages_are_never_throttled_and_only_say_so_if_they_feed_themselves() {
    for (name, mapping) in all("AWS::Lambda::EventSourceMapping") {
        let function = mapping["FunctionName"]["Ref"].as_str().expect("a function");
        assert_eq!(mapping["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]), "{name}");
        assert!(of(function).get("ReservedConcurrentExecutions").is_none(), "{function}");
        if mapping["EventSourceArn"]["Fn::GetAtt"].is_array() {
            let most = &mapping["ScalingConfig"]["MaximumConcurrency"];
            assert!(most.is_u64() || *most == json!({ "Ref": "DeliverConcurrency" }), "{name}");
        }
        let feeds_itself = statements(function).into_iter().any(|statement| {
            let to = list(&statement["Resource"]);
            to.contains(&&mapping["EventSourceArn"]) && actions(statement).contains(&"sqs:SendMessage")
        });
        assert_eq!(of(function)["RecursiveLoop"] == "Allow", feeds_itself, "{function}");
    }
    // Its reason stands above it.
    let mut lines = TEMPLATE.lines().map(str::trim_start);
    let reason = lines.position(|line| line.starts_with("RecursiveLoop:")).and_then(|at| TEMPLATE.lines().nth(at - 1));
    assert!(reason.is_some_and(|line| line.trim_start().starts_with('#')), "{reason:?}");
}

/// One of the mailer's times, read in its source.
fn seconds(name: &str) -> u64 {
    let (_, after) = MAILER.split_once(&format!("{name}: Duration::from_secs(")).expect(name);
    after.split(')').next().and_then(|digits| digits.parse().ok()).expect(name)
}

#[test]
fn a_send_ends_before_its_function_its_lease_and_its_hiding() {
    let [send, lease, hidden] = ["send", "lease", "visibility"].map(seconds);
    let timeout = of("Mailer")["Timeout"].as_u64().expect("a number");
    let visibility = of("InboundQueue")["VisibilityTimeout"].as_u64().expect("a number");
    assert!(send < timeout && timeout < lease && lease < visibility, "{send} {timeout} {lease} {visibility}");
    assert!(visibility >= 6 * timeout, "{visibility} {timeout}");
    assert_eq!(hidden, visibility);
}

#[test]
fn what_is_kept_outlives_the_stack() {
    for kind in ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"] {
        for (name, _) in all(kind) {
            let policies = ["DeletionPolicy", "UpdateReplacePolicy"].map(|policy| &resources()[name][policy]);
            assert!(policies.iter().all(|policy| **policy == "Retain"), "{name}");
        }
    }
    assert_eq!(of("Table")["TimeToLiveSpecification"], json!({ "AttributeName": "expires", "Enabled": true }));
}

/// CloudFormation would make new ones, and what was sealed with the old ones would be lost.
#[test]
fn the_secrets_are_made_as_ever_and_have_no_name() {
    let key = json!({
        "SecretStringTemplate": "{}", "GenerateStringKey": "1", "PasswordLength": 64, "ExcludePunctuation": true
    });
    for name in ["InboundKey", "OutboundKey"] {
        assert_eq!(*of(name), json!({ "GenerateSecretString": key }), "{name}");
    }
    let token = json!({ "PasswordLength": 40, "ExcludePunctuation": true });
    assert_eq!(*of("AdminToken"), json!({ "GenerateSecretString": token }));
}

/// That a policy refuses plain HTTP, and does nothing else but `more`.
fn assert_refuses_plain_http(policy: &str, action: &str, resources: Value, more: &[Value]) {
    let refusal = json!({
        "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resources,
        "Condition": { "Bool": { "aws:SecureTransport": "false" } }
    });
    let wanted: Vec<_> = [&refusal].into_iter().chain(more).collect();
    assert_eq!(of(policy)["PolicyDocument"]["Statement"], json!(wanted));
}

#[test]
fn the_bucket_and_the_queues_are_sealed() {
    let encryption = &of("Bucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    assert_eq!(encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256");
    let block = of("Bucket")["PublicAccessBlockConfiguration"].as_object().expect("a block");
    assert!(block.len() == 4 && block.values().all(|on| *on == true), "{block:?}");
    assert_eq!(of("BucketPolicy")["Bucket"], json!({ "Ref": "Bucket" }));
    assert_refuses_plain_http("BucketPolicy", "s3:*", json!([arn("Bucket"), { "Fn::Sub": "${Bucket.Arn}/*" }]), &[]);
    // The rule may lay what it cannot hand over among the dead letters.
    let rule = json!({
        "Effect": "Allow", "Principal": { "Service": "events.amazonaws.com" }, "Action": "sqs:SendMessage",
        "Resource": arn("OutboundDeadLetters"), "Condition": { "ArnEquals": { "aws:SourceArn": arn("EventRule") } }
    });
    let with_a_bus = json!({ "Fn::If": ["TakeBusEvents", rule, { "Ref": "AWS::NoValue" }] });
    for (policy, queue, letters, more) in [
        ("QueuePolicy", "InboundQueue", "InboundDeadLetters", vec![]),
        ("OutboundQueuePolicy", "OutboundQueue", "OutboundDeadLetters", vec![with_a_bus]),
    ] {
        assert_eq!(of(policy)["Queues"], json!([{ "Ref": queue }, { "Ref": letters }]));
        assert_refuses_plain_http(policy, "sqs:*", json!([arn(queue), arn(letters)]), &more);
    }
    assert!(all("AWS::SQS::Queue").into_iter().all(|(_, queue)| queue["SqsManagedSseEnabled"] == true));
}

#[test]
fn messages_wait_for_two_weeks_and_a_hundred_tries() {
    for (name, queue) in all("AWS::SQS::Queue") {
        assert_eq!(queue["MessageRetentionPeriod"], 14 * 86_400, "{name}");
    }
    for (queue, letters) in [("InboundQueue", "InboundDeadLetters"), ("OutboundQueue", "OutboundDeadLetters")] {
        let redrive = json!({ "deadLetterTargetArn": arn(letters), "maxReceiveCount": 100 });
        assert_eq!(of(queue)["RedrivePolicy"], redrive, "{queue}");
    }
}

#[test]
fn functions_run_where_they_were_built_for_and_their_logs_end() {
    for (name, function) in all("AWS::Lambda::Function") {
        assert!(FUNCTIONS.contains(&name), "{name}");
        let runs_on = (&function["Runtime"], &function["Architectures"]);
        assert_eq!(runs_on, (&json!("provided.al2023"), &json!(["x86_64"])), "{name}");
        let log = of(function["LoggingConfig"]["LogGroup"]["Ref"].as_str().expect("a log group"));
        assert!(log.get("RetentionInDays").is_some(), "{name}");
    }
}

#[test]
fn alarms_wake_somebody_and_look_at_lines_that_are_logged() {
    let alarms = all("AWS::CloudWatch::Alarm");
    assert!(alarms.iter().all(|(_, alarm)| alarm["AlarmActions"] == json!([{ "Ref": "Alerts" }])));
    // The calls that log, each from its level to its message.
    let calls = [BURY, SETTLE].into_iter().flat_map(|source| source.split("tracing::").skip(1));
    let calls: Vec<_> = calls.filter_map(|call| call.split(';').next()).collect();
    for function in FUNCTIONS {
        for metric in ["Errors", "Throttles"] {
            let by = json!([{ "Name": "FunctionName", "Value": { "Ref": function } }]);
            let is_watched = |alarm: &Value| alarm["MetricName"] == metric && alarm["Dimensions"] == by;
            assert!(alarms.iter().any(|(_, alarm)| is_watched(alarm)), "{function} {metric}");
        }
    }
    for (name, filter) in all("AWS::Logs::MetricFilter") {
        let terms = filter["FilterPattern"].as_str().expect("a pattern").trim_matches(['{', '}', ' ']).split(" && ");
        let said = terms.clone().find(|term| term.starts_with("$.message")).and_then(|term| term.split('"').nth(1));
        let begins = format!("\"{}", said.unwrap_or_default().trim_end_matches('*'));
        let call = calls.iter().find(|call| call.contains(&begins)).expect("a call that logs that");
        let is_there = |term: &str| match term.split([' ', '.']).nth(1) {
            Some("message") => said.is_some(),
            Some("level") => term.ends_with("= \"ERROR\"") && call.starts_with("error!"),
            field => call.contains(&format!(" {},", field.expect("a field"))),
        };
        assert!(terms.into_iter().all(is_there), "{name}");
        let [space, metric] = ["MetricNamespace", "MetricName"].map(|key| &filter["MetricTransformations"][0][key]);
        let is_watched = |alarm: &Value| alarm["Namespace"] == *space && alarm["MetricName"] == *metric;
        assert!(alarms.iter().any(|(_, alarm)| is_watched(alarm)), "{name}");
    }
}

#[test]
fn awss_own_tools_find_no_fault() {
    let bin = Tools::ready().folder("sam/bin");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    for (tool, arguments) in [("cfn-lint", "template.yaml"), ("sam", "validate --lint -t template.yaml")] {
        let mut command = Command::new(bin.join(tool));
        command.args(arguments.split(' ')).current_dir(ROOT).env("PATH", &path);
        let output = command.env("AWS_DEFAULT_REGION", "us-east-1").env("SAM_CLI_TELEMETRY", "0").output();
        let output = output.expect(tool);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
    }
}

#[test]
fn the_built_functions_need_no_newer_glibc_than_lambda_has() {
    for function in FUNCTIONS {
        let program = built().join(function).join("bootstrap");
        let output = Command::new("objdump").arg("-T").arg(&program).output().expect("objdump runs (of binutils)");
        assert!(output.status.success(), "objdump: {}", String::from_utf8_lossy(&output.stderr));
        let symbols = String::from_utf8_lossy(&output.stdout);
        let minor = |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok();
        let newest = symbols.split("GLIBC_2.").skip(1).filter_map(minor).max().expect("something of glibc");
        assert!(newest <= 34, "{function} needs glibc 2.{newest}");
    }
}
