//! Outgoing webhook → its receiver's answer, over connections that the guard let through (promise 6).

mod answer;
mod clients;
mod connector;
mod lazy;
mod trouble;
mod wire;

use std::time::Instant;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Error;
use tokio::time::{Duration, timeout};

use crate::guard::Guard;
use crate::identity::Identity;
use crate::seam::{NoAnswer, Outgoing, Received, SendWebhook, Trouble};
use crate::timestamp::Timestamp;
use clients::{Client, Clients};
use connector::Connector;
pub use connector::{NoRoots, Trust};
pub use lazy::Lazy;
pub use wire::{Dial, Dns, Resolve, Tcp};

/// What frames a request or speaks to the next hop is the connection's to say.
const OF_THE_CONNECTION: [HeaderName; 9] =
    [CONNECTION, CONTENT_LENGTH, EXPECT, HOST, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

/// A kept connection that dies sooner had been closed by the other end already.
const STALE: Duration = Duration::from_secs(1);

/// The HTTPS client of deliveries. It follows no redirect and knows no proxy. Connections are shared
/// within one endpoint of one tenant and nowhere else.
pub struct Post<R = Dns, D = Tcp> {
    clients: Clients<R, D>,
}

impl Post {
    /// Over the system's names and sockets, trusting whom the system trusts. Reads its roots: some
    /// milliseconds.
    pub fn new(guard: Guard) -> Result<Self, NoRoots> {
        Self::with(guard, Dns::default(), Tcp, Trust::System)
    }
}

impl<R: Resolve, D: Dial> Post<R, D> {
    pub fn with(guard: Guard, resolve: R, dial: D, trust: Trust) -> Result<Self, NoRoots> {
        Ok(Self { clients: Clients::new(Connector::new(guard, resolve, dial, trust)?) })
    }

    /// Asks once. A kept connection may have been closed at the other end, unseen: if the request dies
    /// of that, it is asked at once over a new one. It may have been read all the same, as with any
    /// attempt.
    async fn exchange(client: &Client<R, D>, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, NoAnswer> {
        let began = Instant::now();
        let again = request.clone();
        let failed = match client.pooled.request(request).await {
            Ok(response) => return Ok(response),
            Err(error) if was_stale(&error, began) => client.unpooled().request(again).await,
            Err(error) => Err(error),
        };
        failed.map_err(|error| trouble::in_exchange(&error))
    }
}

impl<R: Resolve, D: Dial> SendWebhook for Post<R, D> {
    async fn send_webhook(&self, mut outgoing: Outgoing) -> Result<Received, NoAnswer> {
        let (began, limit, keep) = (Instant::now(), outgoing.timeout, outgoing.keep);
        let identity = outgoing.identity.take();
        in_date(identity.as_deref())?;
        let (tenant, endpoint) = (std::mem::take(&mut outgoing.tenant), std::mem::take(&mut outgoing.endpoint));
        let client = self.clients.of(tenant, endpoint, identity.as_deref());
        let exchange = Self::exchange(&client, request(outgoing)?);
        let response = timeout(limit, exchange).await.map_err(|_| late(limit))??;
        Ok(answer::read(response, limit.saturating_sub(began.elapsed()), keep).await)
    }
}

/// The other end would only say that it wants none of it.
fn in_date(identity: Option<&Identity>) -> Result<(), NoAnswer> {
    let problem = identity.and_then(|identity| identity.out_of_date(Timestamp::now()));
    problem.map_or(Ok(()), |problem| Err(NoAnswer { kind: Trouble::Tls, words: format!("our certificate {problem}") }))
}

fn request(outgoing: Outgoing) -> Result<Request<Full<Bytes>>, NoAnswer> {
    let uri = outgoing.target.uri(outgoing.query.as_deref());
    let uri = uri.ok_or_else(|| NoAnswer { kind: Trouble::Forbidden, words: "the query is too long".into() })?;
    let mut request = Request::new(Full::new(outgoing.body));
    *request.method_mut() = outgoing.method;
    *request.uri_mut() = uri;
    *request.headers_mut() = outgoing.headers;
    for name in &OF_THE_CONNECTION {
        request.headers_mut().remove(name);
    }
    Ok(request)
}

/// Whether a request died with a connection from before it, without an answer.
fn was_stale(error: &Error, began: Instant) -> bool {
    let mut extras = http::Extensions::new();
    if let Some(connection) = error.connect_info() {
        connection.get_extras(&mut extras);
    }
    let is_old = extras.get::<wire::Made>().is_some_and(|made| made.0 < began);
    is_old && began.elapsed() < STALE && trouble::is_closed(error)
}

fn late(limit: Duration) -> NoAnswer {
    NoAnswer { kind: Trouble::Timeout, words: format!("no answer within {limit:?}") }
}

#[cfg(test)]
mod tests;
