//! Several proofs at once: all of them, or any.

use std::sync::Arc;

use super::{Fetched, Presented, Proof, Prove, Wanted};
use crate::signature::Fault;
use crate::timestamp::Timestamp;

/// Every one must hold.
pub(super) struct All(pub(super) Vec<Arc<dyn Prove>>);

/// One must hold.
pub(super) struct Any(pub(super) Vec<Arc<dyn Prove>>);

impl Prove for All {
    fn wants(&self, request: &Presented<'_>) -> Vec<Wanted> {
        self.0.iter().flat_map(|proof| proof.wants(request)).collect()
    }

    fn prove(&self, request: &Presented<'_>, fetched: &Fetched, now: Timestamp) -> Result<Proof, Fault> {
        let proved = self.0.iter().map(|proof| proof.prove(request, fetched, now));
        let proved = proved.collect::<Result<Vec<_>, _>>()?;
        Ok(if proved.contains(&Proof::Signed) { Proof::Signed } else { Proof::Authenticated })
    }
}

impl Prove for Any {
    fn wants(&self, request: &Presented<'_>) -> Vec<Wanted> {
        self.0.iter().flat_map(|proof| proof.wants(request)).collect()
    }

    /// The reason of the first counts if none holds.
    fn prove(&self, request: &Presented<'_>, fetched: &Fetched, now: Timestamp) -> Result<Proof, Fault> {
        let mut first = None;
        for proof in &self.0 {
            match proof.prove(request, fetched, now) {
                Ok(proved) => return Ok(proved),
                Err(fault) => first = first.or(Some(fault)),
            }
        }
        Err(first.unwrap_or(Fault::Absent))
    }
}
