//! What is written where a secret should stand, and the secret itself.

use std::collections::HashMap;
use std::convert::Infallible;

use super::spec::Spec;
use crate::seal::{self, Binding, Keys, Unsealable};
use crate::secret::Secret;

/// References that are looked up when a source is used, and what may be looked up: nothing of the
/// owner's account but what was put there for this.
const REFERENCES: [(&str, &str); 2] = [("ssm:", "/hookpost/"), ("secretsmanager:", "hookpost/")];

/// What is shown of a secret that is there.
const SHOWN: &str = "[sealed]";

/// How secrets are read: it depends on who wrote them.
#[derive(Clone, Copy)]
pub enum Secrets<'a> {
    /// As an owner writes them in a file of this machine: the secret itself or `env:NAME`.
    Written { environment: &'a dyn Fn(&str) -> Option<String> },
    /// As a client sends them: the secret itself or, where somebody can look them up, a reference.
    Sent { references: bool },
    /// As they are kept: sealed, or a reference that was looked up.
    Kept { keys: &'a Keys, looked_up: &'a HashMap<String, Secret> },
    /// Nobody here needs them: such a source proves nothing.
    Withheld,
}

impl Secrets<'_> {
    /// `None` if the secret is not to be had here. The error is worded to follow the name of the key.
    pub(super) fn read(&self, source: &str, text: &str) -> Result<Option<Secret>, String> {
        match self {
            Self::Withheld => Ok(None),
            Self::Kept { looked_up, .. } if is_reference(text) => {
                looked_up.get(text).cloned().map(Some).ok_or_else(|| format!("{text} could not be looked up"))
            }
            Self::Kept { keys, .. } => keys.open(text, binding(source)).map(Some).map_err(|why| why.to_string()),
            Self::Written { environment } => written(text, *environment).map(Some),
            Self::Sent { references: true } if is_reference(text) => bounded(text).map(|()| None),
            Self::Sent { .. } => sent(text).map(Some),
        }
    }
}

fn written(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Secret, String> {
    if let Some(name) = text.strip_prefix("env:") {
        let value = environment(name).filter(|value| !value.is_empty());
        return value.map(Secret::new).ok_or_else(|| format!("the environment has no {name}"));
    }
    sent(text)
}

fn sent(text: &str) -> Result<Secret, String> {
    if text.starts_with("env:") {
        return Err("env: is read by `hookpost apply` on your machine; send the secret itself".into());
    }
    if is_reference(text) {
        return Err("ssm: and secretsmanager: are for AWS; here, write the secret or env:NAME".into());
    }
    if seal::is_sealed(text) || text == SHOWN {
        return Err("is sealed; write the secret itself".into());
    }
    if text != text.trim() {
        return Err("begins or ends with white space, which no caller can send".into());
    }
    Ok(Secret::new(text))
}

fn is_reference(text: &str) -> bool {
    REFERENCES.iter().any(|(mark, _)| text.starts_with(mark))
}

fn bounded(text: &str) -> Result<(), String> {
    let fits = |(mark, below): &(&str, &str)| text.strip_prefix(mark).is_some_and(|name| name.starts_with(below));
    if REFERENCES.iter().any(fits) {
        return Ok(());
    }
    Err("may only name what lies below hookpost/: ssm:/hookpost/NAME or secretsmanager:hookpost/NAME".into())
}

fn binding(source: &str) -> Binding<'_> {
    Binding { kind: "source", name: source, field: "verify.secret" }
}

impl Spec {
    /// Seals every secret that is not a reference: what comes out may be kept.
    pub fn seal(&mut self, keys: &Keys) -> Result<(), Unsealable> {
        self.each_secret(|source, text| {
            if !is_reference(text) {
                *text = keys.seal(&Secret::new(text.as_str()), binding(source))?;
            }
            Ok(())
        })
    }

    /// Opens what was sealed, to compare it with what is to replace it. What does not open stays as it
    /// is, and so differs from anything.
    pub fn open(&mut self, keys: &Keys) {
        self.change_each_secret(|source, text| {
            if let Ok(secret) = keys.open(text, binding(source)) {
                *text = secret.expose().to_owned();
            }
        });
    }

    /// Puts the secret in the place of each `env:NAME`; the error names the key.
    pub fn resolve(&mut self, environment: &dyn Fn(&str) -> Option<String>) -> Result<(), super::ConfigError> {
        self.each_secret(|source, text| {
            if text.starts_with("env:") {
                let key = || format!("sources.{source}.verify.secret");
                let secret = written(text, environment).map_err(|why| super::ConfigError::new(key(), why))?;
                *text = secret.expose().to_owned();
            }
            Ok(())
        })
    }

    /// Says of each secret no more than that it is there; references stay.
    pub fn redact(&mut self) {
        self.change_each_secret(|_, text| {
            if !is_reference(text) {
                *text = SHOWN.into();
            }
        });
    }

    /// The references of that source that may be looked up.
    pub fn references(&self, source: &str) -> Vec<String> {
        let spec = self.sources.as_ref().and_then(|sources| sources.get(source));
        let texts = spec.and_then(|spec| spec.verify.as_ref()?.secret.as_ref()).map(|list| list.0.as_slice());
        texts.unwrap_or_default().iter().filter(|text| bounded(text).is_ok()).cloned().collect()
    }

    fn change_each_secret(&mut self, mut change: impl FnMut(&str, &mut String)) {
        let Ok(()) = self.each_secret(|source, text| {
            change(source, text);
            Ok::<_, Infallible>(())
        });
    }

    fn each_secret<E>(&mut self, mut change: impl FnMut(&str, &mut String) -> Result<(), E>) -> Result<(), E> {
        for (name, source) in self.sources.iter_mut().flatten() {
            let secrets = source.verify.iter_mut().filter_map(|verify| verify.secret.as_mut());
            for text in secrets.flat_map(|list| &mut list.0) {
                change(name, text)?;
            }
        }
        Ok(())
    }
}
