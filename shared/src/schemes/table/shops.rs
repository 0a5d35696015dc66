//! Shops and what they ship.

use super::Scheme;
use super::shapes::{listed, row, timed};
use crate::signature::{Digest, KeyForm, Place, Recipe, Unit};

pub(super) fn rows() -> Vec<Scheme> {
    vec![
        row(
            "shopify",
            "Shopify",
            "https://shopify.dev/docs/apps/build/webhooks/verify-deliveries",
            Recipe::new("x-shopify-hmac-sha256").base64(),
        )
        .delivery(Place::header("x-shopify-webhook-id"))
        .event(Place::header("x-shopify-topic")),
        // Its newer family of headers.
        row(
            "shopify-events",
            "Shopify Events",
            "https://shopify.dev/docs/apps/build/webhooks",
            Recipe::new("shopify-hmac-sha256").base64(),
        )
        .delivery(Place::header("shopify-webhook-id"))
        .event(Place::header("shopify-topic")),
        row(
            "woocommerce",
            "WooCommerce",
            "https://woocommerce.com/document/webhooks/",
            Recipe::new("x-wc-webhook-signature").base64(),
        )
        .delivery(Place::header("x-wc-webhook-delivery-id"))
        .event(Place::header("x-wc-webhook-topic")),
        row(
            "squarespace",
            "Squarespace",
            "https://developers.squarespace.com/webhooks/verifying-notifications",
            Recipe::new("squarespace-signature").key(KeyForm::Hex),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/topic")),
        // Unchecked against its page.
        row(
            "easypost",
            "EasyPost",
            "https://docs.easypost.com/guides/webhooks-guide",
            Recipe::new("x-hmac-signature").prefix("hmac-sha256-hex="),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/description")),
        row(
            "aftership",
            "AfterShip",
            "https://www.aftership.com/docs/tracking/webhook/webhook-signature",
            Recipe::new("aftership-hmac-sha256").base64(),
        )
        .delivery(Place::pointer("/event_id"))
        .event(Place::pointer("/event")),
        // Unchecked against its page.
        row(
            "printful",
            "Printful",
            "https://developers.printful.com/docs/v2-beta/#section/Webhooks",
            Recipe::new("x-pf-webhook-signature").key(KeyForm::Hex),
        )
        .event(Place::pointer("/type")),
        row(
            "lob",
            "Lob",
            "https://help.lob.com/developer-docs/webhooks",
            timed("lob-signature", "lob-signature-timestamp", ["", "."]).unit(Unit::Either),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/event_type/id")),
        row(
            "onfleet",
            "Onfleet",
            "https://docs.onfleet.com/reference/webhooks",
            Recipe::new("x-onfleet-signature").digest(Digest::Sha512).key(KeyForm::Hex),
        )
        .event(Place::pointer("/triggerId")),
        row(
            "shippo",
            "Shippo",
            "https://docs.goshippo.com/docs/tracking/webhooksecurity/",
            listed("shippo-auth-signature", ',', ["t=", "v1="], "."),
        )
        .event(Place::pointer("/event")),
    ]
}
