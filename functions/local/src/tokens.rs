//! `hookpost token`: tokens for applications, each good for one thing.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use shared::outside::Outside;

use crate::client::{Server, print};
use crate::history::step;
use crate::settings::Settings;
use crate::stop::Stop;

#[derive(Subcommand)]
pub(crate) enum Tokens {
    /// Make one; it is shown this once
    New {
        /// What it is good for
        #[arg(long)]
        scope: Scope,
    },
    /// List those that were made
    List,
    /// Take one back
    Remove {
        /// The id that the list shows
        id: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Scope {
    /// To emit events
    Events,
}

pub(crate) fn tokens(settings: &Settings, order: Tokens) -> Result<(), Stop> {
    let server = Server::named(settings)?;
    match order {
        Tokens::New { scope: Scope::Events } => {
            let made = server.post_json("/api/v1/tokens", json!({ "scope": "events" }).to_string())?;
            let token = made["token"].as_str().ok_or_else(|| server.not_ours())?;
            print(&format!("{}\n", Outside(token)))
        }
        Tokens::List => {
            let answer = server.get("/api/v1/tokens")?;
            let all = answer["data"].as_array().ok_or_else(|| server.not_ours())?;
            if all.is_empty() {
                return print("No tokens.\n");
            }
            all.iter().try_for_each(|token| print(&line(token)))
        }
        Tokens::Remove { id } => print(&line(&server.delete(&format!("/api/v1/tokens/{}", step(&id)))?)),
    }
}

fn line(token: &Value) -> String {
    let text = |key: &str| Outside(token[key].as_str().unwrap_or("-")).to_string();
    format!("{}  {}  made {}\n", text("id"), text("scope"), text("made"))
}
