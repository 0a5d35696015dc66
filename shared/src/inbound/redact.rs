//! What may be kept of a request's head: everything but credentials.

use std::collections::HashSet;
use std::sync::LazyLock;

use http::header::HeaderName;
use http::request::Parts;

use crate::schemes::{self, Presented, Scheme};
use crate::secret::Secret;
use crate::signature::Place;
use crate::source::Source;

/// Stands where a credential stood.
pub(super) const REDACTED: &str = "[redacted]";

/// Parts of the names of headers that carry credentials, or what was made from them.
const SENSITIVE: [&str; 15] = [
    "auth",
    "cookie",
    "cred",
    "hash",
    "hmac",
    "jwt",
    "key",
    "-mac",
    "pass",
    "secret",
    "session",
    "sig",
    "token",
    "trello-webhook",
    "verification",
];

/// Names of query parameters that carry credentials, or what a provider repeats to prove itself.
const CREDENTIALS: [&str; 20] = [
    "token",
    "access_token",
    "api_key",
    "apikey",
    "auth",
    "client_secret",
    "clientstate",
    "crc_token",
    "hmac",
    "hub.verify_token",
    "id_token",
    "jwt",
    "passwd",
    "password",
    "refresh_token",
    "secret",
    "sig",
    "signature",
    "validationtoken",
    "verify_token",
];

/// Where the proofs of all schemes stand, in lower case: headers and parameters.
static PROOFS: LazyLock<(HashSet<String>, HashSet<String>)> = LazyLock::new(|| {
    let places = || schemes::all().iter().flat_map(Scheme::places);
    let headers = places().flat_map(Place::headers).map(str::to_ascii_lowercase).collect();
    (headers, places().filter_map(Place::parameter).map(str::to_ascii_lowercase).collect())
});

/// A head without credentials.
#[derive(Default)]
pub(super) struct Kept {
    /// In the order and with the repetitions of the request, values redacted where they must be.
    pub(super) headers: Vec<(String, String)>,
    /// As it came, but for the parts that carry credentials.
    pub(super) query: Option<String>,
    /// The provider's name for this delivery, if it stands in a header.
    pub(super) delivery: Option<String>,
    /// The provider's name for this kind of event, if it stands in a header.
    pub(super) event: Option<String>,
}

/// The schemes are those that proved it: where they say, delivery and event are named.
pub(super) fn redact(head: &Parts, source: &Source, by: &[&'static Scheme]) -> Kept {
    let (secrets, places) = (source.verifier.secrets(), source.verifier.places());
    let clean = |name: &HeaderName, value: &[u8]| (name.to_string(), header(name, value, places, secrets));
    Kept {
        headers: head.headers.iter().map(|(name, value)| clean(name, value.as_bytes())).collect(),
        query: head.uri.query().map(|query| clean_query(query, places, secrets)).filter(|query| !query.is_empty()),
        delivery: named(head, source.delivery(by), secrets),
        event: named(head, source.event(by), secrets),
    }
}

fn header(name: &HeaderName, value: &[u8], places: &[Place], secrets: &[Secret]) -> String {
    let value = String::from_utf8_lossy(value);
    if is_sensitive(name.as_str(), places) || is_token(&value) || shows(&value, secrets) {
        REDACTED.into()
    } else {
        value.into_owned()
    }
}

/// Whether a text holds a JSON Web Token, which is a credential wherever it stands.
fn is_token(text: &str) -> bool {
    text.split([' ', ',', ';', '=']).any(|word| word.starts_with("eyJ") && word.matches('.').count() == 2)
}

fn is_sensitive(name: &str, places: &[Place]) -> bool {
    // One of several that are numbered is known by its stem.
    let stem = name.trim_end_matches(|last: char| last.is_ascii_digit()).trim_end_matches('-');
    let is_proof = |known: &str| known.eq_ignore_ascii_case(name) || known.eq_ignore_ascii_case(stem);
    SENSITIVE.iter().any(|part| name.contains(part))
        || PROOFS.0.contains(name)
        || PROOFS.0.contains(stem)
        || places.iter().flat_map(|place| place.headers()).any(is_proof)
}

fn is_credential(name: &str, places: &[Place]) -> bool {
    CREDENTIALS.iter().any(|known| name.eq_ignore_ascii_case(known))
        || PROOFS.1.contains(&name.to_ascii_lowercase())
        || places.iter().filter_map(|place| place.parameter()).any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether a text holds a secret, as it is or percent-encoded.
fn shows(text: &str, secrets: &[Secret]) -> bool {
    let holds = |text: &str| secrets.iter().any(|secret| text.contains(secret.expose()));
    holds(text) || ((text.contains('%') || text.contains('+')) && holds(&decoded(text)))
}

fn decoded(text: &str) -> String {
    // `parse` splits at `&` and `=`; in a text without them it is a plain percent-decoder.
    let plain = text.replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(plain.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}

fn clean_query(query: &str, places: &[Place], secrets: &[Secret]) -> String {
    let clean = |part: &&str| {
        let mut pairs = form_urlencoded::parse(part.as_bytes());
        let credential = pairs.any(|(name, value)| is_credential(&name, places) || is_token(&value));
        !credential && !shows(part, secrets)
    };
    let kept: Vec<&str> = query.split('&').filter(clean).collect();
    let joined = kept.join("&");
    // A secret with a `&` in it stands in two parts.
    if shows(&joined, secrets) { String::new() } else { joined }
}

/// The value at a place in the head: taken from the head as it came, so that no redaction
/// makes two deliveries the same.
fn named(head: &Parts, place: Option<&Place>, secrets: &[Secret]) -> Option<String> {
    let request = Presented { query: head.uri.query(), ..Presented::of(&head.headers, b"") };
    let value = place.filter(|place| !place.is_in_body())?.one(&request).ok()?;
    let value = value.trim();
    (!value.is_empty() && !shows(value, secrets)).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use http::Request;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::schemes::{Settings, Verifier};
    use crate::source::test_source;

    fn redacted(secret: &str, header: (&str, &[u8]), query: &str) -> Kept {
        let mut request = Request::builder().header("x-order", "17");
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(header.0), http::HeaderValue::from_bytes(header.1)) {
            request = request.header(name, value);
        }
        let request = request.uri(format!("/in?{query}")).body(()).unwrap();
        redact(&request.into_parts().0, &test_source(secret), &[])
    }

    #[test]
    fn credentials_go_and_the_rest_stays() {
        let kept = redacted("hush", ("Authorization", b"Bearer hush"), "a=1&token=hush&b=2&Access_Token=x");
        assert_eq!(kept.query.as_deref(), Some("a=1&b=2"));
        assert!(kept.headers.contains(&("x-order".into(), "17".into())));
        assert!(kept.headers.contains(&("authorization".into(), REDACTED.into())));
        for name in ["X-Hub-Signature-256", "X-Gitlab-Token", "X-Api-Key", "Cookie", "x-webhook-password"] {
            let kept = redacted("hush", (name, b"value"), "");
            assert!(!format!("{:?}", kept.headers).contains("value"), "{name}");
        }
    }

    /// Headers in which schemes that are more than a recipe read proofs: the rows do not tell.
    const OWN: [&str; 14] = [
        "authorization",
        "cookie",
        "hmacsignature",
        "paypal-transmission-sig",
        "plaid-verification",
        "x-gitlab-token",
        "x-goog-channel-token",
        "x-hook-secret",
        "x-hubspot-signature",
        "x-hubspot-signature-v3",
        "x-signature-ed25519",
        "x-twilio-email-event-webhook-signature",
        "x-twilio-signature",
        "x-webhook-password",
    ];

    #[test]
    fn no_proof_of_any_scheme_is_kept() {
        let mut looked_at = 0;
        let numbered = |place: &Place, name: &str| match place {
            Place::Numbered { most, .. } => (1..=*most).map(|number| format!("{name}-{number}")).collect(),
            _ => vec![name.to_owned()],
        };
        for scheme in schemes::all() {
            for place in scheme.places() {
                for name in place.headers().into_iter().flat_map(|name| numbered(place, name)) {
                    let kept = redacted("hush", (&name, b"the proof"), "");
                    assert!(!format!("{:?}", kept.headers).contains("the proof"), "{name} of {}", scheme.name);
                    looked_at += 1;
                }
                if let Some(name) = place.parameter() {
                    let kept = redacted("hush", ("x-a", b"b"), &format!("a=1&{name}=proof"));
                    assert_eq!(kept.query.as_deref(), Some("a=1"), "{name} of {}", scheme.name);
                }
            }
        }
        assert!(looked_at > 1);
        for name in OWN {
            let kept = redacted("hush", (name, b"the proof"), "");
            assert!(!format!("{:?}", kept.headers).contains("the proof"), "{name}");
        }
    }

    #[test]
    fn what_a_provider_repeats_to_prove_itself_is_not_kept() {
        for name in ["hub.verify_token", "crc_token", "validationToken", "clientState", "verify_token", "hmac", "JWT"] {
            let kept = redacted("hush", ("x-a", b"b"), &format!("a=1&{name}=proof&b=2"));
            assert_eq!(kept.query.as_deref(), Some("a=1&b=2"), "{name}");
        }
    }

    #[test]
    fn a_json_web_token_is_not_kept_wherever_it_stands() {
        let kept = redacted("hush", ("x-acme", b"Bearer eyJhbGciOi.eyJzdWIi.c2ln"), "a=1&b=eyJhbGciOi.eyJzdWIi.c2ln");
        assert!(kept.headers.contains(&("x-acme".into(), REDACTED.into())), "{:?}", kept.headers);
        assert_eq!(kept.query.as_deref(), Some("a=1"));
        assert!(!is_token("eyJhbGciOi") && !is_token("1.2.3"));
    }

    #[test]
    fn the_place_that_an_owner_names_is_not_kept() {
        for (scheme, values) in [
            ("hmac", json!({ "header": "X-Acme-Seal" })),
            ("jwt", json!({ "header": "X-Acme-Seal", "algorithm": "HS256", "issuer": "any", "audience": "any" })),
        ] {
            let secrets = [("secret".to_owned(), vec![Secret::new("hush hush hush hush hush hush hush")])].into();
            let values = values.as_object().unwrap().clone().into_iter().collect();
            let verifier = Verifier::new(schemes::named(scheme).unwrap(), Settings::new(secrets, values)).unwrap();
            let all = Verifier::all(vec![verifier.clone()]).unwrap();
            for verifier in [verifier, all] {
                let source = Source { verifier, ..test_source("hush") };
                let request = Request::builder().header("x-acme-seal", "the proof").header("x-acme-order", "17");
                let kept = redact(&request.body(()).unwrap().into_parts().0, &source, &[]);
                let expected = [("x-acme-seal", REDACTED), ("x-acme-order", "17")].map(|(n, v)| (n.into(), v.into()));
                assert_eq!(kept.headers, expected, "{scheme}");
            }
        }
        let places = [Place::Query("seal".into())];
        assert!(is_credential("Seal", &places) && !is_credential("order", &places));
    }

    #[test]
    fn where_the_scheme_has_its_credential_nothing_is_kept() {
        use crate::schemes::{Settings, Verifier, named};
        for (key, header, query) in [("header", "X-Shop-Word", ""), ("query", "x-other", "a=1&word=stale&b=2")] {
            let name = if key == "header" { "X-Shop-Word" } else { "word" };
            let values = [(key.to_owned(), serde_json::json!(name))].into();
            let secrets = [("secret".to_owned(), vec![Secret::new("hush")])].into();
            let verifier = Verifier::new(named("api-key").unwrap(), Settings::new(secrets, values)).unwrap();
            let source = Source { verifier: Verifier::any(vec![verifier]).unwrap(), ..test_source("other") };
            let request = Request::builder().uri(format!("/in?{query}")).header(header, "stale").body(()).unwrap();
            let kept = redact(&request.into_parts().0, &source, &[]);
            assert_eq!(kept.headers[0].1 == "stale", key == "query");
            assert!(!kept.query.unwrap_or_default().contains("stale"));
        }
    }

    proptest! {
        #[test]
        fn no_configured_secret_gets_through(
            secret in "[!-~]{6,30}", before in "[ -~]{0,9}", after in "[ -~]{0,9}", name in "x-[a-z]{1,8}", encode: bool,
        ) {
            let value = format!("{before}{secret}{after}");
            let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            let query = if encode { format!("a=1&x={encoded}&b=2") } else { "a=1".into() };
            let header = if encode { encoded.clone() } else { value.clone() };
            let kept = redacted(&secret, (&name, header.as_bytes()), &query);
            let shown = format!("{:?} {:?} {:?} {:?}", kept.headers, kept.query, kept.delivery, kept.event);
            prop_assert!(!shown.contains(&secret) || "[redacted]".contains(&secret), "{}", shown);
            prop_assert!(!shown.contains(&*form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>()), "{}", shown);
        }

        #[test]
        fn no_head_makes_the_redactor_panic(name in "[a-z-]{1,12}", value: Vec<u8>, query in "[!$-;=?-Z_a-z~%]{0,60}") {
            redacted("hush", (&name, &value), &query);
        }
    }
}
