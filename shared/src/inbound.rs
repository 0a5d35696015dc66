//! HTTP request → admitted → (shaken) → with keys → authenticated → (shaken) → paced → queued ═ 202 ═ → claimed → published → shaped → sent → settled.

mod admit;
mod authenticate;
mod bury;
mod claim;
mod compose;
mod confirm;
mod fence;
mod fetch;
mod hint;
mod keyring;
mod letter;
mod limit;
mod pace;
mod pretty;
mod publish;
mod queue;
mod redact;
mod send;
mod settle;
mod shake;
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
use http::{HeaderName, HeaderValue, Request, StatusCode};
use http_body::Body;
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::address::EmailAddress;
use crate::body;
use crate::guard::Guard;
use crate::handshakes::When;
use crate::id::WebhookId;
use crate::letter::Letter;
use crate::refusals::Refusals;
use crate::reply::{self, Refused, Reply};
use crate::schemes::Presented;
use crate::seam::{
    Answer, Bury, Claims, Clock, Enqueue, FindSource, GetBody, LearnSecret, Leased, Publish, PutBody, SendEmail,
    SendWebhook,
};
use crate::signature::Fault;
use crate::source::Source;
use crate::timestamp::Timestamp;

use admit::Admitted;
use turn::Turned;

pub use webhook::{Unreadable, Webhook};

/// Bodies in memory at once; more are told to come back.
const MOST_IN_FLIGHT: usize = 64 << 20;

/// Says how we call what was taken, whatever its provider wants for a body.
const OUR_ID: HeaderName = HeaderName::from_static("x-hookpost-id");

/// A request at the door: when it came, from where, and the name it gets if it is taken.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub id: WebhookId,
    pub at: Timestamp,
    pub caller: IpAddr,
}

/// Takes webhooks in: the ports and limits of [`Listener::receive`].
pub struct Listener<S, Q, P> {
    sources: S,
    queue: Q,
    post: P,
    guard: Guard,
    keyring: keyring::Keyring,
    limits: limit::Limits,
    turned_away: turn::Log,
    hints: hint::Hints,
    in_flight: Arc<Semaphore>,
}

impl<S: FindSource + LearnSecret, Q: Enqueue + PutBody, P: SendWebhook> Listener<S, Q, P> {
    /// The keys of providers are fetched through the post, from where the guard lets both.
    pub fn new(sources: S, queue: Q, post: P, guard: Guard) -> Self {
        let in_flight = Arc::new(Semaphore::new(MOST_IN_FLIGHT));
        let (limits, turned_away, hints, keyring) = Default::default();
        Self { sources, queue, post, guard, keyring, limits, turned_away, hints, in_flight }
    }

    /// Whom it turned away lately.
    pub fn refusals(&self) -> Refusals {
        self.turned_away.latest.clone()
    }

    /// Answers 202 once the webhook is durably queued, a handshake as its provider expects, and what the
    /// caller must know otherwise.
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
            Ok(reply) => reply,
            Err(turned) => {
                self.turned_away.log(&turned, arrival);
                if is_coming && turned.refused != Refused::TooSlow {
                    body::drain(body).await;
                }
                turned.refused.reply()
            }
        }
    }

    async fn accept<B>(&self, source: &str, head: Parts, body: Pin<&mut B>, arrival: Arrival) -> Result<Reply, Turned>
    where
        B: Body<Data = Bytes>,
        B::Error: std::fmt::Display,
    {
        let admitted = admit::admit(self, source, head, body, arrival).await?;
        let source = Arc::clone(&admitted.source);
        self.take(admitted).await.map_err(|turned| turned.at(&source))
    }

    /// A handshake is looked at before anything is proved or once it is, as its provider has it.
    async fn take(&self, admitted: Admitted) -> Result<Reply, Turned> {
        if let Some(reply) = shake::shake(self, &admitted, When::Unproved).await? {
            return Ok(reply);
        }
        let keyed = fetch::fetch(self, admitted).await;
        let now = keyed.admitted.arrival.at;
        let hint = |source: &Source, shown: &Presented<'_>, fault: &Fault| {
            self.hints.hint(source, shown, fault, now, || self.sources.at_hand())
        };
        let genuine = authenticate::authenticate(keyed, hint)?;
        if let Some(reply) = shake::shake(self, genuine.admitted(), When::Proved).await? {
            return Ok(reply);
        }
        let (taken, echo) = (shake::taken(genuine.by()), shake::echo(genuine.admitted()));
        let webhook = pace::pace(&self.limits, authenticate::without_credentials(genuine))?;
        let id = queue::queue(&self.queue, webhook).await?;
        let mut reply = taken.unwrap_or_else(|| reply::json(StatusCode::ACCEPTED, &Accepted { id }));
        reply.headers_mut().extend(HeaderValue::try_from(id.to_string()).map(|id| (OUR_ID, id)));
        reply.headers_mut().extend(echo);
        Ok(reply)
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

#[cfg(test)]
mod tests;
