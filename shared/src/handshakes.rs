//! Handshakes: what providers ask of an address before they trust it, or from time to time. Pure: a
//! request and its source's settings in, an answer out.

mod adobe_sign;
mod asana;
mod braintree;
mod cloudevents;
mod discord;
mod dropbox;
mod ebay;
mod event_grid;
mod graph;
mod meta;
mod monday;
mod notion;
mod okta;
mod read;
mod replies;
mod slack;
mod sns;
mod taken;
mod trello;
mod twitch;
mod twitter;
mod zoom;

use http::Method;

use crate::reply::{Refused, Reply};
use crate::schemes::{Presented, Setting, Settings};
use crate::secret::Secret;
use crate::signature::Fault;

pub use taken::taken;

/// One way of asking whether an address is who it is said to be.
pub struct Handshake {
    /// For the log.
    pub name: &'static str,
    /// Requests of these methods may be it.
    pub methods: &'static [Method],
    pub when: When,
    /// What it needs to know beside what the scheme does.
    pub settings: &'static [Setting],
    /// `None`: this request is no such handshake.
    pub answer: Answer,
    /// What the caller is told where the answer is a fault.
    pub refused: Refused,
    /// Whether its answers are signatures that this request could show for its own: such a request proves
    /// nothing. Only where the provider's secret signs answers for those who proved nothing.
    pub forges: Option<fn(&Presented<'_>) -> bool>,
    /// Whether it hands over the secret that later signs.
    pub teaches: bool,
    /// The header, proved to be right, that its provider wants to read again in the answer to each webhook.
    pub echoes: Option<&'static str>,
}

/// Reads a request as a handshake.
pub type Answer = fn(&Asked<'_>) -> Option<Result<Outcome, Fault>>;

/// When a handshake is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before anything is proved: the provider shows no proof with it.
    Unproved,
    /// Once the request is proved genuine.
    Proved,
}

/// A request that may be a handshake, and what its source's owner said.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub request: &'a Presented<'a>,
    pub settings: &'a Settings,
}

/// What a handshake comes to.
pub enum Outcome {
    Answer(Reply),
    /// The provider hands over the secret that it signs with: to be kept, and then answered.
    Learn {
        secret: Secret,
        reply: Reply,
    },
    /// That address of the provider's is to be called first.
    Confirm {
        url: String,
        reply: Reply,
    },
    /// The owner must know.
    Tell {
        owner: &'static str,
        reply: Reply,
    },
}

/// A handshake that proves nothing first, needs no setting and cannot be misused; what differs is written
/// where it does.
const PLAIN: Handshake = Handshake {
    name: "",
    methods: &[Method::POST],
    when: When::Unproved,
    settings: &[],
    answer: |_| None,
    refused: Refused::Unauthorized,
    forges: None,
    teaches: false,
    echoes: None,
};

/// The handshakes of a scheme's provider.
pub fn of(scheme: &str) -> &'static [Handshake] {
    match scheme {
        "adobe-sign" => adobe_sign::ALL,
        "asana" => asana::ALL,
        "braintree" => braintree::ALL,
        "cloudevents" => cloudevents::ALL,
        "discord" => discord::ALL,
        "dropbox" => dropbox::ALL,
        "ebay" => ebay::ALL,
        "azure-event-grid" | "azure-event-grid-key" => event_grid::ALL,
        "microsoft-graph" | "microsoft-graph-rich" => graph::ALL,
        "meta" => meta::ALL,
        "monday" => monday::ALL,
        "notion" => notion::ALL,
        "okta" => okta::ALL,
        "aws-sns" => sns::ALL,
        "slack" => slack::ALL,
        "trello" => trello::ALL,
        "twitch" => twitch::ALL,
        "x" => twitter::ALL,
        "zoom" => zoom::ALL,
        _ => &[],
    }
}

#[cfg(test)]
mod tests;
