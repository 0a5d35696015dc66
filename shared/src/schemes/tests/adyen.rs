//! Adyen's own vector, and everything that is not it.

use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::schemes::{Verifier, named};
use crate::secret::Secret;

/// <https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures>
const KEY: &str = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
const SIGNATURE: &str = "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=";

fn verdict(body: &[u8]) -> Result<Proof, Fault> {
    let secrets = ["00", KEY].map(Secret::new).to_vec();
    let verifier = Verifier::new(named("adyen").unwrap(), Settings::with_secrets(secrets)).unwrap();
    verifier.verify(&Presented::of(&HeaderMap::new(), body), &Fetched::default(), Timestamp(0))
}

fn item() -> Value {
    json!({ "NotificationRequestItem": {
        "additionalData": { "hmacSignature": SIGNATURE, "other": "x" },
        "amount": { "value": 1130, "currency": "EUR" },
        "pspReference": "7914073381342284", "eventCode": "AUTHORISATION", "eventDate": "2019-05-06T17:15:34.121+02:00",
        "merchantAccountCode": "TestMerchant", "merchantReference": "TestPayment-1407325143704",
        "operations": ["CANCEL"], "paymentMethod": "visa", "success": "true",
    } })
}

fn notice(items: &[Value]) -> Vec<u8> {
    json!({ "live": "false", "notificationItems": items }).to_string().into_bytes()
}

#[test]
fn adyens_own_vector_is_signed() {
    assert_eq!(verdict(&notice(&[item()])), Ok(Proof::Authenticated));
    for (at, value) in [("success", json!(true)), ("originalReference", json!("")), ("originalReference", Value::Null)]
    {
        let mut same = item();
        same["NotificationRequestItem"][at] = value;
        assert_eq!(verdict(&notice(&[same])), Ok(Proof::Authenticated), "{at}");
    }
}

#[test]
fn each_of_the_eight_fields_is_covered() {
    for at in ["pspReference", "originalReference", "merchantAccountCode", "merchantReference", "eventCode", "success"]
    {
        let mut other = item();
        other["NotificationRequestItem"][at] = json!("x");
        assert_eq!(verdict(&notice(&[other])), Err(Fault::Mismatch), "{at}");
    }
    for (at, value) in [("value", json!(1131)), ("value", json!(-1130)), ("currency", json!("USD"))] {
        let mut other = item();
        other["NotificationRequestItem"]["amount"][at] = value;
        assert_eq!(verdict(&notice(&[other])), Err(Fault::Mismatch), "{at}");
    }
}

#[test]
fn every_item_must_be_genuine() {
    let mut forged = item();
    forged["NotificationRequestItem"]["success"] = json!("false");
    assert_eq!(verdict(&notice(&[item(), item()])), Ok(Proof::Authenticated));
    assert_eq!(verdict(&notice(&[item(), forged.clone()])), Err(Fault::Mismatch));
    assert_eq!(verdict(&notice(&[forged, item()])), Err(Fault::Mismatch));
    let mut bare = item();
    bare["NotificationRequestItem"]["additionalData"] = json!({});
    assert!(matches!(verdict(&notice(&[item(), bare])), Err(Fault::Missing(_))));
}

#[test]
fn a_body_that_reads_two_ways_is_refused() {
    let malformed = Err(Fault::Malformed("the body".into()));
    let good = String::from_utf8(notice(&[item()])).unwrap();
    for (from, to) in [
        ("\"success\":\"true\"", "\"success\":\"true\",\"success\":\"false\""),
        ("\"notificationItems\"", "\"notificationItems\":[],\"notificationItems\""),
        ("\"amount\"", "\"amount\":{},\"amount\""),
        ("\"value\":1130", "\"value\":1130,\"value\":1"),
        ("\"value\":1130", "\"value\":1130.0"),
        ("\"hmacSignature\"", "\"hmacSignature\":\"\",\"hmacSignature\""),
        ("\"NotificationRequestItem\"", "\"NotificationRequestItem\":{},\"NotificationRequestItem\""),
    ] {
        assert!(good.contains(from), "{from}");
        assert_eq!(verdict(good.replace(from, to).as_bytes()), malformed, "{to}");
    }
    for wrong in
        ["", "[]", "{}", "null", r#"{"notificationItems":[]}"#, &format!("{good}x"), &good.replace("{\"add", "[{\"add")]
    {
        assert_eq!(verdict(wrong.as_bytes()), malformed, "{wrong}");
    }
    assert_eq!(verdict(&notice(&vec![item(); MOST_ITEMS + 1])), malformed);
    let deep = format!(r#"{{"x":{}"#, "[".repeat(100_000));
    assert_eq!(verdict(deep.as_bytes()), malformed);
}

proptest! {
    #[test]
    fn no_body_makes_it_panic_or_pass(body: Vec<u8>, text in ".*") {
        prop_assert!(verdict(&body).is_err() && verdict(text.as_bytes()).is_err());
    }

    #[test]
    fn what_is_signed_verifies(fields in prop::array::uniform6(".{0,12}"), value: i64) {
        let [psp, original, account, reference, event, success] = &fields;
        let joined = format!("{psp}:{original}:{account}:{reference}:{value}:EUR:{event}:{success}");
        let key = Key::hmac(Digest::Sha256, &hex::decode(KEY).unwrap()).unwrap();
        let signature = Encoding::Base64.encode(&key.sign(&[joined]).unwrap());
        let made = |success: &str| json!({ "NotificationRequestItem": {
            "pspReference": psp, "originalReference": original, "merchantAccountCode": account,
            "merchantReference": reference, "amount": { "currency": "EUR", "value": value }, "eventCode": event,
            "success": success, "additionalData": { "hmacSignature": signature } } });
        prop_assert_eq!(verdict(&notice(&[made(success)])), Ok(Proof::Authenticated));
        prop_assert_eq!(verdict(&notice(&[made(&format!("{success}!"))])), Err(Fault::Mismatch));
    }
}
