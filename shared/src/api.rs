//! The management API: what an owner asks and orders, after the admin token was shown.

mod body;
mod config;
mod dead;
mod endpoints;
mod health;
mod history;
mod range;
mod refusals;
mod replays;
mod sources;
mod status;
mod tokens;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::Body;

use crate::config::Rings;
use crate::guard::Guard;
use crate::refusals::Refusals;
use crate::reply::{Refused, Reply};
use crate::schemes::password;
use crate::seal::Keys;
use crate::seam::{
    AwaitLearned, Clock, Confirmations, DeadLetters, FindEndpoints, GetBody, History, ListSources, ReadEvent,
    ReadHealth, Replays, Tokens, Unavailable, WriteConfig, WriteEndpointState,
};
use crate::secret::Secret;

/// Where the API lives.
pub const ROOT: &str = "/api/v1/";

/// Where receivers find the public keys of an endpoint, below its name.
pub const KEYS: &str = "/.well-known/webhook-keys/";

/// The API over its ports. Nothing is answered but 401 until the admin token is shown.
pub struct Api<D, O, E, W, S, C, L> {
    /// What the inbound path wrote.
    pub inbound: D,
    pub sources: L,
    /// What the outbound path wrote.
    pub outbound: O,
    pub endpoints: E,
    pub config: W,
    pub confirmations: S,
    pub clock: C,
    pub admin: Secret,
    /// What the secrets of sources are sealed with before they are kept.
    pub inbound_keys: Keys,
    /// What those of endpoints are sealed with.
    pub outbound_keys: Keys,
    pub rules: Rules,
    /// Whom the listener turned away, if it is of the same process.
    pub refusals: Option<Refusals>,
}

/// What a configuration may say here.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The sources that a file owns: they are changed there.
    pub owned: Vec<String>,
    /// The endpoints that a file owns.
    pub owned_endpoints: Vec<String>,
    /// Whether secrets may be references, which somebody here can look up.
    pub references: bool,
    /// Where endpoints may be.
    pub guard: Guard,
}

impl<D, O, E, W, S, C, L> Api<D, O, E, W, S, C, L>
where
    D: DeadLetters + GetBody + AwaitLearned,
    O: History + ReadEvent + Tokens + WriteEndpointState + ReadHealth + Replays,
    E: FindEndpoints,
    W: WriteConfig,
    S: Confirmations,
    C: Clock,
    L: ListSources,
{
    /// Answers a request for `path`, which is what follows [`ROOT`].
    pub async fn answer<B>(&self, path: &str, request: Request<B>) -> Reply
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Broken>,
    {
        if !is_admin(&self.admin, request.headers()) {
            return Refused::Unauthorized.reply();
        }
        self.route(path, request).await.unwrap_or_else(|refused| refused.reply())
    }

    async fn route<B>(&self, path: &str, request: Request<B>) -> Result<Reply, Refused>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Broken>,
    {
        let (head, body) = request.into_parts();
        let query = head.uri.query();
        let steps: Vec<&str> = path.split('/').collect();
        match (head.method.as_str(), &*steps) {
            ("GET", ["dead"]) => dead::list(&self.inbound, query).await,
            ("GET", ["dead", id]) => dead::show(&self.inbound, id).await,
            ("POST", ["dead", id, "retry"]) => dead::retry(&self.inbound, id, self.clock.now()).await,
            ("GET", ["config"]) => config::show(&self.config).await,
            ("PUT", ["config"]) => {
                let order = config::Order::read(&head.headers, query, body::read(body).await?)?;
                let rings = Rings::both(&self.inbound_keys, &self.outbound_keys);
                config::replace((&self.config, &self.inbound), rings, &self.rules, order, self.clock.now()).await
            }
            ("GET", ["refusals"]) => refusals::list(self.refusals.as_ref()),
            ("GET", ["status"]) => status::show(&self.confirmations).await,
            ("POST", ["tokens"]) => tokens::make(&self.outbound, body::read(body).await?, self.clock.now()).await,
            (method, ["tokens", ..]) => self.token(method, &steps[1..]).await,
            (method, ["events" | "deliveries", ..]) => self.history(method, &steps, query).await,
            ("POST", ["endpoints", name, "replays"]) => {
                let (body, now) = (body::read(body).await?, self.clock.now());
                replays::begin(&self.endpoints, &self.outbound, (name, query), body, now).await
            }
            (method, ["endpoints", name, "replays", rest @ ..]) => self.replay(method, name, rest, query).await,
            (method, ["endpoints", rest @ ..]) => self.endpoint(method, rest, query).await,
            ("POST", ["sources", name, "wait"]) => {
                let (body, now) = (body::read(body).await?, self.clock.now());
                sources::wait(&self.sources, &self.inbound, name, body, now).await
            }
            (method, ["sources", rest @ ..]) => self.source(method, rest).await,
            (_, ["dead"] | ["dead", _] | ["refusals"] | ["status"]) => Err(Refused::MethodNotAllowed { allow: "GET" }),
            (_, ["dead", _, "retry"]) => Err(Refused::MethodNotAllowed { allow: "POST" }),
            (_, ["config"]) => Err(Refused::MethodNotAllowed { allow: "GET, PUT" }),
            _ => Err(NO_ADDRESS),
        }
    }

    async fn history(&self, method: &str, steps: &[&str], query: Option<&str>) -> Result<Reply, Refused> {
        match (method, steps) {
            ("GET", ["events"]) => history::events(&self.outbound, query).await,
            ("GET", ["events", id]) => history::show(&self.outbound, id, query).await,
            ("GET", ["deliveries"]) => history::deliveries(&self.outbound, query).await,
            ("GET", ["deliveries", event, endpoint]) => {
                history::delivered(&self.outbound, (event, endpoint), query).await
            }
            (_, [_] | ["events", _] | ["deliveries", _, _]) => Err(Refused::MethodNotAllowed { allow: "GET" }),
            _ => Err(NO_ADDRESS),
        }
    }

    async fn endpoint(&self, method: &str, steps: &[&str], query: Option<&str>) -> Result<Reply, Refused> {
        let (endpoints, states, now) = (&self.endpoints, &self.outbound, self.clock.now());
        match (method, steps) {
            ("GET", []) => endpoints::list(endpoints, states, query, now).await,
            ("GET", [name]) => endpoints::show(endpoints, states, name, query, now).await,
            ("GET", [name, "secret"]) => endpoints::secret(endpoints, name, query, now).await,
            ("POST", [name, "enable"]) => endpoints::enable(endpoints, states, name, query, now).await,
            ("POST", [name, "disable"]) => endpoints::disable(endpoints, states, name, query, now).await,
            (_, [] | [_] | [_, "secret"]) => Err(Refused::MethodNotAllowed { allow: "GET" }),
            (_, [_, "enable" | "disable"]) => Err(Refused::MethodNotAllowed { allow: "POST" }),
            _ => Err(NO_ADDRESS),
        }
    }

    async fn replay(&self, method: &str, name: &str, steps: &[&str], query: Option<&str>) -> Result<Reply, Refused> {
        match (method, steps) {
            ("GET", []) => replays::list(&self.endpoints, &self.outbound, name, query).await,
            ("GET", [id]) => replays::show(&self.outbound, (name, id), query).await,
            ("POST", [id, "stop"]) => replays::stop(&self.outbound, (name, id), query, self.clock.now()).await,
            (_, []) => Err(Refused::MethodNotAllowed { allow: "GET, POST" }),
            (_, [_]) => Err(Refused::MethodNotAllowed { allow: "GET" }),
            (_, [_, "stop"]) => Err(Refused::MethodNotAllowed { allow: "POST" }),
            _ => Err(NO_ADDRESS),
        }
    }

    async fn source(&self, method: &str, steps: &[&str]) -> Result<Reply, Refused> {
        let (sources, kept, now) = (&self.sources, &self.inbound, self.clock.now());
        match (method, steps) {
            ("GET", []) => sources::list(sources, kept, now).await,
            ("GET", [name]) => sources::show(sources, kept, name, now).await,
            ("GET", [name, "secret"]) => sources::secret(sources, kept, &self.inbound_keys, name).await,
            ("DELETE", [name, "secret"]) => sources::forget(kept, name).await,
            (_, [] | [_]) => Err(Refused::MethodNotAllowed { allow: "GET" }),
            (_, [_, "secret"]) => Err(Refused::MethodNotAllowed { allow: "GET, DELETE" }),
            (_, [_, "wait"]) => Err(Refused::MethodNotAllowed { allow: "POST" }),
            _ => Err(NO_ADDRESS),
        }
    }

    async fn token(&self, method: &str, steps: &[&str]) -> Result<Reply, Refused> {
        match (method, steps) {
            ("GET", []) => tokens::list(&self.outbound).await,
            ("DELETE", [id]) => tokens::remove(&self.outbound, id).await,
            (_, []) => Err(Refused::MethodNotAllowed { allow: "GET, POST" }),
            (_, [_]) => Err(Refused::MethodNotAllowed { allow: "DELETE" }),
            _ => Err(NO_ADDRESS),
        }
    }

    /// Answers what anyone may ask: the public keys of an endpoint, at what follows [`KEYS`].
    pub async fn public_keys(&self, name: &str, query: Option<&str>) -> Reply {
        let found = endpoints::public_keys(&self.endpoints, name, query, self.clock.now()).await;
        found.unwrap_or_else(|refused| refused.reply())
    }
}

const NO_ADDRESS: Refused = Refused::NotFound("no such address");

/// Why a body broke off.
pub type Broken = Box<dyn std::error::Error + Send + Sync>;

fn unavailable(problem: Unavailable) -> Refused {
    tracing::error!(%problem, "the store cannot be reached");
    Refused::Unavailable { retry_after: Duration::from_secs(5) }
}

/// Whether the admin token was shown, as a bearer token or as the password of Basic.
pub fn is_admin(admin: &Secret, headers: &HeaderMap) -> bool {
    password::shows(headers, admin)
}
