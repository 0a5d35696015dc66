//! Tokens: made, listed and taken back. A token is shown once, when it is made.

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::unavailable;
use crate::door::random;
use crate::event::Digested;
use crate::outbound::TOKEN;
use crate::reply::{self, Refused, Reply};
use crate::seam::{Scope, Token, Tokens};
use crate::timestamp::Timestamp;

const NO_TOKEN: Refused = Refused::NotFound("no such token");

/// So many digits of a token's digest name it.
const NAME: usize = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    scope: Scope,
}

pub(super) async fn list(tokens: &impl Tokens) -> Result<Reply, Refused> {
    let found = tokens.tokens().await.map_err(unavailable)?;
    let data: Vec<Value> = found.iter().map(label).collect();
    Ok(reply::json(StatusCode::OK, &json!({ "data": data, "done": true, "iterator": null })))
}

pub(super) async fn make(tokens: &impl Tokens, body: Bytes, now: Timestamp) -> Result<Reply, Refused> {
    let wanted = serde_json::from_slice(&body);
    let Wanted { scope } = wanted.map_err(|_| Refused::BadRequest(r#"write {"scope": "events"}"#))?;
    let secret = format!("{TOKEN}{}", hex::encode(random::<20>()?));
    let token = Token { digest: Digested::of_token(secret.as_bytes()), scope, made: now };
    tokens.add_token(&token).await.map_err(unavailable)?;
    tracing::info!(token = name(&token), ?scope, "token made");
    let mut shown = label(&token);
    shown["token"] = json!(secret);
    Ok(reply::json(StatusCode::CREATED, &shown))
}

pub(super) async fn remove(tokens: &impl Tokens, wanted: &str) -> Result<Reply, Refused> {
    let found = tokens.tokens().await.map_err(unavailable)?;
    let token = found.iter().find(|token| name(token) == wanted).ok_or(NO_TOKEN)?;
    if !tokens.remove_token(&token.digest).await.map_err(unavailable)? {
        return Err(NO_TOKEN);
    }
    tracing::info!(token = name(token), "token taken back");
    Ok(reply::json(StatusCode::OK, &label(token)))
}

fn name(token: &Token) -> &str {
    token.digest.0.get(..NAME).unwrap_or_default()
}

fn label(token: &Token) -> Value {
    json!({ "id": name(token), "scope": token.scope, "made": token.made.to_string() })
}
