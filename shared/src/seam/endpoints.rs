//! What is known of endpoints: how they were configured, and what became of them since.

use std::future::Future;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::endpoint::Endpoint;
use crate::timestamp::Timestamp;

/// Finds the endpoints of a tenant.
pub trait FindEndpoints {
    /// All of them, enabled or not.
    fn endpoints(&self, tenant: &str) -> impl Future<Output = Answer<Arc<[Arc<Endpoint>]>>> + Send;

    fn endpoint(&self, tenant: &str, name: &str) -> impl Future<Output = Answer<Option<Arc<Endpoint>>>> + Send;
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
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    pub since: Timestamp,
    pub reason: String,
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

    /// Forgets both.
    fn enable_endpoint(&self, tenant: &str, name: &str) -> impl Future<Output = Answer<()>> + Send;
}
