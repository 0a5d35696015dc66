//! Providers that sign the body and no time: only the delivery id tells a replay.

use super::Scheme;
use crate::signature::{Place, Recipe};

pub(super) fn rows() -> Vec<Scheme> {
    vec![
        // The older SHA-1 header is not looked at.
        Scheme::signed(
            "github",
            "GitHub (HMAC-SHA256 over the body)",
            "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
            Recipe::new("x-hub-signature-256").prefix("sha256="),
        )
        .delivery(Place::header("x-github-delivery"))
        .event(Place::header("x-github-event")),
    ]
}
