//! The applied configuration: one row, and the sources and endpoints that it makes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use redb::ReadableTable;

use super::endpoints::{Broken, Endpoints};
use super::sources::Sources;
use super::store::Store;
use super::tables::CONFIG;
use crate::config::{Config, ConfigError, Rings, Secrets, Spec};
use crate::endpoint::Endpoint;
use crate::guard::Guard;
use crate::limits::Limits;
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

/// What is in use whatever is applied.
#[derive(Clone, Default)]
pub struct Owned {
    /// Those of the file, which come first.
    pub sources: Vec<Arc<Source>>,
    pub endpoints: Vec<Arc<Endpoint>>,
    /// The one made of the environment, which comes last.
    pub made: Option<Arc<Source>>,
    /// Where the file sets limits, those that were applied do not count.
    pub limits: Option<Limits>,
}

/// How what was applied is read.
#[derive(Clone)]
pub struct Reading {
    pub inbound: Keys,
    pub outbound: Keys,
    pub guard: Guard,
}

/// The store's configuration, put into use as it is written.
#[derive(Clone)]
pub struct Applied {
    store: Store,
    reading: Reading,
    sources: Sources,
    endpoints: Endpoints,
    owned: Owned,
}

impl Applied {
    /// Puts into use what was applied before. A source that cannot be used any more is left out, and
    /// logged. So is such an endpoint; but what is on its way to it waits, and what comes is still
    /// matched to it if only its secrets cannot be read.
    pub async fn start(store: Store, reading: Reading, owned: Owned) -> Answer<Self> {
        let sources = Sources::new(Vec::new()).learning(store.clone(), reading.inbound.clone());
        let endpoints = Endpoints::default();
        let applied = Self { store, reading, sources, endpoints, owned };
        applied.put_into_use(applied.store.read_config().await?.as_ref());
        Ok(applied)
    }

    /// The sources in use, now and later.
    pub fn sources(&self) -> Sources {
        self.sources.clone()
    }

    /// The endpoints in use, now and later.
    pub fn endpoints(&self) -> Endpoints {
        self.endpoints.clone()
    }

    fn put_into_use(&self, kept: Option<&Kept>) {
        let read = kept.map(|kept| Spec::read(&kept.text));
        if let (Some(None), Some(kept)) = (&read, kept) {
            tracing::error!(version = kept.version, "the applied configuration cannot be read; apply it again");
        }
        let is_readable = !matches!(read, Some(None));
        let spec = read.flatten().unwrap_or_default();
        let mut sources = self.owned.sources.clone();
        sources.extend(self.usable_sources(&spec));
        sources.extend(self.owned.made.clone());
        self.sources.replace(sources);
        self.endpoints.limit(self.owned.limits.clone().or_else(|| spec.limits()).unwrap_or_default());
        let (usable, broken) = self.usable_endpoints(&spec);
        let broken = if is_readable { Broken::These(broken) } else { Broken::Others };
        self.endpoints.replace([self.owned.endpoints.clone(), usable].concat(), broken);
    }

    fn usable_sources(&self, spec: &Spec) -> Vec<Arc<Source>> {
        let mut found = Vec::new();
        for name in spec.source_names() {
            match self.check(spec.only(name)) {
                Ok(config) => found.extend(config.sources),
                Err(problem) => tracing::error!(%problem, "an applied source cannot be used; apply it again"),
            }
        }
        found
    }

    /// And the names of those that cannot be called.
    fn usable_endpoints(&self, spec: &Spec) -> (Vec<Arc<Endpoint>>, HashSet<String>) {
        let owned = |name: &str| self.owned.endpoints.iter().any(|owned| owned.name == name);
        let (mut found, mut broken) = (Vec::new(), HashSet::new());
        for name in spec.endpoint_names().filter(|name| !owned(name)) {
            let (usable, is_whole) = self.endpoint(spec, name);
            found.extend(usable);
            if !is_whole {
                broken.insert(name.to_owned());
            }
        }
        (found, broken)
    }

    /// An endpoint as far as it can be used, and whether that is all of it.
    fn endpoint(&self, spec: &Spec, name: &str) -> (Vec<Arc<Endpoint>>, bool) {
        let problem = match self.check(spec.only_endpoint(name)) {
            Ok(config) => return (config.endpoints, true),
            Err(problem) => problem,
        };
        tracing::error!(%problem, "an applied endpoint cannot be used; apply it again");
        let without = Config::check(spec.only_endpoint(name), Secrets::Withheld, self.reading.guard);
        (without.map(|config| config.endpoints).unwrap_or_default(), false)
    }

    fn check(&self, spec: Spec) -> Result<Config, ConfigError> {
        let Reading { inbound, outbound, guard } = &self.reading;
        let looked_up = HashMap::new();
        let secrets = Secrets::Kept { rings: Rings::both(inbound, outbound), looked_up: &looked_up };
        Config::check(spec, secrets, *guard)
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
