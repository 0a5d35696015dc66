//! What is asked of a token endpoint, and what it answers: hostile until it was read.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;

use crate::endpoint::{Endpoint, OAuth2, Style};
use crate::seam::{Outgoing, Received, US};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// No answer of a token endpoint is longer.
const LONGEST: usize = 64 << 10;

/// A token that does not say how long it is good is good for this.
const LIFETIME: Duration = Duration::from_secs(300);

/// None is kept longer.
const LONGEST_LIFETIME: Duration = Duration::from_secs(86_400);

/// So long before its end a token is used no more, but for at least half its life.
const MARGIN: Duration = Duration::from_secs(30);

/// A token, and until when it is shown.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) token: Secret,
    pub(super) until: Timestamp,
}

/// No certificate of ours is shown there: that is for the endpoint.
pub(super) fn request(endpoint: &Endpoint, by: &OAuth2, limit: Duration) -> Outgoing {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    for (name, value) in [("scope", &by.scope), ("audience", &by.audience), ("resource", &by.resource)] {
        if let Some(value) = value {
            form.append_pair(name, value);
        }
    }
    let mut headers = HeaderMap::with_capacity(4);
    match by.style {
        Style::Basic => headers.extend(basic(by).map(|value| (AUTHORIZATION, value))),
        Style::Body => {
            form.append_pair("client_id", &by.client_id).append_pair("client_secret", by.client_secret.expose());
        }
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, US);
    Outgoing {
        tenant: endpoint.tenant.clone(),
        // No endpoint has such a name: the connections are its own.
        endpoint: format!("{} (tokens)", endpoint.name),
        method: Method::POST,
        target: by.token_url.clone(),
        query: None,
        headers,
        body: Bytes::from(form.finish()),
        timeout: limit,
        identity: None,
        keep: LONGEST,
    }
}

/// Both are encoded before they are joined (RFC 6749, 2.3.1).
fn basic(by: &OAuth2) -> Option<HeaderValue> {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = STANDARD.encode(format!("{}:{}", encoded(&by.client_id), encoded(by.client_secret.expose())));
    let mut value = HeaderValue::from_str(&format!("Basic {pair}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// # Errors
/// There is no token in it: why, in words of ours.
pub(super) fn read(by: &OAuth2, received: &Received, asked: Timestamp) -> Result<Grant, String> {
    let status = received.status;
    let said: Value = serde_json::from_slice(&received.body).unwrap_or_default();
    let text = |name: &str| said.get(name).and_then(Value::as_str);
    let code = text("error").filter(|code| is_code(code) && !code.contains(by.client_secret.expose()));
    let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
    match status {
        200..300 => {}
        300..400 => return Err(format!("the token endpoint answered {status}; redirects are not followed")),
        _ => return Err(format!("the token endpoint answered {status}{code}")),
    }
    let Some(token) = text("access_token") else {
        return Err(format!("the token endpoint answered {status}{code} without an access token"));
    };
    if !text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err("the token endpoint answered with a token whose token_type is not bearer".into());
    }
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the token endpoint answered with a token that no header can carry".into());
    }
    let lifetime = lifetime(said.get("expires_in"));
    let until = asked.after(lifetime.saturating_sub(MARGIN.min(lifetime / 2)));
    Ok(Grant { token: Secret::new(token), until })
}

/// Those of RFC 6749 and its kin are such words. Anything else may be what we sent.
fn is_code(code: &str) -> bool {
    (1..=40).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Some write it as a text.
fn lifetime(said: Option<&Value>) -> Duration {
    let seconds = said.and_then(|said| said.as_f64().or_else(|| said.as_str()?.trim().parse().ok()));
    let lifetime = seconds.and_then(|seconds: f64| {
        Duration::try_from_secs_f64(seconds).ok().or((seconds > 0.0).then_some(LONGEST_LIFETIME))
    });
    lifetime.unwrap_or(LIFETIME).min(LONGEST_LIFETIME)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::guard::Guard;

    fn settings(style: Style) -> OAuth2 {
        OAuth2 {
            token_url: Guard::default().target("https://id.example/token?v=2").unwrap(),
            client_id: "us & them".into(),
            client_secret: Secret::new("hush%:hush"),
            scope: Some("a b".into()),
            audience: None,
            resource: Some("https://api.example/".into()),
            style,
        }
    }

    fn answered(status: u16, body: impl ToString) -> Received {
        Received { status, headers: HeaderMap::new(), body: Bytes::from(body.to_string()) }
    }

    fn granted(answer: Value) -> Result<Grant, String> {
        read(&settings(Style::Basic), &answered(200, answer), Timestamp(0))
    }

    fn good_for(expires_in: Value) -> u64 {
        let answer = json!({ "access_token": "t", "token_type": "Bearer", "expires_in": expires_in });
        granted(answer).unwrap().until.seconds()
    }

    #[test]
    fn the_two_styles_show_the_client_where_they_say() {
        let endpoint = super::super::tests::endpoint();
        let basic = request(&endpoint, &settings(Style::Basic), Duration::from_secs(1));
        let encoded = STANDARD.encode("us+%26+them:hush%25%3Ahush");
        assert_eq!(basic.headers[AUTHORIZATION], format!("Basic {encoded}"));
        assert!(basic.headers[AUTHORIZATION].is_sensitive());
        let asked = "grant_type=client_credentials&scope=a+b&resource=https%3A%2F%2Fapi.example%2F";
        assert_eq!(basic.body, asked);
        let body = request(&endpoint, &settings(Style::Body), Duration::from_secs(1));
        assert_eq!(body.body, format!("{asked}&client_id=us+%26+them&client_secret=hush%25%3Ahush"));
        assert!(!body.headers.contains_key(AUTHORIZATION) && body.identity.is_none() && body.endpoint != endpoint.name);
    }

    #[test]
    fn a_token_is_shown_until_shortly_before_its_end() {
        assert_eq!((good_for(json!(3_600)), good_for(json!("3600")), good_for(json!(60))), (3_570, 3_570, 30));
        assert_eq!((good_for(json!(10)), good_for(json!(0)), good_for(json!(null))), (5, 0, 270));
        assert_eq!((good_for(json!(1e300)), good_for(json!("soon")), good_for(json!(99_999))), (86_370, 270, 86_370));
    }

    #[test]
    fn what_is_no_token_says_why_and_shows_nothing_of_it() {
        let words = |answer: Value| granted(answer).err().unwrap();
        let bearer = |token: &str| json!({ "access_token": token, "token_type": "bearer" });
        assert!(granted(bearer("a-~+/=.0")).is_ok());
        for token in ["", "a b", "a\r\nx: y", "ü", "\u{7f}"] {
            assert!(words(bearer(token)).ends_with("that no header can carry"));
        }
        for kind in [json!(null), json!("mac"), json!(1)] {
            assert!(words(json!({ "access_token": "t", "token_type": kind })).ends_with("token_type is not bearer"));
        }
        for answer in [json!({}), json!([]), json!({ "access_token": 1, "token_type": "bearer" })] {
            assert_eq!(words(answer), "the token endpoint answered 200 without an access token");
        }
        assert!(words(json!({ "error": "slow_down" })).contains("200 (slow_down) without"));
    }

    #[test]
    fn a_refusal_is_told_by_its_status_and_code_but_not_by_what_may_be_ours() {
        let words =
            |status, body: &str| read(&settings(Style::Basic), &answered(status, body), Timestamp(0)).err().unwrap();
        assert_eq!(words(401, r#"{"error": "invalid_client"}"#), "the token endpoint answered 401 (invalid_client)");
        assert_eq!(words(400, "<html>"), "the token endpoint answered 400");
        assert_eq!(words(500, r#"{"error": "hush%:hush"}"#), "the token endpoint answered 500");
        assert!(words(302, "").ends_with("302; redirects are not followed"));
        let plain = OAuth2 { client_secret: Secret::new("correct_horse"), ..settings(Style::Body) };
        let echoed = answered(400, r#"{"error": "no_correct_horse_here"}"#);
        assert_eq!(read(&plain, &echoed, Timestamp(0)).err().unwrap(), "the token endpoint answered 400");
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_reading_panic(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let received = Received { status, headers: HeaderMap::new(), body: body.into() };
            let _ = read(&settings(Style::Basic), &received, Timestamp(u64::MAX));
        }

        #[test]
        fn no_lifetime_makes_the_reading_panic(seconds in any::<f64>()) {
            let answer = json!({ "access_token": "t", "token_type": "bearer", "expires_in": seconds });
            prop_assert!(granted(answer).unwrap().until <= Timestamp(86_370_000));
        }
    }
}
