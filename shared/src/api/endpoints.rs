//! Endpoints: what became of them, their secrets and public keys, and how they are put back into use.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::range::Asked;
use super::unavailable;
use crate::endpoint::Endpoint;
use crate::reply::{self, Refused, Reply};
use crate::seam::{Disabled, EndpointState, FindEndpoints, ReadEndpointState, WriteEndpointState};
use crate::timestamp::Timestamp;

const NO_ENDPOINT: Refused = Refused::NotFound("no such endpoint");

pub(super) async fn list(
    endpoints: &impl FindEndpoints,
    states: &impl ReadEndpointState,
    query: Option<&str>,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let Asked { tenant, .. } = Asked::read(query)?;
    let mut data = Vec::new();
    for endpoint in endpoints.endpoints(&tenant).await.map_err(unavailable)?.iter() {
        let state = states.endpoint_state(&tenant, &endpoint.name).await.map_err(unavailable)?;
        data.push(label(endpoint, &state, now));
    }
    Ok(reply::json(StatusCode::OK, &json!({ "data": data, "done": true, "iterator": null })))
}

/// The keys that its webhooks are signed with. The owner hands them to whoever receives.
pub(super) async fn secret(
    endpoints: &impl FindEndpoints,
    name: &str,
    query: Option<&str>,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let endpoint = find(endpoints, name, query).await?;
    let signer = endpoint.signer.as_ref();
    let secrets: Vec<&str> = signer.iter().flat_map(|signer| signer.secrets_at(now).map(|key| key.expose())).collect();
    let public = signer.map(|signer| signer.public_keys(now)).unwrap_or_default();
    Ok(reply::json(StatusCode::OK, &json!({ "endpoint": name, "secrets": secrets, "public_keys": public })))
}

/// The public halves of its keys, for anyone: at `/.well-known/webhook-keys/{endpoint}`.
pub(super) async fn public_keys(
    endpoints: &impl FindEndpoints,
    name: &str,
    query: Option<&str>,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let endpoint = find(endpoints, name, query).await?;
    let keys = endpoint.signer.as_ref().map(|signer| signer.public_keys(now)).unwrap_or_default();
    Ok(reply::json(StatusCode::OK, &json!({ "keys": keys })))
}

/// Back into use, whatever it did: what is held stays held until somebody replays it.
pub(super) async fn enable(
    endpoints: &impl FindEndpoints,
    states: &impl WriteEndpointState,
    name: &str,
    query: Option<&str>,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let endpoint = find(endpoints, name, query).await?;
    states.enable_endpoint(&endpoint.tenant, name).await.map_err(unavailable)?;
    tracing::info!(tenant = endpoint.tenant, endpoint = name, "endpoint enabled");
    Ok(reply::json(StatusCode::OK, &label(&endpoint, &EndpointState::default(), now)))
}

/// Out of use until it is enabled: what is for it is held.
pub(super) async fn disable(
    endpoints: &impl FindEndpoints,
    states: &impl WriteEndpointState,
    name: &str,
    query: Option<&str>,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let endpoint = find(endpoints, name, query).await?;
    let disabled = Disabled { since: now, reason: "disabled by its owner".into(), told: true };
    states.disable_endpoint(&endpoint.tenant, name, &disabled).await.map_err(unavailable)?;
    tracing::info!(tenant = endpoint.tenant, endpoint = name, "endpoint disabled");
    let state = states.endpoint_state(&endpoint.tenant, name).await.map_err(unavailable)?;
    Ok(reply::json(StatusCode::OK, &label(&endpoint, &state, now)))
}

async fn find(endpoints: &impl FindEndpoints, name: &str, query: Option<&str>) -> Result<Arc<Endpoint>, Refused> {
    let Asked { tenant, .. } = Asked::read(query)?;
    endpoints.endpoint(&tenant, name).await.map_err(unavailable)?.ok_or(NO_ENDPOINT)
}

/// No header and no key: they are secrets.
fn label(endpoint: &Endpoint, state: &EndpointState, now: Timestamp) -> Value {
    let disabled = state.disabled.as_ref();
    json!({
        "name": endpoint.name,
        "tenant": endpoint.tenant,
        "url": endpoint.url.url().as_str(),
        "events": endpoint.events,
        "channels": endpoint.channels,
        "description": endpoint.description,
        "enabled": endpoint.enabled && disabled.is_none(),
        "disabled": disabled.map(|disabled| json!({ "since": disabled.since.to_string(), "reason": disabled.reason })),
        "slowed_until": state.slowed_until.filter(|until| *until > now).map(|until| until.to_string()),
    })
}
