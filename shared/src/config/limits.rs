//! The limits of tenants: as they are written, checked, and held against what a configuration names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::spec::{Spec, Unknown};
use super::text::Text;
use super::values::{rate, tenant, wrong};
use super::{ConfigError, known};
use crate::limits::{Limit, Limits};

const KEYS: &[&str] = &["endpoints", "rate", "tenants"];
const OWN_KEYS: &[&str] = &["endpoints", "rate"];

const MOST_ENDPOINTS: usize = 100_000;

#[derive(Clone, Default, Deserialize, Serialize)]
pub(super) struct LimitsSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoints: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<String>,
    /// Those that have limits of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenants: Option<BTreeMap<String, LimitSpec>>,
    #[serde(flatten, skip_serializing)]
    unknown: Unknown,
}

#[derive(Clone, Deserialize, Serialize)]
struct LimitSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoints: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<String>,
    #[serde(flatten, skip_serializing)]
    unknown: Unknown,
}

impl LimitsSpec {
    pub(super) fn is_understood(&self) -> bool {
        self.unknown.is_empty() && self.tenants.iter().flat_map(BTreeMap::values).all(|own| own.unknown.is_empty())
    }
}

pub(super) fn check(spec: LimitsSpec) -> Result<Limits, ConfigError> {
    known("limits", &spec.unknown, KEYS)?;
    let each = limit("limits", spec.endpoints, spec.rate, Limit::default())?;
    let own = spec.tenants.unwrap_or_default().into_iter().map(|(name, own)| {
        let path = format!("limits.tenants.{name}");
        known(&path, &own.unknown, OWN_KEYS)?;
        let name = tenant(&path, Some(name))?;
        Ok((name, limit(&path, own.endpoints, own.rate, each)?))
    });
    Ok(Limits { own: own.collect::<Result<_, _>>()?, each })
}

fn limit(path: &str, endpoints: Option<Text>, written: Option<String>, absent: Limit) -> Result<Limit, ConfigError> {
    let endpoints = match endpoints {
        None => absent.endpoints,
        Some(Text(text)) => {
            let found = text.parse().ok().filter(|many| *many <= MOST_ENDPOINTS);
            let problem = format!("is not a number from 0 to {MOST_ENDPOINTS}");
            found.ok_or_else(|| wrong(&format!("{path}.endpoints"), &text, problem))?
        }
    };
    let rate = match written {
        None => absent.rate,
        Some(text) => rate(&format!("{path}.rate"), &text)?,
    };
    Ok(Limit { endpoints, rate })
}

impl Spec {
    /// The limits that it sets, if it speaks of any and they can be read.
    pub fn limits(&self) -> Option<Limits> {
        self.limits.clone().and_then(|limits| check(limits).ok())
    }

    /// No tenant has more endpoints than it may.
    pub(super) fn count_endpoints(&self, limits: &Limits) -> Result<(), ConfigError> {
        let mut counted = BTreeMap::<&str, usize>::new();
        for endpoint in self.endpoints.iter().flat_map(BTreeMap::values) {
            *counted.entry(endpoint.tenant()).or_default() += 1;
        }
        let over = counted.into_iter().find(|(tenant, count)| *count > limits.of(tenant).endpoints);
        let Some((tenant, count)) = over else { return Ok(()) };
        let problem = format!(
            "the tenant {} has {count}; limits allow it {}",
            tenant.escape_debug(),
            limits.of(tenant).endpoints
        );
        Err(ConfigError::new("endpoints", problem))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Config, Secrets};
    use super::*;
    use crate::guard::Guard;
    use crate::quantity;

    fn read(config: Value) -> Result<Config, String> {
        let spec: Spec = serde_json::from_value(config).map_err(|problem| problem.to_string())?;
        assert_eq!(Spec::read(&spec.write()).unwrap().write(), spec.write());
        Config::check(spec, Secrets::Withheld, Guard::default()).map_err(|problem| problem.to_string())
    }

    fn endpoints(tenants: &[(&str, usize)]) -> Value {
        let one =
            |tenant: &str, at| (format!("{tenant}-{at}"), json!({ "url": "https://a.example/", "tenant": tenant }));
        tenants.iter().flat_map(|(tenant, count)| (0..*count).map(move |at| one(tenant, at))).collect()
    }

    #[test]
    fn a_tenant_has_its_own_limits_or_those_of_all() {
        let limits = json!({ "endpoints": 3, "rate": "100/s", "tenants": { "acme": { "rate": "none" }, "b": { "endpoints": "9" } } });
        let limits = read(json!({ "limits": limits })).unwrap().limits.unwrap();
        let hundred = quantity::rate("100/s");
        assert_eq!(limits.of("anybody"), Limit { endpoints: 3, rate: hundred });
        assert_eq!(
            (limits.of("acme"), limits.of("b")),
            (Limit { endpoints: 3, rate: None }, Limit { endpoints: 9, rate: hundred })
        );
        assert_eq!(read(json!({})).unwrap().limits, None);
        assert_eq!(Limits::default().of("anybody"), Limit { endpoints: 1_000, rate: None });
    }

    #[test]
    fn more_endpoints_than_a_tenant_may_have_are_refused_by_its_name() {
        let limits = json!({ "endpoints": 3, "tenants": { "acme": { "endpoints": 1 } } });
        let with =
            |tenants: &[(&str, usize)]| read(json!({ "limits": limits, "endpoints": endpoints(tenants) })).map(|_| ());
        assert_eq!(with(&[("default", 3), ("acme", 1), ("other", 3)]), Ok(()));
        assert_eq!(
            with(&[("default", 3), ("acme", 2)]),
            Err("endpoints: the tenant acme has 2; limits allow it 1".into())
        );
        let most = |count| read(json!({ "endpoints": endpoints(&[("default", count)]) })).map(|_| ());
        assert_eq!(most(1_000), Ok(()));
        assert_eq!(most(1_001), Err("endpoints: the tenant default has 1001; limits allow it 1000".into()));
    }

    #[test]
    fn limits_are_read_strictly() {
        let refused = |limits: Value| read(json!({ "limits": limits })).err().unwrap();
        assert!(refused(json!({ "rate": "fast" })).starts_with("limits.rate: \"fast\" is not a rate"));
        assert!(
            refused(json!({ "endpoints": "many" })).starts_with("limits.endpoints: \"many\" is not a number from 0")
        );
        assert!(refused(json!({ "rates": "1/s" })).contains("did you mean \"rate\"?"));
        assert!(refused(json!({ "tenants": { "A": {} } })).contains("is not a tenant's name"));
        assert!(
            refused(json!({ "tenants": { "a": { "rat": "1/s" } } }))
                .contains("limits.tenants.a.rat: is not a known key")
        );
    }
}
