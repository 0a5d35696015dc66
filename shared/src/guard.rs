//! Where a webhook may go: promise 6, as far as it can be told without a connection.

/// What may be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// Loopback too, over plain HTTP and at any port: for local use.
    pub allow_loopback: bool,
}

/// An address that the guard let pass: only it makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(url::Url);

/// Why not there, worded to follow the name of the setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Forbidden(pub String);

impl Target {
    pub fn url(&self) -> &url::Url {
        &self.0
    }
}

impl Guard {
    /// Reads the address of an endpoint.
    pub fn target(&self, text: &str) -> Result<Target, Forbidden> {
        url::Url::parse(text).map(Target).map_err(|problem| Forbidden(problem.to_string()))
    }
}
