//! The applied configuration: one row, and the sources that it makes.

use std::collections::HashMap;
use std::sync::Arc;

use redb::ReadableTable;

use super::sources::Sources;
use super::store::{CONFIG, Store};
use crate::config::{Config, Secrets, Spec};
use crate::seal::Keys;
use crate::seam::{Answer, Kept, ReadConfig, WriteConfig};
use crate::source::Source;

/// The name of the row.
const ROW: &str = "applied";

impl ReadConfig for Store {
    async fn read_config(&self) -> Answer<Option<Kept>> {
        self.read(|read| {
            let row = read.open_table(CONFIG)?.get(ROW)?;
            Ok(row.map(|row| Kept { version: row.value().0, text: row.value().1.to_owned() }))
        })
    }
}

impl WriteConfig for Store {
    async fn write_config(&self, kept: &Kept) -> Answer<bool> {
        let Kept { version, text } = kept.clone();
        self.write(move |tables| {
            let table = tables.config()?;
            let before = table.get(ROW)?.map_or(0, |row| row.value().0);
            let fits = before + 1 == version;
            if fits {
                table.insert(ROW, (version, text.as_str()))?;
            }
            Ok(fits)
        })
        .await
    }
}

/// The store's configuration, put into use as it is written.
#[derive(Clone)]
pub struct Applied {
    store: Store,
    keys: Keys,
    sources: Sources,
    /// Those of the file, which come first.
    owned: Vec<Arc<Source>>,
    /// The one made of the environment, which comes last.
    made: Option<Arc<Source>>,
}

impl Applied {
    /// Puts into use what was applied before. A source that cannot be used any more is left out, and
    /// logged.
    pub async fn start(store: Store, keys: Keys, owned: Vec<Arc<Source>>, made: Option<Arc<Source>>) -> Answer<Self> {
        let applied = Self { store, keys, sources: Sources::new(Vec::new()), owned, made };
        applied.put_into_use(applied.store.read_config().await?.as_ref());
        Ok(applied)
    }

    /// The sources in use, now and later.
    pub fn sources(&self) -> Sources {
        self.sources.clone()
    }

    fn put_into_use(&self, kept: Option<&Kept>) {
        let mut all = self.owned.clone();
        all.extend(kept.map(|kept| self.read(kept)).unwrap_or_default());
        all.extend(self.made.clone());
        self.sources.replace(all);
    }

    fn read(&self, kept: &Kept) -> Vec<Arc<Source>> {
        let Some(spec) = Spec::read(&kept.text) else {
            tracing::error!(version = kept.version, "the applied configuration cannot be read; apply it again");
            return Vec::new();
        };
        let (none, mut found) = (HashMap::new(), Vec::new());
        for name in spec.source_names() {
            match Config::check(spec.only(name), Secrets::Kept { keys: &self.keys, looked_up: &none }) {
                Ok(config) => found.extend(config.sources),
                Err(problem) => tracing::error!(%problem, "an applied source cannot be used; apply it again"),
            }
        }
        found
    }
}

impl ReadConfig for Applied {
    async fn read_config(&self) -> Answer<Option<Kept>> {
        self.store.read_config().await
    }
}

impl WriteConfig for Applied {
    async fn write_config(&self, kept: &Kept) -> Answer<bool> {
        let written = self.store.write_config(kept).await?;
        if written {
            self.put_into_use(Some(kept));
        }
        Ok(written)
    }
}
