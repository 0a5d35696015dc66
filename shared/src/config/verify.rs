//! How a source proves itself, checked: a scheme with its settings, or several of them.

mod shape;

use std::collections::BTreeMap;

use serde_json::Value;

use super::secrets::{Kind, Spot};
use super::spec::{Unknown, VerifySpec};
use super::{ConfigError, Secrets};
use crate::nearest::suggestion;
use crate::outside::Outside;
use crate::schemes::{self, SECRET_KEYS, Scheme, Settings, Verifier};
use crate::secret::Secret;

/// There are too many to name them all.
const WHICH: &str = "`hookpost providers` lists them; for anyone else there is hmac";

/// Proofs within proofs go no deeper.
const DEEPEST: usize = 3;

pub(super) fn check(
    source: &str,
    path: &str,
    spec: Option<VerifySpec>,
    secrets: Secrets<'_>,
) -> Result<Verifier, ConfigError> {
    let spec = spec.ok_or_else(|| ConfigError::new(path, "is missing; write verify: { scheme: …, secret: … }"))?;
    Reading { source, path, secrets }.verifier("verify", spec, DEEPEST)
}

/// Refuses what belongs below `verify` and stands beside it.
pub(super) fn none_beside(source: &str, unknown: &Unknown) -> Result<(), ConfigError> {
    let written = ["scheme", "all", "any"].into_iter().find(|key| unknown.contains_key(*key));
    let of_a_scheme = || SECRET_KEYS.into_iter().find(|key| unknown.contains_key(*key));
    let Some(key) = written.or_else(of_a_scheme) else { return Ok(()) };
    let like = match key {
        "scheme" => "scheme: …".to_owned(),
        "all" | "any" => format!("{key}: […]"),
        key => format!("scheme: …, {key}: …"),
    };
    Err(ConfigError::new(format!("{source}.{key}"), format!("belongs below verify; write verify: {{ {like} }}")))
}

/// One source's proof.
struct Reading<'a> {
    source: &'a str,
    /// Of `verify`, for errors.
    path: &'a str,
    secrets: Secrets<'a>,
}

impl Reading<'_> {
    /// The field is where this part stands within the source, like `verify.all.0`.
    fn verifier(&self, field: &str, spec: VerifySpec, depth: usize) -> Result<Verifier, ConfigError> {
        let below = field.strip_prefix("verify").unwrap_or(field);
        let path = format!("{}{below}", self.path);
        let VerifySpec { scheme, all, any, settings } = spec;
        let (word, parts) = match (scheme, all, any) {
            (Some(named), None, None) => return self.scheme(&path, field, &named, settings),
            (None, Some(parts), None) => ("all", parts),
            (None, None, Some(parts)) => ("any", parts),
            (None, None, None) => {
                return Err(ConfigError::new(format!("{path}.scheme"), format!("is missing; {WHICH}")));
            }
            _ => return Err(ConfigError::new(path, "write one of scheme, all and any")),
        };
        let path = format!("{path}.{word}");
        if let Some(key) = settings.keys().next() {
            return Err(ConfigError::new(format!("{path}.{key}"), "belongs to one of the schemes below it"));
        }
        if depth == 0 {
            return Err(ConfigError::new(path, "is too deep"));
        }
        let read = |(at, part)| self.verifier(&format!("{field}.{word}.{at}"), part, depth - 1);
        let parts = parts.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        if parts.iter().any(Verifier::learns) {
            return Err(ConfigError::new(path, "among several, a scheme needs its secret; none is handed over to it"));
        }
        let combined = if word == "all" { Verifier::all(parts) } else { Verifier::any(parts) };
        combined.ok_or_else(|| ConfigError::new(path, "is empty"))
    }

    fn scheme(
        &self,
        path: &str,
        field: &str,
        named: &str,
        settings: BTreeMap<String, Value>,
    ) -> Result<Verifier, ConfigError> {
        let unknown = || {
            ConfigError::new(
                format!("{path}.scheme"),
                format!("{} is not a scheme{} {WHICH}", quoted(named), schemes::meant(named)),
            )
        };
        let scheme = schemes::named(named).ok_or_else(unknown)?;
        let known: Vec<_> = ["scheme"].into_iter().chain(scheme.settings.iter().map(|setting| setting.key)).collect();
        if let Some(found) = settings.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(ConfigError::new(
                format!("{path}.{found}"),
                format!("is not a known key{}", suggested(found, &known)),
            ));
        }
        if let Some((key, _)) = settings.iter().find(|(_, value)| is_left_out(value)) {
            return Err(ConfigError::new(format!("{path}.{key}"), "write the real value in place of …"));
        }
        let (settings, is_whole) = self.settings(path, field, settings)?;
        let made = if is_whole { Verifier::new } else { Verifier::without_secrets };
        made(scheme, settings).map_err(|wrong| ConfigError::new(format!("{path}.{}", wrong.key), wrong.problem))
    }

    /// With whether every secret that is named is to be had here.
    fn settings(
        &self,
        path: &str,
        field: &str,
        settings: BTreeMap<String, Value>,
    ) -> Result<(Settings, bool), ConfigError> {
        let (written, values): (BTreeMap<_, _>, _) =
            settings.into_iter().partition(|(key, _)| SECRET_KEYS.contains(&key.as_str()));
        let (mut found, mut is_whole) = (BTreeMap::new(), true);
        for (key, value) in written {
            let read = self.read(&format!("{path}.{key}"), &format!("{field}.{key}"), &value)?;
            is_whole &= read.is_some();
            found.extend(read.map(|read| (key, read)));
        }
        Ok((Settings::new(found, values), is_whole))
    }

    fn read(&self, key: &str, field: &str, value: &Value) -> Result<Option<Vec<Secret>>, ConfigError> {
        let refused = |problem: String| ConfigError::new(key, problem);
        let texts =
            texts(value).ok_or_else(|| refused("is not a text or a list of texts (put numbers in quotes)".into()))?;
        if texts.is_empty() {
            return Err(refused("is empty".into()));
        }
        let spot = Spot { kind: Kind::Source, name: self.source, field };
        let read = texts.iter().map(|text| self.secrets.read(spot, text)).collect::<Result<Vec<_>, _>>();
        let had: Vec<_> = read.map_err(refused)?.into_iter().flatten().collect();
        if had.iter().any(|secret| secret.expose().is_empty()) {
            return Err(refused("is empty".into()));
        }
        Ok(Some(had).filter(|had| !had.is_empty()))
    }
}

fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// Whether what examples show for a value was never replaced.
fn is_left_out(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim() == "…",
        Value::Array(list) => list.iter().any(is_left_out),
        Value::Object(map) => map.values().any(is_left_out),
        _ => false,
    }
}

/// A name that was found, as it may be shown: it may be anything.
fn quoted(name: &str) -> String {
    format!("\"{}\"", Outside(name))
}

/// What people call keys that are called otherwise here.
const ALIASES: [(&str, &str); 4] =
    [("password", "secret"), ("verify_token", "token"), ("algorithm", "digest"), ("secret", "public_key")];

fn suggested(found: &str, known: &[&str]) -> String {
    match ALIASES.iter().find(|(alias, meant)| *alias == found && known.contains(meant)) {
        Some((_, meant)) => format!("; did you mean \"{meant}\"? Allowed: {}", known.join(", ")),
        None => suggestion(found, known),
    }
}

impl VerifySpec {
    /// Whether every key of it is known to this version.
    pub(super) fn is_understood(&self) -> bool {
        let known = |key: &String| schemes::all().iter().any(|scheme| has(scheme, key));
        let parts = || self.all.iter().chain(&self.any).flatten();
        self.settings.keys().all(known) && parts().all(Self::is_understood)
    }

    /// Of each secret of it: the field where it stands, and itself.
    pub(super) fn secrets(&mut self, field: &str) -> Vec<(String, &mut String)> {
        let mut found = Vec::new();
        for (key, value) in &mut self.settings {
            if SECRET_KEYS.contains(&key.as_str()) {
                found.extend(texts_of(value).into_iter().map(|text| (format!("{field}.{key}"), text)));
            }
        }
        for (word, parts) in [("all", &mut self.all), ("any", &mut self.any)] {
            for (at, part) in parts.iter_mut().flatten().enumerate() {
                found.extend(part.secrets(&format!("{field}.{word}.{at}")));
            }
        }
        found
    }
}

fn texts_of(value: &mut Value) -> Vec<&mut String> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list
            .iter_mut()
            .filter_map(|item| match item {
                Value::String(text) => Some(text),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn has(scheme: &Scheme, key: &str) -> bool {
    scheme.settings.iter().any(|setting| setting.key == key)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;
    use crate::config::Rings;
    use crate::schemes::Proof;
    use crate::seal::Keys;

    fn read(verify: &Value, secrets: Secrets<'_>) -> Result<Verifier, String> {
        let spec = serde_json::from_value(verify.clone()).map_err(|problem| problem.to_string())?;
        check("a", "verify", Some(spec), secrets).map_err(|problem| problem.to_string())
    }

    fn written(verify: &Value) -> Result<Verifier, String> {
        read(verify, Secrets::Written { environment: &|_| None, outbound: None })
    }

    #[test]
    fn every_refusal_says_what_to_write() {
        let deep = json!({ "all": [{ "any": [{ "all": [{ "any": [{ "scheme": "github", "secret": "s" }] }] }] }] });
        let cases = [
            (json!({}), "verify.scheme: is missing; `hookpost providers` lists them; for anyone else there is hmac"),
            (json!({ "scheme": "acme" }), "verify.scheme: \"acme\" is not a scheme. `hookpost providers` lists them"),
            (
                json!({ "scheme": "standrad", "secret": "s" }),
                "verify.scheme: \"standrad\" is not a scheme; did you mean \"standard\"?",
            ),
            (
                json!({ "scheme": "github" }),
                "verify.secret: is missing; it is the secret that the provider shows (https://docs.github.com/",
            ),
            (
                json!({ "scheme": "github", "secret": 4_815_162_342_u64 }),
                "verify.secret: is not a text or a list of texts (put numbers in quotes)",
            ),
            (json!({ "scheme": "github", "secret": [] }), "verify.secret: is empty"),
            (json!({ "scheme": "github", "secret": ["s", "…"] }), "verify.secret: write the real value in place of …"),
            (json!({ "scheme": "address", "allow": "…" }), "verify.allow: write the real value in place of …"),
            (json!({ "scheme": "github", "secret": ["s", ""] }), "verify.secret: is empty"),
            (
                json!({ "scheme": "github", "secret": "s", "header": "x" }),
                "verify.header: is not a known key. Allowed: scheme, secret",
            ),
            (
                json!({ "scheme": "hmac", "secret": "s", "haeder": "x" }),
                "verify.haeder: is not a known key; did you mean \"header\"?",
            ),
            (
                json!({ "scheme": "basic", "password": "s" }),
                "verify.password: is not a known key; did you mean \"secret\"?",
            ),
            (
                json!({ "scheme": "meta", "secret": "s", "verify_token": "t" }),
                "verify.verify_token: is not a known key; did you mean \"token\"?",
            ),
            (
                json!({ "scheme": "hmac", "secret": "s", "algorithm": "sha1" }),
                "verify.algorithm: is not a known key; did you mean \"digest\"?",
            ),
            (
                json!({ "scheme": "discord", "secret": "s" }),
                "verify.secret: is not a known key; did you mean \"public_key\"?",
            ),
            (json!({ "scheme": "whatsapp" }), "verify.scheme: \"whatsapp\" is not a scheme; did you mean \"meta\"?"),
            (json!("github"), "is a text; write { scheme: github, secret: … }"),
            (json!("hush"), "is a text; write { scheme: …, secret: … }"),
            (json!(["github"]), "is a list; write { all: […] }"),
            (json!(4_815_162_342_u64), "invalid type: a number, expected a scheme and its settings; write"),
            (json!({ "all": { "scheme": "github" } }), "is not a list; write [{ scheme: …, … }, { scheme: …, … }]"),
            (json!({ "any": "github" }), "is a text, not a list; write ["),
            (json!({ "any": null }), "verify.any: is empty"),
            (
                json!({ "scheme": "hmac", "secret": "s", "header": "x-a", "key": "hex" }),
                "verify.secret: is not hexadecimal",
            ),
            (
                json!({ "scheme": "hmac", "secret": "s", "header": "x-a", "message": "{url}{body}", "url": "acme" }),
                "verify.url: is not an address; write it like https://",
            ),
            (
                json!({ "scheme": "hmac", "secret": "s", "header": "x-a", "message": "{url}{body}", "url": 7 }),
                "verify.url: is not a text; put it in quotes",
            ),
            (json!({ "scheme": "github", "all": [] }), "verify: write one of scheme, all and any"),
            (json!({ "all": [] }), "verify.all: is empty"),
            (json!({ "any": [{ "scheme": "github" }] }), "verify.any.0.secret: is missing"),
            (
                json!({ "any": [{ "scheme": "github", "secret": "s" }], "secret": "s" }),
                "verify.any.secret: belongs to one of the schemes below it",
            ),
            (deep, "verify.all.0.any.0.all.0.any: is too deep"),
        ];
        for (verify, expected) in cases {
            let found = written(&verify).err().unwrap_or_default();
            assert!(found.starts_with(expected), "{found}\nis not\n{expected}");
            assert!(!found.contains("4815162342"));
        }
    }

    #[test]
    fn what_is_no_secret_is_checked_where_the_secrets_are_not_to_be_had() {
        let hmac = |message: &str, secret: &str| json!({ "scheme": "hmac", "secret": secret, "header": "x-a", "message": message });
        let looked_up = HashMap::new();
        for secrets in [
            Secrets::Withheld,
            Secrets::Sent { references: true },
            Secrets::Kept { rings: Rings::default(), looked_up: &looked_up },
        ] {
            let secret = "ssm:/hookpost/acme";
            assert!(
                read(&hmac("{bdoy}", secret), secrets).err().unwrap_or_default().starts_with("verify.message: names")
            );
            let verifier = read(&hmac("{header:x-id}", secret), secrets).unwrap();
            assert_eq!(verifier.kind(), Proof::Authenticated);
            assert!(verifier.secrets().is_empty());
            // How the secret is written cannot be known.
            assert!(read(&json!({ "scheme": "standard", "secret": secret }), secrets).is_ok());
            assert!(read(&json!({ "scheme": "github" }), secrets).is_err());
        }
    }

    #[test]
    fn the_parts_of_an_hmac_outlast_being_sealed_kept_and_shown() {
        let keys = Keys::one(Secret::new("k".repeat(40)));
        let rings = Rings { inbound: Some(&keys), outbound: None };
        let source = json!({
            "verify": {
                "scheme": "hmac", "secret": ["hush-one", "hush-two"], "header": "X-Acme-Signature", "prefix": "v1=",
                "separator": ",", "encoding": "base64", "digest": "sha512", "message": "{timestamp}.{body}",
                "timestamp": { "header": "X-Acme-Time", "unit": "milliseconds", "tolerance": "10m" },
            },
            "email": ["ops@example.com"],
        });
        let mut spec: super::super::Spec = serde_json::from_value(json!({ "sources": { "a": source } })).unwrap();
        spec.seal(rings).unwrap();
        let kept = spec.write();
        assert!(!kept.contains("hush"));
        let mut back = super::super::Spec::read(&kept).unwrap();
        assert!(back.is_understood());
        let verify = serde_json::from_str::<Value>(&kept).unwrap()["sources"]["a"]["verify"].clone();
        let looked_up = HashMap::new();
        let verifier = read(&verify, Secrets::Kept { rings, looked_up: &looked_up }).unwrap();
        let secrets: Vec<_> = verifier.secrets().iter().map(Secret::expose).collect();
        assert_eq!(secrets, ["hush-one", "hush-two"]);
        back.redact();
        let mut shown: Value = serde_json::from_str(&back.write()).unwrap();
        shown["sources"]["a"]["verify"]["secret"] = source["verify"]["secret"].clone();
        assert_eq!(shown["sources"]["a"], source);
    }
}
