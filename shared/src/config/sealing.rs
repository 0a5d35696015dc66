//! What is done to all secrets of a configuration: sealed to be kept, opened to be compared, hidden to
//! be shown.

use std::convert::Infallible;

use super::ConfigError;
use super::receiver::TLS_KEY;
use super::secrets::{Kind, Rings, SHOWN, Spot, bounded, is_reference, written};
use super::spec::Spec;
use crate::seal::Unsealable;

impl Spec {
    /// Seals every secret that is not a reference: what comes out may be kept.
    pub fn seal(&mut self, rings: Rings<'_>) -> Result<(), Unsealable> {
        self.each_secret(|spot, _, text| {
            if !is_reference(text) {
                *text = rings.seal(text, spot)?;
            }
            Ok(())
        })
    }

    /// Opens what was sealed, to compare it with what is to replace it. What does not open stays as it
    /// is, and so differs from anything.
    pub fn open(&mut self, rings: Rings<'_>) {
        self.change_each_secret(|spot, text| {
            if let Some(Ok(secret)) = rings.open(text, spot) {
                *text = secret.expose().to_owned();
            }
        });
    }

    /// Puts the secret in the place of each `env:NAME`; the error names the key.
    pub fn resolve(&mut self, environment: &dyn Fn(&str) -> Option<String>) -> Result<(), ConfigError> {
        self.each_secret(|spot, key, text| {
            if text.starts_with("env:") {
                let secret = written(spot, text, environment).map_err(|why| ConfigError::new(key, why))?;
                // What was read from a file ends with an empty line.
                *text = if spot.field == TLS_KEY { secret.expose().trim() } else { secret.expose() }.to_owned();
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
        self.only(source).all_references()
    }

    /// The references of that endpoint that may be looked up.
    pub fn endpoint_references(&self, name: &str) -> Vec<String> {
        self.only_endpoint(name).all_references()
    }

    fn all_references(mut self) -> Vec<String> {
        let mut found = Vec::new();
        self.change_each_secret(|_, text| {
            if bounded(text).is_ok() {
                found.push(text.clone());
            }
        });
        found
    }

    fn change_each_secret(&mut self, mut change: impl FnMut(Spot<'_>, &mut String)) {
        let Ok(()) = self.each_secret(|spot, _, text| {
            change(spot, text);
            Ok::<_, Infallible>(())
        });
    }

    /// Of each: where it belongs, the key where it stands, and itself.
    fn each_secret<E>(
        &mut self,
        mut change: impl FnMut(Spot<'_>, &str, &mut String) -> Result<(), E>,
    ) -> Result<(), E> {
        for (name, source) in self.sources.iter_mut().flatten() {
            let secrets = source.verify.iter_mut().flat_map(|verify| verify.secrets("verify"));
            for (field, text) in secrets {
                change(Spot { kind: Kind::Source, name, field: &field }, &format!("sources.{name}.{field}"), text)?;
            }
        }
        for (name, endpoint) in self.endpoints.iter_mut().flatten() {
            let (kind, bound) = (Kind::Endpoint, bound(endpoint.tenant(), name));
            for (field, text) in endpoint.secrets() {
                change(Spot { kind, name: &bound, field: &field }, &format!("endpoints.{name}.{field}"), text)?;
            }
        }
        Ok(())
    }
}

/// What the secrets of an endpoint are bound to.
pub(super) fn bound(tenant: &str, endpoint: &str) -> String {
    format!("{tenant}/{endpoint}")
}
