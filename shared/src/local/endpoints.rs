//! Endpoints in use: those of the configuration file, and those that were applied since.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use crate::endpoint::Endpoint;
use crate::seam::{Answer, FindEndpoints, Unavailable};

type Listed = Arc<[Arc<Endpoint>]>;

#[derive(Clone, Default)]
pub struct Endpoints(Arc<RwLock<InUse>>);

#[derive(Default)]
struct InUse {
    /// In the order of their names.
    by_tenant: HashMap<String, Listed>,
    broken: Broken,
    none: Listed,
}

/// The endpoints that are there but cannot be called: what is for them waits.
pub enum Broken {
    These(HashSet<String>),
    /// Any that is not in use may be one.
    Others,
}

impl Default for Broken {
    fn default() -> Self {
        Self::These(HashSet::new())
    }
}

impl Endpoints {
    pub fn new(endpoints: Vec<Arc<Endpoint>>) -> Self {
        let all = Self::default();
        all.replace(endpoints, Broken::default());
        all
    }

    /// From now on it is these. Of two of one name the first counts.
    pub fn replace(&self, endpoints: Vec<Arc<Endpoint>>, broken: Broken) {
        let by_tenant = by_tenant(endpoints);
        let mut in_use = self.0.write().unwrap_or_else(PoisonError::into_inner);
        (in_use.by_tenant, in_use.broken) = (by_tenant, broken);
    }

    /// All of them, by tenant and name.
    pub fn all(&self) -> Vec<Arc<Endpoint>> {
        let in_use = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = in_use.by_tenant.values().flat_map(|listed| listed.iter().cloned()).collect();
        all.sort_by(|a, b| (&a.tenant, &a.name).cmp(&(&b.tenant, &b.name)));
        all
    }

    fn listed(&self, tenant: &str) -> Listed {
        let in_use = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(in_use.by_tenant.get(tenant).unwrap_or(&in_use.none))
    }

    fn is_broken(&self, name: &str, found: Option<&Arc<Endpoint>>) -> bool {
        match &self.0.read().unwrap_or_else(PoisonError::into_inner).broken {
            Broken::These(names) => names.contains(name),
            Broken::Others => found.is_none(),
        }
    }
}

fn by_tenant(endpoints: Vec<Arc<Endpoint>>) -> HashMap<String, Listed> {
    let (mut names, mut found) = (HashSet::new(), HashMap::<_, Vec<_>>::new());
    for endpoint in endpoints {
        if names.insert(endpoint.name.clone()) {
            found.entry(endpoint.tenant.clone()).or_default().push(endpoint);
        }
    }
    let sorted = |(tenant, mut all): (String, Vec<Arc<Endpoint>>)| {
        all.sort_by(|a, b| a.name.cmp(&b.name));
        (tenant, all.into())
    };
    found.into_iter().map(sorted).collect()
}

impl FindEndpoints for Endpoints {
    async fn endpoints(&self, tenant: &str) -> Answer<Arc<[Arc<Endpoint>]>> {
        Ok(self.listed(tenant))
    }

    async fn endpoint(&self, tenant: &str, name: &str) -> Answer<Option<Arc<Endpoint>>> {
        let listed = self.listed(tenant);
        let at = listed.binary_search_by(|endpoint| endpoint.name.as_str().cmp(name));
        let found = at.ok().and_then(|at| listed.get(at));
        if self.is_broken(name, found) {
            return Err(Unavailable(format!("endpoint {name} cannot be used as it was applied; apply it again")));
        }
        Ok(found.cloned())
    }
}
