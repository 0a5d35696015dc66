//! Nothing that a stranger sends takes long to refuse.

use std::time::{Duration, Instant};

use super::*;

/// What takes long to read if it is read badly, as long as that.
fn evil(length: usize) -> Vec<(&'static str, Vec<u8>)> {
    let filled = |open: &str, unit: &str, close: &str| {
        let times = (length - open.len() - close.len()) / unit.len();
        format!("{open}{}{close}", unit.repeat(times)).into_bytes()
    };
    vec![
        ("arrays in arrays", filled("", "[", "")),
        ("objects in objects", filled("", "{\"Type\":", "")),
        ("closed arrays", [filled("", "[", ""), filled("", "]", "")].concat()),
        ("one number", filled("{\"timestamp\":", "9", "}")),
        ("escapes", filled("{\"Message\":\"", "\\u0041", "\"}")),
        ("one name many times", filled("{", "\"Type\":1,", "\"Type\":1}")),
        ("one field many times", filled("", "timestamp=1&token=2&", "x=y")),
        ("items", filled("{\"notificationItems\":[", "{\"NotificationRequestItem\":{}},", "{}]}")),
        ("tokens", filled("{\"validationTokens\":[", "\"a.b.c\",", "\"\"]}")),
    ]
}

/// How long all of those take that scheme.
fn took(scheme: &Scheme, verifier: &Verifier, body: &[u8]) -> Duration {
    let mut headers = HeaderMap::new();
    for name in names(scheme) {
        headers.insert(HeaderName::try_from(name).unwrap(), HeaderValue::from_static("1700000000"));
    }
    let presented = Presented::of(&headers, body);
    let start = Instant::now();
    assert!(refused(verifier, &presented, None, NOW), "{}", scheme.name);
    start.elapsed()
}

/// Those that read the body rather than digest it.
fn reads_the_body(scheme: &Scheme) -> bool {
    let Check::Recipe(recipe) = &scheme.check else { return true };
    let in_message = recipe.message.iter().any(|part| !matches!(part, Part::Body | Part::Literal(_) | Part::Method));
    in_message || recipe.place.is_in_body() || recipe.freshness.as_ref().is_some_and(|f| f.place.is_in_body())
}

#[test]
fn eight_times_the_body_take_no_more_than_a_few_times_eight_as_long() {
    for ((name, short), (_, long)) in evil(512 << 10).iter().zip(evil(4 << 20)) {
        for (scheme, verifier) in VERIFIERS.iter().filter(|(scheme, _)| reads_the_body(scheme)) {
            let (short, long) = (took(scheme, verifier, short), took(scheme, verifier, &long));
            assert!(long < short * 24 + Duration::from_secs(1), "{} reads {name}: {short:?}, {long:?}", scheme.name);
        }
    }
}
