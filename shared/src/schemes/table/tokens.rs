//! Providers that show a secret instead of signing: the caller is known, the body is not covered. Figma,
//! Prismic and Vapi are unchecked against their pages.

use super::Scheme;
use crate::signature::Place;

pub(super) fn rows() -> Vec<Scheme> {
    let shown = |names, place| Scheme::shown(names, place, "");
    vec![
        shown(
            ("telegram", "Telegram bots (secret token in a header)", "https://core.telegram.org/bots/api#setwebhook"),
            Place::header("x-telegram-bot-api-secret-token"),
        )
        .delivery(Place::pointer("/update_id")),
        shown(
            (
                "flutterwave",
                "Flutterwave (secret hash in a header)",
                "https://developer.flutterwave.com/v3.0/docs/webhooks",
            ),
            Place::header("verif-hash"),
        )
        .event(Place::pointer("/event")),
        shown(
            ("figma", "Figma (passcode in the body)", "https://developers.figma.com/docs/rest-api/webhooks-security/"),
            Place::pointer("/passcode"),
        )
        .event(Place::pointer("/event_type")),
        shown(
            ("prismic", "Prismic (secret in the body)", "https://prismic.io/docs/webhooks"),
            Place::pointer("/secret"),
        )
        .event(Place::pointer("/type")),
        shown(
            ("aircall", "Aircall (token in the body)", "https://developer.aircall.io/api-references/#webhooks"),
            Place::pointer("/token"),
        )
        .event(Place::pointer("/event")),
        shown(
            ("vapi", "Vapi (secret in a header)", "https://docs.vapi.ai/server-url/server-authentication"),
            Place::header("x-vapi-secret"),
        )
        .event(Place::pointer("/message/type")),
    ]
}
