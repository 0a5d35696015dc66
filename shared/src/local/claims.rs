//! What is being done, in memory; what was done, on disk.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::store::Store;
use super::tables::{CLAIMS, Tables};
use crate::id::WebhookId;
use crate::seam::{Answer, Claim, ClaimKey, Claims, Lease};
use crate::timestamp::Timestamp;

/// Claims that somebody holds, or that were completed and could not be recorded yet.
#[derive(Default)]
pub(super) struct Leases(Mutex<HashMap<ClaimKey, Held>>);

#[derive(Clone)]
enum Held {
    Leased {
        id: WebhookId,
        until: Timestamp,
    },
    /// The mail is out; a full disk must not send it again.
    Completed {
        lease: Lease,
        forget: Timestamp,
    },
}

impl Held {
    fn is(&self, lease: &Lease) -> bool {
        match self {
            Self::Leased { id, until } => *id == lease.id && *until == lease.until,
            Self::Completed { lease: other, .. } => other == lease,
        }
    }
}

/// What outlives the process.
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    by: WebhookId,
    pub(super) forget: Timestamp,
    #[serde(flatten)]
    state: State,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum State {
    Completed,
    Refused { tries: u32, since: Timestamp },
    GivenUp { reason: String },
}

impl Record {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

impl Leases {
    fn held(&self) -> MutexGuard<'_, HashMap<ClaimKey, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_held(&self, lease: &Lease) -> bool {
        self.held().get(&lease.key).is_some_and(|held| held.is(lease))
    }

    fn release(&self, lease: &Lease) {
        let mut held = self.held();
        if held.get(&lease.key).is_some_and(|held| held.is(lease)) {
            held.remove(&lease.key);
        }
    }
}

impl Claims for Store {
    async fn claim(&self, key: &ClaimKey, id: WebhookId, now: Timestamp, lease: Duration) -> Answer<Claim> {
        let unrecorded = match self.take_lease(key, id, now, lease)? {
            Taken::Claim(claim) => return Ok(claim),
            Taken::Unrecorded { lease, forget } => (lease, forget),
        };
        self.record(&unrecorded.0, unrecorded.1, State::Completed).await?;
        Ok(Claim::Completed { by: unrecorded.0.id })
    }

    async fn complete(&self, lease: &Lease, forget: Timestamp) -> Answer<()> {
        let completed = Held::Completed { lease: lease.clone(), forget };
        self.inner.leases.held().insert(lease.key.clone(), completed);
        self.record(lease, forget, State::Completed).await
    }

    async fn refuse(&self, lease: &Lease, now: Timestamp, forget: Timestamp) -> Answer<()> {
        if !self.inner.leases.is_held(lease) {
            return Ok(());
        }
        let since = lease.refused_since.unwrap_or(now);
        self.judge(lease, forget, State::Refused { tries: lease.tries + 1, since }).await
    }

    async fn give_up(&self, lease: &Lease, reason: &str, forget: Timestamp) -> Answer<()> {
        if !self.inner.leases.is_held(lease) {
            return Ok(());
        }
        self.judge(lease, forget, State::GivenUp { reason: reason.to_owned() }).await
    }
}

/// What memory and disk say of a claim.
enum Taken {
    Claim(Claim),
    Unrecorded { lease: Lease, forget: Timestamp },
}

impl Store {
    fn take_lease(&self, key: &ClaimKey, id: WebhookId, now: Timestamp, lease: Duration) -> Answer<Taken> {
        // Held while the record is read, so that of two who claim at once one sees the other.
        let mut held = self.inner.leases.held();
        match held.get(key) {
            Some(Held::Leased { until, .. }) if *until > now => return Ok(Taken::Claim(Claim::Busy { until: *until })),
            Some(Held::Completed { lease, forget }) => {
                return Ok(Taken::Unrecorded { lease: lease.clone(), forget: *forget });
            }
            _ => {}
        }
        let record = self
            .read(|read| Ok(read.open_table(CLAIMS)?.get(key.0.as_str())?.and_then(|row| Record::read(row.value()))))?;
        let (tries, refused_since) = match record.filter(|record| record.forget > now) {
            Some(Record { by, state: State::Completed, .. }) => return Ok(Taken::Claim(Claim::Completed { by })),
            Some(Record { by, state: State::GivenUp { reason }, .. }) if by == id => {
                return Ok(Taken::Claim(Claim::Buried { reason }));
            }
            Some(Record { state: State::Refused { tries, since }, .. }) => (tries, Some(since)),
            _ => (0, None),
        };
        let until = now.after(lease);
        held.insert(key.clone(), Held::Leased { id, until });
        Ok(Taken::Claim(Claim::Ours(Lease { key: key.clone(), id, until, tries, refused_since })))
    }

    /// Records a failure. What cannot be recorded is free at once: nothing was sent, so nobody need
    /// wait for the lease to end.
    async fn judge(&self, lease: &Lease, forget: Timestamp, state: State) -> Answer<()> {
        let recorded = self.record(lease, forget, state).await;
        self.inner.leases.release(lease);
        recorded
    }

    async fn record(&self, lease: &Lease, forget: Timestamp, state: State) -> Answer<()> {
        let record = Record { by: lease.id, forget, state };
        let (key, bytes) = (lease.key.0.clone(), serde_json::to_vec(&record).unwrap_or_default());
        self.write(move |tables| {
            tables.claims()?.insert(key.as_str(), &*bytes)?;
            tables.forget()?.insert((forget.0, key.as_str()), ())?;
            Ok(())
        })
        .await?;
        self.inner.leases.release(lease);
        Ok(())
    }
}

/// Lets go of a claim that was given up. One that was completed or refused since is none of ours.
pub(super) fn lift(tables: &mut Tables<'_>, key: &ClaimKey) -> Result<(), redb::Error> {
    let claims = tables.claims()?;
    let record = claims.get(key.0.as_str())?.and_then(|row| Record::read(row.value()));
    if matches!(record, Some(Record { state: State::GivenUp { .. }, .. })) {
        claims.remove(key.0.as_str())?;
    }
    Ok(())
}
