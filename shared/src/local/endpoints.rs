//! Endpoints in use: those of the configuration file, and those that were applied since.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use crate::endpoint::Endpoint;
use crate::limits::Limits;
use crate::quantity::Rate;
use crate::seam::{Answer, FindEndpoints, Unavailable};

type Listed = Arc<[Arc<Endpoint>]>;

#[derive(Clone, Default)]
pub struct Endpoints(Arc<RwLock<InUse>>);

#[derive(Default)]
struct InUse {
    /// In the order of their names.
    by_tenant: HashMap<String, Listed>,
    broken: Broken,
    limits: Limits,
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

    /// From now on these are the limits of tenants.
    pub fn limit(&self, limits: Limits) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).limits = limits;
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

    async fn event_rate(&self, tenant: &str) -> Answer<Option<Rate>> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).limits.of(tenant).rate)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::{Config, Secrets, Spec};
    use crate::guard::Guard;

    fn endpoint(tenant: &str, name: &str, description: &str) -> Arc<Endpoint> {
        let endpoint = json!({ "url": "https://a.example/", "tenant": tenant, "description": description });
        let spec = Spec::read(&json!({ "endpoints": { name: endpoint } }).to_string()).unwrap();
        let config = Config::check(spec, Secrets::Withheld, Guard::default()).unwrap();
        config.endpoints.into_iter().next().unwrap()
    }

    fn now<T>(answer: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)
    }

    #[test]
    fn a_tenant_finds_its_own_and_of_two_of_one_name_the_first() {
        let all = Endpoints::new(vec![
            endpoint("default", "b", "of the file"),
            endpoint("default", "a", ""),
            endpoint("default", "b", "applied"),
            endpoint("acme", "c", ""),
        ]);
        let names =
            |tenant: &str| now(all.endpoints(tenant)).unwrap().iter().map(|e| e.name.clone()).collect::<Vec<_>>();
        assert_eq!(
            (names("default"), names("acme"), names("nobody").len()),
            (vec!["a".into(), "b".into()], vec!["c".into()], 0)
        );
        let found =
            |tenant, name| now(all.endpoint(tenant, name)).unwrap().map(|endpoint| endpoint.description.clone());
        assert_eq!(found("default", "b").as_deref(), Some("of the file"));
        assert_eq!((found("acme", "b"), found("default", "c"), found("default", "x")), (None, None, None));
        all.clone().replace(Vec::new(), Broken::default());
        assert_eq!((names("default").len(), all.all().len()), (0, 0));
    }

    #[test]
    fn what_cannot_be_called_is_not_said_to_be_gone() {
        let all = Endpoints::default();
        let broken = Broken::These(HashSet::from(["a".to_owned(), "b".to_owned()]));
        all.replace(vec![endpoint("default", "a", "")], broken);
        assert_eq!(now(all.endpoints("default")).unwrap().len(), 1, "it is still matched");
        for name in ["a", "b"] {
            assert!(now(all.endpoint("default", name)).is_err(), "{name}");
        }
        assert!(now(all.endpoint("default", "c")).unwrap().is_none());
        all.replace(vec![endpoint("default", "a", "")], Broken::Others);
        assert!(now(all.endpoint("default", "a")).unwrap().is_some());
        assert!(now(all.endpoint("default", "c")).is_err());
    }
}
