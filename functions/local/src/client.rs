//! The HTTP client of the verbs: JSON from a running server, with the admin token.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, IF_MATCH};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use shared::outside::Outside;
use shared::secret::Secret;
use tokio::time::timeout;

use crate::made;
use crate::settings::Settings;
use crate::stop::Stop;

/// More than this is not an answer of ours.
const MOST: usize = 64 << 20;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    url: String,
    token: Secret,
    /// What to do where it is not the one that is wanted.
    hint: &'static str,
    runtime: tokio::runtime::Runtime,
}

impl Server {
    /// The server that the settings name. Nothing is asked of it yet. The token in the data folder is
    /// for a server of this machine.
    pub(crate) fn named(settings: &Settings) -> Result<Self, Stop> {
        let (file, url) = (settings.data().join("admin-token"), settings.url()?);
        let admin = match settings.admin_token() {
            Some(token) => Some(Secret::new(token)),
            None if is_of_this_machine(&url) => made::read(&file)?,
            None => return Err(Stop::setting("ADMIN_TOKEN", "is missing; on AWS the output ShowAdminToken shows it")),
        };
        let missing = || {
            Stop::setting(
                "ADMIN_TOKEN",
                format!(
                    "is missing, and so is {}; set it, or name the server's data folder with HOOKPOST_DATA",
                    file.display()
                ),
            )
        };
        let hint = "wants another admin token; set ADMIN_TOKEN (on AWS: the output ShowAdminToken), or HOOKPOST_DATA to its folder";
        Ok(Self { url, token: admin.ok_or_else(missing)?, hint, runtime: runtime()? })
    }

    /// The sender that the settings name: it wants a token for events.
    pub(crate) fn taking_events(settings: &Settings) -> Result<Self, Stop> {
        let (file, url) = (settings.data().join("events-token"), settings.url()?);
        let token = match settings.events_token() {
            Some(token) => Some(Secret::new(token)),
            None if is_of_this_machine(&url) => made::read(&file)?,
            None => None,
        };
        let missing = || {
            let problem = format!(
                "is missing, and so is {}; hookpost token new --scope events makes one, or name the server's data folder with HOOKPOST_DATA",
                file.display()
            );
            Stop::setting("EVENTS_TOKEN", problem)
        };
        let hint = "wants another token for events; set EVENTS_TOKEN (hookpost token new --scope events makes one)";
        Ok(Self { url, token: token.ok_or_else(missing)?, hint, runtime: runtime()? })
    }

    /// Its address, as it may be shown.
    pub(crate) fn address(&self) -> String {
        without_user(&self.url)
    }

    /// It answered, but not what a server of ours would.
    pub(crate) fn not_ours(&self) -> Stop {
        Stop::Failed(format!("{}: does not answer as hookpost does; is it the management API?", self.address()))
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value, Stop> {
        self.ask(Method::GET, path, None, String::new())
    }

    pub(crate) fn post(&self, path: &str) -> Result<Value, Stop> {
        self.ask(Method::POST, path, None, String::new())
    }

    pub(crate) fn post_json(&self, path: &str, json: String) -> Result<Value, Stop> {
        self.ask(Method::POST, path, None, json)
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Value, Stop> {
        self.ask(Method::DELETE, path, None, String::new())
    }

    /// Replaces what is of that version, where one is named.
    pub(crate) fn put(&self, path: &str, version: Option<u64>, json: String) -> Result<Value, Stop> {
        self.ask(Method::PUT, path, version, json)
    }

    fn ask(&self, method: Method, path: &str, version: Option<u64>, json: String) -> Result<Value, Stop> {
        let failed = |problem: String| Stop::Failed(format!("{}: {problem}", without_user(&self.url)));
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(AUTHORIZATION, format!("Bearer {}", self.token.expose()));
        if let Some(version) = version {
            request = request.header(IF_MATCH, format!("\"{version}\""));
        }
        if !json.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(Full::new(Bytes::from(json)))
            .map_err(|problem| Stop::setting("HOOKPOST_URL", format!("{}: {problem}", without_user(&self.url))))?;
        let answer = self.runtime.block_on(async { timeout(PATIENCE, exchange(request)).await });
        let late = |_| failed(format!("no answer within {} s", PATIENCE.as_secs()));
        let (status, body) = answer.map_err(late)?.map_err(failed)?;
        let answer: Value = serde_json::from_slice(&body)
            .map_err(|_| failed(format!("answered {status}, and not as hookpost does")))?;
        if status.is_success() {
            return Ok(answer);
        }
        let message = Outside(answer["error"]["message"].as_str().unwrap_or("no reason was given")).to_string();
        Err(match status {
            StatusCode::NOT_FOUND if message.starts_with("no such ") && !message.starts_with("no such address") => {
                Stop::Absent(message)
            }
            StatusCode::NOT_FOUND => {
                failed(format!("is not the management API ({message}); on AWS use the output ApiUrl"))
            }
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => Stop::Refused(message),
            StatusCode::UNAUTHORIZED => failed(self.hint.into()),
            _ => failed(format!("{status}: {message}")),
        })
    }
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|problem| Stop::Failed(problem.to_string()))
}

/// Whether an address is one of loopback.
fn is_of_this_machine(url: &str) -> bool {
    let host = url.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// The URL as it may be shown.
fn without_user(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or_default()),
        None => url.rsplit('@').next().unwrap_or_default().to_owned(),
    }
}

async fn exchange(request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String> {
    let roots = HttpsConnectorBuilder::new().with_native_roots().map_err(|problem| problem.to_string())?;
    let client = Client::builder(TokioExecutor::new()).build(roots.https_or_http().enable_http1().build());
    let response = client.request(request).await.map_err(|problem| match std::error::Error::source(&problem) {
        Some(cause) => format!("{cause}; check the address; does it run? Set HOOKPOST_URL if it runs elsewhere"),
        None => problem.to_string(),
    })?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MOST).collect().await.map_err(|problem| problem.to_string())?;
    Ok((status, body.to_bytes()))
}

/// A reader that has gone away (`| head`) is no failure.
pub(crate) fn print(text: &str) -> Result<(), Stop> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(problem) if problem.kind() != std::io::ErrorKind::BrokenPipe => Err(Stop::Failed(problem.to_string())),
        _ => Ok(()),
    }
}
