//! The applied configuration: shown without its secrets, planned, replaced as a whole.

use bytes::Bytes;
use http::header::{ETAG, IF_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::{Rules, unavailable};
use crate::config::{Change, Config, Secrets, Spec};
use crate::reply::{self, Refused, Reply};
use crate::seal::Keys;
use crate::seam::{Kept, ReadConfig, WriteConfig};

const UNREADABLE: &str = "what is kept cannot be read: it was made by another version, or under a key that is gone";

/// What the owner wants.
pub(super) struct Order {
    spec: Spec,
    /// The version that the plan was made from; none for a plan.
    from: Option<u64>,
}

impl Order {
    /// `?dry_run=true` asks for the plan only; without it `If-Match` must name a version.
    pub(super) fn read(headers: &HeaderMap, query: Option<&str>, body: Bytes) -> Result<Self, Refused> {
        let mut asked = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let dry = asked.any(|(name, value)| name == "dry_run" && (value == "true" || value == "1"));
        let from = headers.get(IF_MATCH).map(|value| version(value).ok_or(Refused::Changed)).transpose()?;
        if !dry && from.is_none() {
            return Err(Refused::Unconditional);
        }
        let spec = read(&body)?;
        Ok(Self { spec, from: from.filter(|_| !dry) })
    }
}

/// No message shows what was found: it may be a secret.
fn read(body: &[u8]) -> Result<Spec, Refused> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(body)).map_err(|problem| {
        let (key, inner) = (problem.path().to_string(), problem.inner());
        let (key, problem) = match inner.is_data() && key != "." {
            true => (key, "is not of the kind that belongs here"),
            false => ("the body".into(), "is not a configuration in JSON"),
        };
        Refused::Invalid { key, problem: format!("{problem} (line {}, column {})", inner.line(), inner.column()) }
    })
}

fn version(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

pub(super) async fn show(ports: &impl ReadConfig) -> Result<Reply, Refused> {
    let (version, mut spec) = kept(ports).await?;
    spec.redact();
    let shown: Value = serde_json::from_str(&spec.write()).unwrap_or_default();
    Ok(tagged(version, json!({ "version": version, "sources": shown.get("sources").unwrap_or(&json!({})) })))
}

/// Checks, compares, seals and keeps. Nothing changes unless everything fits.
pub(super) async fn replace(
    ports: &impl WriteConfig,
    keys: &Keys,
    rules: &Rules,
    order: Order,
) -> Result<Reply, Refused> {
    let Order { spec: mut new, from } = order;
    let owned = |name: &&str| rules.owned.iter().any(|owned| owned == name);
    if let Some(name) = new.source_names().find(owned) {
        return Err(Refused::Owned { source: name.to_owned() });
    }
    Config::check(new.clone(), Secrets::Sent { references: rules.references })?;
    let (version, mut old) = kept(ports).await?;
    if from.is_some_and(|from| from != version) {
        return Err(Refused::Changed);
    }
    old.open(keys);
    let changes = new.changes_from(&old);
    if from.is_some() && !changes.is_empty() {
        new.seal(keys).map_err(|problem| ours(&problem))?;
        let kept = Kept { version: version + 1, text: new.write() };
        if !ports.write_config(&kept).await.map_err(unavailable)? {
            return Err(Refused::Changed);
        }
        tracing::info!(version = kept.version, changes = changes.len(), "configuration replaced");
        return Ok(done(kept.version, &changes));
    }
    Ok(done(version, &changes))
}

fn done(version: u64, changes: &[Change]) -> Reply {
    tagged(version, json!({ "version": version, "changes": changes }))
}

/// What is kept, and its version: 0 if nothing ever was.
async fn kept(ports: &impl ReadConfig) -> Result<(u64, Spec), Refused> {
    let Some(kept) = ports.read_config().await.map_err(unavailable)? else { return Ok((0, Spec::default())) };
    let spec = Spec::read(&kept.text).ok_or_else(|| ours(&UNREADABLE))?;
    Ok((kept.version, spec))
}

fn ours(problem: &dyn std::fmt::Display) -> Refused {
    unavailable(crate::seam::Unavailable(problem.to_string()))
}

fn tagged(version: u64, body: Value) -> Reply {
    let mut reply = reply::json(StatusCode::OK, &body);
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        reply.headers_mut().insert(ETAG, tag);
    }
    reply
}
