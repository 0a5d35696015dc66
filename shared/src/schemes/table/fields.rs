//! Providers that sign fields of the body and not the body: the caller is known, no more.

use std::time::Duration;

use super::Scheme;
use crate::signature::{Freshness, Part, Place, Recipe};

/// Mailgun tries again for 8 hours; that it signs each attempt anew is nowhere said.
const AN_ATTEMPT: Duration = Duration::from_secs(12 * 3_600);

pub(super) fn rows() -> Vec<Scheme> {
    vec![
        mailgun("mailgun", "Mailgun webhooks (HMAC-SHA256 over time and token, not the body)", |name| {
            Place::Pointer(format!("/signature/{name}").into())
        })
        .event(Place::pointer("/event-data/event")),
        mailgun("mailgun-routes", "Mailgun routes (HMAC-SHA256 over time and token, not the form)", |name| {
            Place::Field(name.into())
        }),
    ]
}

/// The token is good for one delivery: a repetition is a duplicate, whatever else its body says.
fn mailgun(name: &'static str, title: &'static str, place: fn(&'static str) -> Place) -> Scheme {
    let page = "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks";
    let (time, token) = (place("timestamp"), place("token"));
    let recipe = Recipe::new("")
        .at(place("signature"))
        .message([Part::Value(time.clone()), Part::Value(token.clone())])
        .fresh(Freshness::new(time).within(AN_ATTEMPT));
    Scheme::signed(name, title, page, recipe).delivery(token)
}
