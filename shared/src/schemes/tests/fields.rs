//! Mailgun, which signs a time and a token beside what it says.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use serde_json::json;
use sha2::Sha256;

use crate::schemes::{Fetched, Presented, Proof, Settings, Verifier, named};
use crate::secret::Secret;
use crate::signature::Fault;
use crate::timestamp::Timestamp;

const TOKEN: &str = "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0";
const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn verifier(scheme: &str) -> Verifier {
    Verifier::new(named(scheme).unwrap(), Settings::with_secrets(vec![Secret::new("key")])).unwrap()
}

fn verdict(scheme: &str, body: &str, now: Timestamp) -> Result<Proof, Fault> {
    verifier(scheme).verify(&Presented::of(&HeaderMap::new(), body.as_bytes()), &Fetched::default(), now)
}

fn bodies(time: &str, token: &str, signature: &str) -> [(&'static str, String); 2] {
    let json = json!({
        "signature": { "timestamp": time, "token": token, "signature": signature },
        "event-data": { "event": "opened" },
    });
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("timestamp", time), ("token", token), ("signature", signature), ("subject", "hello")])
        .finish();
    [("mailgun", json.to_string()), ("mailgun-routes", form)]
}

#[test]
fn time_and_token_are_covered_and_the_token_names_the_delivery() {
    let mac = Hmac::<Sha256>::new_from_slice(b"key").unwrap().chain_update(format!("1800000000{TOKEN}"));
    let good = hex::encode(mac.finalize().into_bytes());
    for (scheme, body) in bodies("1800000000", TOKEN, &good) {
        assert_eq!(verdict(scheme, &body, NOW), Ok(Proof::Authenticated), "{scheme}");
        let place = verifier(scheme).delivery().cloned().unwrap();
        assert_eq!(place.read_body(body.as_bytes()).as_deref(), Some(TOKEN), "{scheme}");
        let late = NOW.after(Duration::from_secs(13 * 3_600));
        assert!(matches!(verdict(scheme, &body, late), Err(Fault::TooOld(_))), "{scheme}");
    }
    for (scheme, body) in bodies("1800000001", TOKEN, &good).into_iter().chain(bodies("1800000000", "other", &good)) {
        assert_eq!(verdict(scheme, &body, NOW), Err(Fault::Mismatch), "{scheme}");
    }
    // What was not signed may have been changed: that is what `authenticated` says.
    let [(scheme, body), _] = bodies("1800000000", TOKEN, &good);
    assert_eq!(verdict(scheme, &body.replace("opened", "failed"), NOW), Ok(Proof::Authenticated));
    for wrong in ["", "{}", "x=1", r#"{"signature":{}}"#] {
        assert!(verdict("mailgun", wrong, NOW).is_err() && verdict("mailgun-routes", wrong, NOW).is_err());
    }
}
