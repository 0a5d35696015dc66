//! Signed times: how they are written, and how far from ours they may be.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Fault, Place};
use crate::schemes::Presented;
use crate::timestamp::Timestamp;

/// A signed time, and how far from ours it may be, either way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freshness {
    pub place: Place,
    pub unit: Unit,
    pub tolerance: Duration,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Unix time.
    Seconds,
    /// Unix time.
    Millis,
    /// Unix time in seconds, or in milliseconds if it has more than eleven digits.
    Either,
    /// ISO 8601 as RFC 3339 narrows it.
    Iso,
    /// As in the header `Date`.
    Http,
}

/// More digits are no time.
const MOST_DIGITS: usize = 15;

/// More digits are milliseconds.
const MOST_SECONDS: usize = 11;

impl Freshness {
    /// Unix seconds, 5 minutes either way.
    pub fn new(place: Place) -> Self {
        Self { place, unit: Unit::Seconds, tolerance: Duration::from_secs(300) }
    }

    pub fn unit(self, unit: Unit) -> Self {
        Self { unit, ..self }
    }

    pub fn within(self, tolerance: Duration) -> Self {
        Self { tolerance, ..self }
    }

    /// # Errors
    /// It is not there, no time, or not fresh.
    pub(crate) fn check(&self, request: &Presented<'_>, now: Timestamp) -> Result<(), Fault> {
        let text = self.place.one(request)?;
        let signed = self.unit.read(&text).ok_or_else(|| Fault::Malformed(self.place.name()))?;
        judge(signed, self.tolerance, now)
    }
}

/// Whether a time in milliseconds is fresh.
pub(crate) fn judge(signed: u64, tolerance: Duration, now: Timestamp) -> Result<(), Fault> {
    let (signed, tolerance, ours) = (signed / 1_000, tolerance.as_secs(), now.seconds());
    match ours {
        _ if ours > signed.saturating_add(tolerance) => Err(Fault::TooOld(ours - signed)),
        _ if signed > ours.saturating_add(tolerance) => Err(Fault::InFuture(signed - ours)),
        _ => Ok(()),
    }
}

impl Unit {
    /// In milliseconds since 1970.
    pub(crate) fn read(self, text: &str) -> Option<u64> {
        match self {
            Self::Seconds => digits(text)?.checked_mul(1_000),
            Self::Millis => digits(text),
            Self::Either if text.len() > MOST_SECONDS => digits(text),
            Self::Either => digits(text)?.checked_mul(1_000),
            Self::Iso => {
                let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
                u64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
            }
            Self::Http => {
                let time =
                    httpdate::parse_http_date(text).ok().filter(|time| httpdate::fmt_http_date(*time) == text)?;
                u64::try_from(time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis()).ok()
            }
        }
    }
}

fn digits(text: &str) -> Option<u64> {
    let plain = (1..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}
