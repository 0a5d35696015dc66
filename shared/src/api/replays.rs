//! Replays: begun, looked at and stopped.

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::endpoints::find;
use super::range::{Asked, moment};
use super::unavailable;
use crate::door::random;
use crate::endpoint::Endpoint;
use crate::reply::{self, Refused, Reply};
use crate::seam::{FindEndpoints, History, Progress, ReadEndpointState, Replay, ReplayKey, Replays, Which};
use crate::timestamp::Timestamp;

const NO_REPLAY: Refused = Refused::NotFound("no such replay");
const NO_EVENT: Refused = Refused::NotFound("no such event");

/// What an owner writes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    of: Option<String>,
    since: Option<String>,
    event: Option<String>,
}

/// Begins one, or answers the equal one that stands: a second click repeats nothing.
pub(super) async fn begin(
    endpoints: &impl FindEndpoints,
    ports: &(impl ReadEndpointState + History + Replays),
    (name, query): (&str, Option<&str>),
    body: Bytes,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let which = read(&body, now)?;
    let endpoint = find(endpoints, name, query).await?;
    is_in_use(&endpoint, ports).await?;
    if let Which::One { event } = &which {
        ports.deliveries_of(&endpoint.tenant, event).await.map_err(unavailable)?.ok_or(NO_EVENT)?;
    }
    let key = ReplayKey { tenant: endpoint.tenant.clone(), endpoint: endpoint.name.clone(), which };
    let wanted = Replay::begun(key, random()?, now);
    let stands = ports.begin_replay(&wanted).await.map_err(unavailable)?;
    if stands.id != wanted.id {
        return Ok(reply::json(StatusCode::OK, &shown(&stands)));
    }
    tracing::info!(tenant = endpoint.tenant, endpoint = name, replay = stands.id, "replay begun");
    Ok(reply::json(StatusCode::ACCEPTED, &shown(&stands)))
}

/// Those of an endpoint that was removed are still shown.
pub(super) async fn list(
    endpoints: &impl FindEndpoints,
    replays: &impl Replays,
    name: &str,
    query: Option<&str>,
) -> Result<Reply, Refused> {
    let Asked { tenant, .. } = Asked::read(query)?;
    let found = replays.replays(&tenant, name).await.map_err(unavailable)?;
    if found.is_empty() {
        find(endpoints, name, query).await?;
    }
    let data: Vec<Value> = found.iter().map(shown).collect();
    Ok(reply::json(StatusCode::OK, &json!({ "data": data, "done": true, "iterator": null })))
}

pub(super) async fn show(
    replays: &impl Replays,
    (name, id): (&str, &str),
    query: Option<&str>,
) -> Result<Reply, Refused> {
    let Asked { tenant, .. } = Asked::read(query)?;
    let found = replays.replays(&tenant, name).await.map_err(unavailable)?;
    let found = found.iter().find(|replay| replay.id == id).ok_or(NO_REPLAY)?;
    Ok(reply::json(StatusCode::OK, &shown(found)))
}

pub(super) async fn stop(
    replays: &impl Replays,
    (name, id): (&str, &str),
    query: Option<&str>,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let Asked { tenant, .. } = Asked::read(query)?;
    let stopped = replays.stop_replay(&tenant, name, id, now).await.map_err(unavailable)?.ok_or(NO_REPLAY)?;
    tracing::info!(tenant, endpoint = name, replay = id, "replay stopped");
    Ok(reply::json(StatusCode::OK, &shown(&stopped)))
}

fn read(body: &[u8], now: Timestamp) -> Result<Which, Refused> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(wrong("body", r#"is not a JSON object; write one like {"of": "held"}"#));
    }
    let wanted = serde_json::from_slice(body).map_err(|problem| wrong("body", problem.to_string()))?;
    which(wanted, now)
}

fn which(Wanted { of, since, event }: Wanted, now: Timestamp) -> Result<Which, Refused> {
    let of = of.unwrap_or_default();
    match &*of {
        "held" | "failed" | "missing" | "one" => {}
        _ => return Err(wrong("of", "write held, failed, missing or one")),
    }
    let since = belongs("since", since, &of, ["failed", "missing"].contains(&&*of))?;
    let event = belongs("event", event, &of, of == "one")?;
    let since = since.map(|text| past(&text, now)).transpose()?.unwrap_or_default();
    Ok(match &*of {
        "held" => Which::Held,
        "failed" => Which::Failed { since },
        "missing" => Which::Missing { since },
        _ => Which::One { event: event.unwrap_or_default().parse().map_err(|_| NO_EVENT)? },
    })
}

fn belongs(field: &str, given: Option<String>, of: &str, wanted: bool) -> Result<Option<String>, Refused> {
    match (given.is_some(), wanted) {
        (true, false) => Err(wrong(field, format!("does not belong to {of}; leave it out"))),
        (false, true) => Err(wrong(field, format!("is missing; {of} needs it"))),
        _ => Ok(given),
    }
}

fn past(text: &str, now: Timestamp) -> Result<Timestamp, Refused> {
    let since = moment(text).map_err(|_| wrong("since", "is not a time; write one like 2026-11-22T10:00:00Z"))?;
    if since > now { Err(wrong("since", format!("is in the future; it is {now} now"))) } else { Ok(since) }
}

fn wrong(field: &str, problem: impl Into<String>) -> Refused {
    Refused::InvalidOrder { field: field.into(), problem: problem.into() }
}

async fn is_in_use(endpoint: &Endpoint, states: &impl ReadEndpointState) -> Result<(), Refused> {
    let name = &endpoint.name;
    if !endpoint.enabled {
        let first = "is not enabled, by its configuration; say enabled: true there first";
        return Err(Refused::NotNow(format!("endpoint {name} {first}")));
    }
    let state = states.endpoint_state(&endpoint.tenant, name).await.map_err(unavailable)?;
    state.disabled.map_or(Ok(()), |_| {
        let first = "is disabled; enable it first: hookpost endpoints enable";
        Err(Refused::NotNow(format!("endpoint {name} {first} {name}")))
    })
}

fn shown(replay: &Replay) -> Value {
    let Replay { key, id, began, state, why, queued, after, midway: _, step: _, due, ended } = replay;
    let mut shown = json!({
        "id": id,
        "endpoint": key.endpoint,
        "tenant": key.tenant,
        "state": state,
        "why": why,
        "queued": queued,
        "began": began.precise(),
        "next": (*state == Progress::Running).then(|| due.precise()),
        "ended": ended.map(Timestamp::precise),
        "through": after.as_ref().map(|cursor| cursor.at.precise()),
    });
    let (of, more) = match &key.which {
        Which::Held => ("held", None),
        Which::Failed { since } => ("failed", Some(("since", since.precise()))),
        Which::Missing { since } => ("missing", Some(("since", since.precise()))),
        Which::One { event } => ("one", Some(("event", event.to_string()))),
    };
    shown["of"] = json!(of);
    if let Some((name, value)) = more {
        shown[name] = json!(value);
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_341_600_000);

    fn words(body: &str) -> String {
        match read(body.as_bytes(), NOW) {
            Err(Refused::InvalidOrder { field, problem }) => format!("{field}: {problem}"),
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn an_order_says_which_deliveries() {
        let since = Timestamp(1_000);
        let one = Which::One { event: "order-7".parse().unwrap() };
        for (body, which) in [
            (r#" {"of": "held"}"#, Which::Held),
            (r#"{"of": "failed", "since": "1970-01-01T00:00:01Z"}"#, Which::Failed { since }),
            (r#"{"since": "1970-01-01T00:00:01Z", "of": "missing"}"#, Which::Missing { since }),
            (r#"{"of": "one", "event": "order-7"}"#, one),
        ] {
            assert_eq!(read(body.as_bytes(), NOW), Ok(which), "{body}");
        }
    }

    #[test]
    fn what_is_no_order_is_told_what_to_write() {
        for (body, expected) in [
            ("", "body: is not a JSON object"),
            (r#"["held"]"#, "body: is not a JSON object"),
            ("{", "body: EOF"),
            (r#"{"of": "held"} x"#, "body: trailing characters"),
            (r#"{"of": "held", "of": "held"}"#, "body: duplicate field `of`"),
            (r#"{"of": "held", "all": 1}"#, "body: unknown field `all`, expected one of `of`, `since`, `event`"),
            ("{}", "of: write held, failed, missing or one"),
            (r#"{"of": "all"}"#, "of: write held"),
            (r#"{"of": "failed"}"#, "since: is missing; failed needs it"),
            (r#"{"of": "one"}"#, "event: is missing; one needs it"),
            (r#"{"of": "held", "since": "2026-01-01T00:00:00Z"}"#, "since: does not belong to held"),
            (r#"{"of": "missing", "since": "now"}"#, "since: is not a time"),
            (r#"{"of": "missing", "since": "2026-11-22T10:00:01Z"}"#, "since: is in the future; it is 2026-11-22T"),
        ] {
            assert!(words(body).starts_with(expected), "{body}: {}", words(body));
        }
        assert_eq!(read(br#"{"of": "one", "event": "a.b"}"#, NOW), Err(NO_EVENT));
    }

    proptest! {
        #[test]
        fn no_order_makes_it_panic(body: Vec<u8>, of in ".*") {
            let _ = (read(&body, NOW), read(json!({ "of": of }).to_string().as_bytes(), NOW));
        }
    }
}
