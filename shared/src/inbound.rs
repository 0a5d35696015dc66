//! HTTP request → admitted → authenticated → paced → queued ═ 202 ═ → claimed → published → shaped → sent → settled.

mod admit;
mod authenticate;
mod bury;
mod claim;
mod compose;
mod fence;
mod letter;
mod limit;
mod pace;
mod pretty;
mod publish;
mod queue;
mod redact;
mod send;
mod settle;
mod shape;
mod turn;
mod webhook;

use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::EXPECT;
use http::request::Parts;
use http::{Request, StatusCode};
use http_body::Body;
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::address::EmailAddress;
use crate::body;
use crate::id::WebhookId;
use crate::letter::Letter;
use crate::reply::{self, Refused, Reply};
use crate::seam::{Answer, Bury, Claims, Clock, Enqueue, FindSource, GetBody, Leased, Publish, PutBody, SendEmail};
use crate::timestamp::Timestamp;

use turn::Turned;

pub use webhook::{Unreadable, Webhook};

/// Bodies in memory at once; more are told to come back.
const MOST_IN_FLIGHT: usize = 64 << 20;

/// A request at the door: when it came, from where, and the name it gets if it is taken.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub id: WebhookId,
    pub at: Timestamp,
    pub caller: IpAddr,
}

/// Takes webhooks in: the ports and limits of [`Listener::receive`].
pub struct Listener<S, Q> {
    sources: S,
    queue: Q,
    limits: limit::Limits,
    turned_away: turn::Log,
    in_flight: Arc<Semaphore>,
}

impl<S: FindSource, Q: Enqueue + PutBody> Listener<S, Q> {
    pub fn new(sources: S, queue: Q) -> Self {
        let in_flight = Arc::new(Semaphore::new(MOST_IN_FLIGHT));
        Self { sources, queue, limits: limit::Limits::default(), turned_away: turn::Log::default(), in_flight }
    }

    /// Answers 202 once the webhook is durably queued, and what the caller must know otherwise.
    pub async fn receive<B>(&self, source: &str, request: Request<B>, arrival: Arrival) -> Reply
    where
        B: Body<Data = Bytes>,
        B::Error: std::fmt::Display,
    {
        let (head, body) = request.into_parts();
        let mut body = pin!(body);
        // Who waits for a word before sending the body has sent none of it.
        let is_coming = !head.headers.contains_key(EXPECT);
        match self.accept(source, head, body.as_mut(), arrival).await {
            Ok(id) => reply::json(StatusCode::ACCEPTED, &Accepted { id }),
            Err(turned) => {
                self.turned_away.log(&turned, source, arrival);
                if is_coming && turned.refused != Refused::TooSlow {
                    body::drain(body).await;
                }
                turned.refused.reply()
            }
        }
    }

    async fn accept<B>(
        &self,
        source: &str,
        head: Parts,
        body: Pin<&mut B>,
        arrival: Arrival,
    ) -> Result<WebhookId, Turned>
    where
        B: Body<Data = Bytes>,
        B::Error: std::fmt::Display,
    {
        let admitted = admit::admit(self, source, head, body, arrival).await?;
        let authentic = authenticate::authenticate(admitted)?;
        let webhook = pace::pace(&self.limits, authentic)?;
        queue::queue(&self.queue, webhook).await
    }
}

#[derive(Serialize)]
struct Accepted {
    id: WebhookId,
}

/// Sends mail out, and webhooks on: the ports of [`Mailer::mail`].
pub struct Mailer<S, M, E, P, C> {
    pub sources: S,
    pub memory: M,
    pub email: E,
    pub publisher: P,
    /// Whom news of endpoints are mailed to.
    pub owner: Vec<EmailAddress>,
    pub clock: C,
    pub times: Times,
}

/// How long things may take. A send ends before its claim does, and a claim before the message is
/// handed out again.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub send: Duration,
    pub lease: Duration,
    pub visibility: Duration,
}

/// What is to become of a message that was handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Its story has ended: remove it from the queue.
    Done,
    /// Hide it until then.
    Again { due: Timestamp },
}

impl<S, M, E, P, C> Mailer<S, M, E, P, C>
where
    S: FindSource,
    M: Claims + GetBody + Bury,
    E: SendEmail,
    P: Publish,
    C: Clock,
{
    /// Handles one message from the inbound queue.
    ///
    /// # Errors
    /// The store did not answer: the message is handed out again when its lease ends.
    pub async fn mail(&self, leased: &Leased) -> Answer<Next> {
        if let Some(letter) = Letter::read(&leased.message) {
            return self.mail_letter(leased, &letter).await;
        }
        let work = match self.claim(leased).await? {
            claim::Claimed::Work(work) => work,
            claim::Claimed::Settled(next) => return Ok(next),
        };
        self.publish(&work).await?;
        let sent = if work.source.email.is_empty() {
            Ok(())
        } else {
            send::send(&self.email, &shape::shape(&work), self.times.send).await
        };
        self.settle(work.job, sent).await
    }
}
