//! One source of a configuration, checked.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use http::HeaderName;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use ipnet::IpNet;

use super::spec::{self, PlaceSpec, SourceSpec};
use super::text::{OneOrMany, Text};
use super::values::{duration, each, rate, tenant, wrong};
use super::verify;
use super::{ConfigError, Secrets, known};
use crate::address::EmailAddress;
use crate::event::EventType;
use crate::signature::Place;
use crate::source::{Deduplicate, Source, is_name};

/// How long a delivery id is remembered unless the source says otherwise.
const WINDOW: Duration = Duration::from_secs(7 * 86_400);

/// What one address may knock unless the source says otherwise.
const CALLER_LIMIT: &str = "200/s";

/// SES takes 50 recipients in a message; so do we, in both worlds.
const MOST_RECIPIENTS: usize = 50;

/// How windows are written.
const WINDOWS: &str = "600, 10m, 12h or 7d";

pub(super) fn check(name: &str, spec: SourceSpec, secrets: Secrets<'_>) -> Result<Source, ConfigError> {
    let path = format!("sources.{name}");
    if !is_name(name) {
        return Err(ConfigError::new(
            path,
            "a source's name is 1 to 63 of a-z, 0-9 and -, not first a -, and not \"health\"",
        ));
    }
    verify::none_beside(&path, &spec.unknown)?;
    known(&path, &spec.unknown, spec::SOURCE)?;
    Ok(Source {
        name: name.to_owned(),
        verifier: verify::check(name, &format!("{path}.verify"), spec.verify, secrets)?,
        email: recipients(&format!("{path}.email"), spec.email, spec.publish.is_some())?,
        publish: publish(&format!("{path}.publish"), spec.publish)?,
        tenant: tenant(&path, spec.tenant)?,
        allow: each(&format!("{path}.allow"), spec.allow, network)?,
        caller_limit: rate(&format!("{path}.caller_limit"), spec.caller_limit.as_deref().unwrap_or(CALLER_LIMIT))?,
        limit: rate(&format!("{path}.limit"), spec.limit.as_deref().unwrap_or("none"))?,
        deduplicate: deduplicate(&path, spec.deduplicate.as_deref(), spec.window)?,
        delivery: place(&format!("{path}.delivery_id"), spec.delivery_id)?,
        event: place(&format!("{path}.event_type"), spec.event_type)?,
    })
}

fn recipients(key: &str, list: Option<OneOrMany>, publishes: bool) -> Result<Vec<EmailAddress>, ConfigError> {
    let split = |text: &String| text.split(',').map(str::to_owned).collect::<Vec<_>>();
    let list = list.map(|list| OneOrMany(list.0.iter().flat_map(split).collect()));
    let found = each(key, list, |text| EmailAddress::from_str(text).map_err(|_| NOT_AN_ADDRESS))?;
    match found.len() {
        0 if publishes => Ok(found),
        0 => {
            Err(ConfigError::new(key, "is missing; write who gets the mail, like [ops@example.com], or publish: TYPE"))
        }
        1..=MOST_RECIPIENTS => Ok(found),
        many => Err(ConfigError::new(key, format!("names {many} recipients; at most {MOST_RECIPIENTS} are allowed"))),
    }
}

pub(super) const NOT_AN_ADDRESS: &str = "is not an e-mail address; write name@example.com or A Name <name@example.com>";

fn publish(key: &str, text: Option<String>) -> Result<Option<EventType>, ConfigError> {
    text.map(|text| text.parse().map_err(|problem| wrong(key, &text, problem))).transpose()
}

fn network(text: &str) -> Result<IpNet, &'static str> {
    let one = || Some(IpNet::from(text.parse::<std::net::IpAddr>().ok()?));
    text.parse().ok().or_else(one).ok_or("is not an address or a network like 192.0.2.0/24")
}

fn deduplicate(path: &str, by: Option<&str>, window: Option<Text>) -> Result<Deduplicate, ConfigError> {
    let key = format!("{path}.window");
    let read = |Text(text): Text| match duration(&key, &text, WINDOWS)? {
        Duration::ZERO => Err(wrong(&key, &text, format!("is not a duration; write {WINDOWS}"))),
        span => Ok(span),
    };
    let window = window.map(read).transpose()?;
    match (by.unwrap_or("id"), window) {
        ("id", window) => Ok(Deduplicate::ById { window: window.unwrap_or(WINDOW) }),
        ("body", Some(window)) => Ok(Deduplicate::ByBody { window }),
        ("body", None) => {
            Err(ConfigError::new(key, "is missing; deduplicate: body needs to know for how long, like 10m"))
        }
        ("none", None) => Ok(Deduplicate::Never),
        ("none", Some(_)) => Err(ConfigError::new(key, "has no meaning with deduplicate: none")),
        (other, _) => Err(wrong(&format!("{path}.deduplicate"), other, "is not known. Allowed: id, body, none")),
    }
}

fn place(path: &str, spec: Option<PlaceSpec>) -> Result<Option<Place>, ConfigError> {
    let Some(spec) = spec else { return Ok(None) };
    known(path, &spec.unknown, spec::PLACE)?;
    match (spec.header, spec.pointer) {
        (Some(name), None) => header(&format!("{path}.header"), &name).map(Some),
        (None, Some(pointer)) if pointer.starts_with('/') => Ok(Some(Place::Pointer(Cow::Owned(pointer)))),
        (None, Some(pointer)) => {
            Err(wrong(&format!("{path}.pointer"), &pointer, "is not a JSON pointer; write it like /order/id"))
        }
        _ => Err(ConfigError::new(path, "write either { header: NAME } or { pointer: /path }")),
    }
}

fn header(key: &str, name: &str) -> Result<Place, ConfigError> {
    let problem = "is not the name of a header; write it like X-Order-Id";
    let name = HeaderName::from_str(name).map_err(|_| wrong(key, name, problem))?;
    if [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(&name)
        || ["x-webhook-password", "x-api-key"].contains(&name.as_str())
    {
        return Err(ConfigError::new(key, format!("{name} carries credentials, which are never stored")));
    }
    Ok(Place::Header(Cow::Owned(name.as_str().to_owned())))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Config, Secrets, Spec};
    use super::*;
    use crate::guard::Guard;
    use crate::secret::Secret;

    /// The configuration of one source called `a`, as JSON.
    fn read(source: serde_json::Value) -> Result<Config, String> {
        let spec: Spec =
            serde_json::from_value(serde_json::json!({ "sources": { "a": source } })).map_err(|e| e.to_string())?;
        let environment = |name: &str| (name == "SET").then(|| "from the environment".to_owned());
        let secrets = Secrets::Written { environment: &environment, outbound: None };
        Config::check(spec, secrets, Guard::default()).map_err(|e| e.to_string())
    }

    fn with(key: &str, value: serde_json::Value) -> Result<Config, String> {
        let mut source = serde_json::json!({ "verify": { "scheme": "password", "secret": "s" }, "email": "a@b.c" });
        source[key] = value;
        read(source)
    }

    fn problem(key: &str, value: serde_json::Value) -> String {
        with(key, value).err().unwrap_or_default()
    }

    #[test]
    fn a_source_needs_little() {
        let config = with("email", serde_json::json!(["a@b.c, d@e.f", "g@h.i"])).unwrap();
        assert_eq!(config.sources[0].email.len(), 3);
        assert_eq!(config.sources[0].deduplicate, Deduplicate::ById { window: WINDOW });
    }

    #[test]
    fn every_refusal_names_the_key_and_what_is_allowed() {
        use serde_json::json;
        let wrong = [
            (
                "verify",
                json!({"scheme": "githb", "secret": "s"}),
                "sources.a.verify.scheme: \"githb\" is not a scheme; did you mean \"github\"? `hookpost providers` lists them",
            ),
            (
                "verify",
                json!({"scheme": "github", "secret": "env:UNSET"}),
                "sources.a.verify.secret: the environment has no UNSET",
            ),
            ("verify", json!({"scheme": "github", "secret": ""}), "sources.a.verify.secret: is empty"),
            (
                "verify",
                json!({"scheme": "github", "secrets": ""}),
                "sources.a.verify.secrets: is not a known key; did you mean \"secret\"? Allowed: scheme, secret",
            ),
            (
                "verify",
                json!({"scheme": "standard", "secret": "whsec_%"}),
                "sources.a.verify.secret: is not whsec_ and base64",
            ),
            ("publish", json!("a b"), "sources.a.publish: \"a b\" is not an event type; write words"),
            ("tenant", json!("A"), "sources.a.tenant: \"A\" is not a tenant's name; write 1 to 63"),
            ("emial", json!("x"), "sources.a.emial: is not a known key; did you mean \"email\"?"),
            ("scheme", json!("github"), "sources.a.scheme: belongs below verify; write verify: { scheme: … }"),
            ("any", json!([]), "sources.a.any: belongs below verify"),
            ("secret", json!("s"), "sources.a.secret: belongs below verify; write verify: { scheme: …, secret: … }"),
            ("email", json!([]), "sources.a.email: is missing"),
            ("email", json!("nobody"), "sources.a.email: \"nobody\" is not an e-mail address"),
            ("email", json!(vec!["a@b.c"; 51]), "sources.a.email: names 51 recipients; at most 50"),
            ("allow", json!("10.0.0.0/40"), "sources.a.allow: \"10.0.0.0/40\" is not an address or a network"),
            ("limit", json!("fast"), "sources.a.limit: \"fast\" is not a rate"),
            ("window", json!("soon"), "sources.a.window: \"soon\" is not a duration"),
            ("deduplicate", json!("body"), "sources.a.window: is missing; deduplicate: body needs"),
            ("deduplicate", json!("often"), "sources.a.deduplicate: \"often\" is not known. Allowed: id, body, none"),
            ("delivery_id", json!({"pointer": "id"}), "sources.a.delivery_id.pointer: \"id\" is not a JSON pointer"),
            (
                "delivery_id",
                json!({"header": "Authorization"}),
                "sources.a.delivery_id.header: authorization carries credentials",
            ),
            ("delivery_id", json!({}), "sources.a.delivery_id: write either"),
        ];
        for (key, value, expected) in wrong {
            let found = problem(key, value);
            assert!(found.starts_with(expected), "{found}\n  is not\n{expected}");
        }
    }

    #[test]
    fn a_secret_may_be_a_reference_or_a_list() {
        let verify = serde_json::json!({ "scheme": "github", "secret": ["env:SET", "old"] });
        let config = with("verify", verify).unwrap();
        let secrets: Vec<_> = config.sources[0].verifier.secrets().iter().map(Secret::expose).collect();
        assert_eq!(secrets, ["from the environment", "old"]);
    }

    #[test]
    fn a_source_may_publish_and_mail_nobody() {
        let alone =
            serde_json::json!({ "verify": { "scheme": "password", "secret": "s" }, "publish": "order.created" });
        let source = Arc::clone(&read(alone).unwrap().sources[0]);
        assert_eq!(source.publish.as_ref().map(EventType::as_str), Some("order.created"));
        assert!(source.email.is_empty() && source.tenant == "default");
    }
}
