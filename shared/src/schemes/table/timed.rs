//! Providers that sign a time with the body: a replay is refused once it is old.

use std::sync::LazyLock;

use super::Scheme;
use crate::signature::{Freshness, KeyForm, Part, Place, Recipe};

/// Standard Webhooks, version v1.
pub(crate) static STANDARD: LazyLock<Recipe> = LazyLock::new(|| {
    Recipe::new("webhook-signature")
        .prefix("v1,")
        .list(' ')
        .base64()
        .key(KeyForm::Whsec)
        .message([
            Part::header("webhook-id"),
            Part::literal("."),
            Part::header("webhook-timestamp"),
            Part::literal("."),
            Part::Body,
        ])
        .fresh(Freshness::new(Place::header("webhook-timestamp")))
});

pub(super) fn rows() -> Vec<Scheme> {
    vec![
        Scheme::signed(
            "standard",
            "Standard Webhooks (HMAC-SHA256 over id, time and body)",
            "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
            STANDARD.clone(),
        )
        .delivery(Place::header("webhook-id"))
        .event(Place::pointer("/type")),
    ]
}
