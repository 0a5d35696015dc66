//! How a source proves itself, checked: a scheme with its settings, or several of them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::secrets::{Kind, Spot};
use super::spec::VerifySpec;
use super::{ConfigError, Secrets, suggestion};
use crate::schemes::{self, SECRET_KEYS, Scheme, Settings, Verifier};
use crate::secret::Secret;

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
                return Err(ConfigError::new(
                    format!("{path}.scheme"),
                    format!("is missing. Allowed: {}", names().join(", ")),
                ));
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
                format!("\"{named}\" is not a scheme{}", suggestion(named, &names())),
            )
        };
        let scheme = schemes::named(named).ok_or_else(unknown)?;
        let known: Vec<_> = ["scheme"].into_iter().chain(scheme.settings.iter().map(|setting| setting.key)).collect();
        if let Some(found) = settings.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(ConfigError::new(
                format!("{path}.{found}"),
                format!("is not a known key{}", suggestion(found, &known)),
            ));
        }
        let Some(settings) = self.settings(path, field, settings)? else {
            return Ok(Verifier::without_secrets(scheme));
        };
        Verifier::new(scheme, settings)
            .map_err(|wrong| ConfigError::new(format!("{path}.{}", wrong.key), wrong.problem))
    }

    /// `None` if the secrets are not to be had here.
    fn settings(
        &self,
        path: &str,
        field: &str,
        settings: BTreeMap<String, Value>,
    ) -> Result<Option<Settings>, ConfigError> {
        let (written, values): (BTreeMap<_, _>, _) =
            settings.into_iter().partition(|(key, _)| SECRET_KEYS.contains(&key.as_str()));
        let mut found = BTreeMap::new();
        for (key, value) in written {
            let Some(read) = self.read(&format!("{path}.{key}"), &format!("{field}.{key}"), &value)? else {
                return Ok(None);
            };
            found.insert(key, read);
        }
        Ok(Some(Settings::new(found, values)))
    }

    fn read(&self, key: &str, field: &str, value: &Value) -> Result<Option<Vec<Secret>>, ConfigError> {
        let refused = |problem: String| ConfigError::new(key, problem);
        let texts = texts(value).ok_or_else(|| refused("is not a text or a list of texts".into()))?;
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

fn names() -> Vec<&'static str> {
    schemes::all().iter().map(|scheme| scheme.name).collect()
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
