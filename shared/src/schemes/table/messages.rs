//! Chat, mail, telephony and social networks.

use std::time::Duration;

use super::Scheme;
use super::shapes::{listed, row, timed};
use crate::signature::{Digest, Freshness, KeyForm, Part, Place, Recipe, Unit};

pub(super) fn rows() -> Vec<Scheme> {
    vec![
        row(
            "slack",
            "Slack",
            "https://docs.slack.dev/authentication/verifying-requests-from-slack/",
            timed("x-slack-signature", "x-slack-request-timestamp", ["v0:", ":"]).prefix("v0="),
        )
        .delivery(Place::pointer("/event_id"))
        .event(Place::pointer("/event/type")),
        // Unchecked against its page: found in tested receivers.
        row(
            "meta",
            "Meta: WhatsApp, Messenger, Instagram, Facebook",
            "https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads",
            Recipe::new("x-hub-signature-256").prefix("sha256="),
        )
        .event(Place::pointer("/object")),
        row(
            "intercom",
            "Intercom",
            "https://developers.intercom.com/docs/webhooks/setting-up-webhooks#signed-notifications",
            Recipe::new("x-hub-signature").prefix("sha1=").digest(Digest::Sha1),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/topic")),
        row(
            "x",
            "X (Twitter)",
            "https://docs.x.com/x-api/webhooks/quickstart",
            Recipe::new("x-twitter-webhooks-signature").prefix("sha256=").base64(),
        ),
        row(
            "line",
            "LINE",
            "https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/",
            Recipe::new("x-line-signature").base64(),
        ),
        row(
            "microsoft-teams",
            "Microsoft Teams outgoing webhook",
            "https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook",
            Recipe::new("authorization").prefix("HMAC ").base64().key(KeyForm::Base64),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/type")),
        row(
            "zoom",
            "Zoom",
            "https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events",
            timed("x-zm-signature", "x-zm-request-timestamp", ["v0:", ":"]).prefix("v0="),
        )
        .event(Place::pointer("/event")),
        row(
            "twitch",
            "Twitch EventSub",
            "https://dev.twitch.tv/docs/eventsub/handling-webhook-events/#verifying-the-event-message",
            Recipe::new("twitch-eventsub-message-signature")
                .prefix("sha256=")
                .message([
                    Part::header("twitch-eventsub-message-id"),
                    Part::header("twitch-eventsub-message-timestamp"),
                    Part::Body,
                ])
                .fresh(Freshness::new(Place::header("twitch-eventsub-message-timestamp")))
                .unit(Unit::Iso)
                .within(Duration::from_secs(600)),
        )
        .delivery(Place::header("twitch-eventsub-message-id"))
        .event(Place::pointer("/subscription/type")),
        // A batch of events stands in one field of a form.
        row(
            "mandrill",
            "Mailchimp Transactional (Mandrill)",
            "https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/#authenticating-webhook-requests",
            Recipe::new("x-mandrill-signature").base64().digest(Digest::Sha1).message([Part::Url, Part::Form]),
        ),
        row(
            "pusher",
            "Pusher Channels",
            "https://pusher.com/docs/channels/server_api/webhooks/#authentication",
            Recipe::new("x-pusher-signature")
                .fresh(Freshness::new(Place::pointer("/time_ms")).unit(Unit::Millis)),
        ),
        row(
            "nylas",
            "Nylas",
            "https://developer.nylas.com/docs/v3/notifications/#secure-a-webhook",
            Recipe::new("x-nylas-signature"),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/type")),
        // Unchecked against its page.
        row(
            "discourse",
            "Discourse",
            "https://meta.discourse.org/t/configure-webhooks-that-trigger-on-discourse-events-to-integrate-with-external-services/49045",
            Recipe::new("x-discourse-event-signature").prefix("sha256="),
        )
        .delivery(Place::header("x-discourse-event-id"))
        .event(Place::header("x-discourse-event")),
        // Unchecked against its page.
        row(
            "helpscout",
            "Help Scout",
            "https://developer.helpscout.com/webhooks/#verifying",
            Recipe::new("x-helpscout-signature").base64().digest(Digest::Sha1),
        )
        .event(Place::header("x-helpscout-event")),
        row(
            "front",
            "Front",
            "https://dev.frontapp.com/docs/webhooks-1",
            timed("x-front-signature", "x-front-request-timestamp", ["", ":"]).base64().unit(Unit::Millis),
        )
        .event(Place::pointer("/type")),
        row(
            "customerio",
            "Customer.io",
            "https://docs.customer.io/journeys/webhooks/#securely-verify-requests",
            timed("x-cio-signature", "x-cio-timestamp", ["v0:", ":"]),
        )
        .delivery(Place::pointer("/event_id"))
        .event(Place::pointer("/metric")),
        // Unchecked against its page.
        row(
            "sendbird",
            "Sendbird",
            "https://sendbird.com/docs/chat/platform-api/v3/webhook/webhook-overview",
            Recipe::new("x-sendbird-signature"),
        )
        .event(Place::pointer("/category")),
        // Unchecked against its page.
        row(
            "stream",
            "Stream (GetStream)",
            "https://getstream.io/chat/docs/node/webhooks_overview/",
            Recipe::new("x-signature"),
        )
        .delivery(Place::header("x-webhook-id"))
        .event(Place::pointer("/type")),
        // Unchecked against its page.
        row(
            "webex",
            "Webex",
            "https://developer.webex.com/docs/webhooks",
            Recipe::new("x-spark-signature").digest(Digest::Sha1),
        )
        .event(Place::pointer("/resource")),
        // Unchecked against its page.
        row(
            "elevenlabs",
            "ElevenLabs",
            "https://elevenlabs.io/docs/agents-platform/workflows/post-call-webhooks",
            listed("elevenlabs-signature", ',', ["t=", "v0="], ".").within(Duration::from_secs(1_800)),
        )
        .event(Place::pointer("/type")),
        // Unchecked against its page.
        row(
            "mailerlite",
            "MailerLite",
            "https://developers.mailerlite.com/docs/webhooks.html",
            Recipe::new("signature"),
        ),
        row(
            "linkedin",
            "LinkedIn",
            "https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation",
            Recipe::new("x-li-signature").message([Part::literal("hmacsha256="), Part::Body]),
        ),
        row(
            "tiktok",
            "TikTok",
            "https://developers.tiktok.com/doc/webhooks-verification",
            listed("tiktok-signature", ',', ["t=", "s="], "."),
        )
        .event(Place::pointer("/event")),
        row(
            "airship",
            "Airship open channels",
            "https://support.airship.com/hc/en-us/articles/360032501831",
            timed("x-ua-signature", "x-ua-timestamp", ["", ":"]),
        ),
        row(
            "klaviyo",
            "Klaviyo",
            "https://developers.klaviyo.com/en/docs/working_with_system_webhooks",
            timed("klaviyo-signature", "klaviyo-timestamp", ["", ""])
                .message([Part::Body, Part::header("klaviyo-timestamp")])
                .unit(Unit::Http),
        )
        .event(Place::pointer("/data/0/topic")),
        row(
            "sinch",
            "Sinch Conversation",
            "https://developers.sinch.com/docs/conversation/callbacks/",
            Recipe::new("x-sinch-webhook-signature")
                .base64()
                .message([
                    Part::Body,
                    Part::literal("."),
                    Part::header("x-sinch-webhook-signature-nonce"),
                    Part::literal("."),
                    Part::header("x-sinch-webhook-signature-timestamp"),
                ])
                .fresh(Freshness::new(Place::header("x-sinch-webhook-signature-timestamp"))),
        ),
        row(
            "segment",
            "Segment",
            "https://segment.com/docs/connections/destinations/catalog/webhooks/",
            Recipe::new("x-signature").digest(Digest::Sha1),
        )
        .delivery(Place::pointer("/messageId"))
        .event(Place::pointer("/type")),
        row("dub", "Dub", "https://dub.co/docs/concepts/webhooks/verify-webhook-requests", Recipe::new("dub-signature"))
            .delivery(Place::pointer("/id"))
            .event(Place::pointer("/event")),
        row(
            "mailchimp",
            "Mailchimp Marketing",
            "https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/",
            listed("x-mailchimp-signature", ',', ["t=", "v1="], "."),
        ),
    ]
}
