//! Which address is answered by whom.

use std::net::SocketAddr;
use std::sync::Arc;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use serde_json::json;
use shared::api::{self, Api};
use shared::clock::SystemClock;
use shared::door::{DEFAULT, arrival, random};
use shared::inbound::Listener;
use shared::local::{Applied, Endpoints, Sources, Store};
use shared::outbound::Sender;
use shared::post::Lazy;
use shared::reply::{self, Refused, Reply};

use crate::console;
use crate::loopback::may_look;
use crate::outbox::Outbox;

pub(crate) type LocalApi = Api<Store, Store, Endpoints, Applied, Outbox, SystemClock, Sources>;
pub(crate) type LocalSender = Sender<Endpoints, Store, SystemClock>;

/// Everything that answers.
pub(crate) struct Routes {
    pub(crate) listener: Listener<Sources, Store, Lazy>,
    pub(crate) sender: LocalSender,
    pub(crate) api: LocalApi,
    pub(crate) store: Store,
}

impl Routes {
    pub(crate) async fn answer(self: Arc<Self>, request: Request<Incoming>, peer: SocketAddr) -> Reply {
        let path = request.uri().path().to_owned();
        if let Some(source) = source(&path) {
            return self.receive(source, request, peer).await;
        }
        if path == "/events" {
            return self.emit(request).await;
        }
        if let Some(rest) = path.strip_prefix(api::ROOT) {
            return self.api.answer(rest, request).await;
        }
        let (method, headers, query) = (request.method(), request.headers(), request.uri().query());
        if method != http::Method::GET && method != http::Method::HEAD {
            return self.elsewhere(&path);
        }
        if path == "/health" {
            return self.health();
        }
        if let Some(name) = path.strip_prefix(api::KEYS) {
            return self.api.public_keys(name, query).await;
        }
        if !console::answers(&path) {
            return Refused::NotFound("no such address; webhooks go to /in/{source}").reply();
        }
        if !may_look(peer, &request, &self.api.admin) {
            return Refused::Unauthorized.reply();
        }
        console::answer(&self.store, self.listener.refusals(), &path, query, headers)
    }

    async fn receive(&self, source: &str, request: Request<Incoming>, peer: SocketAddr) -> Reply {
        match arrival(peer.ip()) {
            Ok(arrival) => self.listener.receive(source, request, arrival).await,
            Err(refused) => refused.reply(),
        }
    }

    async fn emit(&self, request: Request<Incoming>) -> Reply {
        match random() {
            Ok(random) => self.sender.receive(request, random).await,
            Err(refused) => refused.reply(),
        }
    }

    fn health(&self) -> Reply {
        match self.store.works().and_then(|()| self.store.counts()) {
            Ok(counts) => {
                let status = if counts.dead == 0 { "ok" } else { "attention" };
                let version = env!("CARGO_PKG_VERSION");
                reply::json(
                    StatusCode::OK,
                    &json!({ "status": status, "queued": counts.queued, "dead_letters": counts.dead, "deliveries": counts.deliveries, "version": version }),
                )
            }
            Err(problem) => {
                tracing::warn!(%problem, "not healthy");
                reply::json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "unavailable" }))
            }
        }
    }

    fn elsewhere(&self, path: &str) -> Reply {
        if path == "/health" || console::answers(path) {
            return Refused::MethodNotAllowed { allow: "GET" }.reply();
        }
        Refused::NotFound("no such address; webhooks go to /in/{source}").reply()
    }
}

/// The source that an address names: `/in` the default one, `/in/{source}` that one.
fn source(path: &str) -> Option<&str> {
    match path.strip_prefix("/in")? {
        "" | "/" => Some(DEFAULT),
        rest => rest.strip_prefix('/'),
    }
}
