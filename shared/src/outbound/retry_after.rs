//! `Retry-After`: seconds or a date (RFC 9110, 10.2.3).

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use http::header::RETRY_AFTER;

use crate::timestamp::Timestamp;

/// How long to wait; `None` if nothing is said that can be read. A date that has passed is no wait.
pub(super) fn read(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than a number holds are a long time all the same.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp(u64::try_from(date.as_millis()).ok()?).since(now))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp(784_111_777_000);

    fn after(value: &[u8]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_bytes(value).ok()?);
        read(&headers, NOW).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_and_all_three_dates_are_read() {
        assert_eq!(after(b"120"), Some(120));
        assert_eq!(after(b" 0 "), Some(0));
        assert_eq!(after(b"99999999999999999999999"), Some(u64::from(u32::MAX)));
        for date in ["Sun, 06 Nov 1994 08:50:37 GMT", "Sunday, 06-Nov-94 08:50:37 GMT", "Sun Nov  6 08:50:37 1994"] {
            assert_eq!(after(date.as_bytes()), Some(60), "{date}");
        }
        assert_eq!(after(b"Sat, 06 Nov 1993 08:49:37 GMT"), Some(0));
        for wrong in [&b""[..], b"-1", b"1.5", b"soon", b"\xff", b"2026-11-22T00:00:00Z"] {
            assert_eq!(after(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(value: Vec<u8>) {
            after(&value);
        }
    }
}
