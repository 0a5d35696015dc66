//! Sources: how each proves itself, and the secrets that their providers hand over.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::unavailable;
use crate::learned;
use crate::quantity;
use crate::reply::{self, Refused, Reply};
use crate::seal::Keys;
use crate::seam::{AwaitLearned, Learned, ListSources, ReadLearned};
use crate::source::Source;
use crate::timestamp::Timestamp;

const NO_SOURCE: Refused = Refused::NotFound("no such source");
const NO_SECRET: Refused = Refused::NotFound("no such secret: none was handed over");

/// How long a source waits unless it is told.
const WAIT: Duration = Duration::from_secs(3_600);

/// A door is not left open for longer.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    #[serde(rename = "for")]
    span: Option<String>,
}

/// By name, with what is known of their secrets.
pub(super) async fn list(
    sources: &impl ListSources,
    kept: &impl ReadLearned,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let mut data = Vec::new();
    for source in sources.list_sources().await.map_err(unavailable)? {
        data.push(shown(&source, kept, now).await?);
    }
    Ok(reply::json(StatusCode::OK, &json!({ "data": data, "done": true, "iterator": null })))
}

pub(super) async fn show(
    sources: &impl ListSources,
    kept: &impl ReadLearned,
    name: &str,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let source = find(sources, name).await?;
    Ok(reply::json(StatusCode::OK, &shown(&source, kept, now).await?))
}

/// Opens the door for the next secret: of whoever comes first, so only while its owner sets up the provider.
pub(super) async fn wait(
    sources: &impl ListSources,
    kept: &impl AwaitLearned,
    name: &str,
    body: Bytes,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let span = span(&body)?;
    let source = learner(sources, name).await?;
    if !kept.await_learned(name, now.after(span)).await.map_err(unavailable)? {
        return Err(Refused::NotNow("the source has a secret; forget it first".into()));
    }
    tracing::info!(source = name, seconds = span.as_secs(), "waits for a secret");
    Ok(reply::json(StatusCode::OK, &shown(&source, kept, now).await?))
}

/// The secret that was handed over, for its owner to paste where it is asked for.
pub(super) async fn secret(
    sources: &impl ListSources,
    kept: &impl ReadLearned,
    keys: &Keys,
    name: &str,
) -> Result<Reply, Refused> {
    learner(sources, name).await?;
    let found = kept.learned(name).await.map_err(unavailable)?;
    let secret = learned::open(keys, name, found.as_ref()).map_err(unavailable)?.ok_or(NO_SECRET)?;
    Ok(reply::json(StatusCode::OK, &json!({ "source": name, "secret": secret.expose() })))
}

/// The secret is good for nothing any more, within 30 s. Also of a source that is no longer configured.
pub(super) async fn forget(kept: &impl AwaitLearned, name: &str) -> Result<Reply, Refused> {
    if !kept.forget_learned(name).await.map_err(unavailable)? {
        return Err(NO_SECRET);
    }
    tracing::info!(source = name, "the secret that was handed over is forgotten");
    Ok(reply::json(StatusCode::OK, &json!({ "source": name, "forgotten": true })))
}

fn span(body: &[u8]) -> Result<Duration, Refused> {
    let wrong = || Refused::BadRequest(r#"write {"for": "1h"}, at most 7d"#);
    let wait: Wait =
        if body.is_empty() { Wait::default() } else { serde_json::from_slice(body).map_err(|_| wrong())? };
    let span = wait.span.map_or(Some(WAIT), |text| quantity::duration(&text));
    span.filter(|span| !span.is_zero() && *span <= LONGEST).ok_or_else(wrong)
}

async fn find(sources: &impl ListSources, name: &str) -> Result<Arc<Source>, Refused> {
    let all = sources.list_sources().await.map_err(unavailable)?;
    all.into_iter().find(|source| source.name == name).ok_or(NO_SOURCE)
}

/// One whose provider is to hand over its secret.
async fn learner(sources: &impl ListSources, name: &str) -> Result<Arc<Source>, Refused> {
    let source = find(sources, name).await?;
    if source.verifier.learns() {
        return Ok(source);
    }
    let why = "its secret is in its configuration, or its provider hands over none";
    Err(Refused::NotNow(format!("{name} learns no secret: {why}")))
}

async fn shown(source: &Source, kept: &impl ReadLearned, now: Timestamp) -> Result<Value, Refused> {
    let verifier = &source.verifier;
    let learned = if verifier.learns() {
        Some(kept.learned(&source.name).await.map_err(unavailable)?.unwrap_or_default())
    } else {
        None
    };
    let schemes: Vec<_> = verifier.schemes().iter().map(|scheme| scheme.name).collect();
    Ok(json!({
        "name": source.name,
        "schemes": schemes,
        "asks": verifier.names(),
        "proof": verifier.kind(),
        "secret": learned.as_ref().map_or("configured", |learned| state(learned, now)),
        "waits_until": learned.as_ref().filter(|it| waits(it, now)).map(|it| it.until.to_string()),
        "handed_over": learned.as_ref().and_then(|it| it.taken.as_ref()).map(|taken| taken.at.to_string()),
    }))
}

fn state(learned: &Learned, now: Timestamp) -> &'static str {
    match learned.taken {
        Some(_) => "handed_over",
        None if waits(learned, now) => "awaited",
        None => "missing",
    }
}

fn waits(learned: &Learned, now: Timestamp) -> bool {
    learned.taken.is_none() && learned.until > now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_opened_for_a_while() {
        let seconds = |body: &str| span(body.as_bytes()).ok().map(|span| span.as_secs());
        assert_eq!(
            (seconds(""), seconds(r#"{"for": "5m"}"#), seconds(r#"{"for": "7d"}"#)),
            (Some(3_600), Some(300), Some(604_800))
        );
        for wrong in [r#"{"for": "0"}"#, r#"{"for": "8d"}"#, r#"{"for": "soon"}"#, r#"{"until": "x"}"#, "x"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
