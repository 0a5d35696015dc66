//! Payments, billing and banks.

use std::time::Duration;

use super::Scheme;
use super::shapes::{listed, row, timed};
use crate::signature::{Digest, Freshness, KeyForm, Part, Place, Recipe, Unit};

pub(super) fn rows() -> Vec<Scheme> {
    vec![
        // The secret counts as it is, `whsec_` included; the test signature v0 is not looked at.
        row(
            "stripe",
            "Stripe",
            "https://docs.stripe.com/webhooks#verify-manually",
            listed("stripe-signature", ',', ["t=", "v1="], "."),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/type")),
        row(
            "paddle",
            "Paddle Billing",
            "https://developer.paddle.com/webhooks/signature-verification",
            listed("paddle-signature", ';', ["ts=", "h1="], ":"),
        )
        .delivery(Place::pointer("/event_id"))
        .event(Place::pointer("/event_type")),
        row(
            "square",
            "Square",
            "https://developer.squareup.com/docs/webhooks/step3validate",
            Recipe::new("x-square-hmacsha256-signature").base64().message([Part::Url, Part::Body]),
        )
        .delivery(Place::pointer("/event_id"))
        .event(Place::pointer("/type")),
        row(
            "adyen-platform",
            "Adyen for Platforms and management webhooks",
            "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures",
            Recipe::new("hmacsignature").base64().key(KeyForm::Hex),
        )
        .event(Place::pointer("/type")),
        // The body is not signed, only what the query and a header name.
        row(
            "mercadopago",
            "Mercado Pago",
            "https://www.mercadopago.com.br/developers/en/docs/your-integrations/notifications/webhooks",
            Recipe::new("x-signature")
                .list(',')
                .prefix("v1=")
                .message([
                    Part::segment("id:", Place::query("data.id"), ";"),
                    Part::segment("request-id:", Place::header("x-request-id"), ";"),
                    Part::literal("ts:"),
                    Part::Value(Place::element("x-signature", ',', "ts=")),
                    Part::literal(";"),
                ])
                .fresh(Freshness::new(Place::element("x-signature", ',', "ts=")))
                .unit(Unit::Either),
        )
        .delivery(Place::header("x-request-id"))
        .event(Place::query("type")),
        row(
            "razorpay",
            "Razorpay",
            "https://razorpay.com/docs/webhooks/validate-test/",
            Recipe::new("x-razorpay-signature"),
        )
        .delivery(Place::header("x-razorpay-event-id"))
        .event(Place::pointer("/event")),
        row(
            "paystack",
            "Paystack",
            "https://paystack.com/docs/payments/webhooks/#verify-event-origin",
            Recipe::new("x-paystack-signature").digest(Digest::Sha512),
        )
        .event(Place::pointer("/event")),
        row(
            "lemonsqueezy",
            "Lemon Squeezy",
            "https://docs.lemonsqueezy.com/help/webhooks/signing-requests",
            Recipe::new("x-signature"),
        )
        .event(Place::pointer("/meta/event_name")),
        row(
            "coinbase-commerce",
            "Coinbase Commerce",
            "https://docs.cdp.coinbase.com/commerce/docs/webhooks-security",
            Recipe::new("x-cc-webhook-signature"),
        )
        .delivery(Place::pointer("/event/id"))
        .event(Place::pointer("/event/type")),
        // What signs the headers too (v1) is not looked at.
        row(
            "coinbase",
            "Coinbase Developer Platform",
            "https://docs.cdp.coinbase.com/webhooks/verify-signatures",
            listed("x-hook0-signature", ',', ["t=", "v0="], "."),
        ),
        row(
            "gocardless",
            "GoCardless",
            "https://developer.gocardless.com/getting-started/staying-up-to-date-with-webhooks/",
            Recipe::new("webhook-signature"),
        )
        .delivery(Place::pointer("/meta/webhook_id")),
        row(
            "checkout",
            "Checkout.com",
            "https://www.checkout.com/docs/developer-resources/webhooks/webhooks-manage-webhooks",
            Recipe::new("cko-signature"),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/type")),
        row(
            "mollie",
            "Mollie",
            "https://docs.mollie.com/reference/webhooks-best-practices",
            Recipe::new("x-mollie-signature").prefix("sha256="),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/type")),
        row(
            "fastspring",
            "FastSpring",
            "https://developer.fastspring.com/reference/message-security",
            Recipe::new("x-fs-signature").base64(),
        ),
        row(
            "fintoc",
            "Fintoc",
            "https://docs.fintoc.com/docs/webhooks-walkthrough",
            listed("fintoc-signature", ',', ["t=", "v1="], "."),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/type")),
        row(
            "airwallex",
            "Airwallex",
            "https://www.airwallex.com/docs/developer-tools/webhooks/listen-for-webhook-events",
            timed("x-signature", "x-timestamp", ["", ""]).unit(Unit::Millis),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/name")),
        row(
            "dwolla",
            "Dwolla",
            "https://developers.dwolla.com/docs/working-with-webhooks",
            Recipe::new("x-request-signature-sha-256"),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/topic")),
        row(
            "revolut",
            "Revolut Business",
            "https://developer.revolut.com/docs/guides/manage-accounts/webhooks/verify-the-payload-signature",
            timed("revolut-signature", "revolut-request-timestamp", ["v1.", "."])
                .list(',')
                .prefix("v1=")
                .unit(Unit::Millis),
        )
        .event(Place::pointer("/event")),
        // The first element of its header is the time, without a name.
        row(
            "recurly",
            "Recurly",
            "https://docs.recurly.com/recurly-subscriptions/docs/signature-headers",
            listed("recurly-signature", ',', ["", ""], ".").unit(Unit::Either),
        ),
        row(
            "maxio",
            "Maxio Advanced Billing (Chargify)",
            "https://docs.maxio.com/hc/en-us/articles/24266143173901-Webhooks",
            Recipe::new("x-chargify-webhook-signature-hmac-sha-256"),
        )
        .delivery(Place::header("x-chargify-webhook-id")),
        row(
            "modern-treasury",
            "Modern Treasury",
            "https://docs.moderntreasury.com/platform/reference/webhooks",
            Recipe::new("x-signature"),
        )
        .delivery(Place::header("x-event-id"))
        .event(Place::pointer("/event")),
        row(
            "quickbooks",
            "QuickBooks",
            "https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks/managing-webhooks-notifications",
            Recipe::new("intuit-signature").base64(),
        ),
        row(
            "xero",
            "Xero",
            "https://developer.xero.com/documentation/guides/webhooks/overview/",
            Recipe::new("x-xero-signature").base64(),
        ),
        row(
            "workos",
            "WorkOS",
            "https://workos.com/docs/events/data-syncing/webhooks",
            listed("workos-signature", ',', ["t=", "v1="], ".").unit(Unit::Millis).within(Duration::from_secs(180)),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/event")),
        row(
            "bolt",
            "Bolt",
            "https://help.bolt.com/developers/guides/webhooks/hook-verification/",
            Recipe::new("x-bolt-hmac-sha256").base64(),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/type")),
        // A second header holds the signature of the key that goes.
        row(
            "primer",
            "Primer",
            "https://primer.io/docs/api-reference/get-started/webhooks",
            Recipe::new("").at(Place::any_of(["x-signature-primary", "x-signature-secondary"])).base64(),
        )
        .event(Place::pointer("/eventType")),
        row(
            "affirm",
            "Affirm",
            "https://docs.affirm.com/developers/docs/webhooks",
            listed("x-affirm-signature", ',', ["t=", "v0="], ".").digest(Digest::Sha512),
        ),
        row(
            "authorize-net",
            "Authorize.Net",
            "https://developer.authorize.net/api/reference/features/webhooks.html",
            Recipe::new("x-anet-signature").prefix("sha512=").digest(Digest::Sha512).key(KeyForm::Hex),
        )
        .delivery(Place::pointer("/notificationId"))
        .event(Place::pointer("/eventType")),
    ]
}
