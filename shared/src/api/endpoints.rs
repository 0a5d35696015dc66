//! Endpoints: what became of them, their secrets and public keys, and how they are put back into use.

use std::sync::Arc;

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

use super::health::{Health, consent};
use super::range::{Asked, Names};
use super::unavailable;
use crate::endpoint::Endpoint;
use crate::reply::{self, Refused, Reply};
use crate::seam::{Disabled, EndpointState, FindEndpoints, ReadEndpointState, ReadHealth, WriteEndpointState};
use crate::timestamp::Timestamp;

const NO_ENDPOINT: Refused = Refused::NotFound("no such endpoint");

/// So many of a page are asked for at once.
const AT_ONCE: usize = 16;

/// By name, with how each is doing.
pub(super) async fn list(
    endpoints: &impl FindEndpoints,
    ports: &(impl ReadEndpointState + ReadHealth),
    query: Option<&str>,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let Names { tenant, most, after } = Names::read(query)?;
    let all = endpoints.endpoints(&tenant).await.map_err(unavailable)?;
    let mut wanted: Vec<_> = all.iter().filter(|one| after.as_ref().is_none_or(|after| one.name > *after)).collect();
    wanted.sort_by(|a, b| a.name.cmp(&b.name));
    let is_all = wanted.len() <= most;
    wanted.truncate(most);
    let mut data = Vec::with_capacity(wanted.len());
    for some in wanted.chunks(AT_ONCE) {
        for shown in join_all(some.iter().map(|endpoint| one(endpoint, ports, now))).await {
            data.push(shown?);
        }
    }
    let iterator = wanted.last().filter(|_| !is_all).map(|last| &last.name);
    Ok(reply::json(StatusCode::OK, &json!({ "data": data, "done": is_all, "iterator": iterator })))
}

/// Also one whose secrets cannot be read.
pub(super) async fn show(
    endpoints: &impl FindEndpoints,
    ports: &(impl ReadEndpointState + ReadHealth),
    name: &str,
    query: Option<&str>,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let Asked { tenant, .. } = Asked::read(query)?;
    let all = endpoints.endpoints(&tenant).await.map_err(unavailable)?;
    let endpoint = all.iter().find(|endpoint| endpoint.name == name).ok_or(NO_ENDPOINT)?;
    Ok(reply::json(StatusCode::OK, &one(endpoint, ports, now).await?))
}

async fn one(
    endpoint: &Endpoint,
    ports: &(impl ReadEndpointState + ReadHealth),
    now: Timestamp,
) -> Result<Value, Refused> {
    let state = ports.endpoint_state(&endpoint.tenant, &endpoint.name).await.map_err(unavailable)?;
    shown(endpoint, ports, &state, now).await
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
    states: &(impl WriteEndpointState + ReadHealth),
    name: &str,
    query: Option<&str>,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let endpoint = find(endpoints, name, query).await?;
    states.enable_endpoint(&endpoint.tenant, name).await.map_err(unavailable)?;
    tracing::info!(tenant = endpoint.tenant, endpoint = name, "endpoint enabled");
    Ok(reply::json(StatusCode::OK, &shown(&endpoint, states, &EndpointState::default(), now).await?))
}

/// Out of use until it is enabled: what is for it is held.
pub(super) async fn disable(
    endpoints: &impl FindEndpoints,
    states: &(impl WriteEndpointState + ReadHealth),
    name: &str,
    query: Option<&str>,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let endpoint = find(endpoints, name, query).await?;
    let disabled = Disabled { since: now, reason: "disabled by its owner".into(), told: true };
    states.disable_endpoint(&endpoint.tenant, name, &disabled).await.map_err(unavailable)?;
    tracing::info!(tenant = endpoint.tenant, endpoint = name, "endpoint disabled");
    Ok(reply::json(StatusCode::OK, &one(&endpoint, states, now).await?))
}

pub(super) async fn find(
    endpoints: &impl FindEndpoints,
    name: &str,
    query: Option<&str>,
) -> Result<Arc<Endpoint>, Refused> {
    let Asked { tenant, .. } = Asked::read(query)?;
    endpoints.endpoint(&tenant, name).await.map_err(unavailable)?.ok_or(NO_ENDPOINT)
}

/// No header and no key: they are secrets.
async fn shown(
    endpoint: &Endpoint,
    health: &impl ReadHealth,
    state: &EndpointState,
    now: Timestamp,
) -> Result<Value, Refused> {
    let health = Health::of(endpoint, health, now).await?;
    let disabled = state.disabled.as_ref();
    let mut shown = json!({
        "name": endpoint.name,
        "tenant": endpoint.tenant,
        "url": endpoint.url.url().as_str(),
        "events": endpoint.events,
        "channels": endpoint.channels,
        "description": endpoint.description,
        "enabled": endpoint.enabled && disabled.is_none(),
        "disabled": disabled.map(|disabled| json!({ "since": disabled.since.to_string(), "reason": disabled.reason })),
        "slowed_until": state.slowed_until.filter(|until| *until > now).map(|until| until.to_string()),
        "health": health.shown(state),
    });
    let more = [
        ("contact", endpoint.contact.as_ref().map(|contact| json!(contact.to_string()))),
        ("operational", endpoint.is_operational().then(|| json!(endpoint.operational))),
        ("consent", state.consent_of(endpoint).map(consent)),
    ];
    for (key, value) in more.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        shown[key] = value;
    }
    Ok(shown)
}
