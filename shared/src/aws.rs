//! The world in its owner's AWS account, file for file the twin of [`local`](crate::local): the only
//! files that know an AWS type, and none leaves them.

mod applied;
mod bodies;
mod claims;
mod clients;
mod configuration;
mod confirmations;
mod dead;
mod endpoints;
mod environment;
mod failure;
mod queue;
mod roots;
mod secrets;
mod ses;
mod sources;
mod store;

pub mod batch;
pub mod http;
pub mod logs;

pub use applied::Proof;
pub use clients::Aws;
pub use confirmations::Checklist;
pub use endpoints::Endpoints;
pub use environment::{Misconfigured, variable};
pub use secrets::SecretStore;
pub use ses::Ses;
pub use sources::{DefaultSource, Sources};
pub use store::{Names, Store};
