//! Trello: HEAD, which wants 200.
//! <https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/>

use http::{Method, StatusCode};

use super::{Handshake, Outcome, PLAIN, replies};

pub(super) const ALL: &[Handshake] = &[Handshake {
    name: "trello",
    methods: &[Method::HEAD],
    answer: |_| Some(Ok(Outcome::Answer(replies::empty(StatusCode::OK)))),
    ..PLAIN
}];
