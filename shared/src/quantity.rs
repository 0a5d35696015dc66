//! Durations and rates as people write them.

use std::fmt;
use std::time::Duration;

use crate::timestamp::Timestamp;

/// Reads `90`, `90s`, `10m`, `12h` or `7d`; seconds unless a unit is given.
pub fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let seconds = match unit.trim_start() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?))
}

/// So many in each span of time, on average; up to `burst` at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub per_second: f64,
    pub burst: f64,
}

impl Rate {
    /// How long after one the next may come, when they come evenly.
    pub fn apart(self) -> Duration {
        Duration::from_secs_f64(1.0 / self.per_second)
    }

    /// Takes a place that is free within a second: the first that is free then, in microseconds since 1970, as
    /// `next` is. What was taken further ahead than this rate ever takes was another rate's, and counts no more.
    ///
    /// # Errors
    /// None is free so soon; some will be then.
    pub fn take(self, next: u64, now: Timestamp) -> Result<u64, Timestamp> {
        let now = now.0 * 1_000;
        let place = if next > self.furthest(now) { now } else { next.max(now) };
        if place > now + SOON {
            return Err(Timestamp((place - SOON).div_ceil(1_000)));
        }
        Ok(place + self.apart().as_micros() as u64)
    }

    /// No place of this rate that is free lies further ahead than that, in microseconds as `now` is.
    pub fn furthest(self, now: u64) -> u64 {
        now + SOON + self.apart().as_micros() as u64
    }
}

/// How far ahead [`Rate::take`] takes places, in microseconds: so much may come at once.
pub const SOON: u64 = 1_000_000;

/// As it is written; `60/m` is `1/s`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spans = [(1.0, "s"), (60.0, "m"), (3_600.0, "h")];
        let whole = |(span, _): &&(f64, &str)| (self.per_second * span - (self.per_second * span).round()).abs() < 1e-6;
        let (span, unit) = spans.iter().find(whole).unwrap_or(&spans[2]);
        write!(f, "{}/{unit}", (self.per_second * span).round())
    }
}

/// Reads `500MB`, `10GB` or `2TB`: bytes, with the units of disks.
pub fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit: u64 = match unit.trim_start().to_ascii_uppercase().as_str() {
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit).filter(|bytes| *bytes > 0)
}

/// Reads `100/s`, `600/m` or `1000/h`. The burst is ten seconds' worth, and at least the number given.
pub fn rate(text: &str) -> Option<Rate> {
    let (number, unit) = text.trim().split_once('/')?;
    let number = f64::from(number.trim().parse::<u32>().ok().filter(|n| *n > 0)?);
    let per_second = match unit.trim() {
        "s" => number,
        "m" => number / 60.0,
        "h" => number / 3_600.0,
        _ => return None,
    };
    Some(Rate { per_second, burst: number.max(per_second * 10.0) })
}

/// So many a minute, at least one.
pub fn per_minute(number: u32) -> Rate {
    let number = f64::from(number.max(1));
    Rate { per_second: number / 60.0, burst: number }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_seconds_unless_a_unit_is_given() {
        assert_eq!(duration("5"), Some(Duration::from_secs(5)));
        assert_eq!(duration("30m"), Some(Duration::from_secs(1_800)));
        assert_eq!(duration("7d"), Some(Duration::from_secs(604_800)));
        for wrong in ["", "m", "-1", "1.5h", "5 weeks", "99999999999999999999", "9999999999999999999d"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!((size("500MB"), size("10 gb"), size("1KB")), (Some(500_000_000), Some(10_000_000_000), Some(1_000)));
        for wrong in ["", "500", "MB", "0GB", "-1GB", "1.5GB", "99999999999TB"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_rate_is_shown_as_it_is_written() {
        for text in ["100/s", "10/m", "1000/h", "7/h"] {
            assert_eq!(rate(text).unwrap().to_string(), text);
        }
        assert_eq!(rate("120/m").unwrap().to_string(), "2/s");
    }

    proptest! {
        /// Whoever asks whenever: in no span of time more places are taken than the rate allows and a second's
        /// worth besides; and at the moment that a refusal names there is one.
        #[test]
        fn no_more_places_are_taken_than_the_rate_allows(
            number in 1u32..200, unit in prop::sample::select(vec!["s", "m", "h"]),
            waits in prop::collection::vec(0u64..3_000, 1..300),
        ) {
            let rate = rate(&format!("{number}/{unit}")).unwrap();
            let (mut next, mut now, mut taken) = (0, Timestamp(1_000_000), Vec::new());
            for wait in waits {
                now = Timestamp(now.0 + wait);
                match rate.take(next, now) {
                    Ok(after) => {
                        next = after;
                        taken.push(now.0);
                    }
                    Err(when) => {
                        prop_assert!(when > now);
                        prop_assert!(rate.take(next, when).is_ok());
                    }
                }
            }
            for (first, from) in taken.iter().enumerate() {
                for (last, to) in taken.iter().enumerate().skip(first) {
                    let seconds = (to - from) as f64 / 1_000.0 + 1.0;
                    let most = rate.per_second * seconds * 1.001 + 1.0;
                    prop_assert!((last - first) as f64 <= most, "{} within {seconds} s", last - first + 1);
                }
            }
        }
    }

    #[test]
    fn what_a_slower_rate_took_does_not_hold_up_a_faster_one() {
        let (slow, fast, now) = (rate("1/h").unwrap(), rate("100/s").unwrap(), Timestamp(1_000_000));
        let next = slow.take(0, now).unwrap();
        assert!(slow.take(next, Timestamp(now.0 + 60_000)).is_err());
        assert!(fast.take(next, Timestamp(now.0 + 60_000)).is_ok());
    }

    #[test]
    fn rates_name_their_span() {
        assert_eq!(rate("100/s"), Some(Rate { per_second: 100.0, burst: 1_000.0 }));
        assert_eq!(rate("60/m"), Some(Rate { per_second: 1.0, burst: 60.0 }));
        for wrong in ["", "100", "0/s", "-1/s", "1/w", "/s"] {
            assert_eq!(rate(wrong), None, "{wrong}");
        }
    }
}
