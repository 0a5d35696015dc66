//! Documents, forms, calendars, projects, content and people.

use std::time::Duration;

use super::Scheme;
use super::shapes::{listed, row, timed};
use crate::signature::{Digest, Encoding, Freshness, KeyForm, Part, Place, Recipe, Unit};

pub(super) fn rows() -> Vec<Scheme> {
    vec![
        row(
            "dropbox",
            "Dropbox",
            "https://www.dropbox.com/developers/reference/webhooks",
            Recipe::new("x-dropbox-signature"),
        ),
        row(
            "typeform",
            "Typeform",
            "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
            Recipe::new("typeform-signature").prefix("sha256=").base64(),
        )
        .delivery(Place::pointer("/event_id"))
        .event(Place::pointer("/event_type")),
        row(
            "docusign",
            "DocuSign Connect",
            "https://developers.docusign.com/platform/webhooks/connect/validate/",
            Recipe::new("").at(Place::Numbered { stem: "x-docusign-signature".into(), most: 100 }).base64(),
        )
        .event(Place::pointer("/event")),
        row("asana", "Asana", "https://developers.asana.com/docs/webhooks-guide", Recipe::new("x-hook-signature")),
        row(
            "notion",
            "Notion",
            "https://developers.notion.com/reference/webhooks",
            Recipe::new("x-notion-signature").prefix("sha256="),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/type")),
        row(
            "trello",
            "Trello",
            "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/#webhook-signatures",
            Recipe::new("x-trello-webhook").base64().digest(Digest::Sha1).message([Part::Body, Part::Url]),
        )
        .delivery(Place::pointer("/action/id"))
        .event(Place::pointer("/action/type")),
        row(
            "zendesk",
            "Zendesk",
            "https://developer.zendesk.com/documentation/webhooks/verifying/",
            timed("x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp", ["", ""])
                .base64()
                .unit(Unit::Iso),
        )
        .delivery(Place::header("x-zendesk-webhook-invocation-id"))
        .event(Place::pointer("/type")),
        row(
            "calendly",
            "Calendly",
            "https://developer.calendly.com/api-docs/4c305798a61d3-webhook-signatures",
            listed("calendly-webhook-signature", ',', ["t=", "v1="], "."),
        )
        .event(Place::pointer("/event")),
        row(
            "box",
            "Box",
            "https://developer.box.com/guides/webhooks/v2/signatures-v2/",
            Recipe::new("")
                .at(Place::any_of(["box-signature-primary", "box-signature-secondary"]))
                .base64()
                .message([Part::Body, Part::header("box-delivery-timestamp")])
                .fresh(Freshness::new(Place::header("box-delivery-timestamp")))
                .unit(Unit::Iso)
                .within(Duration::from_secs(600)),
        )
        .delivery(Place::header("box-delivery-id"))
        .event(Place::pointer("/trigger")),
        row(
            "airtable",
            "Airtable",
            "https://airtable.com/developers/web/api/webhooks-overview",
            Recipe::new("x-airtable-content-mac").prefix("hmac-sha256=").key(KeyForm::Base64),
        ),
        row(
            "cal",
            "Cal.com",
            "https://cal.com/docs/developing/guides/automation/webhooks",
            Recipe::new("x-cal-signature-256"),
        )
        .event(Place::pointer("/triggerEvent")),
        row("clickup", "ClickUp", "https://developer.clickup.com/docs/webhooksignature", Recipe::new("x-signature"))
            .event(Place::pointer("/event")),
        // Unchecked against its page.
        row(
            "todoist",
            "Todoist",
            "https://developer.todoist.com/api/v1/#tag/Webhooks",
            Recipe::new("x-todoist-hmac-sha256").base64(),
        )
        .delivery(Place::header("x-todoist-delivery-id"))
        .event(Place::pointer("/event_name")),
        row("tally", "Tally", "https://tally.so/help/webhooks", Recipe::new("tally-signature").base64())
            .delivery(Place::pointer("/eventId"))
            .event(Place::pointer("/eventType")),
        row(
            "yousign",
            "Yousign",
            "https://developers.yousign.com/docs/verify-signature-webhooks",
            Recipe::new("x-yousign-signature-256").prefix("sha256="),
        )
        .delivery(Place::pointer("/event_id"))
        .event(Place::pointer("/event_name")),
        row(
            "clicksign",
            "Clicksign",
            "https://developers.clicksign.com/docs/introducao-a-webhooks",
            Recipe::new("content-hmac").prefix("sha256="),
        )
        .event(Place::pointer("/event/name")),
        // Unchecked against its page.
        row(
            "pandadoc",
            "PandaDoc",
            "https://developers.pandadoc.com/docs/webhook-verification",
            Recipe::new("").at(Place::query("signature")),
        )
        .event(Place::pointer("/0/event")),
        row(
            "webflow",
            "Webflow",
            "https://developers.webflow.com/data/docs/working-with-webhooks",
            timed("x-webflow-signature", "x-webflow-timestamp", ["", ":"]).unit(Unit::Millis),
        )
        .event(Place::pointer("/triggerType")),
        row(
            "mux",
            "Mux",
            "https://www.mux.com/docs/core/verify-webhook-signatures",
            listed("mux-signature", ',', ["t=", "v1="], "."),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/type")),
        row(
            "sanity",
            "Sanity",
            "https://www.sanity.io/docs/content-lake/webhooks",
            Recipe { encoding: Encoding::Base64Url, ..listed("sanity-webhook-signature", ',', ["t=", "v1="], ".") }
                .unit(Unit::Millis),
        )
        .delivery(Place::header("idempotency-key"))
        .event(Place::header("sanity-operation")),
        // Unchecked against its page.
        row(
            "storyblok",
            "Storyblok",
            "https://www.storyblok.com/docs/concepts/webhooks",
            Recipe::new("webhook-signature").digest(Digest::Sha1),
        )
        .event(Place::pointer("/action")),
        row(
            "persona",
            "Persona",
            "https://docs.withpersona.com/webhooks-best-practices",
            listed("persona-signature", ',', ["t=", "v1="], "."),
        )
        .delivery(Place::pointer("/data/id"))
        .event(Place::pointer("/data/attributes/name")),
        // Unchecked against its page.
        row(
            "onfido",
            "Onfido",
            "https://documentation.onfido.com/api/latest/#verifying-webhook-signatures",
            Recipe::new("x-sha2-signature"),
        )
        .event(Place::pointer("/payload/action")),
        // Unchecked against its page.
        row(
            "ashby",
            "Ashby",
            "https://developers.ashbyhq.com/docs/authenticating-webhooks",
            Recipe::new("ashby-signature").prefix("sha256="),
        )
        .event(Place::pointer("/action")),
        // Unchecked against its page.
        row(
            "close",
            "Close",
            "https://developer.close.com/resources/webhook-subscriptions/",
            timed("close-sig-hash", "close-sig-timestamp", ["", ""]).key(KeyForm::Hex),
        )
        .delivery(Place::pointer("/event/id"))
        .event(Place::pointer("/event/action")),
        // It signs as many headers as it lists, which the time is one of.
        row(
            "contentful",
            "Contentful",
            "https://www.contentful.com/developers/docs/webhooks/request-verification/",
            Recipe::new("x-contentful-signature")
                .message([
                    Part::Method,
                    Part::literal("\n"),
                    Part::Path,
                    Part::literal("\n"),
                    Part::Headers {
                        listed: "x-contentful-signed-headers".into(),
                        time: "x-contentful-timestamp".into(),
                    },
                    Part::literal("\n"),
                    Part::Body,
                ])
                .fresh(Freshness::new(Place::header("x-contentful-timestamp")))
                .unit(Unit::Millis),
        )
        .delivery(Place::header("x-contentful-idempotency-key"))
        .event(Place::header("x-contentful-topic")),
    ]
}
