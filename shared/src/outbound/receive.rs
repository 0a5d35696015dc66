//! HTTP request → event → queued: the sender's door. A token first, then the event.

use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use http::header::EXPECT;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body::Body;
use serde::Serialize;

use super::cloudevents::{self, Mode};
use super::matching::Accepted;
use super::{Emission, Invalid, Sender, wait};
use crate::body::{self, Memory};
use crate::event::{Event, EventId};
use crate::reply::{self, Refused, Reply};
use crate::schemes::password;
use crate::seam::{Answer, Clock, FindEndpoints, FindToken, History, KeepEvent, LimitEvents, Scope, Unavailable};

/// What every made token begins with: nothing else is looked up.
pub const TOKEN: &str = "hookpost_";

/// `{"id", "endpoints"}`, and with `?wait=1` what came of it.
#[derive(Serialize)]
struct Told<'a> {
    id: &'a EventId,
    endpoints: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    deliveries: Option<Vec<wait::Outcome>>,
}

/// Why a request was not taken: the caller's doing, or ours.
enum Turned {
    Refused(Refused),
    Ours(Unavailable),
}

impl From<Unavailable> for Turned {
    fn from(problem: Unavailable) -> Self {
        Self::Ours(problem)
    }
}

impl From<Refused> for Turned {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Invalid> for Turned {
    fn from(Invalid { field, problem }: Invalid) -> Self {
        Self::Refused(Refused::InvalidEvent { field, problem })
    }
}

impl<F: FindEndpoints, K: KeepEvent + LimitEvents + FindToken + History, C: Clock> Sender<F, K, C> {
    /// Answers 202 once every delivery is durably queued, and what the caller must know otherwise.
    pub async fn receive<B>(&self, request: Request<B>, random: [u8; 10]) -> Reply
    where
        B: Body<Data = Bytes>,
        B::Error: std::fmt::Display,
    {
        let (head, body) = request.into_parts();
        let mut body = pin!(body);
        let refused = match self.answer(&head, body.as_mut(), random).await {
            Ok(reply) => return reply,
            Err(Turned::Refused(refused)) => refused,
            Err(Turned::Ours(problem)) => {
                tracing::error!(%problem, "cannot take events");
                Refused::Unavailable { retry_after: Duration::from_secs(5) }
            }
        };
        // Who waits for a word before sending the body has sent none of it.
        if !head.headers.contains_key(EXPECT) && refused != Refused::TooSlow {
            body::drain(body).await;
        }
        refused.reply()
    }

    async fn answer<B>(&self, head: &Parts, body: Pin<&mut B>, random: [u8; 10]) -> Result<Reply, Turned>
    where
        B: Body<Data = Bytes>,
        B::Error: std::fmt::Display,
    {
        if head.method != Method::POST {
            return Err(Refused::MethodNotAllowed { allow: "POST" }.into());
        }
        if !self.may_emit(&head.headers).await? {
            return Err(Refused::Unauthorized.into());
        }
        let mut memory = Memory::of(&self.in_flight);
        let body = body::read(body, &mut memory).await.map_err(|unread| unread.refused)?;
        let emission = match Mode::of(&head.headers) {
            Some(Mode::Structured) => cloudevents::structured(&body)?,
            Some(Mode::Binary) => cloudevents::binary(&head.headers, &body)?,
            Some(Mode::Batch) => return Err(Refused::UnsupportedMediaType.into()),
            None => Emission::read(&body)?,
        };
        self.admit(&emission.tenant).await??;
        let now = self.clock.now();
        let mut event = emission.into_event(EventId::new(now, random), now);
        let Accepted::Queued { endpoints } = self.fan_out(&event).await? else { return Err(Refused::Taken.into()) };
        let accepted = Told { id: &event.id, endpoints, deliveries: None };
        if !wants_to_wait(head.uri.query()) {
            return Ok(reply::json(StatusCode::ACCEPTED, &accepted));
        }
        // Who waits needs no memory meanwhile.
        event.data.bytes = Bytes::new();
        drop((body, memory));
        // It is kept, whatever is known of it afterwards.
        let told = self.wait(&event, endpoints).await.inspect_err(|problem| {
            tracing::error!(id = %event.id, %problem, "what came of an event cannot be read");
        });
        Ok(told.unwrap_or_else(|_| reply::json(StatusCode::ACCEPTED, &accepted)))
    }

    /// Whether the caller showed a token for events.
    async fn may_emit(&self, headers: &http::HeaderMap) -> Answer<bool> {
        if self.token.as_ref().is_some_and(|token| password::shows(headers, token)) {
            return Ok(true);
        }
        for digest in password::digests(headers, TOKEN) {
            if self.store.token(&digest).await?.is_some_and(|token| token.scope == Scope::Events) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn wait(&self, event: &Event, endpoints: usize) -> Answer<Reply> {
        let (outcomes, are_all) = wait::outcomes(&self.store, &self.clock, event).await?;
        let status = if are_all { StatusCode::OK } else { StatusCode::ACCEPTED };
        Ok(reply::json(status, &Told { id: &event.id, endpoints, deliveries: Some(outcomes) }))
    }
}

fn wants_to_wait(query: Option<&str>) -> bool {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.filter(|(name, _)| name == "wait").any(|(_, value)| matches!(&*value, "" | "1" | "true"))
}
