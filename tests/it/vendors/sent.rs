//! What each provider would sign: its target, its headers and its body.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::request::Request;

/// Read as text by some libraries, as bytes by others.
const EVENT: &str = r#"{"id":"evt_1","type":"invoice.paid","data":{"name":"Zoë Ωmega 日本語 👩‍🚀","total":1250}}"#;

pub fn event(source: &str, _: u64) -> Request {
    Request::new(&format!("/in/{source}"), "application/json", EVENT)
}

pub fn empty(source: &str, _: u64) -> Request {
    Request::new(&format!("/in/{source}"), "application/json", "")
}

/// With a query, which is signed.
pub fn queried(source: &str, at: u64) -> Request {
    let mut request = event(source, at);
    request.target.push_str("?b=2&a=K%C3%B6ln");
    request
}

pub fn gocardless(source: &str, _: u64) -> Request {
    let body = r#"{"events":[{"id":"EV1","action":"paid_out","resource_type":"payouts"}],"meta":{"webhook_id":"WB1"}}"#;
    Request::new(&format!("/in/{source}"), "application/json", body)
}

/// Query and form are signed sorted, and with a name twice.
pub fn plivo(source: &str, _: u64) -> Request {
    let target = format!("/in/{source}?b=2&a=%2B1&b=1");
    Request::new(&target, "application/x-www-form-urlencoded", "To=2&From=%2B1&To=1&Text=K%C3%B6ln")
}

/// A name twice, one of them with the same value, and one without any.
pub fn twilio(source: &str, _: u64) -> Request {
    let form = "To=%2B15550001&From=%2B15550002&Body=K%C3%B6ln+%F0%9F%93%AE&MediaUrl=b&MediaUrl=a&MediaUrl=b&Empty=";
    Request::new(&format!("/in/{source}?tag=a%20b"), "application/x-www-form-urlencoded", form)
}

/// The digest of the body stands in the address.
pub fn twilio_json(source: &str, _: u64) -> Request {
    let body = r#"{"status":"delivered","to":"Zoë"}"#;
    let digest = hex::encode(Sha256::digest(body));
    Request::new(&format!("/in/{source}?foo=1&bodySHA256={digest}"), "application/json", body)
}

/// With the fields that are signed beside some that are not.
pub fn adyen(source: &str, _: u64) -> Request {
    let item = |reference: &str| {
        json!({ "NotificationRequestItem": {
            "amount": { "currency": "EUR", "value": 1130 },
            "eventCode": "AUTHORISATION",
            "eventDate": "2026-11-20T16:24:31+01:00",
            "merchantAccountCode": "TestMerchant:Zoë",
            "merchantReference": "TestPayment\\1407325143704",
            "paymentMethod": "visa",
            "pspReference": reference,
            "success": "true",
        } })
    };
    let items = ["7914073381342284", "7914073381342285"].map(item);
    let body = json!({ "live": "false", "notificationItems": items }).to_string();
    Request::new(&format!("/in/{source}"), "application/json", body)
}

/// Its time stands in the body, in milliseconds.
pub fn pusher(source: &str, at: u64) -> Request {
    let body = format!(r#"{{"time_ms":{at}000,"events":[{{"name":"channel_occupied","channel":"Köln"}}]}}"#);
    Request::new(&format!("/in/{source}"), "application/json", body)
}

/// The headers that its library wants beside time and signatures.
pub fn boxed(source: &str, at: u64) -> Request {
    let mut request = event(source, at);
    request.set("box-signature-version", "1");
    request.set("box-signature-algorithm", "HmacSHA256");
    request
}

pub fn onfido(source: &str, _: u64) -> Request {
    let body = r#"{"payload":{"resource_type":"check","action":"check.completed","object":{"id":"c-1","status":"complete","completed_at_iso8601":"2026-11-20T09:30:00Z","href":"https://api.onfido.com/v3.6/checks/c-1"}}}"#;
    Request::new(&format!("/in/{source}"), "application/json", body)
}

pub fn slash_command(source: &str, _: u64) -> Request {
    let form =
        "token=gIkuvaNzQIHg97ATvDxqgjtO&team_id=T0001&command=%2Fweather&text=94070+%F0%9F%93%AE&trigger_id=13.4";
    Request::new(&format!("/in/{source}"), "application/x-www-form-urlencoded", form)
}

/// Its time stands in the body, in milliseconds.
pub fn linear(source: &str, at: u64) -> Request {
    let body = format!(r#"{{"action":"create","type":"Issue","data":{{"title":"Zoë"}},"webhookTimestamp":{at}000}}"#);
    Request::new(&format!("/in/{source}"), "application/json; charset=utf-8", body)
}

/// The headers that its library wants beside the signature.
pub fn shopify(source: &str, at: u64) -> Request {
    let mut request = event(source, at);
    for (name, value) in [
        ("x-shopify-topic", "orders/paid"),
        ("x-shopify-shop-domain", "shop.myshopify.com"),
        ("x-shopify-api-version", "2026-10"),
        ("x-shopify-webhook-id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
    ] {
        request.set(name, value);
    }
    request
}
