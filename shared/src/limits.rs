//! How much a tenant may have: endpoints, and events in a span of time.

use std::collections::BTreeMap;

use crate::quantity::Rate;

/// The limits of one tenant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    pub endpoints: usize,
    /// How many events are taken.
    pub rate: Option<Rate>,
}

impl Default for Limit {
    fn default() -> Self {
        Self { endpoints: 1_000, rate: None }
    }
}

/// The limits of all tenants. Made from configuration by [`crate::config`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// Of each tenant that has none of its own.
    pub each: Limit,
    pub own: BTreeMap<String, Limit>,
}

impl Limits {
    pub fn of(&self, tenant: &str) -> Limit {
        self.own.get(tenant).copied().unwrap_or(self.each)
    }
}
