//! `hookpost retry`: puts deliveries back on their way.

use std::io::Write;
use std::thread::sleep;
use std::time::Duration;

use clap::{ArgGroup, Args};
use serde_json::{Value, json};
use shared::outside::Outside;
use shared::timestamp::Timestamp;

use crate::client::{Server, print};
use crate::history::{ago, query, step};
use crate::replays::{line, text};
use crate::settings::Settings;
use crate::stop::Stop;

/// How often is asked how far it has come.
const LOOK: Duration = Duration::from_millis(500);

#[derive(Args)]
#[command(group = ArgGroup::new("which").required(true).args(["held", "failed", "missing", "event"]))]
pub(crate) struct Retry {
    /// The endpoint
    #[arg(long, value_name = "NAME")]
    endpoint: String,
    /// Whose
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// All that are held
    #[arg(long)]
    held: bool,
    /// Those given up, of events accepted since then
    #[arg(long, requires = "since")]
    failed: bool,
    /// Events accepted since then that it wants and that were never for it
    #[arg(long, requires = "since")]
    missing: bool,
    /// One event, whatever came of it
    #[arg(long, value_name = "ID")]
    event: Option<String>,
    /// Like 2026-11-22T10:00:00Z, or 2h for two hours ago
    #[arg(long, value_name = "TIME", conflicts_with_all = ["held", "event"])]
    since: Option<String>,
    /// Wait until all are on their way
    #[arg(long)]
    wait: bool,
}

pub(crate) fn retry(settings: &Settings, wanted: &Retry) -> Result<(), Stop> {
    let server = Server::named(settings)?;
    let (path, tenant) = (path(wanted), query(&[("tenant", wanted.tenant.as_deref())]));
    let begun = server.post_json(&format!("{path}?{tenant}"), wanted.order().to_string())?;
    let id = begun["id"].as_str().ok_or_else(|| server.not_ours())?;
    print(&wanted.told(&begun))?;
    if !wanted.wait {
        return Ok(());
    }
    let ended = follow(&server, &format!("{path}/{}?{tenant}", step(id)))?;
    print(&line(&ended))?;
    match ended["state"].as_str() {
        Some("done") => Ok(()),
        _ => Err(Stop::Failed(format!("it was stopped: {}", text(&ended, "why")))),
    }
}

fn path(wanted: &Retry) -> String {
    format!("/api/v1/endpoints/{}/replays", step(&wanted.endpoint))
}

/// Asks until it has ended, and says on standard error how far it has come.
fn follow(server: &Server, path: &str) -> Result<Value, Stop> {
    let mut said = None;
    loop {
        let found = server.get(path)?;
        match found["state"].as_str() {
            Some("running") => {}
            Some(_) => return Ok(found),
            None => return Err(server.not_ours()),
        }
        let queued = found["queued"].as_u64();
        if said != queued {
            let through = found["through"].as_str().map(|time| format!(", through {}", Outside(time)));
            let progress = format!("{} on their way{}\n", queued.unwrap_or_default(), through.unwrap_or_default());
            // Nobody who has closed it wants to know.
            drop(std::io::stderr().write_all(progress.as_bytes()));
            said = queued;
        }
        sleep(LOOK);
    }
}

/// The minute of that time: the same words a moment later are the same order.
fn minute(at: Timestamp) -> String {
    Timestamp(at.0 / 60_000 * 60_000).precise()
}

impl Retry {
    fn order(&self) -> Value {
        let since = self.since.as_deref().map(|text| ago(text).map_or_else(|| text.to_owned(), minute));
        match &self.event {
            Some(event) => json!({ "of": "one", "event": event }),
            None if self.held => json!({ "of": "held" }),
            None if self.failed => json!({ "of": "failed", "since": since }),
            None => json!({ "of": "missing", "since": since }),
        }
    }

    fn told(&self, begun: &Value) -> String {
        let to = Outside(&self.endpoint);
        let what = match &self.event {
            Some(event) => format!("event {} for {to}", Outside(event)),
            None if self.held => format!("what is held for {to}"),
            None if self.failed => format!("what was given up for {to} since {}", text(begun, "since")),
            None => format!("what {to} has missed since {}", text(begun, "since")),
        };
        let stands = match begun["state"].as_str() {
            Some("running") => "is under way",
            _ => "was made just now; wait a minute to repeat it",
        };
        let tenant = self.tenant.as_deref().map(|name| format!(" --tenant {}", Outside(name))).unwrap_or_default();
        format!(
            "replay {} of {what} {stands}; hookpost replays --endpoint {to}{tenant} shows how far it is\n",
            text(begun, "id")
        )
    }
}
