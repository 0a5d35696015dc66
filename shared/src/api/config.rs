//! The applied configuration: shown without its secrets, planned, replaced as a whole.

use bytes::Bytes;
use http::header::{ETAG, IF_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::{Rules, unavailable};
use crate::config::{Change, Config, Rings, Secrets, Spec, Subject};
use crate::reply::{self, Refused, Reply};
use crate::seam::{AwaitLearned, Kept, ReadConfig, WriteConfig};
use crate::timestamp::Timestamp;

/// Sealed, it must fit into one row of 400 KB.
const MOST_KEPT: usize = 380_000;

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
        let dry = is_dry(query.unwrap_or_default())?;
        let from = headers.get(IF_MATCH).map(|value| version(value).ok_or(Refused::Changed)).transpose()?;
        if !dry && from.is_none() {
            return Err(Refused::Unconditional);
        }
        let spec = read(&body)?;
        Ok(Self { spec, from: from.filter(|_| !dry) })
    }
}

/// Nothing is changed on a misunderstanding.
fn is_dry(query: &str) -> Result<bool, Refused> {
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "dry_run");
    match asked.map(|(_, value)| value.to_lowercase()).as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => Err(Refused::BadRequest("dry_run is true or false")),
    }
}

/// No message shows what was found: it may be a secret.
fn read(body: &[u8]) -> Result<Spec, Refused> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let wrong = |key: String, problem: &serde_json::Error| {
        let (key, what) = match problem.is_data() && key != "." {
            true => (key, "is not of the kind that belongs here"),
            false => ("the body".into(), "is not a configuration in JSON"),
        };
        Refused::Invalid { key, problem: format!("{what} (line {}, column {})", problem.line(), problem.column()) }
    };
    let read = serde_path_to_error::deserialize(&mut reader);
    let spec = read.map_err(|problem| wrong(problem.path().to_string(), problem.inner()))?;
    reader.end().map_err(|problem| wrong(".".into(), &problem))?;
    Ok(spec)
}

fn version(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

pub(super) async fn show(ports: &impl ReadConfig) -> Result<Reply, Refused> {
    let (version, spec) = kept(ports).await?;
    let mut spec = spec.ok_or_else(|| ours(&UNREADABLE))?;
    spec.redact();
    let shown: Value = serde_json::from_str(&spec.write()).unwrap_or_default();
    let of = |key: &str| shown.get(key).cloned().unwrap_or_else(|| json!({}));
    let mut body = json!({ "version": version, "sources": of("sources"), "endpoints": of("endpoints") });
    if let Some(limits) = shown.get("limits") {
        body["limits"] = limits.clone();
    }
    Ok(tagged(version, body))
}

/// Checks, compares, seals and keeps. Nothing changes unless everything fits.
pub(super) async fn replace(
    (ports, learned): (&impl WriteConfig, &impl AwaitLearned),
    rings: Rings<'_>,
    rules: &Rules,
    order: Order,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let Order { spec: mut new, from } = order;
    free("source", new.source_names(), &rules.owned)?;
    free("endpoint", new.endpoint_names(), &rules.owned_endpoints)?;
    let checked = Config::check(new.clone(), Secrets::Sent { references: rules.references }, rules.guard)?;
    let (version, old) = kept(ports).await?;
    // What cannot be read is replaced: it is of no use to anybody.
    let is_readable = old.as_ref().is_some_and(Spec::is_understood);
    let mut old = old.unwrap_or_default();
    if from.is_some_and(|from| from != version) {
        return Err(Refused::Changed);
    }
    old.open(rings);
    let changes = new.changes_from(&old);
    in_date(&checked, &changes, now)?;
    new.seal(rings).map_err(|problem| ours(&problem))?;
    let kept = Kept { version: version + 1, text: new.write() };
    if kept.text.len() > MOST_KEPT {
        return Err(Refused::TooLarge { most: MOST_KEPT });
    }
    if from.is_some() && !(changes.is_empty() && is_readable) {
        if !ports.write_config(&kept).await.map_err(unavailable)? {
            return Err(Refused::Changed);
        }
        tracing::info!(version = kept.version, changes = changes.len(), "configuration replaced");
        forget(learned, &old, &new).await?;
        return Ok(done(kept.version, &changes));
    }
    Ok(done(version, &changes))
}

/// A secret that was handed over is its source's and its provider's: who comes under the name later begins anew.
async fn forget(learned: &impl AwaitLearned, old: &Spec, new: &Spec) -> Result<(), Refused> {
    for name in old.source_names().filter(|name| old.scheme_of(name) != new.scheme_of(name)) {
        learned.forget_learned(name).await.map_err(unavailable)?;
    }
    Ok(())
}

/// What has expired since it was applied stands in nobody's way.
fn in_date(config: &Config, changes: &[Change], now: Timestamp) -> Result<(), Refused> {
    let is_new = |name: &str| changes.iter().any(|change| matches!(&change.of, Subject::Endpoint(of) if of == name));
    let wrong = config.out_of_date(now).find(|(name, _)| is_new(name));
    wrong.map_or(Ok(()), |(_, problem)| Err(problem.into()))
}

/// Refuses what a file owns.
fn free<'a>(kind: &'static str, mut names: impl Iterator<Item = &'a str>, owned: &[String]) -> Result<(), Refused> {
    let taken = names.find(|name| owned.iter().any(|owned| owned == name));
    taken.map_or(Ok(()), |name| Err(Refused::Owned { kind, name: name.to_owned() }))
}

fn done(version: u64, changes: &[Change]) -> Reply {
    tagged(version, json!({ "version": version, "changes": changes }))
}

/// What is kept, and its version: 0 if nothing ever was. `None` if it cannot be read.
async fn kept(ports: &impl ReadConfig) -> Result<(u64, Option<Spec>), Refused> {
    let kept = ports.read_config().await.map_err(unavailable)?;
    let Some(kept) = kept else { return Ok((0, Some(Spec::default()))) };
    Ok((kept.version, Spec::read(&kept.text)))
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
