//! The world in its owner's AWS account, file for file the twin of [`local`](crate::local): the only
//! files that know an AWS type, and none leaves them.

mod applied;
mod attempts;
mod bodies;
mod claims;
mod clients;
mod configuration;
mod confirmations;
mod dead;
mod endpoint_states;
mod endpoints;
mod environment;
mod eventbridge;
mod events;
mod failure;
mod fresh;
mod health;
mod history;
mod learned;
mod limits;
mod metrics;
mod oldest;
mod outbound;
mod pace;
mod queue;
mod release;
mod replays;
mod roots;
mod secrets;
mod ses;
mod sources;
mod store;
mod tokens;
mod turns;
mod undelivered;

pub mod batch;
pub mod emitted;
pub mod http;
pub mod lanes;
pub mod logs;
pub mod stream;

pub use applied::Proof;
pub use clients::Aws;
pub use confirmations::Checklist;
pub use endpoints::Endpoints;
pub use environment::{Misconfigured, guard, variable};
pub use outbound::{Outbound, OutboundNames};
pub use secrets::SecretStore;
pub use ses::Ses;
pub use sources::{DefaultSource, Sources};
pub use store::{Names, Store};
pub use turns::Schedules;
