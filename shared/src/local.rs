//! The twin of AWS on one machine: an embedded store, an HTTP server, SMTP or mail kept for show.

mod bodies;
mod claims;
mod configuration;
mod dead;
mod deliveries;
mod eml;
mod endpoint_states;
mod endpoints;
mod events;
mod health;
mod history;
mod kept;
mod lanes;
mod learned;
mod limits;
mod open;
mod pace;
mod queue;
mod recent;
mod release;
mod replays;
mod room;
mod smtp;
mod sources;
mod store;
mod sweep;
mod tables;
mod tokens;
mod undelivered;
mod writer;

pub mod http;

pub use configuration::{Applied, Owned, Reading};
pub use endpoints::{Broken, Endpoints};
pub use kept::{KeptMail, Shown};
pub use lanes::Ended;
pub use open::OpenError;
pub use smtp::{Server, Smtp, SmtpUrlError};
pub use sources::Sources;
pub use store::Store;
