//! Dead letters: list, show, retry.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::unavailable;
use crate::id::WebhookId;
use crate::inbound::Webhook;
use crate::letter::Letter;
use crate::reply::{self, Refused, Reply};
use crate::seam::{DeadLetter, DeadLetters, GetBody};
use crate::timestamp::Timestamp;

/// Dead letters on a page, unless `limit` asks for fewer.
const PAGE: usize = 50;
const MOST: usize = 250;

const NO_LETTER: Refused = Refused::NotFound("no such dead letter");

/// `?limit=` and `?iterator=` (the last id of the page before) choose the page.
pub(super) async fn list(letters: &impl DeadLetters, query: Option<&str>) -> Result<Reply, Refused> {
    let (mut most, mut before) = (PAGE, None);
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "limit" => {
                most = value
                    .parse()
                    .ok()
                    .filter(|n| (1..=MOST).contains(n))
                    .ok_or(Refused::BadRequest("limit is a number from 1 to 250"))?
            }
            "iterator" => {
                before = Some(value.parse().map_err(|_| Refused::BadRequest("iterator is the id of a dead letter"))?)
            }
            _ => {}
        }
    }
    let found = letters.dead(before, most + 1).await.map_err(unavailable)?;
    let page = &found[..found.len().min(most)];
    let data: Vec<Value> = page.iter().map(label).collect();
    let iterator = page.last().map(|letter| letter.id);
    Ok(reply::json(StatusCode::OK, &json!({ "data": data, "iterator": iterator, "done": found.len() <= most })))
}

pub(super) async fn show(letters: &(impl DeadLetters + GetBody), id: &str) -> Result<Reply, Refused> {
    let id: WebhookId = id.parse().map_err(|_| NO_LETTER)?;
    let letter = letters.dead_letter(id).await.map_err(unavailable)?.ok_or(NO_LETTER)?;
    let mut shown = label(&letter);
    if let Ok(webhook) = Webhook::from_message(&letter.message) {
        let apart = letters.get_body(id).await.map_err(unavailable)?;
        shown["headers"] = webhook.headers().iter().map(|(name, value)| json!([name, value])).collect();
        shown["query"] = json!(webhook.query());
        body(&mut shown, apart.as_ref().unwrap_or(webhook.body()));
    } else if let Some(news) = Letter::read(&letter.message) {
        shown["letter"] = json!(news);
    } else {
        // Nobody can read it as a webhook; its owner may see what it is.
        body(&mut shown, &letter.message);
    }
    Ok(reply::json(StatusCode::OK, &shown))
}

pub(super) async fn retry(letters: &impl DeadLetters, id: &str, now: Timestamp) -> Result<Reply, Refused> {
    let id: WebhookId = id.parse().map_err(|_| NO_LETTER)?;
    if !letters.retry(id, now).await.map_err(unavailable)? {
        return Err(NO_LETTER);
    }
    tracing::info!(%id, "dead letter put back into the queue");
    Ok(reply::json(StatusCode::ACCEPTED, &json!({ "id": id })))
}

fn label(letter: &DeadLetter) -> Value {
    let webhook = Webhook::from_message(&letter.message).ok();
    let (webhook, news) = (webhook.as_ref(), Letter::read(&letter.message));
    let received = webhook.map(Webhook::received).or(news.as_ref().map(|letter| letter.news.at));
    json!({
        "id": letter.id,
        "source": webhook.map(Webhook::source),
        "proof": webhook.map(Webhook::proof),
        "about": news.as_ref().map(Letter::about),
        "received": received.map(|received| received.to_string()),
        "died": letter.died.to_string(),
        "tries": letter.tries,
        "reason": letter.reason,
    })
}

/// As text where it is text, in base64 where it is not.
fn body(shown: &mut Value, body: &Bytes) {
    match std::str::from_utf8(body) {
        Ok(text) => shown["body"] = json!(text),
        Err(_) => shown["body_base64"] = json!(STANDARD.encode(body)),
    }
}
