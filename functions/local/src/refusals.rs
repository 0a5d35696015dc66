//! `hookpost refusals`: whom a running server turned away lately, and why.

use serde_json::Value;
use shared::outside::Outside;

use crate::client::{Server, print};
use crate::settings::Settings;
use crate::stop::Stop;

pub(crate) fn refusals(settings: &Settings) -> Result<(), Stop> {
    let server = Server::named(settings)?;
    let answer = server.get("/api/v1/refusals")?;
    let latest = answer["data"].as_array().ok_or_else(|| server.not_ours())?;
    if latest.is_empty() {
        return print("Nobody was refused since the start.\n");
    }
    latest.iter().try_for_each(|refusal| print(&line(refusal)))
}

fn line(refusal: &Value) -> String {
    let text = |key: &str, otherwise: &str| Outside(refusal[key].as_str().unwrap_or(otherwise)).to_string();
    let times = refusal["times"].as_u64().unwrap_or_default();
    let [at, source, caller] = [("at", "-"), ("source", "unknown"), ("caller", "-")].map(|(key, none)| text(key, none));
    let (reason, why) = (text("reason", "-"), text("why", "-"));
    let hint = refusal["hint"].as_str().map(|hint| format!("\n    {}", Outside(hint))).unwrap_or_default();
    format!("{at}  {source}  {caller}  times {times}  {reason}  {why}{hint}\n")
}
