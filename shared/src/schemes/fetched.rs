//! What a proof needs that only the network has: the public keys of providers.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

/// Something to fetch. Its address is the owner's or was checked against pinned hosts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    pub url: String,
    /// The key that must be in it: what was kept and has none such is fetched again.
    pub kid: Option<String>,
}

/// What was fetched, or why it was not.
#[derive(Clone, Debug, Default)]
pub struct Fetched(pub HashMap<Wanted, Result<Arc<Bytes>, String>>);
