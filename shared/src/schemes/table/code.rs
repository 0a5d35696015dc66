//! Where code, builds and servers live.

use std::time::Duration;

use super::Scheme;
use super::shapes::{listed, row, timed};
use crate::signature::{Digest, Freshness, Place, Recipe, Unit};

pub(super) fn rows() -> Vec<Scheme> {
    vec![
        // The older SHA-1 header is not looked at.
        row(
            "github",
            "GitHub",
            "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
            Recipe::new("x-hub-signature-256").prefix("sha256="),
        )
        .delivery(Place::header("x-github-delivery"))
        .event(Place::header("x-github-event")),
        // Unchecked: what names the delivery.
        row(
            "bitbucket",
            "Bitbucket Cloud",
            "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
            Recipe::new("x-hub-signature").prefix("sha256="),
        )
        .delivery(Place::header("x-request-uuid"))
        .event(Place::header("x-event-key")),
        // Its header says `method=signature`; the method is not chosen by it.
        row(
            "jira",
            "Jira Cloud",
            "https://developer.atlassian.com/cloud/jira/platform/webhooks/#secure-admin-webhooks",
            Recipe::new("x-hub-signature").prefix("sha256="),
        )
        .delivery(Place::header("x-atlassian-webhook-identifier"))
        .event(Place::pointer("/webhookEvent")),
        // Its header with the time is not signed; the time in the body is.
        row(
            "linear",
            "Linear",
            "https://linear.app/developers/webhooks#securing-webhooks",
            Recipe::new("linear-signature").fresh(
                Freshness::new(Place::pointer("/webhookTimestamp")).unit(Unit::Millis).within(Duration::from_secs(60)),
            ),
        )
        .delivery(Place::header("linear-delivery"))
        .event(Place::pointer("/type")),
        row(
            "sentry",
            "Sentry",
            "https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
            Recipe::new("sentry-hook-signature"),
        )
        .delivery(Place::header("request-id"))
        .event(Place::header("sentry-hook-resource")),
        row(
            "vercel",
            "Vercel",
            "https://vercel.com/docs/webhooks/webhooks-api#securing-webhooks",
            Recipe::new("x-vercel-signature").digest(Digest::Sha1),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/type")),
        row(
            "pagerduty",
            "PagerDuty v3",
            "https://developer.pagerduty.com/docs/verifying-signatures",
            Recipe::new("x-pagerduty-signature").list(',').prefix("v1="),
        )
        .delivery(Place::pointer("/event/id"))
        .event(Place::pointer("/event/event_type")),
        // Unchecked against its page: found on others'.
        row(
            "aws-devops-agent",
            "AWS DevOps Agent",
            "https://docs.aws.amazon.com/devopsagent/latest/userguide/about-aws-devops-agent.html",
            timed("x-amzn-event-signature", "x-amzn-event-timestamp", ["", ":"]).base64().unit(Unit::Iso),
        ),
        row(
            "circleci",
            "CircleCI",
            "https://circleci.com/docs/guides/integration/outbound-webhooks/#validate-webhooks",
            Recipe::new("circleci-signature").list(',').prefix("v1="),
        )
        .delivery(Place::pointer("/id"))
        .event(Place::pointer("/type")),
        row(
            "launchdarkly",
            "LaunchDarkly",
            "https://launchdarkly.com/docs/home/infrastructure/webhooks",
            Recipe::new("x-ld-signature"),
        )
        .delivery(Place::pointer("/_id"))
        .event(Place::pointer("/kind")),
        row(
            "expo",
            "Expo EAS",
            "https://docs.expo.dev/eas/webhooks/",
            Recipe::new("expo-signature").prefix("sha1=").digest(Digest::Sha1),
        )
        .delivery(Place::pointer("/id")),
        row(
            "tailscale",
            "Tailscale",
            "https://tailscale.com/kb/1213/webhooks",
            listed("tailscale-webhook-signature", ',', ["t=", "v1="], "."),
        )
        .event(Place::pointer("/0/type")),
        row(
            "cloudflare-stream",
            "Cloudflare Stream",
            "https://developers.cloudflare.com/stream/manage-video-library/using-webhooks/",
            listed("webhook-signature", ',', ["time=", "sig1="], "."),
        )
        .delivery(Place::pointer("/uid"))
        .event(Place::pointer("/status/state")),
        // Unchecked against its page.
        row(
            "gitea",
            "Gitea",
            "https://docs.gitea.com/usage/webhooks",
            Recipe::new("x-gitea-signature"),
        )
        .delivery(Place::header("x-gitea-delivery"))
        .event(Place::header("x-gitea-event")),
        // Unchecked against its page.
        row(
            "forgejo",
            "Forgejo",
            "https://forgejo.org/docs/latest/user/webhooks/",
            Recipe::new("x-forgejo-signature"),
        )
        .delivery(Place::header("x-forgejo-delivery"))
        .event(Place::header("x-forgejo-event")),
        row(
            "heroku",
            "Heroku",
            "https://devcenter.heroku.com/articles/app-webhooks#securing-webhook-requests",
            Recipe::new("heroku-webhook-hmac-sha256").base64(),
        )
        .delivery(Place::pointer("/webhook_metadata/delivery/id"))
        .event(Place::pointer("/webhook_metadata/event/include")),
        row(
            "buildkite",
            "Buildkite",
            "https://buildkite.com/docs/apis/webhooks/pipelines#webhook-signature",
            listed("x-buildkite-signature", ',', ["timestamp=", "signature="], "."),
        )
        .event(Place::header("x-buildkite-event")),
        // Unchecked against its page.
        row(
            "terraform",
            "HCP Terraform",
            "https://developer.hashicorp.com/terraform/cloud-docs/api-docs/notification-configurations#notification-authenticity",
            Recipe::new("x-tfe-notification-signature").digest(Digest::Sha512),
        )
        .event(Place::pointer("/notifications/0/trigger")),
        // Unchecked against its page.
        row(
            "sonarqube",
            "SonarQube",
            "https://docs.sonarsource.com/sonarqube-server/latest/project-administration/webhooks/",
            Recipe::new("x-sonar-webhook-hmac-sha256"),
        )
        .delivery(Place::pointer("/taskId")),
        row(
            "snyk",
            "Snyk",
            "https://docs.snyk.io/snyk-api/using-specific-snyk-apis/webhooks-apis/webhooks",
            Recipe::new("x-hub-signature").prefix("sha256="),
        )
        .delivery(Place::header("x-snyk-transport-id"))
        .event(Place::header("x-snyk-event")),
        row(
            "npm",
            "npm",
            "https://docs.npmjs.com/cli/commands/npm-hook",
            Recipe::new("x-npm-signature").prefix("sha256="),
        )
        .event(Place::pointer("/event")),
        row(
            "mongodb-atlas",
            "MongoDB Atlas alerts",
            "https://www.mongodb.com/docs/atlas/tutorial/third-party-service-integrations/",
            Recipe::new("x-mms-signature").base64().digest(Digest::Sha1),
        )
        .event(Place::header("x-mms-event")),
        row(
            "autodesk",
            "Autodesk Platform Services",
            "https://aps.autodesk.com/en/docs/webhooks/v1/developers_guide/callback-security/",
            Recipe::new("x-adsk-signature").prefix("sha1hash=").digest(Digest::Sha1),
        )
        .delivery(Place::header("x-adsk-delivery-id"))
        .event(Place::pointer("/hook/event")),
        row("ably", "Ably", "https://ably.com/docs/platform/integrations/webhooks", Recipe::new("x-ably-signature").base64()),
    ]
}
