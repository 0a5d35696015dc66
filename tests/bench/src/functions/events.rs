//! The events that functions are fed, as Lambda writes them.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use shared::timestamp::Timestamp;

/// Turns of a batch, as the template says.
pub const TURNS: usize = 10;

pub const GITHUB_SECRET: &str = "the secret of the benchmark";

/// An event, and what must be in its answer, white space aside.
pub struct Event {
    pub text: String,
    pub wanted: &'static str,
}

/// What the function that does nothing says to anything.
pub fn ignored() -> Event {
    Event { wanted: r#""done":true"#, ..webhook(true) }
}

/// 1 KB from GitHub at a Function URL, signed by it or by somebody else.
pub fn webhook(is_genuine: bool) -> Event {
    let body = format!("{{\"ref\": \"refs/heads/main\", \"padding\": \"{}\"}}", "x".repeat(1024 - 45));
    let key = if is_genuine { GITHUB_SECRET } else { "the secret of somebody else" };
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key");
    mac.update(body.as_bytes());
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let domain = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws";
    let event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/github",
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-length": body.len().to_string(),
            "content-type": "application/json",
            "host": domain,
            "user-agent": "GitHub-Hookshot/044aadd",
            "x-amzn-tls-cipher-suite": "TLS_AES_128_GCM_SHA256",
            "x-amzn-tls-version": "TLSv1.3",
            "x-amzn-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            "x-forwarded-for": "140.82.115.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            "x-github-event": "push",
            "x-github-hook-id": "292430182",
            "x-hub-signature-256": signature,
        },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abcdefghijklmnopqrstuvwxyz012345",
            "domainName": domain,
            "domainPrefix": "abcdefghijklmnopqrstuvwxyz012345",
            "http": {
                "method": "POST",
                "path": "/github",
                "protocol": "HTTP/1.1",
                "sourceIp": "140.82.115.1",
                "userAgent": "GitHub-Hookshot/044aadd",
            },
            "requestId": "e1506fd5-9e7b-434f-bd42-4f8fa224b599",
            "routeKey": "$default",
            "stage": "$default",
            "time": "22/Nov/2026:08:00:00 +0000",
            "timeEpoch": 1_795_334_400_000_u64,
        },
        "body": body,
        "isBase64Encoded": false,
    });
    let wanted = if is_genuine { r#""statusCode":202"# } else { r#""statusCode":401"# };
    Event { text: event.to_string(), wanted }
}

/// Ten turns of ten events, all for that endpoint.
pub fn turns(endpoint: &str) -> Event {
    let record = |n: usize| {
        let turn =
            json!({ "tenant": "default", "event": format!("msg_{n}"), "endpoint": endpoint, "number": 1, "due": 1 });
        json!({
            "messageId": format!("059f36b4-87a3-44ab-83d2-{n:012}"),
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a".repeat(8),
            "body": turn.to_string(),
            "attributes": { "ApproximateReceiveCount": "1" },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:outbound",
            "awsRegion": "us-east-1",
        })
    };
    let records: Vec<Value> = (0..TURNS).map(record).collect();
    Event { text: json!({ "Records": records }).to_string(), wanted: r#""batchItemFailures":[]"# }
}

/// A batch of one message: what a listener has sent, as SQS hands it to Lambda.
pub fn batch(sent: &Value) -> Event {
    let attribute = |attribute: &Value| {
        json!({
            "stringValue": attribute["StringValue"], "dataType": attribute["DataType"],
            "stringListValues": [], "binaryListValues": [],
        })
    };
    let attributes = sent["MessageAttributes"].as_object().into_iter().flatten();
    let attributes: serde_json::Map<_, _> = attributes.map(|(name, value)| (name.clone(), attribute(value))).collect();
    let now = Timestamp::now().0.to_string();
    let record = json!({
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a".repeat(8),
        "body": sent["MessageBody"],
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": now,
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": now,
        },
        "messageAttributes": attributes,
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:inbound",
        "awsRegion": "us-east-1",
    });
    Event { text: json!({ "Records": [record] }).to_string(), wanted: r#""batchItemFailures":[]"# }
}
