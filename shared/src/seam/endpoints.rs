//! What is known of endpoints: how they were configured, and what became of them since.

use std::future::Future;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::endpoint::Endpoint;
use crate::quantity::Rate;
use crate::timestamp::Timestamp;

/// Finds the endpoints of a tenant.
pub trait FindEndpoints {
    /// All of them, enabled or not.
    fn endpoints(&self, tenant: &str) -> impl Future<Output = Answer<Arc<[Arc<Endpoint>]>>> + Send;

    fn endpoint(&self, tenant: &str, name: &str) -> impl Future<Output = Answer<Option<Arc<Endpoint>>>> + Send;

    /// How many events of the tenant are taken, if its owner set a limit.
    fn event_rate(&self, tenant: &str) -> impl Future<Output = Answer<Option<Rate>>> + Send;
}

/// What became of an endpoint since it was configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointState {
    /// Nothing is sent there any more; what is for it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<Disabled>,
    /// It asked for rest: no attempt before then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slowed_until: Option<Timestamp>,
    /// It only fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing: Option<Failing>,
    /// When a success last ended a run of failures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered: Option<Timestamp>,
    /// People were told of trouble that began then, and are to be told when it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Timestamp>,
    /// What it answered when it was last asked whether it wants webhooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    pub since: Timestamp,
    pub reason: String,
    /// Whoever is to know was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

/// A run of failures, with no success in between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    pub since: Timestamp,
    /// Whoever is to know was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

/// What an endpoint answered to the handshake of CloudEvents webhooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The address that was asked, and in whose name: for others it says nothing.
    pub url: String,
    pub origin: String,
    pub at: Timestamp,
    /// Why there is no consent, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// How many requests a minute it allows, if it sets a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
}

impl EndpointState {
    /// What that endpoint answered, as it is configured now.
    pub fn consent_of(&self, endpoint: &Endpoint) -> Option<&Consent> {
        let (origin, url) = (endpoint.consent.as_ref()?, endpoint.url.url().as_str());
        self.consent.as_ref().filter(|consent| consent.origin == *origin && consent.url == url)
    }
}

/// Reads what became of an endpoint.
pub trait ReadEndpointState {
    /// May be some seconds old.
    fn endpoint_state(&self, tenant: &str, name: &str) -> impl Future<Output = Answer<EndpointState>> + Send;
}

/// Writes it, when it changes: each order touches what it is about and nothing else.
pub trait WriteEndpointState: ReadEndpointState {
    /// Nothing is sent there any more. Of several, the first reason stays.
    fn disable_endpoint(
        &self,
        tenant: &str,
        name: &str,
        disabled: &Disabled,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// No attempt before then; never shortens what was asked before.
    fn slow_endpoint(&self, tenant: &str, name: &str, until: Timestamp) -> impl Future<Output = Answer<()>> + Send;

    /// Forgets that it was disabled, slowed and failing, and whether it consented. That people were told of
    /// trouble stays.
    fn enable_endpoint(&self, tenant: &str, name: &str) -> impl Future<Output = Answer<()>> + Send;

    /// A run of failures began. If one is known, its beginning stays.
    fn endpoint_fails(&self, tenant: &str, name: &str, since: Timestamp) -> impl Future<Output = Answer<()>> + Send;

    /// A success: the run of failures has ended, and the trouble that people were told of.
    fn endpoint_works(&self, tenant: &str, name: &str, at: Timestamp) -> impl Future<Output = Answer<()>> + Send;

    /// People were told of the run of failures, or of the disabling, that began then: the trouble is as
    /// old, unless people know of an older.
    fn trouble_told(&self, tenant: &str, name: &str, since: Timestamp) -> impl Future<Output = Answer<()>> + Send;

    fn note_consent(&self, tenant: &str, name: &str, consent: &Consent) -> impl Future<Output = Answer<()>> + Send;
}
