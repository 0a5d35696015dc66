//! The rows: one for each provider, made from its own page.

mod body;
mod timed;

use std::sync::LazyLock;

use super::{Scheme, password};

pub(crate) use timed::STANDARD;

static ROWS: LazyLock<Vec<Scheme>> = LazyLock::new(|| {
    let mut rows = vec![password::row()];
    rows.extend(body::rows());
    rows.extend(timed::rows());
    rows
});

/// Every scheme that a source can name.
pub fn all() -> &'static [Scheme] {
    &ROWS
}

/// The scheme that a source names so.
pub fn named(name: &str) -> Option<&'static Scheme> {
    all().iter().find(|scheme| scheme.name == name)
}
