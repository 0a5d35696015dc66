//! Who may call the functions, and what the functions may do.

use serde_json::{Value, json};

use super::{FUNCTIONS, TEMPLATE, actions, all, arn, list, of, resources, role, statements};

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
        ("Mailer", "event/*", "GetItem PutItem"),
        ("Sender", "event/*", "GetItem PutItem Query"),
        ("Watcher", "event/*", "GetItem PutItem"),
        ("Deliverer", "event/*", "GetItem PutItem UpdateItem"),
        ("Api", "event/*", "GetItem Query"),
        ("Mailer", "endpoint/*", ""),
        ("Sender", "endpoint/*", ""),
        ("Watcher", "endpoint/*", ""),
        ("Deliverer", "endpoint/*", "GetItem UpdateItem"),
        ("Api", "endpoint/*", "GetItem Query UpdateItem"),
        ("Listener", "learned", "GetItem UpdateItem"),
        ("Mailer", "learned", ""),
        ("Api", "learned", "DeleteItem GetItem UpdateItem"),
        ("Mailer", "token", ""),
        ("Sender", "token", "GetItem"),
        ("Watcher", "token", ""),
        ("Deliverer", "token", ""),
        ("Api", "token", "DeleteItem PutItem Query"),
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
