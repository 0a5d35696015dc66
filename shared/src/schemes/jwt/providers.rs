//! Providers that sign with tokens, each as its own page says.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::Algorithm::{self, ES256, HS256, HS384, HS512, RS256};
use serde_json::{Value, json};

use super::claims::{Hash, Rules};
use super::settings::published_at;
use super::{Keys, Place, Token, shared};
use crate::schemes::fetched::Form;
use crate::schemes::settings::{SECRET, URL};
use crate::schemes::{Make, Proof, Prove, Scheme, Setting, Settings, Wanted, Wrong};
use crate::secret::Secret;
use crate::signature::{self, Digest, Encoding};

const AUDIENCE: Setting = Setting::needed("audience", "whom the token must be for (aud), as set at the provider");

pub(in crate::schemes) fn rows() -> Vec<Scheme> {
    let signed = |names, settings: &[Setting], make: Make| Scheme::own(names, settings, Proof::Signed, make);
    let known = |names, settings: &[Setting], make: Make| Scheme::own(names, settings, Proof::Authenticated, make);
    vec![
        signed(("plaid", "Plaid", PLAID), &PLAID_SETTINGS, plaid),
        signed(("netlify", "Netlify", "https://docs.netlify.com/deploy/deploy-notifications/"), &[SECRET], netlify),
        signed(("vonage", "Vonage", VONAGE), &[SECRET], vonage),
        signed(("messagebird", "MessageBird", MESSAGEBIRD), &[SECRET, URL], messagebird),
        signed(("qstash", "Upstash QStash", "https://upstash.com/docs/qstash/howto/signature"), &QSTASH, qstash),
        signed(("kinde", "Kinde", "https://docs.kinde.com/integrate/webhooks/about-webhooks"), &KINDE, kinde)
            .delivery(signature::Place::header("webhook-id")),
        known(("monday", "monday.com", "https://developer.monday.com/apps/docs/authorization-header"), &MONDAY, monday),
        known(("google-pubsub", "Google Cloud Pub/Sub", PUBSUB), &PUBSUB_SETTINGS, pubsub)
            .delivery(signature::Place::pointer("/message/messageId")),
        known(
            ("azure-event-grid", "Azure Event Grid (Microsoft Entra ID)", EVENT_GRID),
            &EVENT_GRID_SETTINGS,
            event_grid,
        )
        .event(signature::Place::header("aeg-event-type")),
    ]
}

fn token(place: &'static str, algorithms: &[Algorithm], keys: Keys, rules: Rules) -> Arc<dyn Prove> {
    Arc::new(Token { place: Place::Header(place.into()), algorithms: algorithms.to_vec(), keys, rules })
}

fn secrets(settings: &Settings) -> Keys {
    Keys::Known(settings.secrets("secret").iter().map(|secret| shared(secret.expose().as_bytes())).collect())
}

fn sha256(claim: &'static str, encoding: Encoding) -> Option<Hash> {
    Some(Hash { claim: claim.into(), digest: Digest::Sha256, encoding, unless_empty: false })
}

fn needed<'a>(settings: &'a Settings, key: &'static str) -> Result<&'a str, Wrong> {
    settings.text(key)?.ok_or_else(|| Wrong::new(key, "is missing"))
}

const PLAID: &str = "https://plaid.com/docs/api/webhooks/webhook-verification/";
const PLAID_SETTINGS: [Setting; 3] = [
    Setting::needed("client_id", "the client id of the Plaid dashboard"),
    Setting::needed("client_secret", "the secret of the Plaid dashboard, for that environment"),
    Setting::optional("environment", "production or sandbox; production if not said"),
];

fn plaid(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let host = match settings.text("environment")? {
        None | Some("production") => "production",
        Some("sandbox") => "sandbox",
        Some(_) => return Err(Wrong::new("environment", "is neither production nor sandbox")),
    };
    let url = format!("https://{host}.plaid.com/webhook_verification_key/get");
    let client = needed(settings, "client_id")?.to_owned();
    let secret = settings.secrets("client_secret").first().cloned();
    let secret = secret.ok_or_else(|| Wrong::new("client_secret", "is missing"))?;
    let published = move |kid: Option<&str>| {
        let kid = kid.filter(|kid| is_name(kid))?;
        let question = json!({ "client_id": client, "secret": secret.expose(), "key_id": kid }).to_string();
        let (url, question) = (url.clone(), Some(Secret::new(question)));
        Some(Wanted { url, form: Form::Key, kid: Some(kid.to_owned()), question })
    };
    let (max_age, body) = (Some(Duration::from_secs(300)), sha256("request_body_sha256", Encoding::Hex));
    let rules = Rules { expires: false, max_age, body, ..Rules::default() };
    Ok(token("plaid-verification", &[ES256], Keys::Published(Box::new(published)), rules))
}

/// What a key can be called there.
fn is_name(kid: &str) -> bool {
    (1..=64).contains(&kid.len()) && kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn netlify(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let (issuers, body) = (vec!["netlify".into()], sha256("sha256", Encoding::Hex));
    let rules = Rules { issuers, body, expires: false, ..Rules::default() };
    Ok(token("x-webhook-signature", &[HS256], secrets(settings), rules))
}

const VONAGE: &str = "https://developer.vonage.com/en/getting-started/concepts/webhooks";

/// It has no `exp`; a day is longer than it is sent again.
fn vonage(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let (max_age, body) = (Some(Duration::from_secs(86_400)), sha256("payload_hash", Encoding::Hex));
    let rules = Rules { issuers: vec!["Vonage".into()], expires: false, max_age, body, ..Rules::default() };
    Ok(token("authorization", &[HS256], secrets(settings), rules))
}

const MESSAGEBIRD: &str = "https://developers.messagebird.com/api/#verifying-http-requests";

fn messagebird(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let issuers = vec!["MessageBird".into()];
    let body = sha256("payload_hash", Encoding::Hex).map(|hash| Hash { unless_empty: true, ..hash });
    let rules = Rules { issuers, body, url: Some("url_hash"), ..Rules::default() };
    Ok(token("messagebird-signature-jwt", &[HS256, HS384, HS512], secrets(settings), rules))
}

const QSTASH: [Setting; 2] = [
    Setting::needed("secret", "the current and the next signing key, as a list"),
    Setting::optional("url", "the address of this source as QStash calls it, which must be sub"),
];

fn qstash(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let exact = settings.text("url")?.map(|url| ("sub".to_owned(), vec![Value::from(url)]));
    let (issuers, body) = (vec!["Upstash".into()], sha256("body", Encoding::Base64Url));
    let rules = Rules { issuers, body, exact: exact.into_iter().collect(), ..Rules::default() };
    Ok(token("upstash-signature", &[HS256], secrets(settings), rules))
}

const KINDE: [Setting; 1] = [Setting::needed("domain", "your domain at Kinde, like https://example.kinde.com")];

/// The token is the body. It has no `exp`: the `webhook-id` tells a replay.
fn kinde(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let domain = needed(settings, "domain")?.trim_end_matches('/');
    let keys = published_at("domain", &format!("{domain}/.well-known/jwks"))?;
    let rules = Rules { expires: false, ..Rules::default() };
    Ok(Arc::new(Token { place: Place::Body, algorithms: vec![RS256], keys, rules }))
}

const MONDAY: [Setting; 2] = [
    Setting::needed("secret", "the app's Signing Secret; for app lifecycle webhooks, its Client Secret"),
    Setting::optional("url", "the address of this source as monday.com calls it, which must be aud"),
];

fn monday(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let audiences = settings.text("url")?.map(str::to_owned).into_iter().collect();
    Ok(token("authorization", &[HS256], secrets(settings), Rules { audiences, ..Rules::default() }))
}

const PUBSUB: &str = "https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions";
const PUBSUB_SETTINGS: [Setting; 2] =
    [AUDIENCE, Setting::needed("email", "the service account of the push subscription, one or a list")];

fn pubsub(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let emails = settings.texts("email")?.into_iter().map(Value::from).collect();
    let rules = Rules {
        issuers: vec!["https://accounts.google.com".into(), "accounts.google.com".into()],
        audiences: audiences(settings)?,
        exact: vec![("email".into(), emails), ("email_verified".into(), vec![Value::Bool(true)])],
        ..Rules::default()
    };
    let keys = published_at("audience", "https://www.googleapis.com/oauth2/v3/certs")?;
    Ok(token("authorization", &[RS256], keys, rules))
}

const EVENT_GRID: &str = "https://learn.microsoft.com/en-us/azure/event-grid/secure-webhook-delivery";
const EVENT_GRID_SETTINGS: [Setting; 2] =
    [AUDIENCE, Setting::needed("tenant", "the id of your Microsoft Entra tenant")];

/// Event Grid's own application, the same in every tenant.
const EVENT_GRID_APPLICATION: &str = "4962773b-9cdb-44cf-a8bf-237846a00ab7";

fn event_grid(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let (keys, rules) = entra(settings, EVENT_GRID_APPLICATION)?;
    Ok(token("authorization", &[RS256], keys, rules))
}

/// Tokens of Microsoft Entra ID for one audience, from one tenant, got by one application.
pub(super) fn entra(settings: &Settings, application: &'static str) -> Result<(Keys, Rules), Wrong> {
    let tenant = needed(settings, "tenant")?;
    if !is_name(tenant) {
        return Err(Wrong::new("tenant", "is no id of a tenant"));
    }
    let issuers =
        vec![format!("https://sts.windows.net/{tenant}/"), format!("https://login.microsoftonline.com/{tenant}/v2.0")];
    let application = Some(application);
    let rules = Rules { issuers, audiences: audiences(settings)?, application, ..Rules::default() };
    let url = format!("https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys");
    Ok((published_at("tenant", &url)?, rules))
}

fn audiences(settings: &Settings) -> Result<Vec<String>, Wrong> {
    let audiences: Vec<_> = settings.texts("audience")?.into_iter().map(str::to_owned).collect();
    let is_empty = audiences.is_empty() || audiences.iter().any(String::is_empty);
    if is_empty { Err(Wrong::new("audience", "is empty")) } else { Ok(audiences) }
}
