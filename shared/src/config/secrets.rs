//! What is written where a secret should stand, and the secret itself.

use std::collections::HashMap;

use crate::seal::{self, Binding, Keys, Unsealable};
use crate::secret::Secret;

/// References that are looked up when a secret is used, and what may be looked up: nothing of the
/// owner's account but what was put there for this.
const REFERENCES: [(&str, &str); 2] = [("ssm:", "/hookpost/"), ("secretsmanager:", "hookpost/")];

/// What is shown of a secret that is there.
pub(super) const SHOWN: &str = "[sealed]";

/// The keys of the two paths, as far as somebody has them: the inbound ones seal the secrets of
/// sources, the outbound ones those of endpoints.
#[derive(Clone, Copy, Default)]
pub struct Rings<'a> {
    pub inbound: Option<&'a Keys>,
    pub outbound: Option<&'a Keys>,
}

impl<'a> Rings<'a> {
    /// Of whoever has both.
    pub fn both(inbound: &'a Keys, outbound: &'a Keys) -> Self {
        Self { inbound: Some(inbound), outbound: Some(outbound) }
    }

    fn of(self, spot: Spot<'_>) -> Option<&'a Keys> {
        match spot.kind {
            Kind::Source => self.inbound,
            Kind::Endpoint => self.outbound,
        }
    }

    /// # Errors
    /// The keys for it are not there.
    pub(super) fn seal(self, text: &str, spot: Spot<'_>) -> Result<String, Unsealable> {
        self.of(spot).ok_or(Unsealable::NoKey)?.seal(&Secret::new(text), spot.binding())
    }

    /// `None` if nobody here has the keys for it.
    pub(super) fn open(self, text: &str, spot: Spot<'_>) -> Option<Result<Secret, Unsealable>> {
        self.of(spot).map(|keys| keys.open(text, spot.binding()))
    }
}

/// Whose a secret is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Source,
    Endpoint,
}

/// Where a secret belongs.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) kind: Kind,
    /// A source's name, or an endpoint's after its tenant's.
    pub(super) name: &'a str,
    pub(super) field: &'a str,
}

impl<'a> Spot<'a> {
    fn binding(self) -> Binding<'a> {
        let kind = match self.kind {
            Kind::Source => "source",
            Kind::Endpoint => "endpoint",
        };
        Binding { kind, name: self.name, field: self.field }
    }
}

/// How secrets are read: it depends on who wrote them.
#[derive(Clone, Copy)]
pub enum Secrets<'a> {
    /// As an owner writes them in a file of this machine: the secret itself or `env:NAME`. Endpoints
    /// without a secret sign with one that the outbound keys make, where they are given.
    Written { environment: &'a dyn Fn(&str) -> Option<String>, outbound: Option<&'a Keys> },
    /// As a client sends them: the secret itself or, where somebody can look them up, a reference.
    Sent { references: bool },
    /// As they are kept: sealed, or a reference that was looked up. What nobody here has keys for is
    /// withheld.
    Kept { rings: Rings<'a>, looked_up: &'a HashMap<String, Secret> },
    /// Nobody here needs them: such a source proves nothing, such an endpoint signs nothing and has
    /// no headers.
    Withheld,
}

impl<'a> Secrets<'a> {
    /// `None` if the secret is not to be had here. The error is worded to follow the name of the key.
    pub(super) fn read(&self, spot: Spot<'_>, text: &str) -> Result<Option<Secret>, String> {
        match self {
            Self::Withheld => Ok(None),
            Self::Kept { rings, .. } if rings.of(spot).is_none() => Ok(None),
            Self::Kept { looked_up, .. } if is_reference(text) => {
                looked_up.get(text).cloned().map(Some).ok_or_else(|| format!("{text} could not be looked up"))
            }
            Self::Kept { rings, .. } => rings.open(text, spot).transpose().map_err(|why| why.to_string()),
            Self::Written { environment, .. } => written(spot, text, *environment).map(Some),
            Self::Sent { references: true } if is_reference(text) => bounded(text).map(|()| None),
            Self::Sent { .. } => sent(text).map(Some),
        }
    }

    /// What makes the secrets that nobody gave.
    pub(super) fn outbound(&self) -> Option<&'a Keys> {
        match self {
            Self::Written { outbound, .. } => *outbound,
            Self::Kept { rings, .. } => rings.outbound,
            Self::Sent { .. } | Self::Withheld => None,
        }
    }
}

pub(super) fn written(
    spot: Spot<'_>,
    text: &str,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Secret, String> {
    let Some(name) = text.strip_prefix("env:") else { return sent(text) };
    let value = environment(name).ok_or_else(|| format!("the environment has no {name}"))?;
    if value.is_empty() {
        return Err(format!("{name} of the environment is empty"));
    }
    // A key in PEM ends with a line break.
    if spot.kind == Kind::Source {
        plain(&value).map_err(|why| format!("{name} of the environment {why}"))?;
    }
    Ok(Secret::new(value))
}

/// Refuses what went wrong on the way from a provider's page into a setting.
fn plain(text: &str) -> Result<(), &'static str> {
    if text != text.trim() {
        return Err("begins or ends with white space or a line break, which no caller can send");
    }
    let inner = |quote| text.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    match inner('"').or_else(|| inner('\'')) {
        Some(_) => Err("has quotes around it, which are no part of it"),
        None => Ok(()),
    }
}

/// Whether it is a variable as shells and other programs write it.
fn is_variable(text: &str) -> bool {
    let braced = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let name = braced.or_else(|| text.strip_prefix('$')).or_else(|| text.strip_prefix("env."));
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    name.is_some_and(|name| !name.is_empty() && is_name(name)) || text.starts_with("$(")
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
    if is_variable(text) {
        return Err("is the name of a variable, which is not looked up; write env:NAME".into());
    }
    plain(text)?;
    Ok(Secret::new(text))
}

pub(super) fn is_reference(text: &str) -> bool {
    REFERENCES.iter().any(|(mark, _)| text.starts_with(mark))
}

/// Whether a reference may be looked up.
pub(super) fn bounded(text: &str) -> Result<(), String> {
    let fits = |(mark, below): &(&str, &str)| text.strip_prefix(mark).is_some_and(|name| name.starts_with(below));
    if REFERENCES.iter().any(fits) {
        return Ok(());
    }
    Err("may only name what lies below hookpost/: ssm:/hookpost/NAME or secretsmanager:hookpost/NAME".into())
}
