//! What an owner writes for a provider, to be pasted.

use serde_json::Value;
use shared::schemes::{Check, SECRET_KEYS, Scheme, written};
use shared::signature::{Freshness, Part, Place, Recipe};

use super::needed;

/// A source. What nobody can know stands as `…`, which no configuration takes.
pub(super) fn whole(scheme: &Scheme) -> String {
    let name = scheme.name;
    let mut text = format!("sources:\n  {name}:\n    verify:\n      scheme: {name}\n");
    text.extend(needed(scheme).map(|setting| line(name, setting.key)));
    text.push_str(&besides(name));
    if name == "hmac" {
        text.extend(written(&for_example()).into_iter().flatten().map(|(key, value)| part(key, &value)));
    }
    text.push_str("    email: ops@example.com\n");
    text
}

/// The same as an HMAC, if it is one.
pub(super) fn by_parts(scheme: &Scheme) -> Option<String> {
    let Check::Recipe(recipe) = &scheme.check else { return None };
    let parts = written(recipe)?;
    let mut text = "    verify:\n      scheme: hmac\n".to_owned();
    let signing = scheme.settings.iter().filter(|setting| setting.key == "secret");
    let signs_url = parts.iter().any(|(key, value)| *key == "message" && value.to_string().contains("{url}"));
    let address = needed(scheme).filter(|setting| setting.key == "url" && signs_url);
    text.extend(signing.chain(address).map(|setting| line(scheme.name, setting.key)));
    text.extend(parts.iter().map(|(key, value)| part(key, value)));
    Some(text)
}

/// What no row calls needed, and most owners, or all where one of several will do, must say.
fn besides(name: &str) -> String {
    let all = |keys: &[&str]| keys.iter().map(|key| line(name, key)).collect::<String>();
    match name {
        "hubspot" => all(&["url"]),
        "meta" => all(&["token"]),
        "api-key" => all(&["header"]) + "      # or, where it stands in the query, query: NAME\n",
        "certificate" => all(&["subject"]) + "      # or fingerprint: the SHA-256 of the certificate\n",
        "jwt" => {
            all(&["secret"])
                + "      # or, for RS256 and the like, public_key: the key in PEM\n"
                + "      # or jwks: the https address of the keys, and with it issuer and audience\n"
        }
        "asana" | "notion" => format!("      # the secret is handed over: hookpost sources wait {name}\n"),
        _ => String::new(),
    }
}

/// A setting with what may stand there.
fn line(name: &str, key: &str) -> String {
    let value = match (name, key) {
        (_, key) if SECRET_KEYS.contains(&key) => format!("env:{}", variable(name, key)),
        (_, "url") => format!("https://hooks.example.com/in/{name}"),
        ("jwt", "algorithm") => "HS256".into(),
        ("api-key", "header") => "X-Api-Key".into(),
        _ => "\"…\"".into(),
    };
    format!("      {key}: {value}\n")
}

fn variable(name: &str, key: &str) -> String {
    let word = if (name, key) == ("meta", "token") { "verify_token" } else { key };
    format!("{}_{word}", name.replace('-', "_")).to_uppercase()
}

fn part(key: &str, value: &Value) -> String {
    format!("      {key}: {}\n", yaml(key, value))
}

/// As people write it on one line.
fn yaml(key: &str, value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let pairs: Vec<_> = map.iter().map(|(key, value)| format!("{key}: {}", yaml(key, value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Array(list) => {
            let items: Vec<_> = list.iter().map(|item| yaml(key, item)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Number(seconds) if key == "tolerance" => span(seconds.as_u64().unwrap_or_default()),
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

fn span(seconds: u64) -> String {
    if seconds.is_multiple_of(60) { format!("{}m", seconds / 60) } else { format!("{seconds}s") }
}

/// Whether it is read as itself without quotes, wherever it stands.
fn is_plain(text: &str) -> bool {
    let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte);
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && text.bytes().all(is_of_a_name);
    is_word && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&&*text.to_lowercase())
}

fn for_example() -> Recipe {
    let time = Place::header("X-Acme-Timestamp");
    Recipe::new("X-Acme-Signature")
        .prefix("v1=")
        .message([Part::Value(time.clone()), Part::literal("."), Part::Body])
        .fresh(Freshness::new(time))
}

#[cfg(test)]
mod tests {
    use shared::config::{Config, Secrets, Spec};
    use shared::guard::Guard;
    use shared::schemes;

    use super::*;

    /// Of each of the kinds that schemes read.
    const SECRETS: [&str; 2] = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "0123456789abcdef0123456789abcdef"];

    fn filled(key: &str) -> &'static str {
        match key {
            "allow" => "192.0.2.0/24",
            "jwks" | "domain" => "https://example.com/keys",
            "topics" => "arn:aws:sns:eu-central-1:123456789012:orders",
            "tenant" | "audience" => "11111111-2222-3333-4444-555555555555",
            "email" => "push@example.iam.gserviceaccount.com",
            _ => "something",
        }
    }

    fn fill(value: &mut Value) {
        for (key, value) in value.as_object_mut().into_iter().flatten() {
            if value == "…" {
                *value = filled(key).into();
            }
        }
    }

    fn check(source: &Value, secret: &str) -> Result<(), String> {
        let environment = |name: &str| name.contains('_').then(|| secret.to_owned());
        let secrets = Secrets::Written { environment: &environment, outbound: None };
        let spec = Spec::read(&source.to_string()).ok_or("cannot be read")?;
        Config::check(spec, secrets, Guard::default()).map(drop).map_err(|problem| problem.to_string())
    }

    #[test]
    fn an_example_starts_once_its_placeholders_are_filled_and_not_before() {
        for scheme in schemes::all() {
            for text in [Some(whole(scheme)), by_parts(scheme)].into_iter().flatten() {
                let text = if text.starts_with("sources") {
                    text
                } else {
                    format!("sources:\n  {}:\n{text}    email: a@b.c\n", scheme.name)
                };
                let mut source: Value =
                    serde_saphyr::from_str(&text).unwrap_or_else(|problem| panic!("{problem}: {text}"));
                if text.contains('…') {
                    let found = SECRETS.map(|secret| check(&source, secret).err().unwrap_or_default());
                    assert!(found.iter().any(|problem| problem.contains("in place of …")), "{text}{found:?}");
                }
                fill(&mut source["sources"][scheme.name]["verify"]);
                let found = SECRETS.map(|secret| check(&source, secret).err());
                // Which key fits is for each to say.
                let fits = |problem: &Option<String>| {
                    problem.as_ref().is_none_or(|problem| problem.contains("verify.public_key: "))
                };
                assert!(found.iter().any(fits), "{text}{found:?}");
            }
        }
    }

    #[test]
    fn parts_are_written_as_people_write_them() {
        let shown = |name: &str| by_parts(schemes::named(name).unwrap()).unwrap();
        assert!(shown("slack").contains("timestamp: { header: x-slack-request-timestamp, tolerance: 5m }"));
        assert!(shown("asana").contains("      secret: env:ASANA_SECRET\n"));
        assert!(shown("notion").contains("      secret: env:NOTION_SECRET\n"));
        assert_eq!(yaml("x", &serde_json::json!(["a:b", "no", "{x}"])), r#"["a:b", "no", "{x}"]"#);
    }
}
