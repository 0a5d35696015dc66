//! Hookpost's common crate: the paths, what they ask of the world, and the twins that answer.
//!
//! [`inbound`] turns a provider's webhook into an e-mail, [`outbound`] an event into webhooks. They ask
//! the world only through [`seam`]; [`local`] answers on one machine, [`aws`] in its owner's account,
//! [`post`] in the wide world, past the [`guard`].

pub mod address;
pub mod api;
#[cfg(feature = "aws")]
pub mod aws;
pub mod body;
pub mod capture;
pub mod clock;
pub mod config;
pub mod door;
pub mod endpoint;
pub mod event;
pub mod guard;
pub mod handshakes;
pub mod id;
pub mod identity;
pub mod inbound;
pub mod learned;
pub mod letter;
pub mod limits;
#[cfg(feature = "local")]
pub mod local;
pub mod nearest;
pub mod outbound;
pub mod outside;
pub mod pointer;
#[cfg(feature = "post")]
pub mod post;
pub mod quantity;
pub mod refusals;
pub mod reply;
pub mod schedule;
pub mod schemes;
pub mod seal;
pub mod seam;
pub mod secret;
pub mod sign;
pub mod signature;
pub mod source;
pub mod template;
pub mod timestamp;
