//! The configuration as it is written, before anything is checked.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::limits::LimitsSpec;
use super::receiver::EndpointSpec;
use super::text::{OneOrMany, Text};

/// Keys that no field takes, collected so that they can be refused with the nearest known one.
pub(super) type Unknown = BTreeMap<String, IgnoredAny>;

pub(super) const TOP: &[&str] = &["sources", "endpoints", "limits"];
pub(super) const SOURCE: &[&str] = &[
    "verify",
    "email",
    "publish",
    "tenant",
    "allow",
    "limit",
    "caller_limit",
    "deduplicate",
    "window",
    "delivery_id",
    "event_type",
];
pub(super) const PLACE: &[&str] = &["header", "pointer"];

/// The whole of a configuration.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct Spec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sources: Option<BTreeMap<String, SourceSpec>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) endpoints: Option<BTreeMap<String, EndpointSpec>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limits: Option<LimitsSpec>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct SourceSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verify: Option<VerifySpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<OneOrMany>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) publish: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) allow: Option<OneOrMany>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) caller_limit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deduplicate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) window: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delivery_id: Option<PlaceSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event_type: Option<PlaceSpec>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

/// Read by [`super::verify`], which says what to write instead.
#[derive(Clone, Serialize)]
pub(super) struct VerifySpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scheme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) all: Option<Vec<VerifySpec>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) any: Option<Vec<VerifySpec>>,
    /// What its scheme wants to know: which keys there are is for the scheme to say.
    #[serde(flatten)]
    pub(super) settings: BTreeMap<String, Value>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct PlaceSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) header: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pointer: Option<String>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

impl Spec {
    /// Whether every key of it is known to this version.
    pub fn is_understood(&self) -> bool {
        let place = |place: &Option<PlaceSpec>| place.as_ref().is_none_or(|place| place.unknown.is_empty());
        let verify = |verify: &Option<VerifySpec>| verify.as_ref().is_none_or(VerifySpec::is_understood);
        let source = |source: &SourceSpec| {
            let places = place(&source.delivery_id) && place(&source.event_type);
            source.unknown.is_empty() && verify(&source.verify) && places
        };
        let endpoints = self.endpoints.iter().flat_map(BTreeMap::values).all(EndpointSpec::is_understood);
        let limits = self.limits.as_ref().is_none_or(LimitsSpec::is_understood);
        self.unknown.is_empty() && limits && endpoints && self.sources.iter().flat_map(BTreeMap::values).all(source)
    }

    /// Whether it says anything of sources or endpoints, if only that there are none.
    pub fn says_something(&self) -> bool {
        self.sources.is_some() || self.endpoints.is_some()
    }

    /// Whether it names no source and no endpoint.
    pub fn is_empty(&self) -> bool {
        self.source_names().next().is_none() && self.endpoint_names().next().is_none()
    }

    /// Reads what [`Spec::write`] wrote.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// As JSON, without what was not understood.
    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The names of its sources.
    pub fn source_names(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().flat_map(BTreeMap::keys).map(String::as_str)
    }

    /// The scheme of that source, where it names one alone.
    pub fn scheme_of(&self, source: &str) -> Option<&str> {
        self.sources.as_ref()?.get(source)?.verify.as_ref()?.scheme.as_deref()
    }

    /// The names of its endpoints, of all tenants.
    pub fn endpoint_names(&self) -> impl Iterator<Item = &str> {
        self.endpoints.iter().flat_map(BTreeMap::keys).map(String::as_str)
    }

    /// The names of a tenant's endpoints.
    pub fn endpoint_names_of<'a>(&'a self, tenant: &'a str) -> impl Iterator<Item = &'a str> {
        let all = self.endpoints.iter().flatten();
        all.filter(move |(_, spec)| spec.tenant() == tenant).map(|(name, _)| name.as_str())
    }

    /// That source alone.
    pub fn only(&self, source: &str) -> Self {
        let found = self.sources.as_ref().and_then(|sources| sources.get_key_value(source));
        let sources = found.map(|(name, spec)| BTreeMap::from([(name.clone(), spec.clone())]));
        Self { sources, ..Self::default() }
    }

    /// That endpoint alone.
    pub fn only_endpoint(&self, name: &str) -> Self {
        let found = self.endpoints.as_ref().and_then(|endpoints| endpoints.get_key_value(name));
        let endpoints = found.map(|(name, spec)| BTreeMap::from([(name.clone(), spec.clone())]));
        Self { endpoints, ..Self::default() }
    }

    /// Whether it names that source.
    pub fn names(&self, source: &str) -> bool {
        self.sources.as_ref().is_some_and(|sources| sources.contains_key(source))
    }

    /// Whether it names that endpoint of that tenant.
    pub fn names_endpoint(&self, tenant: &str, name: &str) -> bool {
        let found = self.endpoints.as_ref().and_then(|endpoints| endpoints.get(name));
        found.is_some_and(|endpoint| endpoint.tenant() == tenant)
    }

    /// Adds a source that proves itself by the password that the environment calls `variable`,
    /// unless the name is taken.
    pub fn add_password_source(&mut self, name: &str, variable: &str, email: Vec<String>) {
        let verify = VerifySpec {
            scheme: Some("password".into()),
            all: None,
            any: None,
            settings: BTreeMap::from([("secret".into(), format!("env:{variable}").into())]),
        };
        let source = SourceSpec {
            verify: Some(verify),
            email: Some(OneOrMany(email)),
            publish: None,
            tenant: None,
            allow: None,
            limit: None,
            caller_limit: None,
            deduplicate: None,
            window: None,
            delivery_id: None,
            event_type: None,
            unknown: Unknown::new(),
        };
        self.sources.get_or_insert_default().entry(name.into()).or_insert(source);
    }
}
