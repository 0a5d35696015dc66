//! HTTP Basic with a user and a password, as some providers offer instead of signatures.

use std::sync::Arc;

use base64::Engine;

use super::settings::SECRET;
use super::{Fetched, Presented, Proof, Prove, Scheme, Setting, Settings, Wrong};
use crate::secret::Secret;
use crate::signature::{Fault, LENIENT, Place};
use crate::timestamp::Timestamp;

const USER: Setting = Setting::needed("user", "the user before the colon");

pub(super) fn rows() -> Vec<Scheme> {
    let row = |name, title, page| Scheme::own((name, title, page), &[USER, SECRET], Proof::Authenticated, make);
    vec![
        row("basic", "HTTP Basic", "https://www.rfc-editor.org/rfc/rfc7617"),
        row("postmark", "Postmark (HTTP Basic)", "https://postmarkapp.com/developer/webhooks/webhooks-overview")
            .event(Place::pointer("/RecordType")),
        row("chargebee", "Chargebee (HTTP Basic)", "https://www.chargebee.com/docs/2.0/webhook_settings.html")
            .delivery(Place::pointer("/id"))
            .event(Place::pointer("/event_type")),
        row("sparkpost", "SparkPost (HTTP Basic)", "https://developers.sparkpost.com/api/webhooks/")
            .delivery(Place::header("x-messagesystems-batch-id")),
    ]
}

struct Basic {
    user: Secret,
    passwords: Vec<Secret>,
}

fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let user = settings.text(USER.key)?.unwrap_or_default();
    if user.contains(':') {
        return Err(Wrong::new(USER.key, "holds a colon, which no user of HTTP Basic can"));
    }
    Ok(Arc::new(Basic { user: Secret::new(user), passwords: settings.secrets(SECRET.key).to_vec() }))
}

impl Prove for Basic {
    fn prove(&self, request: &Presented<'_>, _: &Fetched, _: Timestamp) -> Result<Proof, Fault> {
        let place = Place::header("authorization");
        let malformed = || Fault::Malformed(place.name());
        let shown = match place.one(request) {
            Err(Fault::Missing(_)) => return Err(Fault::Absent),
            shown => shown?,
        };
        let (scheme, encoded) = shown.split_once(' ').ok_or_else(malformed)?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(Fault::Absent);
        }
        let pair = LENIENT.decode(encoded.trim()).map_err(|_| malformed())?;
        let colon = pair.iter().position(|byte| *byte == b':').ok_or_else(malformed)?;
        let is_user = self.user.matches(&pair[..colon]);
        let passwords = self.passwords.iter().filter(|password| password.matches(&pair[colon + 1..])).count();
        if is_user & (passwords > 0) { Ok(Proof::Authenticated) } else { Err(Fault::Mismatch) }
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use http::HeaderMap;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::schemes::{Verifier, named};

    fn verifier(user: &str) -> Result<Verifier, Wrong> {
        let secrets = [("secret".to_owned(), vec![Secret::new("old"), Secret::new("pa:ss")])].into();
        Verifier::new(named("basic").unwrap(), Settings::new(secrets, [("user".to_owned(), json!(user))].into()))
    }

    fn verdict(values: &[&[u8]]) -> Result<Proof, Fault> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("authorization", http::HeaderValue::from_bytes(value).unwrap());
        }
        verifier("shop").unwrap().verify(&Presented::of(&headers, b""), &Fetched::default(), Timestamp(0))
    }

    #[test]
    fn user_and_password_must_both_fit() {
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair)).into_bytes();
        for pair in ["shop:pa:ss", "shop:old"] {
            assert_eq!(verdict(&[&basic(pair)]), Ok(Proof::Authenticated), "{pair}");
        }
        for pair in ["shop:pa", "shop:", ":pa:ss", "shop2:pa:ss", "SHOP:old", "old:shop", "shop:pa:ss\n"] {
            assert_eq!(verdict(&[&basic(pair)]), Err(Fault::Mismatch), "{pair}");
        }
        assert_eq!(verdict(&[]), Err(Fault::Absent));
        assert_eq!(verdict(&[b"Bearer pa:ss"]), Err(Fault::Absent));
        for wrong in [&b"Basic"[..], b"Basic !!", &basic("no colon"), b"Basic \xff"] {
            assert_eq!(verdict(&[wrong]), Err(Fault::Malformed("header authorization".into())));
        }
        let good = basic("shop:old");
        assert_eq!(verdict(&[&good, &good]), Err(Fault::Malformed("header authorization".into())));
        assert_eq!(verifier("a:b").err().unwrap().key, "user");
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic_or_pass(value: Vec<u8>, pair: Vec<u8>) {
            if let Ok(header) = http::HeaderValue::from_bytes(&value) {
                prop_assert!(verdict(&[header.as_bytes()]).is_err());
            }
            let encoded = format!("Basic {}", STANDARD.encode(pair));
            prop_assert!(verdict(&[encoded.as_bytes()]).is_err());
        }
    }
}
