//! What strangers may send: texts, headers, forms and bodies that are nearly right.

use super::*;

pub(super) fn token() -> impl Strategy<Value = String> {
    prop_oneof![12 => plain(), 1 => jwt()]
}

pub(super) fn plain() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9a-f]{0,128}",
        "[A-Za-z0-9+/]{0,88}={0,2}",
        "[A-Za-z0-9_-]{0,90}",
        "-?[0-9]{1,25}(\\.[0-9]{1,4})?",
        Just("1700000000".to_owned()),
        Just("1700000000000".to_owned()),
        Just("2023-11-14T22:13:20Z".to_owned()),
        Just(SECRET[..32].to_owned()),
        Just("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem".to_owned()),
        Just("https://api.paypal.com/v1/notifications/certs/CERT-1".to_owned()),
        Just("SHA256withRSA".to_owned()),
        "[ -~]{0,40}",
    ]
}

/// Three parts, of which the first two are JSON or nearly so.
pub(super) fn jwt() -> impl Strategy<Value = String> {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let algorithm = select(vec!["none", "HS256", "RS256", "ES256", "PS256", "EdDSA", ""]);
    (algorithm, json_text(), "[A-Za-z0-9_-]{0,90}").prop_map(|(algorithm, claims, signature)| {
        let head = json!({ "alg": algorithm, "typ": "JWT", "kid": "1", "crit": ["b64"] }).to_string();
        format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims))
    })
}

pub(super) fn header() -> impl Strategy<Value = Vec<u8>> {
    let before = select(vec![
        "",
        "sha256=",
        "sha1=",
        "v0=",
        "v1,",
        "v1=",
        "h1=",
        "t=1700000000,v1=",
        "Bearer ",
        "Basic ",
        "HMAC ",
    ]);
    let element = (before, token()).prop_map(|(before, token)| format!("{before}{token}"));
    let list = (prop::collection::vec(element, 0..5), select(vec![",", ";", " ", ", ", "."]));
    prop_oneof![
        8 => list.prop_map(|(elements, between)| elements.join(between).into_bytes()),
        1 => (token(), 1..3_000_usize).prop_map(|(token, times)| format!("v1={token},").repeat(times).into_bytes()),
        1 => any::<Vec<u8>>(),
    ]
}

/// The names that schemes look for in bodies, so that some of it is found.
pub(super) fn key() -> impl Strategy<Value = String> {
    let known = "timestamp token signature id Type Message MessageId Subject Timestamp TopicArn Signature SignatureVersion \
        SigningCertURL SubscribeURL Token notificationItems NotificationRequestItem additionalData hmacSignature amount \
        value currency pspReference eventCode success clientState validationTokens iat exp aud iss request_body_sha256 \
        webhookTimestamp time_ms created kind bt_signature bt_payload";
    prop_oneof![9 => select(known.split_whitespace().collect::<Vec<_>>()).prop_map(str::to_owned), 1 => "[ -~]{0,8}"]
}

pub(super) fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        select(vec!["null", "true", "1e400", "-0", "18446744073709551616", "1700000000", "1700000000000", "{}", "[]"])
            .prop_map(str::to_owned),
        "-?[0-9]{1,40}",
        plain().prop_map(|text| json!(text).to_string()),
        "\"(\\\\u[0-9a-fA-F]{4}|[a-z\\\\]){0,6}\"",
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        let member = (key(), inner.clone()).prop_map(|(key, value)| format!("{}:{value}", json!(key)));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

pub(super) fn form() -> impl Strategy<Value = String> {
    let pair = (key(), token(), select(vec!["=", "", "==", "%3D", "=%"]));
    let pairs = prop::collection::vec(pair.prop_map(|(key, value, equals)| format!("{key}{equals}{value}")), 0..8);
    pairs.prop_map(|pairs| pairs.join("&"))
}

pub(super) fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => json_text().prop_map(String::into_bytes),
        2 => form().prop_map(String::into_bytes),
        1 => any::<Vec<u8>>(),
        1 => (1..400_usize, select(vec!["[", "{\"Type\":", "[{\"timestamp\":", "\"\\"])).prop_map(|(n, open)| open.repeat(n).into_bytes()),
        1 => (json_text(), any::<prop::sample::Index>()).prop_map(|(text, at)| text.as_bytes()[..at.index(text.len())].to_vec()),
    ]
}
