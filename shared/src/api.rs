//! The management API: what an owner asks and orders, after the admin token was shown.

mod dead;

use http::{HeaderMap, Method};

use crate::reply::{Refused, Reply};
use crate::schemes::password;
use crate::seam::{Clock, DeadLetters, GetBody};
use crate::secret::Secret;

/// Where the API lives.
pub const ROOT: &str = "/api/v1/";

/// The API over its ports. Nothing is answered but 401 until the admin token is shown.
pub struct Api<D, C> {
    pub dead: D,
    pub clock: C,
    pub admin: Secret,
}

impl<D: DeadLetters + GetBody, C: Clock> Api<D, C> {
    /// Answers a request for `path`, which is what follows [`ROOT`].
    pub async fn answer(&self, method: &Method, path: &str, query: Option<&str>, headers: &HeaderMap) -> Reply {
        if !is_admin(&self.admin, headers) {
            return Refused::Unauthorized.reply();
        }
        let steps: Vec<&str> = path.split('/').collect();
        let answer = match (method.as_str(), &*steps) {
            ("GET", ["dead"]) => dead::list(&self.dead, query).await,
            ("GET", ["dead", id]) => dead::show(&self.dead, id).await,
            ("POST", ["dead", id, "retry"]) => dead::retry(&self.dead, id, self.clock.now()).await,
            (_, ["dead"] | ["dead", _]) => Err(Refused::MethodNotAllowed { allow: "GET" }),
            (_, ["dead", _, "retry"]) => Err(Refused::MethodNotAllowed { allow: "POST" }),
            _ => Err(Refused::NotFound("no such address")),
        };
        answer.unwrap_or_else(|refused| refused.reply())
    }
}

/// Whether the admin token was shown, as a bearer token or as the password of Basic.
pub fn is_admin(admin: &Secret, headers: &HeaderMap) -> bool {
    password::shows(headers, admin)
}
