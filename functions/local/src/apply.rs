//! `hookpost apply`: a file of sources and endpoints becomes the configuration of a running server or stack, after a
//! look at the plan.

use std::io::{IsTerminal, stdin, stdout};
use std::path::Path;

use serde_json::Value;
use shared::config::{Config, Secrets, Spec};
use shared::guard::Guard;
use shared::outside::Outside;

use crate::client::{Server, print};
use crate::configuration::read_file;
use crate::settings::Settings;
use crate::stop::Stop;

const CONFIG: &str = "/api/v1/config";

pub(crate) fn apply(settings: &Settings, file: &Path, yes: bool) -> Result<(), Stop> {
    let spec = ready(file)?;
    let server = Server::named(settings)?;
    let plan = server.put(&format!("{CONFIG}?dry_run=true"), None, spec.write())?;
    let (Some(version), Some(changes)) = (plan["version"].as_u64(), plan["changes"].as_array()) else {
        return Err(server.not_ours());
    };
    if changes.is_empty() {
        return print("Nothing to change.\n");
    }
    show(&server, &plan)?;
    if !yes && !agreed()? {
        return Err(Stop::Failed("nothing was changed".into()));
    }
    let done = server.put(CONFIG, Some(version), spec.write())?;
    let version = done["version"].as_u64().ok_or_else(|| server.not_ours())?;
    print(&format!("Applied as version {version}. It is in use within 30 seconds.\n"))
}

/// The file as it is sent, checked, `env:` references replaced.
fn ready(file: &Path) -> Result<Spec, Stop> {
    let mut spec = read_file("FILE", file)?;
    if !spec.says_something() {
        let problem = "has no key \"sources\" or \"endpoints\"; to remove them all, write sources: {}";
        return Err(Stop::setting("FILE", format!("{}: {problem}", file.display())));
    }
    spec.resolve(&|name| std::env::var(name).ok())?;
    // Checked again where it is kept, and where endpoints may be is said there; but keys that nobody
    // knows are not sent.
    Config::check(spec.clone(), Secrets::Sent { references: true }, Guard { allow_loopback: true, allow_sns: false })?;
    Ok(spec)
}

fn show(server: &Server, plan: &Value) -> Result<(), Stop> {
    print(&format!("The plan for {}:\n", server.address()))?;
    for change in plan["changes"].as_array().into_iter().flatten() {
        print(&format!("{}\n", line(change)))?;
    }
    Ok(())
}

fn line(change: &Value) -> String {
    let is_endpoint = change["endpoint"].is_string();
    let name = match is_endpoint {
        true => format!("endpoint {}", text(&change["endpoint"])),
        false if change["limits"].is_string() => "limits".into(),
        false => text(&change["source"]),
    };
    match change["change"].as_str() {
        Some("added") => format!("  + {name}"),
        Some("removed") if is_endpoint => format!("  - {name}  (its pending deliveries will be cancelled)"),
        Some("removed") if change["limits"].is_string() => format!("  - {name}"),
        Some("removed") => format!("  - {name}  (what still waits for mail becomes dead letters)"),
        _ => format!("  ~ {name}: {}", texts(&change["keys"]).join(", ")),
    }
}

/// Asks who sits at the terminal; nobody there agrees to nothing.
fn agreed() -> Result<bool, Stop> {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Err(Stop::Failed("nothing was changed; say --yes to apply this plan".into()));
    }
    print("Apply it? [y/N] ")?;
    let mut answer = String::new();
    stdin().read_line(&mut answer).map_err(|problem| Stop::Failed(problem.to_string()))?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

fn text(value: &Value) -> String {
    Outside(value.as_str().unwrap_or_default()).to_string()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}
