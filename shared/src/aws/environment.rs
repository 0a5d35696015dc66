//! The environment variables that the template sets.

use std::{env, fmt};

use crate::guard::Guard;

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

/// Where endpoints may be: nowhere inside, unless somebody who runs the functions on their own machine
/// sets `HOOKPOST_ALLOW_LOOPBACK`. No template does.
pub fn guard() -> Guard {
    Guard { allow_loopback: given("HOOKPOST_ALLOW_LOOPBACK").is_some_and(|value| value == "true"), allow_sns: false }
}

/// A variable that may be absent; one that is empty is.
pub(super) fn given(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
