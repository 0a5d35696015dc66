//! One endpoint of a configuration, checked.

use std::ops::RangeInclusive;
use std::time::Duration;

use http::Method;

use super::headers::Reader;
use super::receiver::{self, EndpointSpec};
use super::sealing::bound;
use super::text::{OneOrMany, Text, Texts};
use super::values::{choice, duration, each, rate, tenant, wrong};
use super::{ConfigError, Secrets, known, signing};
use crate::endpoint::{Endpoint, Format, is_name};
use crate::event::Pattern;
use crate::guard::Guard;
use crate::schedule::Schedule;

const TIMEOUT: Duration = Duration::from_secs(15);
const TIMEOUTS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(30);

const MOST_CONCURRENT: u32 = 1_000;
const LONGEST_DESCRIPTION: usize = 1_000;
const LONGEST_CHANNEL: usize = 128;

/// Of patterns, channels and successes each.
const MOST_LISTED: usize = 100;

/// What may mean that a webhook has arrived. A 5xx never does: its server says that it failed.
const SUCCESSES: RangeInclusive<u16> = 200..=499;

const FORMATS: [(&str, Format); 3] = [("json", Format::Json), ("form", Format::Form), ("raw", Format::Raw)];
const METHODS: [&str; 3] = ["POST", "PUT", "GET"];

pub(super) fn check(
    name: &str,
    spec: EndpointSpec,
    secrets: Secrets<'_>,
    guard: Guard,
) -> Result<Endpoint, ConfigError> {
    let path = format!("endpoints.{name}");
    if !is_name(name) {
        return Err(ConfigError::new(path, "an endpoint's name is 1 to 63 of a-z, 0-9 and -, not first a -"));
    }
    known(&path, &spec.unknown, receiver::ENDPOINT)?;
    let key = |key: &str| format!("{path}.{key}");
    let tenant = tenant(&path, spec.tenant)?;
    let url = spec.url.ok_or_else(|| ConfigError::new(key("url"), "is missing; write https://…"))?;
    let url = guard.target(&url).map_err(|problem| ConfigError::new(key("url"), problem.to_string()))?;
    let headers = Reader { path: &path, bound: &bound(&tenant, name), secrets };
    Ok(Endpoint {
        url,
        events: listed(&key("events"), spec.events, str::parse::<Pattern>)?,
        channels: listed(&key("channels"), spec.channels, channel)?,
        description: description(&key("description"), spec.description)?,
        enabled: spec.enabled.unwrap_or(true),
        headers: headers.read(spec.headers.unwrap_or_default(), spec.auth)?,
        method: method(&key("method"), spec.method.as_deref())?,
        format: choice(&key("format"), spec.format.as_deref(), &FORMATS, Format::Json)?,
        timeout: timeout(&key("timeout"), spec.timeout)?,
        schedule: schedule(&key("schedule"), spec.schedule)?,
        rate: rate(&key("rate"), spec.rate.as_deref().unwrap_or("none"))?,
        max_concurrent: max_concurrent(&key("max_concurrent"), spec.max_concurrent)?,
        success: success(&key("success"), spec.success)?,
        signer: signing::signer((&tenant, name), spec.secret, spec.signature.as_deref(), secrets)?,
        name: name.to_owned(),
        tenant,
    })
}

/// What is absent wants everything; what is there must say something.
fn listed<T, E: std::fmt::Display>(
    key: &str,
    list: Option<OneOrMany>,
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, ConfigError> {
    match list.as_ref().map(|list| list.0.len()) {
        Some(0) => Err(ConfigError::new(key, "is empty; leave it out to want all of them")),
        Some(many) if many > MOST_LISTED => {
            Err(ConfigError::new(key, format!("names {many}; at most {MOST_LISTED} are allowed")))
        }
        _ => each(key, list, read),
    }
}

fn channel(text: &str) -> Result<String, &'static str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.:-".contains(&b);
    let fits = (1..=LONGEST_CHANNEL).contains(&text.len()) && text.bytes().all(plain);
    fits.then(|| text.to_owned()).ok_or("is not a channel; write 1 to 128 of A-Z, a-z, 0-9, _ . : and -")
}

fn description(key: &str, text: Option<String>) -> Result<String, ConfigError> {
    let text = text.unwrap_or_default();
    if text.chars().count() > LONGEST_DESCRIPTION {
        return Err(ConfigError::new(key, format!("is longer than {LONGEST_DESCRIPTION} characters")));
    }
    Ok(text)
}

fn method(key: &str, text: Option<&str>) -> Result<Method, ConfigError> {
    let all = METHODS.map(|method| (method, method));
    let found = choice(key, text, &all, "POST")?;
    Method::from_bytes(found.as_bytes()).map_err(|problem| ConfigError::new(key, problem.to_string()))
}

fn timeout(key: &str, text: Option<Text>) -> Result<Duration, ConfigError> {
    let Some(Text(text)) = text else { return Ok(TIMEOUT) };
    let found = duration(key, &text, "1s to 30s")?;
    if TIMEOUTS.contains(&found) { Ok(found) } else { Err(wrong(key, &text, "is not within 1s to 30s")) }
}

fn schedule(key: &str, waits: Option<Texts>) -> Result<Schedule, ConfigError> {
    let Some(Texts(waits)) = waits else { return Ok(Schedule::default()) };
    let waits = waits.iter().map(|wait| duration(key, &wait.0, "the waits before each attempt, like [0, 5, 5m, 1h]"));
    Schedule::new(waits.collect::<Result<_, _>>()?).map_err(|problem| ConfigError::new(key, problem.to_string()))
}

fn max_concurrent(key: &str, text: Option<Text>) -> Result<Option<u32>, ConfigError> {
    let Some(Text(text)) = text else { return Ok(None) };
    let found = text.parse().ok().filter(|many| (1..=MOST_CONCURRENT).contains(many));
    found.map(Some).ok_or_else(|| wrong(key, &text, "is not a number from 1 to 1000"))
}

fn success(key: &str, list: Option<Texts>) -> Result<Vec<RangeInclusive<u16>>, ConfigError> {
    let list = list.map(|list| OneOrMany(list.0.into_iter().map(|text| text.0).collect()));
    if list.as_ref().is_some_and(|list| list.0.is_empty()) {
        return Err(ConfigError::new(key, "is empty; leave it out to mean 2xx"));
    }
    listed(key, list, statuses)
}

fn statuses(text: &str) -> Result<RangeInclusive<u16>, &'static str> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let status = |text: &str| text.trim().parse().ok().filter(|status| SUCCESSES.contains(status));
    let range = status(first).zip(status(last)).map(|(first, last)| first..=last).filter(|range| !range.is_empty());
    range.ok_or("is not a status or a range of them within 200 to 499, like 202 or 410-419")
}

#[cfg(test)]
mod tests;
