//! The environment variables that the template sets.

use std::{env, fmt};

/// A variable that the template should have set.
#[derive(thiserror::Error)]
#[error("{0}: is missing or wrong; the template sets it")]
pub struct Misconfigured(pub &'static str);

/// What `main` says when it ends.
impl fmt::Debug for Misconfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A variable that must be there.
pub fn variable(name: &'static str) -> Result<String, Misconfigured> {
    given(name).ok_or(Misconfigured(name))
}

/// A variable that may be absent; one that is empty is.
pub(super) fn given(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
