//! `hookpost endpoints`: who gets what, the keys that they verify with, and on and off.

use clap::{Args, Subcommand};
use serde_json::Value;
use shared::outside::Outside;

use crate::client::{Server, print};
use crate::history::{query, step};
use crate::settings::Settings;
use crate::stop::Stop;

#[derive(Subcommand)]
pub(crate) enum Endpoints {
    /// List endpoints
    List {
        /// Whose
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
    },
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
        Endpoints::Secret(named) => secret(&server, &named),
        Endpoints::Enable(named) => change(&server, &named, "enable"),
        Endpoints::Disable(named) => change(&server, &named, "disable"),
    }
}

fn list(server: &Server, tenant: Option<&str>) -> Result<(), Stop> {
    let answer = server.get(&format!("/api/v1/endpoints?{}", query(&[("tenant", tenant)])))?;
    let all = answer["data"].as_array().ok_or_else(|| server.not_ours())?;
    if all.is_empty() {
        return print("No endpoints.\n");
    }
    all.iter().try_for_each(|endpoint| print(&line(endpoint)))
}

fn line(endpoint: &Value) -> String {
    let disabled = &endpoint["disabled"];
    let state = match (endpoint["enabled"].as_bool(), disabled["reason"].as_str()) {
        (Some(true), _) => "enabled".to_owned(),
        (_, Some(why)) => format!("disabled since {}: {}", text(disabled, "since"), Outside(why)),
        _ => "not enabled, by its configuration".to_owned(),
    };
    let slowed = endpoint["slowed_until"].as_str().map(|until| format!(", slowed until {}", Outside(until)));
    format!("{}  {}  {state}{}\n", text(endpoint, "name"), text(endpoint, "url"), slowed.unwrap_or_default())
}

fn secret(server: &Server, named: &Named) -> Result<(), Stop> {
    let answer = server.get(&named.path("secret"))?;
    let keys = ["secrets", "public_keys"].map(|key| answer[key].as_array().cloned().unwrap_or_default()).concat();
    let shown = keys.iter().filter_map(Value::as_str).filter(|key| !key.starts_with("whsk_"));
    shown.into_iter().try_for_each(|key| print(&format!("{}\n", Outside(key))))
}

fn change(server: &Server, named: &Named, order: &str) -> Result<(), Stop> {
    print(&line(&server.post(&named.path(order))?))
}

impl Named {
    fn path(&self, order: &str) -> String {
        let query = query(&[("tenant", self.tenant.as_deref())]);
        format!("/api/v1/endpoints/{}/{order}?{query}", step(&self.name))
    }
}

fn text(value: &Value, key: &str) -> String {
    Outside(value[key].as_str().unwrap_or("-")).to_string()
}
