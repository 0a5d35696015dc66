//! Secrets that providers handed over, and the sources that wait for one.

use redb::ReadableTable;

use super::store::Store;
use super::tables::LEARNED;
use crate::seam::{Answer, AwaitLearned, Learned, ReadLearned, TakeLearned, Taken, Unavailable};
use crate::timestamp::Timestamp;

impl ReadLearned for Store {
    async fn learned(&self, source: &str) -> Answer<Option<Learned>> {
        self.read_learned(source)
    }
}

impl TakeLearned for Store {
    async fn take_learned(&self, source: &str, taken: &Taken) -> Answer<bool> {
        let taken = taken.clone();
        self.change_learned(source, move |learned| match learned {
            Some(Learned { until, taken: None }) if until > taken.at => Some(Learned { until, taken: Some(taken) }),
            _ => None,
        })
        .await
    }
}

impl AwaitLearned for Store {
    async fn await_learned(&self, source: &str, until: Timestamp) -> Answer<bool> {
        self.change_learned(source, move |learned| {
            let has_one = learned.is_some_and(|learned| learned.taken.is_some());
            (!has_one).then_some(Learned { until, taken: None })
        })
        .await
    }

    async fn forget_learned(&self, source: &str) -> Answer<bool> {
        let source = source.to_owned();
        self.write(move |tables| Ok(tables.learned()?.remove(&*source)?.is_some())).await
    }
}

impl Store {
    pub(super) fn read_learned(&self, source: &str) -> Answer<Option<Learned>> {
        let row = self.read(|read| {
            let row = read.open_table(LEARNED)?.get(source)?;
            Ok(row.map(|row| decode(row.value())))
        })?;
        row.transpose()
    }

    /// Whether it was changed: `change` may leave it as it is.
    async fn change_learned(
        &self,
        source: &str,
        change: impl FnOnce(Option<Learned>) -> Option<Learned> + Send + 'static,
    ) -> Answer<bool> {
        let source = source.to_owned();
        let written = self.write(move |tables| {
            let table = tables.learned()?;
            let known = table.get(&*source)?.map(|row| decode(row.value())).transpose();
            let bytes = known.and_then(|known| change(known).map(|changed| encode(&changed)).transpose());
            Ok(match bytes {
                Ok(Some(bytes)) => table.insert(&*source, &*bytes).map(|_| Ok(true))?,
                Ok(None) => Ok(false),
                Err(problem) => Err(problem),
            })
        });
        written.await?
    }
}

/// What cannot be read is not nothing: it may be a secret.
fn decode(bytes: &[u8]) -> Answer<Learned> {
    serde_json::from_slice(bytes).map_err(|problem| Unavailable(format!("a secret that was handed over: {problem}")))
}

fn encode(learned: &Learned) -> Answer<Vec<u8>> {
    serde_json::to_vec(learned).map_err(|problem| Unavailable(problem.to_string()))
}
