//! Why a proof was refused.

use super::Name;

/// Why a proof was refused: for the owner, never for the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{0} is missing")]
    Missing(Name),
    #[error("{0} cannot be read")]
    Malformed(Name),
    #[error("signed {0} s ago, which is too old")]
    TooOld(u64),
    #[error("signed {0} s in the future")]
    InFuture(u64),
    #[error("no credential was presented")]
    Absent,
    #[error("no secret that is known here fits")]
    Mismatch,
    /// Genuine, perhaps, but not meant for this source.
    #[error("this source does not allow {0}")]
    NotAllowed(Name),
    /// What the proof needs could not be fetched: why.
    #[error("the provider's key was not fetched: {0}")]
    NotFetched(String),
    /// What each of several proofs says.
    #[error("{}", each(.0))]
    Several(Vec<Fault>),
}

fn each(faults: &[Fault]) -> String {
    let each: Vec<_> = faults.iter().map(Fault::to_string).collect();
    each.join("; ")
}

impl Fault {
    /// A word for machines that stays the same: for log queries, alarms and the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing",
            Self::Malformed(_) => "malformed",
            Self::TooOld(_) => "too_old",
            Self::InFuture(_) => "in_future",
            Self::Absent => "absent",
            Self::Mismatch => "mismatch",
            Self::NotAllowed(_) => "not_allowed",
            Self::NotFetched(_) => "not_fetched",
            Self::Several(_) => "several",
        }
    }
}
