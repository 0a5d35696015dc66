//! Providers that show a word of their owner's, and ask an address before they send to it.

use super::Scheme;
use crate::schemes::{Proof, password};
use crate::signature::Place;

pub(super) fn rows() -> Vec<Scheme> {
    vec![
        Scheme::shown(
            (
                "okta",
                "Okta event hooks (the value of Authorization)",
                "https://developer.okta.com/docs/concepts/event-hooks/",
            ),
            Place::header("authorization"),
            "",
        )
        .delivery(Place::pointer("/eventId")),
        Scheme::shown(
            (
                "adobe-sign",
                "Adobe Acrobat Sign (the client id of the application)",
                "https://opensource.adobe.com/acrobat-sign/acrobat_sign_events/index.html",
            ),
            Place::header("x-adobesign-clientid"),
            "",
        )
        .delivery(Place::pointer("/webhookNotificationId"))
        .event(Place::pointer("/event")),
        worded(
            "cloudevents",
            "CloudEvents over HTTP (a token in Authorization or the query)",
            "https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md",
        )
        .delivery(Place::header("ce-id"))
        .event(Place::header("ce-type")),
        worded("azure-event-grid-key", "Azure Event Grid (a token in the query or a header)", EVENT_GRID)
            .delivery(Place::pointer("/0/id"))
            .event(Place::pointer("/0/eventType")),
        worded(
            "ebay",
            "eBay notifications (a token in the query)",
            "https://developer.ebay.com/marketplace-account-deletion",
        )
        .delivery(Place::pointer("/notification/notificationId"))
        .event(Place::pointer("/metadata/topic")),
    ]
}

const EVENT_GRID: &str = "https://learn.microsoft.com/en-us/azure/event-grid/secure-webhook-delivery";

/// One that shows a password wherever it can.
fn worded(name: &'static str, title: &'static str, page: &'static str) -> Scheme {
    Scheme::own((name, title, page), &[password::SECRET], Proof::Authenticated, password::make)
}
