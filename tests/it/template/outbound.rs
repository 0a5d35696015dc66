//! What comes in as an event goes out, or is kept where somebody sees it.

use serde_json::json;

use super::{FUNCTIONS, actions, arn, list, of, resources, statements};

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
fn the_watcher_is_there_only_with_a_table_to_watch() {
    for (name, resource) in resources() {
        let is_its = name.starts_with("Watcher") || name == "CannotTakeChangesLines";
        assert_eq!(resource["Condition"] == "WatchTable", is_its, "{name}");
    }
}

#[test]
fn no_function_may_call_an_address_of_its_own_machine() {
    assert!(!super::TEMPLATE.contains("LOOPBACK"));
    for function in FUNCTIONS {
        assert!(!of(function).to_string().contains("LOOPBACK"), "{function}");
    }
}
