//! Standard Webhooks, and providers that sign as it says.

use std::sync::LazyLock;

use super::Scheme;
use super::shapes::row;
use crate::signature::{Asymmetric, Freshness, KeyForm, Part, Place, Recipe};

/// Standard Webhooks, versions v1 and v1a.
pub(crate) static STANDARD: LazyLock<Recipe> = LazyLock::new(|| {
    Recipe::new("webhook-signature")
        .prefix("v1,")
        .list(' ')
        .base64()
        .key(KeyForm::Whsec)
        .or_public("v1a,", Asymmetric::Ed25519)
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
            "Standard Webhooks (HMAC-SHA256 or ed25519 over id, time and body)",
            "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
            STANDARD.clone(),
        )
        .delivery(Place::header("webhook-id"))
        .event(Place::pointer("/type")),
        svix("svix", "Svix", "https://docs.svix.com/receiving/verifying-payloads/how-manual"),
        svix("clerk", "Clerk", "https://clerk.com/docs/guides/development/webhooks/syncing"),
        svix("resend", "Resend", "https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests"),
        standard("openai", "OpenAI", "https://platform.openai.com/docs/guides/webhooks"),
        standard("replicate", "Replicate", "https://replicate.com/docs/topics/webhooks/verify-webhook"),
        svix("stytch", "Stytch", "https://stytch.com/docs/api/webhooks"),
        svix("vanta", "Vanta", "https://developer.vanta.com/docs/webhooks"),
        standard("render", "Render", "https://render.com/docs/webhooks"),
        standard("brex", "Brex", "https://developer.brex.com/docs/webhooks/"),
        standard("gemini", "Gemini API", "https://ai.google.dev/gemini-api/docs/webhooks"),
        standard("incident-io", "incident.io", "https://docs.incident.io/integrations/webhooks"),
        standard("etsy", "Etsy", "https://developers.etsy.com/documentation/essentials/webhooks/"),
        // The secret's own text is the key.
        row(
            "polar",
            "Polar",
            "https://polar.sh/docs/integrate/webhooks/endpoints",
            STANDARD.clone().key(KeyForm::Utf8),
        )
        .delivery(Place::header("webhook-id"))
        .event(Place::pointer("/type")),
        standard("supabase-auth", "Supabase Auth hooks", "https://supabase.com/docs/guides/auth/auth-hooks"),
    ]
}

fn standard(name: &'static str, who: &str, page: &'static str) -> Scheme {
    row(name, who, page, STANDARD.clone()).delivery(Place::header("webhook-id")).event(Place::pointer("/type"))
}

/// The same in headers of its own names.
fn svix(name: &'static str, who: &str, page: &'static str) -> Scheme {
    let (id, time) = (Place::header("svix-id"), Place::header("svix-timestamp"));
    let dot = || Part::literal(".");
    let recipe = STANDARD
        .clone()
        .at(Place::header("svix-signature"))
        .message([Part::Value(id.clone()), dot(), Part::Value(time.clone()), dot(), Part::Body])
        .fresh(Freshness::new(time));
    row(name, who, page, recipe).delivery(id).event(Place::pointer("/type"))
}
