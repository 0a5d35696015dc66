//! A moment in time, as the paths receive it.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Milliseconds since 1970-01-01 UTC. Shown as RFC 3339 with whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

/// The last millisecond of the year 9999: what is later cannot be written.
const LATEST: u64 = 253_402_300_799_999;

impl Timestamp {
    /// The machine's clock. Only `main`s and the local loops read it; the paths are told.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(since.as_millis() as u64)
    }

    pub fn seconds(self) -> u64 {
        self.0 / 1000
    }

    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(milliseconds(wait)))
    }

    pub fn before(self, age: Duration) -> Self {
        Self(self.0.saturating_sub(milliseconds(age)))
    }

    /// How long after `earlier` this is; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Reads RFC 3339; nothing before 1970, nor after the year 9999.
    pub fn read(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        let read = u64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok();
        read.filter(|read| *read <= LATEST).map(Self)
    }

    /// RFC 3339 with milliseconds.
    pub fn precise(self) -> String {
        let mut text = self.to_string();
        text.pop();
        format!("{text}.{:03}Z", self.0 % 1000)
    }

    fn date(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.seconds() as i64).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.date().format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_reads_as_rfc_3339() {
        assert_eq!(Timestamp(1_614_265_330_999).to_string(), "2021-02-25T15:02:10Z");
    }

    #[test]
    fn a_timestamp_is_read_in_any_zone_and_shown_to_the_millisecond() {
        let read = Timestamp::read("2021-02-25T17:02:10.5+02:00").unwrap();
        assert_eq!((read, &*read.precise()), (Timestamp(1_614_265_330_500), "2021-02-25T15:02:10.500Z"));
        for wrong in [
            "",
            "2021-02-25",
            "1614265330",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59-23:59",
            "2021-02-30T00:00:00Z",
        ] {
            assert_eq!(Timestamp::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_timestamp_beyond_the_calendar_still_shows() {
        assert!(Timestamp(u64::MAX).to_string().ends_with('Z'));
    }
}
