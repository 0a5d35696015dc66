//! `hookpost replays`: how far deliveries are that are being sent again.

use clap::Args;
use serde_json::Value;
use shared::outside::Outside;

use crate::client::{Server, print};
use crate::history::{query, step};
use crate::settings::Settings;
use crate::stop::Stop;

#[derive(Args)]
pub(crate) struct Replays {
    /// The endpoint
    #[arg(long, value_name = "NAME")]
    endpoint: String,
    /// Whose
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Stop that one: what is on its way goes on, nothing more follows
    #[arg(long, value_name = "ID")]
    stop: Option<String>,
}

pub(crate) fn replays(settings: &Settings, which: &Replays) -> Result<(), Stop> {
    let server = Server::named(settings)?;
    let (path, query) =
        (format!("/api/v1/endpoints/{}/replays", step(&which.endpoint)), query(&[("tenant", which.tenant.as_deref())]));
    if let Some(id) = &which.stop {
        return print(&line(&server.post(&format!("{path}/{}/stop?{query}", step(id)))?));
    }
    let answer = server.get(&format!("{path}?{query}"))?;
    let all = answer["data"].as_array().ok_or_else(|| server.not_ours())?;
    if all.is_empty() {
        return print("No replays.\n");
    }
    all.iter().try_for_each(|replay| print(&line(replay)))
}

/// One line: when it began, its id, of what, how far it is.
pub(crate) fn line(replay: &Value) -> String {
    let more = ["since", "event"].into_iter().find_map(|key| replay[key].as_str());
    let more = more.map(|more| format!(" {}", Outside(more))).unwrap_or_default();
    let mut told = format!(
        "{}  {}  {}{more}  {}  queued {}",
        text(replay, "began"),
        text(replay, "id"),
        text(replay, "of"),
        text(replay, "state"),
        replay["queued"].as_u64().unwrap_or_default(),
    );
    for key in ["through", "next", "ended", "why"] {
        if let Some(what) = replay[key].as_str() {
            told += &format!("  {key} {}", Outside(what));
        }
    }
    told + "\n"
}

pub(crate) fn text(value: &Value, key: &str) -> String {
    Outside(value[key].as_str().unwrap_or("-")).to_string()
}
