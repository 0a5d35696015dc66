//! Judged → how its endpoint does: when a run of failures begins, is told, is too long, and is over.

use std::time::Duration;

use crate::seam::{DISABLED_AFTER, EndpointState, TOLD_AFTER};
use crate::timestamp::Timestamp;

/// What an attempt says of its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Arrived,
    Failed,
    /// It did what it wanted to, but has not taken the delivery.
    Neither,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    Same,
    /// A run of failures begins.
    Fails,
    /// It has lasted so long that people are told.
    Failing {
        since: Timestamp,
    },
    /// It has lasted so long that nothing more is sent there.
    TooLong,
    /// It is over. If people know of trouble, they are told.
    Works {
        trouble: Option<Timestamp>,
    },
}

/// For so long after a run of failures ended, no new one begins: an endpoint that fails now and then has
/// its row written twice a minute at most.
const QUIET: Duration = Duration::from_secs(60);

/// Nothing is disabled before people were told that it fails.
pub(super) fn course(state: &EndpointState, outcome: Outcome, now: Timestamp) -> Course {
    if state.disabled.is_some() {
        return Course::Same;
    }
    match (outcome, &state.failing) {
        (Outcome::Neither, _) => Course::Same,
        (Outcome::Arrived, None) if state.trouble.is_none() => Course::Same,
        (Outcome::Arrived, _) => Course::Works { trouble: state.trouble },
        (Outcome::Failed, None) if state.recovered.is_some_and(|at| now < at.after(QUIET)) => Course::Same,
        (Outcome::Failed, None) => Course::Fails,
        (Outcome::Failed, Some(failing)) => match now.since(failing.since) {
            lasted if !failing.told && lasted >= TOLD_AFTER => Course::Failing { since: failing.since },
            lasted if failing.told && lasted >= DISABLED_AFTER => Course::TooLong,
            _ => Course::Same,
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::seam::{Disabled, Failing};

    const START: Timestamp = Timestamp(1_700_000_000_000);

    fn failing(since: Timestamp, told: bool) -> EndpointState {
        EndpointState { failing: Some(Failing { since, told }), ..EndpointState::default() }
    }

    #[test]
    fn people_are_told_after_an_hour_and_it_is_disabled_after_five_days() {
        let after = |seconds| START.after(Duration::from_secs(seconds));
        let course = |told, seconds| course(&failing(START, told), Outcome::Failed, after(seconds));
        assert_eq!(course(false, 3_599), Course::Same);
        assert_eq!(course(false, 3_600), Course::Failing { since: START });
        assert_eq!(course(true, 5 * 86_400 - 1), Course::Same);
        assert_eq!(course(true, 5 * 86_400), Course::TooLong);
        assert_eq!(course(false, 9 * 86_400), Course::Failing { since: START }, "told first");
    }

    #[test]
    fn a_success_is_written_only_where_it_changes_something() {
        let nothing = EndpointState::default();
        assert_eq!(course(&nothing, Outcome::Arrived, START), Course::Same);
        assert_eq!(course(&failing(START, false), Outcome::Arrived, START), Course::Works { trouble: None });
        let known = EndpointState { trouble: Some(START), ..nothing };
        assert_eq!(course(&known, Outcome::Arrived, START), Course::Works { trouble: Some(START) });
    }

    /// What an endpoint's state becomes, as stores write it, and what people are told.
    #[derive(Default)]
    struct Model {
        state: EndpointState,
        writes: Vec<Timestamp>,
        told: Vec<(Course, Timestamp)>,
    }

    impl Model {
        fn attempt(&mut self, outcome: Outcome, now: Timestamp) {
            let course = course(&self.state, outcome, now);
            match course {
                Course::Same => return,
                Course::Fails => self.state.failing = Some(Failing { since: now, told: false }),
                Course::Failing { since } => {
                    self.state.failing = Some(Failing { since, told: true });
                    self.state.trouble.get_or_insert(since);
                }
                Course::TooLong => {
                    self.state.disabled = Some(Disabled { since: now, reason: String::new(), told: true });
                    self.state.trouble.get_or_insert(now);
                }
                Course::Works { .. } => {
                    (self.state.failing, self.state.trouble, self.state.recovered) = (None, None, Some(now));
                }
            }
            self.writes.push(now);
            if !matches!(course, Course::Fails | Course::Works { trouble: None }) {
                self.told.push((course, now));
            }
        }
    }

    fn outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            6 => Just(Outcome::Failed),
            1 => Just(Outcome::Arrived),
            1 => Just(Outcome::Neither),
        ]
    }

    proptest! {
        #[test]
        fn what_is_told_is_true(
            story in proptest::collection::vec((outcome(), prop_oneof![0..90_u64, 0..200_000_u64]), 0..300),
        ) {
            let (mut model, mut now, mut last) = (Model::default(), START, None);
            for (outcome, wait) in story {
                now = now.after(Duration::from_secs(wait));
                let before = model.told.len();
                model.attempt(outcome, now);
                for (course, at) in &model.told[before..] {
                    match course {
                        Course::Failing { since } => {
                            prop_assert!(last.is_none_or(|last| last <= *since), "a success ends a run");
                            prop_assert!(at.since(*since) >= TOLD_AFTER);
                        }
                        Course::TooLong => {
                            prop_assert!(last.is_none_or(|last: Timestamp| now.since(last) >= DISABLED_AFTER));
                            let failing = model.told[..before].last().map(|(course, _)| *course);
                            prop_assert!(matches!(failing, Some(Course::Failing { .. })), "told before");
                        }
                        Course::Works { trouble } => {
                            let told = model.told[..before].last().map(|(course, _)| *course);
                            prop_assert_eq!(told, trouble.map(|since| Course::Failing { since }));
                        }
                        other => prop_assert!(false, "{:?} is not told", other),
                    }
                }
                if outcome == Outcome::Arrived && model.state.disabled.is_none() {
                    last = Some(now);
                    prop_assert!(model.state.failing.is_none() && model.state.trouble.is_none());
                }
            }
        }

        #[test]
        fn a_row_is_written_twice_a_minute_at_most(
            story in proptest::collection::vec((any::<bool>(), 0..40_000_u64), 0..400),
        ) {
            let (mut model, mut now) = (Model::default(), START);
            for (arrives, wait) in story {
                now = now.after(Duration::from_millis(wait));
                model.attempt(if arrives { Outcome::Arrived } else { Outcome::Failed }, now);
            }
            for three in model.writes.windows(3) {
                prop_assert!(three[2].since(three[0]) >= QUIET, "{:?}", three);
            }
        }

        #[test]
        fn what_aborts_or_is_disabled_changes_nothing(since in 0..u64::MAX / 2, now: u64, told: bool) {
            let mut state = failing(Timestamp(since), told);
            prop_assert_eq!(course(&state, Outcome::Neither, Timestamp(now)), Course::Same);
            state.disabled = Some(Disabled { since: START, reason: String::new(), told });
            for outcome in [Outcome::Arrived, Outcome::Failed] {
                prop_assert_eq!(course(&state, outcome, Timestamp(now)), Course::Same);
            }
        }
    }
}
