//! `hookpost endpoints`: who gets what and how it is doing, the keys that they verify with, and on and off.

use clap::{Args, Subcommand};
use serde_json::Value;
use shared::outside::Outside;
use shared::timestamp::Timestamp;

use crate::client::{Server, print};
use crate::history::{query, step};
use crate::pretty::pretty;
use crate::settings::Settings;
use crate::stop::Stop;
use crate::table::{self, Row};

#[derive(Subcommand)]
pub(crate) enum Endpoints {
    /// List endpoints and how they are doing
    List {
        /// Whose
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
    },
    /// Show all that is known of one
    Show(#[command(flatten)] Named),
    /// Show what a receiver verifies with: the signing secret, or the public key
    Secret(#[command(flatten)] Named),
    /// Put a disabled endpoint back into use
    Enable(#[command(flatten)] Named),
    /// Take an endpoint out of use: what is for it is held
    Disable(#[command(flatten)] Named),
}

#[derive(Args)]
pub(crate) struct Named {
    /// The endpoint
    name: String,
    /// Whose
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
}

pub(crate) fn endpoints(settings: &Settings, order: Endpoints) -> Result<(), Stop> {
    let server = Server::named(settings)?;
    match order {
        Endpoints::List { tenant } => list(&server, tenant.as_deref()),
        Endpoints::Show(named) => print(&pretty(&server.get(&named.path(""))?)),
        Endpoints::Secret(named) => secret(&server, &named),
        Endpoints::Enable(named) => enable(&server, &named),
        Endpoints::Disable(named) => print(&line(&server.post(&named.path("/disable"))?)),
    }
}

/// All of a tenant's, page after page.
pub(crate) fn all(server: &Server, tenant: Option<&str>) -> Result<Vec<Value>, Stop> {
    let (mut found, mut iterator): (Vec<Value>, Option<String>) = (Vec::new(), None);
    loop {
        let asked = query(&[("tenant", tenant), ("limit", Some("100")), ("iterator", iterator.as_deref())]);
        let answer = server.get(&format!("/api/v1/endpoints?{asked}"))?;
        found.extend(answer["data"].as_array().ok_or_else(|| server.not_ours())?.iter().cloned());
        // Each page begins after the one before, or it is no page of ours.
        let next = answer["iterator"].as_str().filter(|next| iterator.as_deref().is_none_or(|before| *next > before));
        let Some(next) = next else { return Ok(found) };
        iterator = Some(next.to_owned());
    }
}

fn list(server: &Server, tenant: Option<&str>) -> Result<(), Stop> {
    let (all, now) = (all(server, tenant)?, Timestamp::now());
    if all.is_empty() {
        return print("No endpoints.\n");
    }
    let rows: Vec<Row<8>> = all.iter().map(|endpoint| row(endpoint, now)).collect();
    print(&table::table(&HEAD, &rows))
}

const HEAD: [&str; 8] = ["NAME", "ADDRESS", "SUCCESS", "P50/P95", "OLDEST", "HELD", "NEXT TRY", "STATE"];

fn row(endpoint: &Value, now: Timestamp) -> Row<8> {
    let health = &endpoint["health"];
    let moment = |key: &str| health[key].as_str().and_then(Timestamp::read);
    let latency = |key: &str| health["latency"][key].as_u64().map(table::milliseconds);
    let tries = latency("p50").zip(latency("p95")).map(|(p50, p95)| format!("{p50}/{p95}"));
    Row([
        text(endpoint, "name"),
        table::shortened(&text(endpoint, "url")),
        health["success_rate"].as_f64().map(table::percent).unwrap_or_default(),
        tries.unwrap_or_default(),
        moment("oldest_undelivered").map(|oldest| table::span(now.since(oldest))).unwrap_or_default(),
        table::counted(health["held"].as_u64().unwrap_or_default()),
        moment("next_attempt").map(|next| table::ahead(next.since(now))).unwrap_or_default(),
        state(endpoint),
    ])
}

fn line(endpoint: &Value) -> String {
    format!("{}  {}  {}\n", text(endpoint, "name"), text(endpoint, "url"), state(endpoint))
}

fn state(endpoint: &Value) -> String {
    let disabled = &endpoint["disabled"];
    let mut state = match (endpoint["enabled"].as_bool(), disabled["reason"].as_str()) {
        (Some(true), _) => "enabled".to_owned(),
        (_, Some(why)) => format!("disabled since {}: {}", text(disabled, "since"), Outside(why)),
        _ => "not enabled, by its configuration".to_owned(),
    };
    let more = [
        ("failing since", endpoint["health"]["failing_since"].as_str()),
        ("slowed until", endpoint["slowed_until"].as_str()),
        ("no consent:", endpoint["consent"]["refused"].as_str()),
    ];
    for (words, what) in more.into_iter().filter_map(|(words, what)| Some((words, what?))) {
        state += &format!(", {words} {}", Outside(what));
    }
    state
}

fn secret(server: &Server, named: &Named) -> Result<(), Stop> {
    let answer = server.get(&named.path("/secret"))?;
    let keys = ["secrets", "public_keys"].map(|key| answer[key].as_array().cloned().unwrap_or_default()).concat();
    let shown = keys.iter().filter_map(Value::as_str).filter(|key| !key.starts_with("whsk_"));
    shown.into_iter().try_for_each(|key| print(&format!("{}\n", Outside(key))))
}

/// With what to do about what is held.
fn enable(server: &Server, named: &Named) -> Result<(), Stop> {
    let answer = server.post(&named.path("/enable"))?;
    print(&line(&answer))?;
    let tenant = named.tenant.as_deref().map(|tenant| format!(" --tenant {tenant}")).unwrap_or_default();
    match (answer["enabled"].as_bool(), answer["health"]["held"].as_u64()) {
        (Some(true), Some(held @ 1..)) => print(&format!(
            "{} held for it; this sends them: hookpost retry --endpoint {}{tenant} --held\n",
            if held == 1 { "1 delivery is".to_owned() } else { format!("{} deliveries are", table::counted(held)) },
            named.name,
        )),
        _ => Ok(()),
    }
}

impl Named {
    fn path(&self, order: &str) -> String {
        let query = query(&[("tenant", self.tenant.as_deref())]);
        format!("/api/v1/endpoints/{}{order}?{query}", step(&self.name))
    }
}

fn text(value: &Value, key: &str) -> String {
    Outside(value[key].as_str().unwrap_or("-")).to_string()
}
