//! The pages of one machine: what runs here, and the mail that was kept.

use std::sync::LazyLock;

use bytes::Bytes;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use minijinja::{Environment, context};
use serde_json::{Value, json};
use shared::id::WebhookId;
use shared::local::{Shown, Store};
use shared::refusals::Refusals;
use shared::reply::{self, Refused, Reply};
use shared::seam::Unavailable;

/// Mails on a page.
const PAGE: usize = 50;

/// Nothing is loaded, nothing runs: what mails hold is other people's.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    let sources = [
        ("page.html", include_str!("pages/page.html")),
        ("home.html", include_str!("pages/home.html")),
        ("mails.html", include_str!("pages/mails.html")),
        ("mail.html", include_str!("pages/mail.html")),
    ];
    for (name, source) in sources {
        pages.add_template(name, source).expect("a page in the program is well-formed");
    }
    pages
});

/// Whether an address is one of ours.
pub(crate) fn answers(path: &str) -> bool {
    path == "/" || path == "/mail" || path.starts_with("/mail/")
}

pub(crate) fn answer(store: &Store, refusals: Refusals, path: &str, query: Option<&str>, headers: &HeaderMap) -> Reply {
    let as_json = wants_json(headers);
    let answer = match path.strip_prefix("/mail") {
        None => Ok(home(&refusals)),
        Some("" | "/") => mails(store, query, as_json),
        Some(rest) => match rest[1..].strip_suffix(".eml") {
            Some(id) => raw(store, id),
            None => one(store, &rest[1..], as_json),
        },
    };
    answer.unwrap_or_else(|refused| refused.reply())
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}

/// What runs here, and who was turned away lately.
fn home(refusals: &Refusals) -> Reply {
    let latest: Vec<Value> = refusals.latest().iter().map(|refusal| json!(refusal)).collect();
    page("home.html", context! { refusals => minijinja::value::Serde(&latest) })
}

/// `?before=` names the last mail of the page before.
fn mails(store: &Store, query: Option<&str>, as_json: bool) -> Result<Reply, Refused> {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let before = pairs.find(|(name, _)| name == "before").map(|(_, id)| id.parse());
    let before = before.transpose().map_err(|_| Refused::BadRequest("before is the id of a mail"))?;
    let mut found = store.kept_mails(before, PAGE + 1).map_err(unavailable)?;
    let done = found.len() <= PAGE;
    found.truncate(PAGE);
    let next = if done { None } else { found.last().map(|mail| mail.id.to_string()) };
    let data: Vec<Value> = found.iter().map(head).collect();
    if as_json {
        return Ok(reply::json(StatusCode::OK, &json!({ "data": data, "next": next, "done": done })));
    }
    Ok(page("mails.html", context! { mails => minijinja::value::Serde(&data), next }))
}

fn one(store: &Store, id: &str, as_json: bool) -> Result<Reply, Refused> {
    let shown = found(store, id)?;
    let mut whole = head(&shown);
    whole["text"] = json!(shown.text);
    whole["html"] = json!(shown.html);
    whole["attachments"] =
        shown.attachments.iter().map(|(name, bytes)| json!({ "name": name, "bytes": bytes })).collect();
    if as_json {
        return Ok(reply::json(StatusCode::OK, &whole));
    }
    Ok(page("mail.html", context! { mail => minijinja::value::Serde(&whole) }))
}

fn head(mail: &Shown) -> Value {
    json!({
        "id": mail.id, "received": mail.id.moment().to_string(), "from": mail.from, "to": mail.to,
        "subject": mail.subject, "eml": format!("/mail/{}.eml", mail.id),
    })
}

fn found(store: &Store, id: &str) -> Result<Shown, Refused> {
    let id: WebhookId = id.parse().map_err(|_| Refused::NotFound("no such mail"))?;
    store.kept_mail(id).map_err(unavailable)?.ok_or(Refused::NotFound("no such mail"))
}

fn raw(store: &Store, id: &str) -> Result<Reply, Refused> {
    let id: WebhookId = id.parse().map_err(|_| Refused::NotFound("no such mail"))?;
    let eml = store.kept_eml(id).map_err(unavailable)?.ok_or(Refused::NotFound("no such mail"))?;
    Ok(shown("message/rfc822", eml))
}

fn page(name: &str, values: minijinja::Value) -> Reply {
    let rendered = PAGES.get_template(name).and_then(|page| page.render(values));
    match rendered {
        Ok(html) => shown("text/html; charset=utf-8", html.into()),
        Err(problem) => {
            tracing::error!(%problem, name, "a page cannot be made");
            reply::error(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the page cannot be made")
        }
    }
}

fn shown(content_type: &'static str, bytes: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(bytes));
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}

fn unavailable(problem: Unavailable) -> Refused {
    tracing::error!(%problem, "kept mail cannot be read");
    Refused::Unavailable { retry_after: std::time::Duration::from_secs(5) }
}
