//! The rows against what their providers publish.

mod github;
mod standard;
