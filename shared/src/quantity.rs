//! Durations and rates as people write them.

use std::time::Duration;

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
    fn rates_name_their_span() {
        assert_eq!(rate("100/s"), Some(Rate { per_second: 100.0, burst: 1_000.0 }));
        assert_eq!(rate("60/m"), Some(Rate { per_second: 1.0, burst: 60.0 }));
        for wrong in ["", "100", "0/s", "-1/s", "1/w", "/s"] {
            assert_eq!(rate(wrong), None, "{wrong}");
        }
    }
}
