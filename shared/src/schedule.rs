//! When an attempt is made: the waits of a schedule, spread a little so that no two deliveries keep step.

use std::time::Duration;

use sha2::{Digest, Sha256};

/// The waits before each attempt, the first included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Vec<Duration>);

/// More attempts than these are not made: their history is one row.
pub const MOST_ATTEMPTS: usize = 20;

/// The longest that a delivery may take, all waits together.
pub const LONGEST: Duration = Duration::from_secs(14 * 86_400);

/// A wait is longer than the schedule says by up to a tenth.
const SPREAD: f64 = 0.1;

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;

/// Why waits are no schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASchedule {
    #[error("has no attempt at all; write the waits before each, like [0, 5, 5m, 1h]")]
    Empty,
    #[error("has more than 20 attempts")]
    TooMany,
    #[error("takes longer than 14 days")]
    TooLong,
}

impl Default for Schedule {
    /// The example of Standard Webhooks: ten attempts in 75 hours 35 minutes 5 seconds.
    fn default() -> Self {
        let waits = [0, 5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
        Self(waits.map(Duration::from_secs).to_vec())
    }
}

impl Schedule {
    pub fn new(waits: Vec<Duration>) -> Result<Self, NotASchedule> {
        let whole = waits.iter().try_fold(Duration::ZERO, |sum, wait| sum.checked_add(*wait));
        match whole {
            _ if waits.is_empty() => Err(NotASchedule::Empty),
            _ if waits.len() > MOST_ATTEMPTS => Err(NotASchedule::TooMany),
            Some(whole) if whole <= LONGEST => Ok(Self(waits)),
            _ => Err(NotASchedule::TooLong),
        }
    }

    /// How many attempts are made at most.
    pub fn attempts(&self) -> u32 {
        self.0.len() as u32
    }

    /// How long to wait before attempt `number` (the first is 1); `None` if there is none of that
    /// number. `of` names the delivery: the spread is its own, and the same each time it is asked.
    pub fn wait(&self, number: u32, of: &str) -> Option<Duration> {
        let wait = self.0.get(usize::try_from(number).ok()?.checked_sub(1)?)?;
        Some(wait.mul_f64(1.0 + SPREAD * fraction(of, number)))
    }
}

/// Evenly spread from 0 to 1 over deliveries and attempts.
fn fraction(of: &str, number: u32) -> f64 {
    let digest = Sha256::new_with_prefix(of).chain_update(number.to_be_bytes()).finalize();
    let (head, _) = digest.split_at(4);
    let head = head.try_into().map(u32::from_be_bytes).unwrap_or_default();
    f64::from(head) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_default_is_the_example_of_the_standard() {
        let whole: Duration = Schedule::default().0.iter().sum();
        assert_eq!(whole.as_secs(), 75 * 3_600 + 35 * 60 + 5);
        assert_eq!(Schedule::default().attempts(), 10);
    }

    #[test]
    fn a_schedule_has_bounds() {
        let day = Duration::from_secs(86_400);
        assert_eq!(Schedule::new(vec![]), Err(NotASchedule::Empty));
        assert_eq!(Schedule::new(vec![day; 21]), Err(NotASchedule::TooMany));
        assert_eq!(Schedule::new(vec![day; 15]), Err(NotASchedule::TooLong));
        assert_eq!(Schedule::new(vec![Duration::MAX; 2]), Err(NotASchedule::TooLong));
        assert!(Schedule::new(vec![day; 14]).is_ok());
    }

    proptest! {
        #[test]
        fn a_wait_is_the_schedules_and_up_to_a_tenth_more(number in 0u32..30, of in ".*") {
            let schedule = Schedule::default();
            let plain = number.checked_sub(1).and_then(|at| schedule.0.get(at as usize));
            let spread = schedule.wait(number, &of);
            prop_assert_eq!(spread.is_some(), plain.is_some());
            if let (Some(plain), Some(spread)) = (plain, spread) {
                prop_assert!(*plain <= spread && spread <= plain.mul_f64(1.1));
                prop_assert_eq!(schedule.wait(number, &of), Some(spread));
            }
        }
    }
}
