//! Providers that sign by a key of which they show the public half.

use std::time::Duration;

use super::Scheme;
use crate::signature::{Asymmetric, Digest, Freshness, Part, Place, Recipe};

/// Discord tries again for 10 minutes, SendGrid for a day; that they sign each attempt anew is nowhere said.
const A_QUARTER: Duration = Duration::from_secs(900);
const A_DAY: Duration = Duration::from_secs(86_400);

pub(super) fn rows() -> Vec<Scheme> {
    vec![discord(), sendgrid(), telnyx(), wise()]
}

/// Discord sends bad signatures now and then, and wants a 401.
fn discord() -> Scheme {
    Scheme::public(
        "discord",
        "Discord interactions and webhook events (ed25519 over time and body)",
        "https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint-validating-security-request-headers",
        Recipe::new("x-signature-ed25519")
            .public(Asymmetric::Ed25519)
            .message([Part::header("x-signature-timestamp"), Part::Body])
            .fresh(Freshness::new(Place::header("x-signature-timestamp")).within(A_QUARTER)),
    )
    .event(Place::pointer("/event/type"))
}

/// Events come in lists, so that no one id names what was delivered.
fn sendgrid() -> Scheme {
    let time = "x-twilio-email-event-webhook-timestamp";
    Scheme::public(
        "sendgrid",
        "SendGrid event webhook (ECDSA P-256 over time and body)",
        "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
        Recipe::new("x-twilio-email-event-webhook-signature")
            .base64()
            .public(Asymmetric::EcdsaP256)
            .message([Part::header(time), Part::Body])
            .fresh(Freshness::new(Place::header(time)).within(A_DAY)),
    )
    .event(Place::pointer("/0/event"))
}

fn telnyx() -> Scheme {
    Scheme::public(
        "telnyx",
        "Telnyx (ed25519 over time and body)",
        "https://developers.telnyx.com/api-reference/callbacks/number-order-status-update",
        Recipe::new("telnyx-signature-ed25519")
            .base64()
            .public(Asymmetric::Ed25519)
            .message([Part::header("telnyx-timestamp"), Part::literal("|"), Part::Body])
            .fresh(Freshness::new(Place::header("telnyx-timestamp"))),
    )
    .delivery(Place::pointer("/data/id"))
    .event(Place::pointer("/data/event_type"))
}

fn wise() -> Scheme {
    Scheme::public(
        "wise",
        "Wise (RSA over the body's SHA-256)",
        "https://docs.wise.com/guides/developer/webhooks/event-handling",
        Recipe::new("x-signature-sha256").base64().public(Asymmetric::Rsa(Digest::Sha256)),
    )
    .delivery(Place::header("x-delivery-id"))
    .event(Place::pointer("/event_type"))
}
