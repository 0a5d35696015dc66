//! The management API: what an owner asks and orders, after the admin token was shown.

mod body;
mod config;
mod dead;
mod status;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::Body;

use crate::config::Rings;
use crate::guard::Guard;
use crate::reply::{Refused, Reply};
use crate::schemes::password;
use crate::seal::Keys;
use crate::seam::{Clock, Confirmations, DeadLetters, GetBody, Unavailable, WriteConfig};
use crate::secret::Secret;

/// Where the API lives.
pub const ROOT: &str = "/api/v1/";

/// The API over its ports. Nothing is answered but 401 until the admin token is shown.
pub struct Api<D, W, S, C> {
    pub dead: D,
    pub config: W,
    pub confirmations: S,
    pub clock: C,
    pub admin: Secret,
    /// What the secrets of sources are sealed with before they are kept.
    pub inbound_keys: Keys,
    /// What those of endpoints are sealed with.
    pub outbound_keys: Keys,
    pub rules: Rules,
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

impl<D: DeadLetters + GetBody, W: WriteConfig, S: Confirmations, C: Clock> Api<D, W, S, C> {
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
            ("GET", ["dead"]) => dead::list(&self.dead, query).await,
            ("GET", ["dead", id]) => dead::show(&self.dead, id).await,
            ("POST", ["dead", id, "retry"]) => dead::retry(&self.dead, id, self.clock.now()).await,
            ("GET", ["config"]) => config::show(&self.config).await,
            ("PUT", ["config"]) => {
                let order = config::Order::read(&head.headers, query, body::read(body).await?)?;
                let rings = Rings::both(&self.inbound_keys, &self.outbound_keys);
                config::replace(&self.config, rings, &self.rules, order).await
            }
            ("GET", ["status"]) => status::show(&self.confirmations).await,
            (_, ["dead"] | ["dead", _] | ["status"]) => Err(Refused::MethodNotAllowed { allow: "GET" }),
            (_, ["dead", _, "retry"]) => Err(Refused::MethodNotAllowed { allow: "POST" }),
            (_, ["config"]) => Err(Refused::MethodNotAllowed { allow: "GET, PUT" }),
            _ => Err(Refused::NotFound("no such address")),
        }
    }
}

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
