//! What comes in as an event goes out, or is kept where somebody sees it.

use serde_json::{Value, json};

use super::{FUNCTIONS, actions, arn, list, of, resources, statements};

const METRICS: &str = include_str!("../../../shared/src/aws/metrics.rs");

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
fn the_indexes_hold_no_more_than_is_asked_of_them() {
    let indexes = list(&of("Table")["GlobalSecondaryIndexes"]);
    assert_eq!(indexes.iter().map(|index| &index["IndexName"]).collect::<Vec<_>>(), ["history", "undelivered"]);
    for index in indexes {
        let name = &index["IndexName"];
        let keys = json!([{ "AttributeName": name, "KeyType": "HASH" }, { "AttributeName": "at", "KeyType": "RANGE" }]);
        assert_eq!((&index["KeySchema"], &index["Projection"]["ProjectionType"]), (&keys, &json!("INCLUDE")));
        // DynamoDB projects 20 attributes at most.
        assert!(list(&index["Projection"]["NonKeyAttributes"]).len() <= 20);
        let arn = json!({ "Fn::Sub": format!("${{Table.Arn}}/index/{}", name.as_str().expect("a name")) });
        let asks = |statement: &'static Value| {
            list(&statement["Resource"]).contains(&&arn) && actions(statement) == ["dynamodb:Query"]
        };
        let askers = FUNCTIONS.into_iter().filter(|function| statements(function).into_iter().any(asks));
        assert_eq!(askers.collect::<Vec<_>>(), ["Api", "Deliverer"], "{name}");
    }
    // A delivery that arrives is written to it never; one that does not, only when its next attempt changes.
    assert_eq!(indexes_of("undelivered"), json!(["due"]));
}

fn indexes_of(name: &str) -> Value {
    let indexes = list(&of("Table")["GlobalSecondaryIndexes"]);
    let index = indexes.into_iter().find(|index| index["IndexName"] == name).expect("an index");
    index["Projection"]["NonKeyAttributes"].clone()
}

#[test]
fn somebody_is_woken_when_an_event_has_not_arrived_for_a_day() {
    let alarm = of("UndeliveredTooOld");
    let namespace = json!({ "Fn::Sub": "Hookpost/${AWS::StackName}" });
    assert_eq!(alarm["Namespace"], namespace);
    assert_eq!(of("Deliverer")["Environment"]["Variables"]["METRICS_NAMESPACE"], namespace);
    assert!(METRICS.contains(&format!("\"{}\"", alarm["MetricName"].as_str().expect("a name"))));
    assert_eq!((&alarm["Statistic"], &alarm["Threshold"]), (&json!("Maximum"), &json!(86_400)));
    // No attempt is further away from the one before.
    let [periods, period] = ["EvaluationPeriods", "Period"].map(|key| alarm[key].as_u64().expect("a number"));
    assert!(periods * period >= 86_400, "{periods} {period}");
    assert_eq!((&alarm["DatapointsToAlarm"], &alarm["TreatMissingData"]), (&json!(1), &json!("notBreaching")));
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
