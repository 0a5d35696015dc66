//! One endpoint of a configuration, checked.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use http::Method;

use super::headers::Reader;
use super::receiver::{self, EndpointSpec};
use super::sealing::bound;
use super::source::NOT_AN_ADDRESS;
use super::text::{OneOrMany, Text, Texts};
use super::values::{choice, duration, each, rate, tenant, wrong};
use super::{ConfigError, Secrets, known, oauth2, signing, tls};
use crate::address::EmailAddress;
use crate::endpoint::{Endpoint, Format, is_name};
use crate::event::{EventType, OPERATIONAL, Pattern, is_channel};
use crate::guard::Guard;
use crate::schedule::Schedule;

const TIMEOUT: Duration = Duration::from_secs(15);
const TIMEOUTS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(30);

const MOST_CONCURRENT: u32 = 1_000;
const LONGEST_DESCRIPTION: usize = 1_000;

/// Of patterns, channels and successes each.
const MOST_LISTED: usize = 100;

/// What may mean that a webhook has arrived. A 5xx never does: its server says that it failed.
const SUCCESSES: RangeInclusive<u16> = 200..=499;

const FORMATS: [(&str, Format); 5] = [
    ("json", Format::Json),
    ("form", Format::Form),
    ("raw", Format::Raw),
    ("xml", Format::Xml),
    ("yaml", Format::Yaml),
];
const METHODS: [&str; 3] = ["POST", "PUT", "GET"];

pub(super) fn check(
    name: &str,
    spec: EndpointSpec,
    secrets: Secrets<'_>,
    guard: Guard,
) -> Result<Endpoint, ConfigError> {
    let path = format!("endpoints.{name}");
    if !is_name(name) {
        return Err(ConfigError::new(path, "an endpoint's name is 1 to 63 of a-z, 0-9 and -, not first a -"));
    }
    known(&path, &spec.unknown, receiver::ENDPOINT)?;
    let key = |key: &str| format!("{path}.{key}");
    let tenant = tenant(&path, spec.tenant)?;
    let url = spec.url.ok_or_else(|| ConfigError::new(key("url"), "is missing; write https://…"))?;
    let url = guard.target(&url).map_err(|problem| ConfigError::new(key("url"), problem.to_string()))?;
    let method = method(&key("method"), spec.method.as_deref())?;
    if method == Method::GET && spec.format.is_some() {
        let problem = "has no meaning with method: GET, which puts the data in the query";
        return Err(ConfigError::new(key("format"), problem));
    }
    let reader = Reader { path: &path, bound: &bound(&tenant, name), secrets };
    let oauth2 = spec.auth.as_ref().and_then(|auth| auth.oauth2.clone());
    let headers = reader.read(spec.headers.unwrap_or_default(), spec.auth)?;
    Ok(Endpoint {
        identity: tls::identity(&reader, &url, spec.tls)?,
        url,
        events: listed(&key("events"), spec.events, str::parse::<Pattern>)?,
        channels: listed(&key("channels"), spec.channels, channel)?,
        operational: operational(&key("operational"), spec.operational)?,
        contact: contact(&key("contact"), spec.contact)?,
        description: description(&key("description"), spec.description)?,
        enabled: spec.enabled.unwrap_or(true),
        headers: headers.fixed,
        templates: headers.templates,
        oauth2: oauth2::settings(&reader, guard, oauth2)?,
        consent: spec.consent.map(|text| origin(&key("consent"), text)).transpose()?,
        method,
        format: choice(&key("format"), spec.format.as_deref(), &FORMATS, Format::Json)?,
        timeout: timeout(&key("timeout"), spec.timeout)?,
        schedule: schedule(&key("schedule"), spec.schedule)?,
        rate: rate(&key("rate"), spec.rate.as_deref().unwrap_or("none"))?,
        max_concurrent: max_concurrent(&key("max_concurrent"), spec.max_concurrent)?,
        success: success(&key("success"), spec.success)?,
        signer: signing::signer((&tenant, name), spec.secret, spec.signature.as_deref(), secrets)?,
        name: name.to_owned(),
        tenant,
    })
}

/// What is absent wants everything; what is there must say something.
fn listed<T, E: std::fmt::Display>(
    key: &str,
    list: Option<OneOrMany>,
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, ConfigError> {
    match list.as_ref().map(|list| list.0.len()) {
        Some(0) => Err(ConfigError::new(key, "is empty; leave it out to want all of them")),
        Some(many) if many > MOST_LISTED => {
            Err(ConfigError::new(key, format!("names {many}; at most {MOST_LISTED} are allowed")))
        }
        _ => each(key, list, read),
    }
}

fn channel(text: &str) -> Result<String, &'static str> {
    is_channel(text).then(|| text.to_owned()).ok_or("is not a channel; write 1 to 128 of A-Z, a-z, 0-9, _ . : and -")
}

/// What no event about an endpoint is called is a slip.
fn operational(key: &str, list: Option<OneOrMany>) -> Result<Vec<Pattern>, ConfigError> {
    if list.as_ref().is_some_and(|list| list.0.is_empty()) {
        return Err(ConfigError::new(key, "is empty; leave it out to want none, or write \"*\" for all"));
    }
    let kinds: Vec<EventType> = OPERATIONAL.iter().filter_map(|kind| kind.parse().ok()).collect();
    listed(key, list, |text| {
        let pattern: Pattern = text.parse().map_err(|_| operational_problem())?;
        if kinds.iter().any(|kind| pattern.matches(kind)) { Ok(pattern) } else { Err(operational_problem()) }
    })
}

fn operational_problem() -> String {
    format!("matches no event about endpoints. Allowed: {}, and patterns like endpoint.* or *", OPERATIONAL.join(", "))
}

fn contact(key: &str, text: Option<String>) -> Result<Option<EmailAddress>, ConfigError> {
    text.map(|text| text.parse().map_err(|_| wrong(key, &text, NOT_AN_ADDRESS))).transpose()
}

fn description(key: &str, text: Option<String>) -> Result<String, ConfigError> {
    let text = text.unwrap_or_default();
    if text.chars().count() > LONGEST_DESCRIPTION {
        return Err(ConfigError::new(key, format!("is longer than {LONGEST_DESCRIPTION} characters")));
    }
    Ok(text)
}

/// The name of a host, in whose name something is asked.
fn origin(key: &str, text: String) -> Result<String, ConfigError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(plain);
    let is_name = text.len() <= 253 && text.split('.').all(label) && text.parse::<IpAddr>().is_err();
    if is_name { Ok(text.to_ascii_lowercase()) } else { Err(wrong(key, &text, NO_NAME)) }
}

const NO_NAME: &str = "is no domain name; write the one in which you ask, like events.example.com";

fn method(key: &str, text: Option<&str>) -> Result<Method, ConfigError> {
    let all = METHODS.map(|method| (method, method));
    let found = choice(key, text, &all, "POST")?;
    Method::from_bytes(found.as_bytes()).map_err(|problem| ConfigError::new(key, problem.to_string()))
}

fn timeout(key: &str, text: Option<Text>) -> Result<Duration, ConfigError> {
    let Some(Text(text)) = text else { return Ok(TIMEOUT) };
    let found = duration(key, &text, "1s to 30s")?;
    if TIMEOUTS.contains(&found) { Ok(found) } else { Err(wrong(key, &text, "is not within 1s to 30s")) }
}

fn schedule(key: &str, waits: Option<Texts>) -> Result<Schedule, ConfigError> {
    let Some(Texts(waits)) = waits else { return Ok(Schedule::default()) };
    let waits = waits.iter().map(|wait| duration(key, &wait.0, "the waits before each attempt, like [0, 5, 5m, 1h]"));
    Schedule::new(waits.collect::<Result<_, _>>()?).map_err(|problem| ConfigError::new(key, problem.to_string()))
}

fn max_concurrent(key: &str, text: Option<Text>) -> Result<Option<u32>, ConfigError> {
    let Some(Text(text)) = text else { return Ok(None) };
    let found = text.parse().ok().filter(|many| (1..=MOST_CONCURRENT).contains(many));
    found.map(Some).ok_or_else(|| wrong(key, &text, "is not a number from 1 to 1000"))
}

fn success(key: &str, list: Option<Texts>) -> Result<Vec<RangeInclusive<u16>>, ConfigError> {
    let list = list.map(|list| OneOrMany(list.0.into_iter().map(|text| text.0).collect()));
    if list.as_ref().is_some_and(|list| list.0.is_empty()) {
        return Err(ConfigError::new(key, "is empty; leave it out to mean 2xx"));
    }
    listed(key, list, statuses)
}

fn statuses(text: &str) -> Result<RangeInclusive<u16>, &'static str> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let status = |text: &str| text.trim().parse().ok().filter(|status| SUCCESSES.contains(status));
    let range = status(first).zip(status(last)).map(|(first, last)| first..=last).filter(|range| !range.is_empty());
    range.ok_or("is not a status or a range of them within 200 to 499, like 202 or 410-419")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::{Config, Rings, Spec};
    use super::*;
    use crate::seal::Keys;
    use crate::secret::Secret;

    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn keys(digit: char) -> Keys {
        Keys::one(Secret::new(digit.to_string().repeat(40)))
    }

    fn spec(endpoints: Value) -> Spec {
        serde_json::from_value(json!({ "endpoints": endpoints })).unwrap()
    }

    /// The endpoint called `a`, as this machine's file says.
    fn read(endpoint: Value) -> Result<Endpoint, String> {
        let spec = serde_json::from_value(json!({ "endpoints": { "a": endpoint } }));
        let environment = |name: &str| (name == "SET").then(|| "from the environment".to_owned());
        let outbound = keys('2');
        let secrets = Secrets::Written { environment: &environment, outbound: Some(&outbound) };
        let config = Config::check(spec.map_err(|problem| problem.to_string())?, secrets, Guard::default());
        Ok(Endpoint::clone(&config.map_err(|problem| problem.to_string())?.endpoints[0]))
    }

    fn with(key: &str, value: Value) -> Result<Endpoint, String> {
        let mut endpoint = json!({ "url": "https://builder.example.com/build/" });
        endpoint[key] = value;
        read(endpoint)
    }

    fn signing(endpoint: &Endpoint) -> Vec<String> {
        let secrets = endpoint.signer.iter().flat_map(|signer| signer.secrets());
        secrets.map(|secret| secret.expose().to_owned()).collect()
    }

    fn header(endpoint: &Endpoint, name: &str) -> Option<String> {
        let found = endpoint.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn an_endpoint_needs_no_more_than_an_address() {
        let endpoint = with("enabled", json!(true)).unwrap();
        assert_eq!((endpoint.tenant.as_str(), endpoint.name.as_str(), endpoint.enabled), ("default", "a", true));
        assert_eq!((endpoint.method, endpoint.format, endpoint.timeout), (Method::POST, Format::Json, TIMEOUT));
        assert_eq!((endpoint.schedule, endpoint.rate, endpoint.max_concurrent), (Schedule::default(), None, None));
        assert!(endpoint.events.is_empty() && endpoint.channels.is_empty() && endpoint.success.is_empty());
        assert!(endpoint.headers.is_empty() && endpoint.signer.is_some());
    }

    #[test]
    fn everything_that_can_be_said_is_read() {
        let endpoint = read(json!({
            "url": "https://builder.example.com/build/",
            "events": ["post.published", "order.*"], "channels": "eu", "description": "the site", "tenant": "acme",
            "enabled": false, "headers": { "X-Key": "env:SET" }, "method": "PUT", "format": "form", "timeout": "5s",
            "schedule": [0, 5, "5m"], "rate": "100/s", "max_concurrent": 10, "success": [200, "202", "410-419"],
            "auth": { "basic": { "user": "u", "password": "p" } },
            "secret": [KEY, { "value": OTHER, "expires": "2026-12-24T00:00:00Z" }],
        }));
        let endpoint = endpoint.unwrap();
        assert!(endpoint.wants(&"order.item.added".parse().unwrap(), &["eu".into()]) && !endpoint.enabled);
        assert_eq!(header(&endpoint, "x-key").as_deref(), Some("from the environment"));
        assert_eq!(header(&endpoint, "authorization").as_deref(), Some("Basic dTpw"));
        assert!(endpoint.headers.iter().all(|(_, value)| value.is_sensitive()));
        assert_eq!(endpoint.schedule.attempts(), 3);
        assert!([200, 202, 410, 419].into_iter().all(|status| endpoint.is_success(status)));
        assert!(!endpoint.is_success(201) && endpoint.max_concurrent == Some(10) && endpoint.rate.is_some());
        assert_eq!((signing(&endpoint), endpoint.timeout.as_secs()), (vec![KEY.into(), OTHER.into()], 5));
    }

    #[test]
    fn events_about_endpoints_and_an_applications_own_are_wanted_apart() {
        let url = "https://a.example/";
        let kind: EventType = "endpoint.failing".parse().unwrap();
        let wants = |more: Value| {
            let mut endpoint = json!({ "url": url });
            endpoint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let endpoint = read(endpoint).unwrap();
            (endpoint.wants(&kind, &["eu".into()]), endpoint.wants_operational(&kind))
        };
        assert_eq!(wants(json!({})), (true, false));
        assert_eq!(wants(json!({ "operational": "endpoint.*" })), (false, true));
        assert_eq!(wants(json!({ "operational": "message.*" })), (false, false));
        assert_eq!(wants(json!({ "operational": ["*"], "events": "*" })), (true, true));
        assert_eq!(wants(json!({ "operational": ["*"], "channels": "eu" })), (true, true));
        let named = read(json!({ "url": url, "contact": "A Name <a@b.c>" })).unwrap();
        assert_eq!(named.contact.unwrap().to_string(), "A Name <a@b.c>");
    }

    #[test]
    fn a_secret_that_nobody_gave_is_made_of_the_endpoints_own_name() {
        let made = |endpoint: Value| signing(&read(endpoint).unwrap()).concat();
        let url = "https://a.example/";
        let first = made(json!({ "url": url }));
        assert!(first.starts_with("whsec_") && first == made(json!({ "url": url, "signature": "v1" })));
        assert!(first != made(json!({ "url": url, "tenant": "acme" })));
        assert!(made(json!({ "url": url, "signature": "v1a" })).starts_with("whsk_"));
    }

    /// A right one, but for that key.
    fn oauth2(key: &str, value: Value) -> Value {
        let mut settings =
            json!({ "token_url": "https://id.example/token", "client_id": "us", "client_secret": "hush-5" });
        settings[key] = value;
        json!({ "oauth2": settings })
    }

    /// A certificate and its key.
    fn certified() -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new(["us.example".to_owned()]).unwrap();
        (parameters.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    #[test]
    fn who_hands_out_tokens_is_read_and_makes_the_header_that_nobody_else_may_set() {
        let found = with("auth", oauth2("scope", json!("a b"))).unwrap();
        let settings = found.oauth2.unwrap();
        assert_eq!((settings.token_url.url().as_str(), &*settings.client_id), ("https://id.example/token", "us"));
        assert_eq!((settings.client_secret.expose(), settings.style), ("hush-5", crate::endpoint::Style::Basic));
        assert_eq!((settings.scope.as_deref(), settings.audience.as_deref()), (Some("a b"), None));
        assert!(found.headers.is_empty());
        let mut clash = json!({ "url": "https://a.example/", "headers": { "Authorization": "x" } });
        clash["auth"] = oauth2("style", json!("body"));
        let problem = read(clash).err().unwrap();
        assert!(problem.contains("auth: makes the header authorization, which stands in headers too"), "{problem}");
    }

    #[test]
    fn certificates_are_read_with_the_line_that_ends_them() {
        let (certificate, key) = certified();
        let mut tls = json!({ "ca": certificate, "certificate": certificate, "key": key });
        assert!(key.ends_with('\n'));
        let identity = with("tls", tls.clone()).unwrap().identity.unwrap();
        assert!(identity.believed.is_some() && identity.shown.is_some());
        assert!(with("tls", json!({ "ca": certificate })).unwrap().identity.unwrap().shown.is_none());
        let plain = read(json!({ "url": "http://localhost/", "tls": tls })).err().unwrap();
        assert!(plain.starts_with("endpoints.a.url: "), "{plain}");
        tls["key"] = json!(certified().1);
        assert_eq!(
            with("tls", tls).err().unwrap(),
            "endpoints.a.tls.key: does not fit the first certificate of tls.certificate"
        );
        assert_eq!(
            with("consent", json!("Events.Example.com")).unwrap().consent.as_deref(),
            Some("events.example.com")
        );
    }

    #[test]
    fn the_secrets_of_tokens_and_certificates_are_sealed_withheld_and_never_shown() {
        let (certificate, key) = certified();
        let tls = json!({ "certificate": certificate, "key": key });
        let described = json!({ "url": "https://a.example/", "auth": oauth2("style", json!("basic")), "tls": tls });
        let (inbound, outbound) = (keys('1'), keys('2'));
        let rings = Rings::both(&inbound, &outbound);
        let mut all = spec(json!({ "a": described }));
        let mut shown = all.clone();
        shown.redact();
        all.seal(rings).unwrap();
        for text in [shown.write(), all.write()] {
            assert!(!text.contains("hush-5") && !text.contains("PRIVATE") && text.contains("BEGIN CERT"), "{text}");
        }
        let endpoint = kept(&all, rings).unwrap();
        assert!(endpoint.oauth2.is_some_and(|found| found.client_secret.expose() == "hush-5"));
        assert!(endpoint.identity.is_some_and(|found| found.shown.is_some()));
        let withheld = kept(&all, Rings::default()).unwrap();
        assert!(withheld.oauth2.is_none() && withheld.identity.is_none() && withheld.signer.is_none());
        let mut swapped: Value = serde_json::from_str(&all.write()).unwrap();
        swapped["endpoints"]["a"]["tls"]["key"] = swapped["endpoints"]["a"]["auth"]["oauth2"]["client_secret"].clone();
        let problem = kept(&serde_json::from_value(swapped).unwrap(), rings).err().unwrap();
        assert!(problem.contains("was sealed for another place"), "{problem}");
        assert!(shown.is_understood());
    }

    #[test]
    fn every_refusal_names_the_key_and_what_is_allowed() {
        let expiring = json!({ "value": KEY, "expires": "2026-12-24T00:00:00Z" });
        let many: HashMap<_, _> = (0..21).map(|n| (format!("x-{n}"), "v")).collect();
        let wrong = [
            ("url", json!("nowhere"), "url: "),
            ("ulr", json!("x"), "ulr: is not a known key; did you mean \"url\"?"),
            ("events", json!("order."), "events: \"order.\" is not an event type or pattern; write order.created"),
            ("events", json!([]), "events: is empty; leave it out to want all"),
            ("events", json!(vec!["a"; 101]), "events: names 101; at most 100"),
            (
                "operational",
                json!("a b"),
                "operational: \"a b\" matches no event about endpoints. Allowed: endpoint.failing",
            ),
            ("operational", json!("order.*"), "operational: \"order.*\" matches no event about endpoints"),
            ("operational", json!([]), "operational: is empty; leave it out to want none"),
            ("operational", json!(vec!["*"; 101]), "operational: names 101; at most 100"),
            ("contact", json!("nobody"), "contact: \"nobody\" is not an e-mail address; write name@example.com"),
            ("contact", json!("a@b.c, d@e.f"), "contact: \"a@b.c, d@e.f\" is not an e-mail address"),
            ("channels", json!("a b"), "channels: \"a b\" is not a channel; write 1 to 128 of"),
            ("description", json!("x".repeat(1_001)), "description: is longer than 1000 characters"),
            ("tenant", json!("A"), "tenant: \"A\" is not a tenant's name"),
            ("method", json!("DELETE"), "method: \"DELETE\" is not known. Allowed: POST, PUT, GET"),
            ("format", json!("jsn"), "format: \"jsn\" is not known; did you mean \"json\"? Allowed: json, form, raw"),
            ("timeout", json!("soon"), "timeout: \"soon\" is not a duration; write 1s to 30s"),
            ("timeout", json!(31), "timeout: \"31\" is not within 1s to 30s"),
            ("schedule", json!(["soon"]), "schedule: \"soon\" is not a duration; write the waits"),
            ("schedule", json!([]), "schedule: has no attempt at all"),
            ("rate", json!("fast"), "rate: \"fast\" is not a rate; write 100/s"),
            ("max_concurrent", json!(0), "max_concurrent: \"0\" is not a number from 1 to 1000"),
            ("success", json!([500]), "success: \"500\" is not a status or a range of them within 200 to 499"),
            ("success", json!("410-409"), "success: \"410-409\" is not a status or a range"),
            ("success", json!([]), "success: is empty; leave it out to mean 2xx"),
            ("headers", json!({ "Host": "x" }), "headers.Host: host is set by Hookpost itself"),
            ("headers", json!({ "webhook-id": "x" }), "headers.webhook-id: webhook-id is set by Hookpost itself"),
            ("headers", json!({ "a b": "x" }), "headers.a b: \"a b\" is not the name of a header"),
            ("headers", json!({ "X": "x", "x": "y" }), "headers.x: is there twice"),
            ("headers", json!({ "x": "a\nb" }), "headers.x: holds characters that a header cannot carry"),
            ("headers", json!({ "x": "" }), "headers.x: is empty"),
            ("headers", json!({ "x": "env:UNSET" }), "headers.x: the environment has no UNSET"),
            ("headers", json!({ "x": "x".repeat(4_097) }), "headers.x: is longer than 4096 bytes"),
            ("headers", json!(many), "headers: names 21 headers; at most 20"),
            ("auth", json!({}), "auth: write one of { bearer: … }"),
            ("auth", json!({ "bearer": "a", "basic": {} }), "auth: write one of"),
            ("auth", json!({ "baerer": "a" }), "auth.baerer: is not a known key; did you mean \"bearer\"?"),
            ("auth", json!({ "basic": { "password": "p" } }), "auth.basic.user: is missing"),
            ("auth", json!({ "basic": { "user": "a:b", "password": "p" } }), "auth.basic.user: holds a colon"),
            ("auth", json!({ "header": { "name": "te", "value": "v" } }), "auth.header.name: te is set by Hookpost"),
            ("auth", json!({ "oauth2": {} }), "auth.oauth2.token_url: is missing"),
            ("auth", json!({ "oauth2": {}, "bearer": "t" }), "auth: write one of"),
            (
                "auth",
                oauth2("tokn_url", json!("x")),
                "auth.oauth2.tokn_url: is not a known key; did you mean \"token_url\"",
            ),
            ("auth", oauth2("token_url", json!("https://10.0.0.1/")), "auth.oauth2.token_url: names a private address"),
            ("auth", oauth2("client_id", json!("")), "auth.oauth2.client_id: is empty"),
            ("auth", oauth2("scope", json!("a\nb")), "auth.oauth2.scope: holds control characters"),
            ("auth", oauth2("audience", json!("x".repeat(1_025))), "auth.oauth2.audience: is longer than 1024"),
            ("auth", oauth2("resource", json!("orders")), "auth.oauth2.resource: \"orders\" is no absolute address"),
            (
                "auth",
                oauth2("style", json!("post")),
                "auth.oauth2.style: \"post\" is not known; did you mean \"body\"? Allowed",
            ),
            ("auth", oauth2("client_secret", json!("env:UNSET")), "auth.oauth2.client_secret: the environment has no"),
            ("auth", oauth2("client_secret", json!("")), "auth.oauth2.client_secret: is empty"),
            ("tls", json!({}), "tls: is empty; write ca, or certificate and key"),
            ("tls", json!({ "cert": "x" }), "tls.cert: is not a known key"),
            ("tls", json!({ "ca": "x" }), "tls.ca: holds no certificate"),
            ("tls", json!({ "certificate": "x" }), "tls.key: is missing; certificate and key go together"),
            ("tls", json!({ "key": "x" }), "tls.certificate: is missing; certificate and key go together"),
            ("tls", json!({ "certificate": "x", "key": "x" }), "tls.certificate: holds no certificate"),
            ("consent", json!("https://a.example"), "consent: \"https://a.example\" is no domain name; write"),
            ("consent", json!("192.0.2.1"), "consent: \"192.0.2.1\" is no domain name"),
            ("consent", json!(""), "consent: \"\" is no domain name"),
            ("secret", json!([]), "secret: is empty"),
            ("secret", json!(""), "secret: is empty"),
            ("secret", json!(vec![KEY; 11]), "secret: names 11 keys; at most 10"),
            ("secret", json!([expiring]), "secret: has only keys that expire"),
            ("secret", json!({ "value": KEY, "expires": "soon" }), "secret.expires: \"soon\" is not a time; write it"),
            ("secret", json!({ "expires": "2026-12-24T00:00:00Z" }), "secret.value: is missing"),
            ("secret", json!({ "valeu": KEY }), "secret.valeu: is not a known key; did you mean \"value\"?"),
            ("signature", json!("v2"), "signature: \"v2\" is not known; did you mean \"v1\"? Allowed: v1, v1a"),
        ];
        for (key, value, expected) in wrong {
            let found = with(key, value).err().unwrap_or_default();
            let expected = format!("endpoints.a.{expected}");
            assert!(found.starts_with(&expected), "{found}\n  is not\n{expected}");
        }
        let refused = |endpoint: Value, expected: &str| {
            let found = read(endpoint).err().unwrap_or_default();
            assert!(found.starts_with(expected), "{found}\n  is not\n{expected}");
        };
        let url = "https://a.example/";
        refused(json!({}), "endpoints.a.url: is missing");
        let clash = json!({ "url": url, "headers": { "authorization": "x" }, "auth": { "bearer": "t" } });
        refused(clash, "endpoints.a.auth: makes the header authorization, which stands in headers too");
        let both = json!({ "url": url, "secret": KEY, "signature": "v1" });
        refused(both, "endpoints.a.signature: has no meaning beside secret");
        let named = Config::check(spec(json!({ "A": {} })), Secrets::Withheld, Guard::default());
        assert!(named.err().unwrap().to_string().starts_with("endpoints.A: an endpoint's name is 1 to 63 of"));
    }

    /// An endpoint with a secret in every place that can hold one.
    fn full(tenant: &str) -> Value {
        json!({
            "url": "https://a.example/", "tenant": tenant, "headers": { "X-Key": "hush-1" },
            "auth": { "basic": { "user": "u", "password": "hush-2" } },
            "secret": [KEY, { "value": OTHER, "expires": "2026-12-24T00:00:00Z" }],
        })
    }

    fn kept(spec: &Spec, rings: Rings<'_>) -> Result<Endpoint, String> {
        let looked_up = HashMap::new();
        let config = Config::check(spec.clone(), Secrets::Kept { rings, looked_up: &looked_up }, Guard::default());
        Ok(Endpoint::clone(&config.map_err(|problem| problem.to_string())?.endpoints[0]))
    }

    #[test]
    fn what_is_sealed_for_one_endpoint_opens_for_no_other() {
        let (inbound, outbound) = (keys('1'), keys('2'));
        let rings = Rings::both(&inbound, &outbound);
        let mut all = spec(json!({ "a": full("default") }));
        all.seal(rings).unwrap();
        let text = all.write();
        assert!(!text.contains("hush") && !text.contains("whsec_") && text.contains("2026-12-24"), "{text}");
        let endpoint = kept(&all, rings).unwrap();
        assert_eq!(header(&endpoint, "x-key").as_deref(), Some("hush-1"));
        assert_eq!((header(&endpoint, "authorization").is_some(), signing(&endpoint).len()), (true, 2));
        let sealed: Value = serde_json::from_str(&text).unwrap();
        let sealed = &sealed["endpoints"]["a"];
        let mut foreign = sealed.clone();
        foreign["tenant"] = json!("acme");
        for stolen in [json!({ "b": sealed }), json!({ "a": foreign })] {
            let problem = kept(&spec(stolen), rings).err().unwrap();
            assert!(problem.contains("was sealed for another place"), "{problem}");
        }
        let mut swapped = sealed.clone();
        swapped["auth"]["basic"]["password"] = sealed["headers"]["X-Key"].clone();
        assert!(kept(&spec(json!({ "a": swapped })), rings).is_err());
        assert!(kept(&all, Rings::both(&outbound, &inbound)).is_err(), "the keys of the other path");
        all.open(rings);
        assert!(all.changes_from(&spec(json!({ "a": full("default") }))).is_empty());
    }

    #[test]
    fn who_has_no_keys_still_learns_what_to_match() {
        let (inbound, outbound) = (keys('1'), keys('2'));
        let mut all = spec(json!({ "a": full("acme"), "b": { "url": "https://a.example/" } }));
        all.seal(Rings::both(&inbound, &outbound)).unwrap();
        for rings in [Rings::default(), Rings { inbound: Some(&inbound), outbound: None }] {
            let endpoint = kept(&all, rings).unwrap();
            assert!(endpoint.headers.is_empty() && endpoint.signer.is_none() && endpoint.tenant == "acme");
        }
        let outbound = Rings { inbound: None, outbound: Some(&outbound) };
        assert!(kept(&all.only_endpoint("b"), outbound).unwrap().signer.is_some());
        assert_eq!(all.endpoint_names_of("acme").collect::<Vec<_>>(), ["a"]);
        assert!(all.names_endpoint("default", "b") && !all.names_endpoint("default", "a"));
        assert!(all.seal(Rings::default()).is_err());
    }

    #[test]
    fn references_stay_and_are_looked_up() {
        let reference = "ssm:/hookpost/key";
        let mut all =
            spec(json!({ "a": { "url": "https://a.example/", "headers": { "x": reference }, "secret": reference } }));
        let sent = Secrets::Sent { references: true };
        assert!(Config::check(all.clone(), sent, Guard::default()).unwrap().endpoints[0].signer.is_none());
        let outbound = keys('2');
        let rings = Rings { inbound: None, outbound: Some(&outbound) };
        all.seal(rings).unwrap();
        assert_eq!(all.endpoint_references("a"), [reference, reference]);
        assert!(kept(&all, rings).err().unwrap().contains("could not be looked up"));
        let looked_up = HashMap::from([(reference.to_owned(), Secret::new(KEY))]);
        let secrets = Secrets::Kept { rings, looked_up: &looked_up };
        assert_eq!(signing(&Config::check(all, secrets, Guard::default()).unwrap().endpoints[0]), [KEY]);
    }

    #[test]
    fn a_header_that_is_a_template_is_no_secret_and_read_strictly() {
        let template = |text: &str| with("headers", json!({ "X-Order": { "template": text } }));
        let endpoint = template("{{ data.order }}").unwrap();
        assert!(endpoint.headers.is_empty() && endpoint.templates[0].0 == "x-order");
        let problem = |text: &str| template(text).err().unwrap();
        let key = "endpoints.a.headers.X-Order.template: ";
        assert_eq!(problem("x"), format!("{key}has no {{{{ … }}}}; write the text itself instead of a template"));
        assert!(problem("{{ order }}").starts_with(&format!("{key}names \"order\", which is not there")));
        let refused = |headers: Value| with("headers", headers).err().unwrap();
        assert!(refused(json!({ "webhook-id": { "template": "{{ id }}" } })).contains("is set by Hookpost itself"));
        assert!(refused(json!({ "X-A": "1", "x-a": { "template": "{{ id }}" } })).contains("is there twice"));
        assert!(refused(json!({ "X-A": {} })).contains("X-A.template: is missing"));
        assert!(refused(json!({ "X-A": { "templat": "{{ id }}" } })).contains("did you mean \"template\"?"));
        let mut all = spec(
            json!({ "a": { "url": "https://a.example/", "headers": { "X-A": { "template": "{{ id }}" }, "X-B": "hush" } } }),
        );
        all.redact();
        assert!(Spec::read(&all.write()).is_some_and(|read| read.write() == all.write()));
        assert!(all.write().contains(r#""X-A":{"template":"{{ id }}"},"X-B":"[sealed]""#), "{}", all.write());
    }

    #[test]
    fn what_is_shown_holds_no_secret() {
        let bearer = json!({ "url": "https://a.example/", "auth": { "bearer": "hush-3" }, "secret": KEY });
        let named =
            json!({ "url": "https://a.example/", "auth": { "header": { "name": "X-Api-Key", "value": "hush-4" } } });
        let mut all = spec(json!({ "a": full("default"), "b": bearer, "c": named }));
        all.redact();
        let shown = all.write();
        assert!(!shown.contains("hush") && !shown.contains("whsec_"), "{shown}");
        assert!(shown.contains("X-Api-Key") && shown.contains("[sealed]"));
    }

    #[test]
    fn a_number_where_a_secret_belongs_is_not_shown() {
        for key in ["headers", "auth", "secret"] {
            let value = match key {
                "headers" => json!({ "x": 4815162342_u64 }),
                "auth" => json!({ "bearer": 4815162342_u64 }),
                _ => json!([4815162342_u64]),
            };
            let problem = with(key, value).err().unwrap();
            assert!(!problem.contains("4815162342"), "{problem}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            "(env|ssm|whsec_|whsk_|sealed:1:|[0-9]{1,3}-?)[a-z0-9:/]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let names = prop_oneof!["[a-z]{1,8}", proptest::sample::select(receiver::AUTH).prop_map(str::to_owned)];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(names, inner, 0..4).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_json_makes_the_check_panic(
            url in prop_oneof![Just("https://a.example/".to_owned()), ".{0,20}"],
            values in proptest::collection::btree_map(proptest::sample::select(receiver::ENDPOINT), any_json(), 0..4),
        ) {
            let mut endpoint = json!(values);
            endpoint["url"] = json!(url);
            let _ = read(endpoint);
        }
    }
}
