//! `hookpost send`: emits an event, as an application does.

use std::fs;
use std::io::Read;

use clap::Args;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::outside::Outside;

use crate::client::{Server, print};
use crate::settings::Settings;
use crate::stop::Stop;

#[derive(Args)]
pub(crate) struct Send {
    /// What happened, like order.created
    #[arg(value_name = "TYPE")]
    kind: String,
    /// JSON, @FILE that holds some, or - for what comes in
    #[arg(long, default_value = "{}")]
    data: String,
    /// Under that id: the same again changes nothing
    #[arg(long)]
    id: Option<String>,
    /// When it happened, like 2026-11-22T10:00:00Z
    #[arg(long, value_name = "TIME")]
    timestamp: Option<String>,
    /// For endpoints of that channel (may be said several times)
    #[arg(long = "channel", value_name = "NAME")]
    channels: Vec<String>,
    /// For endpoints of that tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Wait up to 10 s and say what each endpoint answered
    #[arg(long)]
    wait: bool,
}

pub(crate) fn send(settings: &Settings, send: Send) -> Result<(), Stop> {
    let event = event(&send)?;
    let server = Server::taking_events(settings)?;
    let answer = server.post_json(if send.wait { "/events?wait=1" } else { "/events" }, event)?;
    let (Some(id), Some(endpoints)) = (answer["id"].as_str(), answer["endpoints"].as_u64()) else {
        return Err(server.not_ours());
    };
    let for_whom = if endpoints == 1 { "1 endpoint".to_owned() } else { format!("{endpoints} endpoints") };
    print(&format!("{}  for {for_whom}\n", Outside(id)))?;
    let outcomes = answer["deliveries"].as_array().map(Vec::as_slice).unwrap_or_default();
    outcomes.iter().try_for_each(|outcome| print(&line(outcome)))?;
    match outcomes.iter().filter(|outcome| outcome["outcome"] != "fulfilled").count() {
        0 => Ok(()),
        1 => Err(Stop::Failed("one endpoint has not taken it".into())),
        many => Err(Stop::Failed(format!("{many} endpoints have not taken it"))),
    }
}

fn line(outcome: &Value) -> String {
    let text = |key: &str| outcome[key].as_str().map(|text| format!("  {}", Outside(text))).unwrap_or_default();
    let number = |key: &str, unit: &str| outcome[key].as_u64().map(|n| format!("  {unit}{n}")).unwrap_or_default();
    let took = outcome["took"].as_u64().map(|took| format!("  {took} ms")).unwrap_or_default();
    let next = outcome["next"].as_str().map(|due| format!("  next {}", Outside(due))).unwrap_or_default();
    format!("{}{}{}{took}{}{next}\n", text("endpoint"), text("outcome"), number("status", "status "), text("error"))
}

fn event(send: &Send) -> Result<String, Stop> {
    let data = data(&send.data)?;
    let data: Box<RawValue> =
        serde_json::from_str(&data).map_err(|problem| Stop::setting("--data", format!("is not JSON: {problem}")))?;
    let mut event = json!({ "type": send.kind });
    let given = [("id", &send.id), ("timestamp", &send.timestamp), ("tenant", &send.tenant)];
    for (name, value) in given.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
        event[name] = json!(value);
    }
    if !send.channels.is_empty() {
        event["channels"] = json!(send.channels);
    }
    // The data as it was written: a number keeps its digits.
    let mut event = event.to_string();
    event.pop();
    Ok(format!("{event},\"data\":{}}}", data.get()))
}

fn data(given: &str) -> Result<String, Stop> {
    let wrong = |problem: std::io::Error| Stop::setting("--data", format!("{given}: {problem}"));
    match given.strip_prefix('@') {
        Some(file) => fs::read_to_string(file).map_err(wrong),
        None if given == "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(wrong)?;
            Ok(text)
        }
        None => Ok(given.to_owned()),
    }
}
