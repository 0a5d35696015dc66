//! What the SAM template promises, read in what AWS's own translator makes of it.

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

/// Whether a function's role allows something that begins so.
fn may(function: &str, action: &str) -> bool {
    statements(function).into_iter().flat_map(actions).any(|allowed| allowed.starts_with(action))
}

/// The functions that know a name: their role has it, or their environment.
fn who_knows(name: &str) -> Vec<&'static str> {
    let knows = |function: &&str| [role(function), of(function)].iter().any(|text| text.to_string().contains(name));
    FUNCTIONS.into_iter().filter(knows).collect()
}

/// What a function may do with the table's rows under those partition keys.
fn may_with(function: &str, rows: &str) -> String {
    let about = |statement: &&Value| {
        let conditions = statement["Condition"].as_object().into_iter().flat_map(|all| all.values());
        conditions.flat_map(|keys| list(&keys["dynamodb:LeadingKeys"])).any(|key| *key == *rows)
    };
    let mut may: Vec<_> = statements(function).into_iter().filter(about).flat_map(actions).collect();
    may.sort_unstable();
    may.join(" ").replace("dynamodb:", "")
}

fn arn(name: &str) -> Value {
    json!({ "Fn::GetAtt": [name, "Arn"] })
}

#[test]
fn anybody_may_call_all_addresses() {
    let permissions: Vec<_> =
        all("AWS::Lambda::Permission").into_iter().filter(|(_, permission)| permission["Principal"] == "*").collect();
    assert_eq!(permissions.len(), 6);
    for function in ["Listener", "Sender", "Api"] {
        for (action, condition, value) in [
            ("lambda:InvokeFunctionUrl", "FunctionUrlAuthType", json!("NONE")),
            ("lambda:InvokeFunction", "InvokedViaFunctionUrl", json!(true)),
        ] {
            let to = json!({ "Ref": function });
            let wanted = json!({ "Action": action, "FunctionName": to, "Principal": "*", condition: value });
            assert!(permissions.iter().any(|(_, permission)| **permission == wanted), "{wanted}");
        }
    }
    // From a parameter, the translator would make no permissions.
    assert_eq!((TEMPLATE.matches("AuthType:").count(), TEMPLATE.matches("AuthType: NONE,").count()), (3, 3));
}

#[test]
fn the_events_of_a_bus_reach_the_sender_and_those_that_fail_are_kept() {
    let permission = json!({
        "Action": "lambda:InvokeFunction", "FunctionName": { "Ref": "Sender" },
        "Principal": "events.amazonaws.com", "SourceArn": arn("EventRule")
    });
    assert_eq!(*of("EventRulePermission"), permission);
    assert_eq!(of("EventRule")["EventPattern"], json!({ "source": { "Ref": "EventSource" } }));
    let target = json!({
        "Id": "Sender", "Arn": arn("Sender"), "DeadLetterConfig": { "Arn": arn("OutboundDeadLetters") }
    });
    assert_eq!(of("EventRule")["Targets"], json!([target]));
    for (name, resource) in resources() {
        let is_for_a_bus = name.starts_with("EventRule");
        assert_eq!(resource["Condition"] == "TakeBusEvents", is_for_a_bus, "{name}");
    }
}

#[test]
fn failed_invocations_become_dead_letters() {
    let kept = json!({ "OnFailure": { "Destination": arn("OutboundDeadLetters") } });
    for (function, settings) in [("Sender", "SenderEventInvokeConfig"), ("Watcher", "WatcherStream")] {
        assert_eq!(of(settings)["DestinationConfig"], kept, "{settings}");
        let may_put = statements(function).into_iter().any(|statement| {
            let to = list(&statement["Resource"]);
            to.contains(&&arn("OutboundDeadLetters")) && actions(statement) == ["sqs:SendMessage"]
        });
        assert!(may_put, "{function}");
    }
}

#[test]
fn a_change_is_noted_before_the_stream_forgets_it() {
    let stream = of("WatcherStream");
    let age = stream["MaximumRecordAgeInSeconds"].as_u64().expect("a number");
    assert!(age < 24 * 3_600, "{age}");
    assert_eq!((&stream["MaximumRetryAttempts"], &stream["StartingPosition"]), (&json!(-1), &json!("TRIM_HORIZON")));
    assert_eq!(stream["BisectBatchOnFunctionError"], true);
}

#[test]
fn roles_name_every_action_and_every_resource() {
    let is_iam = |resource: &&Value| resource["Type"].as_str().is_some_and(|kind| kind.starts_with("AWS::IAM::"));
    // One for each function, and the one of the schedules.
    assert_eq!(resources().values().filter(is_iam).count(), FUNCTIONS.len() + 1);
    for function in FUNCTIONS {
        assert!(role(function).get("ManagedPolicyArns").is_none(), "{function}");
        for statement in statements(function) {
            let is_wide = list(&statement["Resource"]).into_iter().any(|one| *one == "*" || one.is_null());
            assert_eq!(is_wide, statement["Action"] == "ses:GetAccount", "{statement}");
            assert!(actions(statement).iter().all(|action| !action.contains('*')), "{statement}");
            assert_eq!(statement["Effect"], "Allow", "{statement}");
        }
    }
}

#[test]
fn each_function_may_only_do_its_own_part() {
    for (function, has_secrets) in
        [("Listener", true), ("Mailer", false), ("Sender", false), ("Watcher", false), ("Deliverer", true)]
    {
        let may_read = ["secretsmanager:", "ssm:"].map(|secret| may(function, secret));
        assert_eq!(may_read, [has_secrets; 2], "{function}");
    }
    assert!(!FUNCTIONS.into_iter().any(|function| may(function, "kms:")));
    let mails = |action: &str| FUNCTIONS.into_iter().filter(|function| may(function, action)).collect::<Vec<_>>();
    assert_eq!((mails("ses:Send"), mails("ses:")), (vec!["Mailer"], vec!["Api", "Mailer"]));
    assert_eq!(who_knows("AdminToken"), ["Api"]);
    assert_eq!(who_knows("InboundKey"), ["Api", "Listener"]);
    assert_eq!(who_knows("OutboundKey"), ["Api", "Deliverer"]);
    for outbound in ["Outbound", "Schedule", "event/", "endpoint/", "token", "history"] {
        assert!(!who_knows(outbound).contains(&"Listener"), "{outbound}");
    }
}

#[test]
fn the_rows_of_the_outbound_path_are_for_those_who_need_them() {
    let cells = [
        ("Mailer", "event/*", "GetItem PutItem UpdateItem"),
        ("Sender", "event/*", "GetItem PutItem Query UpdateItem"),
        ("Watcher", "event/*", "GetItem PutItem UpdateItem"),
        ("Deliverer", "event/*", "GetItem PutItem UpdateItem"),
        ("Api", "event/*", "GetItem Query"),
        ("Mailer", "endpoint/*", "GetItem"),
        ("Sender", "endpoint/*", "GetItem"),
        ("Watcher", "endpoint/*", "GetItem"),
        ("Deliverer", "endpoint/*", "GetItem PutItem UpdateItem"),
        ("Api", "endpoint/*", "GetItem PutItem Query UpdateItem"),
        ("Mailer", "token/*", ""),
        ("Sender", "token/*", "GetItem"),
        ("Watcher", "token/*", ""),
        ("Deliverer", "token/*", ""),
        ("Api", "token/*", "DeleteItem GetItem PutItem Query"),
    ];
    for (function, rows, may) in cells {
        assert_eq!(may_with(function, rows), may, "{function} with {rows}");
    }
}

#[test]
fn only_the_deliverer_makes_schedules_which_may_do_nothing_but_queue() {
    let makers = FUNCTIONS.into_iter().filter(|function| may(function, "scheduler:") || may(function, "iam:"));
    assert_eq!(makers.collect::<Vec<_>>(), ["Deliverer"]);
    let group = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${ScheduleGroup}/*";
    let own = json!({ "Fn::Sub": group });
    let passes = json!({ "StringEquals": { "iam:PassedToService": "scheduler.amazonaws.com" } });
    for wanted in [
        json!({ "Effect": "Allow", "Action": "scheduler:CreateSchedule", "Resource": own }),
        json!({ "Effect": "Allow", "Action": "iam:PassRole", "Resource": arn("ScheduleRole"), "Condition": passes }),
    ] {
        assert!(statements("Deliverer").contains(&&wanted), "{wanted}");
    }
    let queues = json!({ "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn("OutboundQueue") });
    assert_eq!(of("ScheduleRole")["Policies"][0]["PolicyDocument"]["Statement"], json!([queues]));
    assert_eq!(list(&of("ScheduleRole")["Policies"]).len(), 1);
    let trust = &of("ScheduleRole")["AssumeRolePolicyDocument"]["Statement"][0];
    assert_eq!(trust["Principal"], json!({ "Service": "scheduler.amazonaws.com" }));
    let only = json!({
        "StringEquals": { "aws:SourceAccount": { "Ref": "AWS::AccountId" } },
        "ArnEquals": { "aws:SourceArn": arn("ScheduleGroup") }
    });
    assert_eq!(trust["Condition"], only);
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
fn a_delivery_is_hidden_for_six_times_as_long_as_its_function_runs() {
    let timeout = of("Deliverer")["Timeout"].as_u64().expect("a number");
    let visibility = of("OutboundQueue")["VisibilityTimeout"].as_u64().expect("a number");
    assert!(visibility >= 6 * timeout, "{visibility} {timeout}");
}

#[test]
fn the_index_of_history_holds_no_more_than_a_list_shows() {
    let indexes = list(&of("Table")["GlobalSecondaryIndexes"]);
    assert_eq!(indexes.len(), 1);
    assert_eq!(indexes[0]["IndexName"], "history");
    let keys =
        json!([{ "AttributeName": "history", "KeyType": "HASH" }, { "AttributeName": "at", "KeyType": "RANGE" }]);
    assert_eq!(indexes[0]["KeySchema"], keys);
    assert_eq!(indexes[0]["Projection"]["ProjectionType"], "INCLUDE");
    // DynamoDB projects 20 attributes at most.
    assert!(list(&indexes[0]["Projection"]["NonKeyAttributes"]).len() <= 20);
    let index = json!({ "Fn::Sub": "${Table.Arn}/index/history" });
    let query = json!({ "Effect": "Allow", "Action": "dynamodb:Query", "Resource": index });
    let may_list = FUNCTIONS.into_iter().filter(|function| statements(function).contains(&&query));
    assert_eq!(may_list.collect::<Vec<_>>(), ["Api"]);
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

/// That this is the first thing a policy says; whether it says more.
fn refuses_plain_http(policy: &str, action: &str, resources: Value) -> bool {
    let refusal = json!({
        "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resources,
        "Condition": { "Bool": { "aws:SecureTransport": "false" } }
    });
    let statements = list(&of(policy)["PolicyDocument"]["Statement"]);
    assert_eq!(*statements[0], refusal, "{policy}");
    statements.len() > 1
}

#[test]
fn the_bucket_and_the_queues_are_sealed() {
    let encryption = &of("Bucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    assert_eq!(encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256");
    let block = of("Bucket")["PublicAccessBlockConfiguration"].as_object().expect("a block");
    assert!(block.len() == 4 && block.values().all(|on| *on == true), "{block:?}");
    assert_eq!(of("BucketPolicy")["Bucket"], json!({ "Ref": "Bucket" }));
    let objects = json!([arn("Bucket"), { "Fn::Sub": "${Bucket.Arn}/*" }]);
    assert!(!refuses_plain_http("BucketPolicy", "s3:*", objects));
    for (policy, queue, letters) in [
        ("QueuePolicy", "InboundQueue", "InboundDeadLetters"),
        ("OutboundQueuePolicy", "OutboundQueue", "OutboundDeadLetters"),
    ] {
        assert_eq!(of(policy)["Queues"], json!([{ "Ref": queue }, { "Ref": letters }]));
        let says_more = refuses_plain_http(policy, "sqs:*", json!([arn(queue), arn(letters)]));
        assert_eq!(says_more, policy == "OutboundQueuePolicy");
    }
    // More is: the rule may lay what it cannot hand over among the dead letters.
    let rule = json!({
        "Effect": "Allow", "Principal": { "Service": "events.amazonaws.com" }, "Action": "sqs:SendMessage",
        "Resource": arn("OutboundDeadLetters"), "Condition": { "ArnEquals": { "aws:SourceArn": arn("EventRule") } }
    });
    let allowed = &of("OutboundQueuePolicy")["PolicyDocument"]["Statement"][1];
    assert_eq!(*allowed, json!({ "Fn::If": ["TakeBusEvents", rule, { "Ref": "AWS::NoValue" }] }));
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
fn the_watcher_is_there_only_with_a_table_to_watch() {
    for (name, resource) in resources() {
        let is_its = name.starts_with("Watcher") || name == "CannotTakeChangesLines";
        assert_eq!(resource["Condition"] == "WatchTable", is_its, "{name}");
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
