//! Why the program ends before its time, for the person who started it.

use std::path::Path;

use shared::config::ConfigError;
use shared::local::OpenError;

/// Words for a person. [`Stop::code`] tells a script whose fault it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("HOOKPOST_DATA: {0}")]
    Store(#[from] OpenError),
    /// What a verb named is not there.
    #[error("{0}")]
    Absent(String),
    /// The server read it and says what must be changed.
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Failed(String),
}

impl Stop {
    pub(crate) fn setting(key: &str, problem: impl Into<String>) -> Self {
        Self::Config(ConfigError::new(key, problem))
    }

    pub(crate) fn file(path: &Path, problem: &std::io::Error) -> Self {
        Self::Failed(format!("{}: {problem}", path.display()))
    }

    /// 2: what was written must be changed. 1: the world did not comply.
    pub(crate) fn code(&self) -> u8 {
        if matches!(self, Self::Config(_) | Self::Refused(_)) { 2 } else { 1 }
    }
}
