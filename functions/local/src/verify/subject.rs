//! What a request is judged by: a source of the file, or a scheme with what the flags say.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use shared::config::{Config, ConfigError, Secrets, Spec};
use shared::guard::Guard;
use shared::nearest::hint;
use shared::outside::Outside;
use shared::source::Source;

use super::Verify;
use crate::configuration;
use crate::settings::Settings;
use crate::stop::Stop;

/// What is made up for a scheme that no file names.
const SOURCE: &str = "verify";

/// The scheme that looks at nothing but the caller's address.
const ADDRESS: &str = "address";

pub(super) struct Subject {
    pub(super) source: Arc<Source>,
    /// The file's other sources, as far as they can be read here.
    pub(super) others: Vec<Arc<Source>>,
    spec: Spec,
    is_of_file: bool,
}

impl Subject {
    pub(super) fn of(settings: &Settings, which: &Verify) -> Result<Self, Stop> {
        let (spec, others) = match (&which.scheme, &which.source) {
            (Some(scheme), _) => (of_scheme(scheme, which)?, Vec::new()),
            (None, Some(source)) => {
                let file = file(settings, source)?;
                let others = file.source_names().filter(|name| name != source);
                let others = others.filter_map(|name| check(file.only(name)).ok()).collect();
                (with_secrets(file.only(source), source, which)?, others)
            }
            (None, None) => return Err(Stop::setting("SOURCE", "is missing; or write --scheme NAME")),
        };
        let is_of_file = which.scheme.is_none();
        let source = check(spec.clone()).map_err(|problem| said(problem, is_of_file))?;
        Ok(Self { source, others, spec, is_of_file })
    }

    /// The name that it has in the file.
    pub(super) fn name(&self) -> Option<&str> {
        self.is_of_file.then_some(&*self.source.name)
    }

    /// Whether it asks where the caller is.
    pub(super) fn asks_for_caller(&self) -> bool {
        !self.source.allow.is_empty() || self.source.verifier.schemes().iter().any(|scheme| scheme.name == ADDRESS)
    }

    /// The same without its rules about the caller's address.
    pub(super) fn without_addresses(self) -> Result<Self, Stop> {
        let mut written: Value = serde_json::from_str(&self.spec.write()).unwrap_or_default();
        let source = &mut written["sources"][&*self.source.name];
        if let Some(fields) = source.as_object_mut() {
            fields.remove("allow");
        }
        if !strip(&mut source["verify"]) {
            return Err(Stop::setting("--caller", "is missing; nothing but the caller's address is asked here"));
        }
        let spec = read(&written)?;
        let source = check(spec.clone()).map_err(|problem| said(problem, self.is_of_file))?;
        Ok(Self { source, spec, ..self })
    }
}

/// Whether anything is left without the rules about the caller's address.
fn strip(verify: &mut Value) -> bool {
    for word in ["all", "any"] {
        if let Some(parts) = verify.get_mut(word).and_then(Value::as_array_mut) {
            parts.retain_mut(strip);
            return !parts.is_empty();
        }
    }
    verify["scheme"] != ADDRESS
}

fn check(spec: Spec) -> Result<Arc<Source>, ConfigError> {
    let environment = |name: &str| std::env::var(name).ok();
    let secrets = Secrets::Written { environment: &environment, outbound: None };
    let config = Config::check(spec, secrets, Guard::default())?;
    config.sources.into_iter().next().ok_or_else(|| ConfigError::new("SOURCE", "is not there"))
}

fn said(problem: ConfigError, is_of_file: bool) -> Stop {
    if is_of_file { problem.into() } else { as_flag(problem) }
}

fn file(settings: &Settings, source: &str) -> Result<Spec, Stop> {
    if settings.config().is_none() {
        return Err(Stop::setting(
            "HOOKPOST_CONFIG",
            "is missing; name the file of your sources, or write --scheme NAME",
        ));
    }
    let spec = configuration::read(settings)?;
    if !spec.names(source) {
        let names: Vec<_> = spec.source_names().collect();
        let problem = format!("the file names no source \"{}\"{}", Outside(source), hint(source, &names));
        return Err(Stop::setting("SOURCE", problem));
    }
    Ok(spec)
}

fn with_secrets(spec: Spec, source: &str, which: &Verify) -> Result<Spec, Stop> {
    if which.secrets.is_empty() {
        return Ok(spec);
    }
    let mut written: Value = serde_json::from_str(&spec.write()).unwrap_or_default();
    written["sources"][source]["verify"]["secret"] = json!(which.secrets);
    read(&written)
}

fn of_scheme(scheme: &str, which: &Verify) -> Result<Spec, Stop> {
    let mut verify = Map::from_iter([("scheme".to_owned(), json!(scheme))]);
    if !which.secrets.is_empty() {
        verify.insert("secret".into(), json!(which.secrets));
    }
    for setting in &which.set {
        let wrong = || Stop::setting("--set", "is not KEY=VALUE; write it like digest=sha1");
        let (key, value) = setting.split_once('=').ok_or_else(wrong)?;
        verify.insert(key.into(), value_of(value));
    }
    let takes_url =
        crate::providers::found(scheme).is_ok_and(|scheme| scheme.settings.iter().any(|one| one.key == "url"));
    let names_url =
        scheme != "hmac" || verify.get("message").is_some_and(|message| message.to_string().contains("{url}"));
    if let Some(address) = which.address.as_ref().filter(|_| takes_url && names_url && !verify.contains_key("url")) {
        verify.insert("url".into(), json!(address));
    }
    read(&json!({ "sources": { SOURCE: { "verify": verify, "email": "ops@example.com" } } }))
}

/// Lists and places are written as YAML; anything else is a text.
fn value_of(text: &str) -> Value {
    let read = serde_saphyr::from_str::<Value>(text).ok();
    read.filter(|value| value.is_object() || value.is_array()).unwrap_or_else(|| text.into())
}

fn read(written: &Value) -> Result<Spec, Stop> {
    let wrong = || Stop::setting("--set", "does not fit the scheme; see hookpost providers NAME");
    Spec::read(&written.to_string()).ok_or_else(wrong)
}

/// Under the name by which it was given.
fn as_flag(ConfigError { key, problem }: ConfigError) -> Stop {
    let below = key.strip_prefix("sources.verify.verify.").unwrap_or(&key);
    match below {
        "scheme" | "secret" => Stop::setting(&format!("--{below}"), problem),
        key => Stop::setting(&format!("--set {key}"), problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_about_the_caller_are_left_out_however_deep_they_stand() {
        let (near, github) = (json!({ "scheme": ADDRESS, "allow": "192.0.2.1" }), json!({ "scheme": "github" }));
        for (written, left) in [
            (near.clone(), None),
            (json!({ "all": [near, { "any": [near] }] }), None),
            (github.clone(), Some(github.clone())),
            (json!({ "all": [near, github] }), Some(json!({ "all": [github] }))),
            (json!({ "any": [{ "all": [near, github] }, near] }), Some(json!({ "any": [{ "all": [github] }] }))),
        ] {
            let mut stripped = written.clone();
            let found = strip(&mut stripped).then_some(stripped);
            assert_eq!(found, left, "{written}");
        }
    }
}
