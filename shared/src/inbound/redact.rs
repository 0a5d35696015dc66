//! What may be kept of a request's head: everything but credentials.

use http::header::HeaderName;
use http::request::Parts;

use crate::schemes::Presented;
use crate::secret::Secret;
use crate::signature::Place;
use crate::source::Source;

/// Stands where a credential stood.
pub(super) const REDACTED: &str = "[redacted]";

/// Parts of the names of headers that carry credentials, or what was made from them.
const SENSITIVE: [&str; 11] =
    ["auth", "cookie", "cred", "hmac", "jwt", "key", "pass", "secret", "session", "sig", "token"];

/// Names of query parameters that carry credentials.
const CREDENTIALS: [&str; 11] = [
    "token",
    "access_token",
    "api_key",
    "apikey",
    "auth",
    "client_secret",
    "passwd",
    "password",
    "secret",
    "sig",
    "signature",
];

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

pub(super) fn redact(head: &Parts, source: &Source) -> Kept {
    let secrets = source.verifier.secrets();
    let headers = head.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), header(name, value.as_bytes(), secrets))).collect();
    Kept {
        headers,
        query: head.uri.query().map(|query| clean_query(query, secrets)).filter(|query| !query.is_empty()),
        delivery: named(head, source.delivery(), secrets),
        event: named(head, source.event(), secrets),
    }
}

fn header(name: &HeaderName, value: &[u8], secrets: &[Secret]) -> String {
    let value = String::from_utf8_lossy(value);
    if is_sensitive(name) || shows(&value, secrets) { REDACTED.into() } else { value.into_owned() }
}

fn is_sensitive(name: &HeaderName) -> bool {
    SENSITIVE.iter().any(|part| name.as_str().contains(part))
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

fn clean_query(query: &str, secrets: &[Secret]) -> String {
    let clean = |part: &&str| {
        let mut pairs = form_urlencoded::parse(part.as_bytes());
        let credential = pairs.any(|(name, _)| CREDENTIALS.iter().any(|known| name.eq_ignore_ascii_case(known)));
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

    use super::*;
    use crate::source::test_source;

    fn redacted(secret: &str, header: (&str, &[u8]), query: &str) -> Kept {
        let mut request = Request::builder().header("x-order", "17");
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(header.0), http::HeaderValue::from_bytes(header.1)) {
            request = request.header(name, value);
        }
        let request = request.uri(format!("/in?{query}")).body(()).unwrap();
        redact(&request.into_parts().0, &test_source(secret))
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
